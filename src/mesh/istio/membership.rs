//! Is there a proxy in front of a workload?
//!
//! Two questions, as in the cluster: does a webhook call happen, and does the injector act?
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`,
//! `istio/istio: pkg/kube/inject/inject.go` (injectRequired).

use std::sync::Arc;

use serde::Deserialize;

use super::settings::Revisions;
use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::model::{At, Because, Decided, Labels, Membership, Namespace, Tri, Workload};
use crate::syntax::Node;

pub(super) const INJECT: &str = "sidecar.istio.io/inject";
pub(super) const REVISION: &str = "istio.io/rev";
pub(super) const INJECTION: &str = "istio-injection";
pub(super) const DATAPLANE: &str = "istio.io/dataplane-mode";

/// Namespaces in which the injector never acts.
pub(super) const IGNORED: &[&str] = &[
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// Which part of the mesh a workload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// It has a proxy of its own.
    Sidecar,
    /// It is a proxy that others call.
    Gateway,
    /// The node's proxy captures it.
    Ambient,
    /// It is a proxy that calls to services and pods in ambient mode pass.
    Waypoint,
    /// None.
    None,
}

/// How a workload takes part in the mesh.
#[derive(Debug, Clone)]
pub struct Member {
    /// Whether, and because of what.
    pub membership: Decided<Membership>,
    /// As what, if it does (or may).
    pub plane: Plane,
    /// The control plane it belongs to.
    pub revision: Arc<str>,
}

/// The injectors of an environment.
#[derive(Debug)]
pub enum Injectors {
    /// Their webhooks are in the input: these and no others.
    Known(Vec<Webhook>),
    /// They are not, and what installs control planes is: these revisions and no others.
    Installed(Revisions),
    /// Neither is: the default revision is taken to be there, others may be.
    Assumed,
}

/// One webhook that injects sidecars.
#[derive(Debug)]
pub struct Webhook {
    revision: Arc<str>,
    pub(super) namespaces: LabelSelector,
    objects: LabelSelector,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WebhookSpec {
    namespace_selector: LabelSelector,
    object_selector: LabelSelector,
}

impl Injectors {
    /// Finds the injectors' webhooks.
    pub fn find(index: &Index) -> Self {
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

    /// Whether a webhook is called for a workload's pods, by which revision, because of what.
    pub(super) fn called(
        &self,
        workload: &Workload,
        namespace: &Namespace,
    ) -> (Tri, Arc<str>, Because) {
        match self {
            Self::Known(webhooks) => called_by(webhooks, workload, namespace),
            Self::Installed(_) | Self::Assumed => self.asked(workload, namespace),
        }
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
            (Some("enabled"), _) => self.serving(None),
            (Some(_), _) => (Tri::No, default),
            (None, Some(revision)) => self.serving(Some(revision)),
            (None, None) => match (workload.label(REVISION), pod_inject) {
                (Some(revision), _) => self.serving(Some(revision)),
                (None, Some("true")) => self.serving(None),
                (None, _) => (Tri::No, default),
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

/// How a workload takes part in the mesh.
pub fn member(injectors: &Injectors, workload: &Workload, namespace: &Namespace) -> Member {
    let decided = |value, because| Decided {
        value,
        because,
        rivals: Vec::new(),
    };
    let member = |membership, plane, revision| Member {
        membership,
        plane,
        revision,
    };
    let (called, revision, because) = injectors.called(workload, namespace);
    if let Some(at) = gateway(workload) {
        let membership = Decided::configured(Membership::Meshed, at);
        return member(membership, Plane::Gateway, revision);
    }
    if let Some(proxy) = workload
        .containers
        .iter()
        .find(|c| &*c.name == "istio-proxy" && workload.label("app") != Some("ztunnel"))
    {
        let at = At {
            resource: workload.resource,
            pointer: proxy.at.clone(),
        };
        let membership = Decided::configured(Membership::Meshed, at);
        return member(membership, Plane::Sidecar, revision);
    }
    if called == Tri::No {
        if let Some(at) = ambient(workload, namespace) {
            let membership = Decided::configured(Membership::Meshed, at);
            return member(membership, Plane::Ambient, revision);
        }
        return member(
            decided(Membership::Unmeshed, because),
            Plane::None,
            revision,
        );
    }
    if let Some(veto) = veto(workload).or_else(|| too_late(workload, namespace)) {
        return member(decided(Membership::Unmeshed, veto), Plane::None, revision);
    }
    let value = if called == Tri::Yes {
        Membership::Meshed
    } else {
        Membership::Unknown
    };
    member(decided(value, because), Plane::Sidecar, revision)
}

/// A pod that runs without a proxy was not injected when it started, and will not be.
fn too_late(workload: &Workload, namespace: &Namespace) -> Option<Because> {
    let known = namespace.labels.is_some() && ambient(workload, namespace).is_none();
    (workload.started && known)
        .then(|| Because::Configured(workload.template_at("/spec/containers")))
}

/// What keeps the injector from acting although it was called.
fn veto(workload: &Workload) -> Option<Because> {
    if workload.host_network {
        return Some(Because::Configured(
            workload.template_at("/spec/hostNetwork"),
        ));
    }
    if IGNORED.contains(&&*workload.namespace) {
        return Some(Because::Default {
            rule: "Istio never injects in a system namespace",
            near: workload.at(),
        });
    }
    let (value, at) = match (workload.label(INJECT), workload.annotation(INJECT)) {
        (Some(value), _) => (value, workload.label_at(INJECT)),
        (None, Some(value)) => (value, workload.annotation_at(INJECT)),
        (None, None) => return None,
    };
    (value == "false").then_some(Because::Configured(at))
}

/// A gateway's proxy is asked for by a template, or by the image `auto` under its usual label.
fn gateway(workload: &Workload) -> Option<At> {
    let templates = "inject.istio.io/templates";
    if workload
        .annotation(templates)
        .is_some_and(|t| t.split(',').any(|t| t.trim() == "gateway"))
    {
        return Some(workload.annotation_at(templates));
    }
    let class = "gateway.networking.k8s.io/gateway-name";
    if workload.labels.contains_key(class) {
        return Some(workload.label_at(class));
    }
    let named = workload
        .label("istio")
        .is_some_and(|v| v.ends_with("gateway"));
    let has_proxy = workload
        .containers
        .iter()
        .any(|c| &*c.name == "istio-proxy");
    (named && has_proxy).then(|| workload.label_at("istio"))
}

/// `istio/istio: cni/pkg/util/enablement_selector.go`.
fn ambient(workload: &Workload, namespace: &Namespace) -> Option<At> {
    if workload.host_network {
        return None;
    }
    match workload.label(DATAPLANE) {
        Some("ambient") => return Some(workload.label_at(DATAPLANE)),
        Some("none") => return None,
        _ => {}
    }
    let labels: &Labels = namespace.labels.as_ref()?;
    (labels.get(DATAPLANE).map(|v| &**v) == Some("ambient"))
        .then(|| At::new(namespace.at.resource, "/metadata/labels").join(DATAPLANE))
}
