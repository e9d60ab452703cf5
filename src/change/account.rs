//! Fields of no account: whatever is written in them, nothing is judged otherwise.
//!
//! Most commits of a repository that is deployed from change nothing else. A field that is read
//! anywhere must not stand here: what changes in it would be missed. `k8s`, `mesh`, `reach`, `facts`
//! and `render` are what reads.

use crate::syntax::{Node, Value};

/// A place in an object from which fields of no account are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    /// Nothing is known.
    Elsewhere,
    /// A whole object.
    Object(Sort),
    /// Its metadata.
    Metadata,
    /// Its annotations.
    Annotations,
    /// What makes pods of a template; whether it replaces them as Kubernetes' own do.
    Controller(bool),
    /// What makes jobs at times.
    Times,
    /// The template of a job.
    Job,
    /// The template of pods.
    Template,
    /// The metadata of a template.
    TemplateMetadata,
    /// What pods are made of.
    Pods,
    /// A container.
    Container,
    /// The images that a kustomization replaces.
    NewImages,
    /// The numbers of pods that a kustomization sets.
    NewCounts,
}

/// What an object is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    Pod,
    Controller,
    Rollout,
    Job,
    CronJob,
    Kustomization,
    Other,
}

/// What of a field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account<'a> {
    /// All of it.
    Whole,
    /// Nothing.
    Nothing,
    /// Of an image, its name.
    Image(&'a str),
}

impl Spot {
    /// Where an object begins.
    pub(super) fn object(api_version: &str, kind: &str) -> Self {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Self::Object(match (group, kind) {
            ("", "Pod") => Sort::Pod,
            ("", "ReplicationController")
            | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
                Sort::Controller
            }
            // its strategy names routes of a mesh
            ("argoproj.io", "Rollout") => Sort::Rollout,
            ("batch", "Job") => Sort::Job,
            ("batch", "CronJob") => Sort::CronJob,
            ("kustomize.config.k8s.io", "Kustomization" | "Component") => Sort::Kustomization,
            _ => Sort::Other,
        })
    }

    /// Where a field of it leads, or the items of that.
    pub(super) fn enter(self, key: &str) -> Self {
        match (self, key) {
            (Self::Object(Sort::Kustomization), "images") => Self::NewImages,
            (Self::Object(Sort::Kustomization), "replicas") => Self::NewCounts,
            // any text of a kustomization may name a file
            (Self::Object(Sort::Kustomization), _) => Self::Elsewhere,
            (Self::Object(_), "metadata") => Self::Metadata,
            (Self::Metadata, "annotations") => Self::Annotations,
            (Self::Object(Sort::Pod), "spec") => Self::Pods,
            (Self::Object(Sort::Controller), "spec") => Self::Controller(true),
            (Self::Object(Sort::Rollout | Sort::Job), "spec") => Self::Controller(false),
            (Self::Object(Sort::CronJob), "spec") => Self::Times,
            (Self::Times, "jobTemplate") => Self::Job,
            (Self::Job, "spec") => Self::Controller(false),
            (Self::Controller(_), "template") => Self::Template,
            (Self::Template, "metadata") => Self::TemplateMetadata,
            (Self::Template, "spec") => Self::Pods,
            (Self::Pods, "containers" | "initContainers") => Self::Container,
            _ => Self::Elsewhere,
        }
    }

    /// What of a field of it counts; `around` is the mapping that has the field.
    pub(super) fn account<'a>(self, key: &str, value: Node<'a>, around: Node<'_>) -> Account<'a> {
        match self.of_value(key, value.value()) {
            // the container by which Consul's servers are known, whatever their image is called
            Account::Image(_) if around.get("name").and_then(Node::as_str) == Some("consul") => {
                Account::Whole
            }
            account => account,
        }
    }

    /// The same, where what is around the field counts no image as a whole.
    pub(super) fn of_value<'a>(self, key: &str, value: Value<'a>) -> Account<'a> {
        let is_text = matches!(value, Value::Text(_));
        let is_nothing = match (self, key) {
            // what the cluster says of an object, and notes about it
            (Self::Object(sort), "status") => sort != Sort::Kustomization,
            (
                Self::Metadata,
                "generation" | "resourceVersion" | "uid" | "managedFields" | "selfLink",
            ) => true,
            // the older of two policies counts, and text alone is a time
            (Self::Metadata, "creationTimestamp") => !is_text,
            (Self::TemplateMetadata, "creationTimestamp") => true,
            // the API server refuses an annotation that is no text
            (Self::Annotations, LAST_APPLIED) => is_text,
            // how many pods there are; without any, a workload is not judged
            (Self::Controller(_), "replicas") => !is_zero(value),
            // how old pods make room for new ones
            (
                Self::Controller(true),
                "strategy"
                | "updateStrategy"
                | "minReadySeconds"
                | "revisionHistoryLimit"
                | "progressDeadlineSeconds",
            ) => true,
            (Self::Pods, "terminationGracePeriodSeconds") => true,
            // what a container may use, and when its image is fetched
            (Self::Container, "resources" | "imagePullPolicy") => true,
            (Self::Container, "image") => return image(value),
            // images and numbers of pods change nothing that a kustomization collects; a text that is
            // the name of a file keeps that from being judged by itself
            (Self::NewImages, "newTag" | "digest") => !may_be_file(value),
            (Self::NewCounts, "count") => {
                !matches!(value, Value::Text(_) | Value::List | Value::Map)
            }
            _ => false,
        };
        match is_nothing {
            true => Account::Nothing,
            false => Account::Whole,
        }
    }
}

