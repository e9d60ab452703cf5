//! Everything that runs pods.

use std::sync::Arc;

use super::metadata::string_map;
use super::{Index, Resource, ResourceKey};
use crate::model::{
    At, Container, ContainerPort, Place, Pointer, Problem, ProblemKind, Protocol, ResourceId,
    Workload, WorkloadId,
};
use crate::syntax::Node;

/// Where the pod template is: group, kind, path.
const TEMPLATES: &[(&str, &str, &str)] = &[
    ("", "Pod", ""),
    ("", "ReplicationController", "/spec/template"),
    ("apps", "Deployment", "/spec/template"),
    ("apps", "StatefulSet", "/spec/template"),
    ("apps", "DaemonSet", "/spec/template"),
    ("apps", "ReplicaSet", "/spec/template"),
    ("batch", "Job", "/spec/template"),
    ("batch", "CronJob", "/spec/jobTemplate/spec/template"),
    ("argoproj.io", "Rollout", "/spec/template"),
    ("apps.openshift.io", "DeploymentConfig", "/spec/template"),
    ("serving.knative.dev", "Service", "/spec/template"),
    ("keda.sh", "ScaledJob", "/spec/jobTargetRef/template"),
    ("apps.kruise.io", "CloneSet", "/spec/template"),
    ("apps.kruise.io", "StatefulSet", "/spec/template"),
    ("apps.kruise.io", "DaemonSet", "/spec/template"),
];

