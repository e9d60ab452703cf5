//! Does a webhook call happen?
//!
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::mesh::istio::settings::{Injection, Revisions};
use crate::model::{At, Because, Labels, Namespace, Tri, Workload};
use crate::syntax::Node;

/// The label with which a namespace asks the default revision for sidecars.
pub const INJECTION: &str = "istio-injection";
/// The label, and the annotation, with which pods say for themselves whether they want a sidecar.
pub const INJECT: &str = "sidecar.istio.io/inject";
/// The label that names a control plane.
pub const REVISION: &str = "istio.io/rev";
/// Namespaces in which the injector never acts.
pub const IGNORED: &[&str] = &[
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// The injectors of an environment.
#[derive(Debug)]
pub struct Injectors {
    webhooks: Webhooks,
    /// What each does with pods that do not say for themselves, by revision.
    injection: BTreeMap<Arc<str>, Injection>,
}

/// What calls the injectors.
#[derive(Debug)]
enum Webhooks {
    /// Their webhooks are in the input: these and no others.
    Known(Vec<Webhook>),
    /// They are not, and what installs control planes is: these revisions and no others.
    Installed(Revisions),
    /// Neither is: the default revision is taken to be there, others may be.
    Assumed,
}

/// One webhook that injects sidecars.
#[derive(Debug)]
struct Webhook {
    revision: Arc<str>,
    namespaces: LabelSelector,
    objects: LabelSelector,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WebhookSpec {
    namespace_selector: LabelSelector,
    object_selector: LabelSelector,
}

impl Injectors {
    /// Finds the injectors.
    pub fn find(index: &Index) -> Self {
        Self {
            webhooks: Webhooks::find(index),
            injection: Injection::find(index),
        }
    }

    /// What the injector of a revision does with pods that do not say for themselves.
    pub fn injection(&self, revision: &str) -> Option<&Injection> {
        self.injection.get(revision)
    }
}

impl Webhooks {
    /// Finds the injectors' webhooks.
    fn find(index: &Index) -> Self {
        let group = "admissionregistration.k8s.io";
        let mut found = Vec::new();
        let mut any = false;
        for &id in index.of_kind(group, "MutatingWebhookConfiguration") {
            let resource = index.resource(id);
            if resource.labels.get("app").map(|v| &**v) != Some("sidecar-injector") {
                continue;
            }
            any = true;
            let revision = resource.labels.get(REVISION).map_or("default", |v| &**v);
            let hooks = index.node(id).get("webhooks");
            for hook in hooks.into_iter().flat_map(Node::items) {
                let Ok(spec) = crate::syntax::from_node::<WebhookSpec>(hook) else {
                    continue;
                };
                found.push(Webhook {
                    revision: revision.into(),
                    namespaces: spec.namespace_selector,
                    objects: spec.object_selector,
                });
            }
        }
        if any {
            return Self::Known(found);
        }
        Revisions::find(index).map_or(Self::Assumed, Self::Installed)
    }

    /// Whether pods that ask for a revision, or for none in particular, are served, and by which.
    fn serving(&self, name: Option<&str>) -> (Tri, Arc<str>) {
        match (self, name) {
            (Self::Installed(revisions), name) => revisions.serving(name),
            (_, None | Some("default")) => (Tri::Yes, "default".into()),
            (_, Some(name)) => (Tri::Unknown, name.into()),
        }
    }
}

impl Injectors {
    /// Whether a webhook is called for a workload's pods, by which revision, because of what.
    pub fn called(&self, workload: &Workload, namespace: &Namespace) -> (Tri, Arc<str>, Because) {
        match &self.webhooks {
            Webhooks::Known(webhooks) => called_by(webhooks, workload, namespace),
            Webhooks::Installed(_) | Webhooks::Assumed => self.asked(workload, namespace),
        }
    }

    /// Whether anybody answers a namespace with labels that ask for sidecars.
    pub fn answers(&self, labels: &Labels) -> Tri {
        match &self.webhooks {
            Webhooks::Known(webhooks) => Tri::any(
                webhooks
                    .iter()
                    .map(|hook| hook.namespaces.matches(Some(labels))),
            ),
            Webhooks::Installed(revisions) => {
                let named = labels
                    .get(REVISION)
                    .filter(|_| !labels.contains_key(INJECTION));
                revisions.serving(named.map(|name| &**name)).0
            }
            Webhooks::Assumed => Tri::Unknown,
        }
    }

    /// A control plane that takes pods of namespaces which do not ask.
    fn unasked(&self) -> Option<(&Arc<str>, &At)> {
        let mut all = self.injection.iter();
        all.find_map(|(revision, one)| Some((revision, one.unasked.as_ref()?)))
    }
}

fn called_by(
    webhooks: &[Webhook],
    workload: &Workload,
    namespace: &Namespace,
) -> (Tri, Arc<str>, Because) {
    let mut result = Tri::No;
    let mut revision: Arc<str> = "default".into();
    for webhook in webhooks {
        let fires = webhook
            .namespaces
            .matches(namespace.labels.as_ref())
            .and(webhook.objects.matches(Some(&workload.labels)));
        if fires != Tri::No && result != Tri::Yes {
            revision = Arc::clone(&webhook.revision);
        }
        result = result.or(fires);
    }
    (
        result,
        revision,
        label_that_asks(workload, namespace, result),
    )
}

impl Injectors {
    /// The webhooks that a control plane installs for a revision, and for the default one.
    fn asked(&self, workload: &Workload, namespace: &Namespace) -> (Tri, Arc<str>, Because) {
        let pod_inject = workload.label(INJECT);
        let default: Arc<str> = "default".into();
        if pod_inject == Some("false") {
            let at = workload.label_at(INJECT);
            return (Tri::No, default, Because::Configured(at));
        }
        let Some(labels) = &namespace.labels else {
            return (Tri::Unknown, default, namespace_unknown(namespace));
        };
        let label = |key: &str| labels.get(key).map(|v| &**v);
        let (called, revision) = match (label(INJECTION), label(REVISION)) {
            (Some("enabled"), _) => self.webhooks.serving(None),
            (Some(_), _) => (Tri::No, default),
            (None, Some(revision)) => self.webhooks.serving(Some(revision)),
            (None, None) => match (workload.label(REVISION), pod_inject) {
                (Some(revision), _) => self.webhooks.serving(Some(revision)),
                (None, Some("true")) => self.webhooks.serving(None),
                (None, Some(_)) => (Tri::No, default),
                (None, None) => match self.unasked() {
                    Some((revision, at)) if !IGNORED.contains(&&*namespace.name) => {
                        return (
                            Tri::Yes,
                            Arc::clone(revision),
                            Because::Configured(at.clone()),
                        );
                    }
                    _ => (Tri::No, default),
                },
            },
        };
        let because = label_that_asks(workload, namespace, called);
        (called, revision, because)
    }
}

fn namespace_unknown(namespace: &Namespace) -> Because {
    Because::Assumed {
        what: format!(
            "the Namespace {} is not in the input, so its labels are not known",
            namespace.name
        ),
        near: namespace.at.clone(),
    }
}

/// The label that decided, of the pod or of the namespace; or that there is none.
fn label_that_asks(workload: &Workload, namespace: &Namespace, called: Tri) -> Because {
    let Some(labels) = &namespace.labels else {
        return namespace_unknown(namespace);
    };
    let of_namespace = |key: &str| At::new(namespace.at.resource, "/metadata/labels").join(key);
    let revision_at = labels
        .contains_key(REVISION)
        .then(|| of_namespace(REVISION))
        .or_else(|| {
            workload
                .labels
                .contains_key(REVISION)
                .then(|| workload.label_at(REVISION))
        });
    let by_revision = !labels.contains_key(INJECTION);
    if called == Tri::Unknown
        && let Some(near) = revision_at.as_ref().filter(|_| by_revision)
    {
        return Because::Assumed {
            what: "the input does not show whether a control plane of this revision is installed"
                .to_owned(),
            near: near.clone(),
        };
    }
    let inject_at = match labels.contains_key(INJECTION) {
        true => of_namespace(INJECTION),
        false => workload.label_at(INJECT),
    };
    if called == Tri::Unknown {
        return Because::Assumed {
            what: "the input does not show which control plane is the default one".to_owned(),
            near: inject_at,
        };
    }
    if labels.contains_key(INJECTION) {
        return Because::Configured(inject_at);
    }
    if let Some(at) = revision_at {
        return Because::Configured(at);
    }
    if workload.labels.contains_key(INJECT) {
        return Because::Configured(inject_at);
    }
    Because::Default {
        rule: "no label asks for a sidecar",
        near: namespace.at.clone(),
    }
}