/// The annotation in which `kubectl apply` keeps the whole object.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Words in names of images by which the version or the edition of a mesh is known.
/// `mesh/*/version.rs`, `mesh/consul/settings/edition.rs`, `mesh/linkerd/membership/obstacle.rs`.
const OF_MESHES: &[&str] = &[
    "istio",
    "linkerd",
    "l5d",
    "buoyant",
    "consul",
    "pilot",
    "proxyv2",
    "ztunnel",
    "install-cni",
];

fn is_zero(value: Value<'_>) -> bool {
    match value {
        Value::Int(number) => number == 0,
        Value::Float(number) => number == 0.0,
        _ => false,
    }
}

/// Of an image with a version or a digest that nobody reads, the name.
fn image(value: Value<'_>) -> Account<'_> {
    let Value::Text(text) = value else {
        return Account::Whole;
    };
    let (tagged, digest) = match text.split_once('@') {
        Some((tagged, digest)) => (tagged, Some(digest)),
        None => (text, None),
    };
    let last = tagged.rfind('/').map_or(0, |at| at + 1);
    let colon = tagged.get(last..).and_then(|name| name.find(':'));
    let (name, tag) = match colon.and_then(|at| tagged.split_at_checked(last + at)) {
        Some((name, tag)) => (name, tag.strip_prefix(':')),
        None => (tagged, None),
    };
    let lower = name.to_ascii_lowercase();
    let is_of_mesh = OF_MESHES.iter().any(|word| lower.contains(word));
    let is_plain = tag.is_none_or(is_version) && digest.is_none_or(is_digest);
    match (tag, digest) {
        // an image without either may be a word that a mesh knows
        (None, None) => Account::Whole,
        _ if is_of_mesh || !is_plain => Account::Whole,
        _ => Account::Image(name),
    }
}

/// Whether a tag is a version, a commit or a time: `1.27.3`, `v2.1-alpine`, `main-4f2c9e1`. One that is
/// a word may be the name of a class of Ingress, by which its controller is known.
fn is_version(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let digits = tag.bytes().filter(u8::is_ascii_digit).count();
    let bare = tag.strip_prefix('v').unwrap_or(tag);
    let is_number =
        bare.starts_with(|c: char| c.is_ascii_digit()) && (digits > 2 || tag.contains('.'));
    let is_commit = |part: &str| part.len() >= 7 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let holds_commit = digits > 0 && tag.split(['.', '_', '-']).any(is_commit);
    tag.chars().all(word) && (is_number || holds_commit)
}

/// Whether it is a digest: `sha256:…`.
fn is_digest(digest: &str) -> bool {
    let hex = digest
        .strip_prefix("sha256:")
        .or_else(|| digest.strip_prefix("sha512:"));
    hex.is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text may name a file.
fn may_be_file(value: Value<'_>) -> bool {
    match value {
        Value::Text(text) => !is_version(text) && !is_digest(text) || has_ending(text),
        Value::List | Value::Map => true,
        _ => false,
    }
}

fn has_ending(text: &str) -> bool {
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::change::{digest, exact};
    use crate::syntax::parse;
    use crate::text::{FileId, SourceFile};

    fn digests(text: &str) -> (u128, u128) {
        let (documents, problems) = parse(FileId(0), &SourceFile::new("a.yaml", text));
        assert!(problems.is_empty(), "{problems:?}");
        let document = documents.first().unwrap();
        (digest(document), exact(document))
    }

    /// Whether what is written instead of something counts, in each of these objects.
    fn counts(text: &str, from: &str, to: &str) -> bool {
        assert!(text.contains(from), "{text} {from}");
        let (one, other) = (digests(text), digests(&text.replacen(from, to, 1)));
        assert_ne!(one.1, other.1, "{from} {to}");
        one.0 != other.0
    }

    const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  generation: 3
  creationTimestamp: null
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}', a: b}
spec:
  replicas: 2
  strategy: {type: Recreate}
  template:
    metadata: {creationTimestamp: null}
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - {name: web, image: 'registry:5000/shop/web:1.2.3', imagePullPolicy: Always, resources: {limits: {cpu: 1}}}
      initContainers:
        - {name: init, image: 'init@sha256:00ff'}
status: {replicas: 2}
";

    #[test]
    fn what_pods_cost_and_how_they_are_replaced_does_not_count() {
        for (from, to) in [
            ("generation: 3", "generation: 4"),
            (
                "last-applied-configuration: '{}'",
                "last-applied-configuration: '{ }'",
            ),
            ("replicas: 2", "replicas: 5"),
            ("  replicas: 2\n  str", "  str"),
            ("type: Recreate", "type: RollingUpdate"),
            ("Seconds: 30", "Seconds: 60"),
            (":1.2.3", ":1.2.4"),
            (":1.2.3", ":main-4f2c9e1"),
            (":1.2.3", ":1.2.3@sha256:0a"),
            ("sha256:00ff", "sha256:00fe"),
            ("Always", "Never"),
            ("cpu: 1", "cpu: 2"),
            ("status: {replicas: 2}", ""),
        ] {
            assert!(!counts(DEPLOYMENT, from, to), "{from} {to}");
        }
    }

    #[test]
    fn whatever_may_be_read_counts() {
        for (from, to) in [
            ("replicas: 2", "replicas: 0"),
            (
                "creationTimestamp: null",
                "creationTimestamp: '2026-01-01T00:00:00Z'",
            ),
            ("a: b", "a: c"),
            (
                "last-applied-configuration: '{}'",
                "last-applied-configuration: 1",
            ),
            ("shop/web:1.2.3", "shop/api:1.2.3"),
            ("registry:5000", "registry:5001"),
            (":1.2.3", ":nginx"),
            (":1.2.3", ""),
            (":1.2.3", ":v2"),
            ("shop/web:1.2.3", "istio/proxyv2:1.2.3"),
            ("init@sha256:00ff", "auto"),
            ("kind: Deployment", "kind: Machine"),
            ("name: web, image", "name: consul, image"),
        ] {
            assert!(counts(DEPLOYMENT, from, to), "{from} {to}");
        }
        let consul = DEPLOYMENT.replace("name: web, image", "name: consul, image");
        assert!(counts(&consul, ":1.2.3", ":1.2.4"));
        let proxy = DEPLOYMENT.replace("shop/web:", "istio/proxyv2:");
        assert!(counts(&proxy, ":1.2.3", ":1.2.4"));
        let other = DEPLOYMENT.replace("kind: Deployment", "kind: Machine");
        assert!(counts(&other, "replicas: 2", "replicas: 3"));
        assert!(counts(&other, ":1.2.3", ":1.2.4"));
    }

    #[test]
    fn items_of_lists_are_objects_too() {
        let item = DEPLOYMENT.trim().replace('\n', "\n    ");
        let list = format!(
            "apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: ''}}\nitems:\n  - {item}\n"
        );
        assert!(!counts(&list, "replicas: 2", "replicas: 5"));
        assert!(!counts(
            &list,
            "resourceVersion: ''",
            "resourceVersion: '1'"
        ));
        assert!(counts(&list, "replicas: 2", "replicas: 0"));
        let bare = item.replace("apiVersion: apps/v1\n    kind: Deployment\n    ", "");
        let list = format!("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n  - {bare}\n");
        assert!(!counts(&list, "replicas: 2", "replicas: 5"));
        assert!(counts(&list, "shop/web", "shop/api"));
    }

    #[test]
    fn jobs_and_pods_have_containers_elsewhere() {
        let pods = "{containers: [{image: 'a:1.0'}]}";
        for text in [
            format!("{{apiVersion: v1, kind: Pod, spec: {pods}}}"),
            format!("{{apiVersion: batch/v1, kind: Job, spec: {{template: {{spec: {pods}}}}}}}"),
            format!(
                "{{apiVersion: batch/v1, kind: CronJob, spec: {{jobTemplate: {{spec: {{template: {{spec: {pods}}}}}}}}}}}"
            ),
        ] {
            assert!(!counts(&text, "a:1.0", "a:1.1"), "{text}");
            assert!(counts(&text, "a:1.0", "b:1.0"), "{text}");
        }
    }

    #[test]
    fn a_kustomization_counts_but_for_images_and_numbers_of_pods() {
        let text = "
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
metadata: {uid: a}
images: [{name: web, newName: shop/web, newTag: 1.2.3}]
replicas: [{name: web, count: 2}]
status: x
";
        assert!(!counts(text, "newTag: 1.2.3", "newTag: 1.2.4"));
        assert!(!counts(text, "count: 2", "count: 0"));
        for (from, to) in [
            ("newTag: 1.2.3", "newTag: 1.2.yaml"),
            ("newTag: 1.2.3", "newTag: web"),
            ("newName: shop/web", "newName: shop/api"),
            ("count: 2", "count: a.yaml"),
            ("status: x", "status: y"),
            ("uid: a", "uid: b"),
        ] {
            assert!(counts(text, from, to), "{from} {to}");
        }
    }
}