/// The workload that an object describes, if it describes one.
pub(super) fn read(
    index: &Index,
    resource: ResourceId,
    problems: &mut Vec<Problem>,
) -> Option<Workload> {
    let object = index.resource(resource);
    let node = index.node(resource);
    if object.key.is("workload.linkerd.io", "ExternalWorkload") {
        return external(object, resource, node, problems);
    }
    let template = Pointer::new(template_path(&object.key, node)?);
    let mut pod = Some(node);
    for step in template.steps() {
        pod = pod.and_then(|pod| pod.get(&step));
    }
    if is_represented(index, &object.key, node) {
        return None;
    }
    let Some((pod, spec)) = pod.and_then(|pod| Some((pod, pod.get("spec")?))) else {
        let at = At::new(resource, "/metadata/name");
        problems.extend(without_pod(&object.key, at));
        return None;
    };
    let metadata = pod.get("metadata");
    let text = |key| {
        spec.get(key)
            .and_then(|n: Node<'_>| n.as_str())
            .filter(|s| !s.is_empty())
    };
    let account = text("serviceAccountName").or_else(|| text("serviceAccount"));
    // a Pod's own labels were read, and complained about, with the object
    let own = object.key.is("", "Pod");
    let map = |key: &str, what: &str, problems: &mut Vec<Problem>| {
        string_map(metadata.and_then(|m| m.get(key)), what, problems)
    };
    let (labels, annotations) = if own {
        (object.labels.clone(), object.annotations.clone())
    } else {
        (
            map("labels", "label", problems),
            map("annotations", "annotation", problems),
        )
    };
    Some(Workload {
        id: WorkloadId(0),
        resource,
        kind: Arc::clone(&object.key.kind),
        namespace: object.key.namespace.clone()?,
        name: Arc::clone(&object.key.name),
        labels,
        annotations,
        service_account: account.unwrap_or("default").into(),
        containers: containers(spec, &template, problems),
        host_network: spec.get("hostNetwork").and_then(Node::as_bool) == Some(true),
        template,
        started: own && text("nodeName").is_some(),
        dormant: node.path(&["spec", "replicas"]).and_then(Node::as_i64) == Some(0)
            || node.path(&["spec", "suspend"]).and_then(Node::as_bool) == Some(true),
    })
}

/// A machine outside the cluster that an object describes; its ports stand in no container.
fn external(
    object: &Resource,
    resource: ResourceId,
    node: Node<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Workload> {
    let machine = Container {
        name: "".into(),
        image: "".into(),
        init: false,
        sidecar: false,
        ports: ports(node.get("spec")?, "port", &Pointer::new("/spec"), problems),
        at: Pointer::new("/spec"),
    };
    Some(Workload {
        id: WorkloadId(0),
        resource,
        kind: Arc::clone(&object.key.kind),
        namespace: object.key.namespace.clone()?,
        name: Arc::clone(&object.key.name),
        labels: object.labels.clone(),
        annotations: object.annotations.clone(),
        service_account: "".into(),
        containers: vec![machine],
        host_network: false,
        template: Pointer::root(),
        dormant: false,
        started: false,
    })
}

/// The known path, or the usual one where an unknown kind has containers there.
fn template_path(key: &ResourceKey, node: Node<'_>) -> Option<&'static str> {
    let known = TEMPLATES
        .iter()
        .find(|(group, kind, _)| key.is(group, kind))
        .map(|&(_, _, path)| path);
    known.or_else(|| {
        let usual = ["spec", "template", "spec", "containers"];
        let somewhere_else = !key.group.is_empty() && node.path(&usual).is_some_and(Node::is_list);
        somewhere_else.then_some("/spec/template")
    })
}

/// What a controller made is represented by that controller, if it is in the input.
fn is_represented(index: &Index, key: &ResourceKey, node: Node<'_>) -> bool {
    let made = [("apps", "ReplicaSet"), ("batch", "Job"), ("", "Pod")];
    if !made.iter().any(|(group, kind)| key.is(group, kind)) {
        return false;
    }
    let owners = node.path(&["metadata", "ownerReferences"]).into_iter();
    owners.flat_map(Node::items).any(|owner| {
        let text = |field| {
            owner
                .get(field)
                .and_then(|n: Node<'_>| n.as_str())
                .unwrap_or("")
        };
        let group = text("apiVersion")
            .split_once('/')
            .map_or("", |(group, _)| group);
        let controls = owner.get("controller").and_then(Node::as_bool) == Some(true);
        let found = index.find(group, text("kind"), key.namespace.as_deref(), text("name"));
        controls
            && found
                .is_some_and(|id| template_path(&index.resource(id).key, index.node(id)).is_some())
    })
}

/// That an object describes no pods, where Kubernetes itself knows its kind and asks for them.
fn without_pod(key: &ResourceKey, at: At) -> Option<Problem> {
    let own = ["", "apps", "batch"].contains(&&*key.group);
    own.then(|| {
        let message = format!(
            "{key} has no pod spec, which the API server refuses, so it is not judged; if this is a \
             patch, render what it belongs to and scan the result"
        );
        Problem::at(ProblemKind::Rejected, message, at)
    })
}

fn containers(spec: Node<'_>, template: &Pointer, problems: &mut Vec<Problem>) -> Vec<Container> {
    let mut all = Vec::new();
    for (list, init) in [("initContainers", true), ("containers", false)] {
        let at = template.join("spec").join(list);
        let nodes = spec.get(list).into_iter().flat_map(Node::items);
        for (i, node) in nodes.enumerate() {
            let at = at.join(i);
            let text = |key| {
                node.get(key)
                    .and_then(|n: Node<'_>| n.as_str())
                    .unwrap_or("")
            };
            all.push(Container {
                name: text("name").into(),
                image: text("image").into(),
                init,
                sidecar: init && text("restartPolicy") == "Always",
                ports: ports(node, "containerPort", &at, problems),
                at,
            });
        }
    }
    all
}

/// The ports of a container, which have their number in this field.
fn ports(
    container: Node<'_>,
    field: &str,
    at: &Pointer,
    problems: &mut Vec<Problem>,
) -> Vec<ContainerPort> {
    let mut ports = Vec::new();
    let nodes = container.get("ports").into_iter().flat_map(Node::items);
    for (i, node) in nodes.enumerate() {
        let number = node.get(field).and_then(port_number);
        let Some(number) = number else {
            problems.push(not_a_port(node, field));
            continue;
        };
        let at = at.join("ports").join(i);
        ports.push(ContainerPort {
            name: node.get("name").and_then(Node::as_str).map(Into::into),
            number,
            protocol: protocol(node),
            host_port: node.get("hostPort").and_then(port_number),
            number_at: at.join(field),
            at,
        });
    }
    ports
}

pub(super) fn not_a_port(node: Node<'_>, field: &str) -> Problem {
    Problem::new(
        ProblemKind::Rejected,
        format!(
            "{field} is no port number (1 to 65535, without quotes); the API server refuses this object"
        ),
        Place::Span(node.get(field).unwrap_or(node).span()),
    )
}

pub(super) fn port_number(node: Node<'_>) -> Option<u16> {
    let number = node.as_i64().and_then(|n| u16::try_from(n).ok());
    number.filter(|&n| n > 0)
}

pub(super) fn protocol(node: Node<'_>) -> Protocol {
    match node.get("protocol").and_then(Node::as_str) {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use crate::k8s::Index;
    use crate::render;
    use crate::syntax::parse;
    use crate::text::{SourceFile, Sources};

    /// The workloads of some manifests, and what is wrong with them.
    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("all.yaml", text));
        let (mut documents, _) = parse(file, sources.get(file));
        let render::Sorted { environments, .. } = render::environments(
            &render::Guide::default(),
            &sources,
            &mut documents,
            Vec::new(),
            &render::Rendered::default(),
        );
        let (index, problems) = Index::build(environments.first().unwrap(), Arc::new(documents));
        (
            index
                .workloads()
                .iter()
                .map(|one| format!("{} {one}", one.kind))
                .collect(),
            problems
                .into_iter()
                .map(|problem| problem.message)
                .collect(),
        )
    }

    fn object(api: &str, kind: &str, name: &str, owner: &str, spec: &str) -> String {
        let owners = match owner.split_once(' ') {
            Some((api, owner)) => format!(
                "[{{apiVersion: {api}, kind: {owner}, name: it, uid: u, controller: true}}]"
            ),
            None => "[]".to_owned(),
        };
        format!(
            "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop, \
             ownerReferences: {owners}}}\nspec: {spec}\n"
        )
    }

    const PODS: &str = "{template: {spec: {containers: [{name: c}]}}}";
    const POD: &str = "{containers: [{name: c}]}";

    #[test]
    fn what_a_controller_made_counts_where_the_controller_is_not_read() {
        let set = object("apps/v1", "ReplicaSet", "it", "apps/v1 Deployment", PODS);
        let pod = object("v1", "Pod", "it-1", "apps/v1 ReplicaSet", POD);
        let deployment = object("apps/v1", "Deployment", "it", "", PODS);
        let all = |parts: &[&String]| {
            let text: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
            read(&text.concat()).0
        };
        assert_eq!(all(&[&pod]), ["Pod shop/it-1"]);
        assert_eq!(all(&[&pod, &set]), ["ReplicaSet shop/it"]);
        assert_eq!(all(&[&pod, &set, &deployment]), ["Deployment shop/it"]);
        // an owner that describes no pods of its own represents none
        let pod = object("v1", "Pod", "it-1", "core.strimzi.io/v1 StrimziPodSet", POD);
        let owner = object(
            "core.strimzi.io/v1",
            "StrimziPodSet",
            "it",
            "",
            "{pods: []}",
        );
        assert_eq!(all(&[&owner, &pod]), ["Pod shop/it-1"]);
    }

    #[test]
    fn what_describes_no_pods_is_not_passed_over() {
        let (workloads, problems) =
            read(&object("apps/v1", "Deployment", "d", "", "{replicas: 2}"));
        assert!(workloads.is_empty());
        assert!(
            problems[0].contains("Deployment.apps/shop/d has no pod spec"),
            "{problems:?}"
        );
        let (_, problems) = read("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");
        assert!(problems[0].contains("has no pod spec"), "{problems:?}");
        let (_, problems) = read(&object(
            "argoproj.io/v1",
            "Rollout",
            "r",
            "",
            "{workloadRef: {}}",
        ));
        assert!(problems.is_empty(), "{problems:?}");
    }
}
