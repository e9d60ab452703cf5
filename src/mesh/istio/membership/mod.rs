//! Is there a proxy in front of a workload?
//!
//! Two questions, as in the cluster: does a webhook call happen, and does the injector act?
//! `istio/istio: pkg/kube/inject/inject.go` (injectRequired).

pub mod injectors;
pub mod unanswered;

use std::sync::Arc;

use super::settings::Injection;
use crate::model::{At, Because, Decided, Labels, Membership, Namespace, Tri, Workload};
use injectors::{IGNORED, INJECT, Injectors};

/// The label that ties pods to the `Gateway` they are made from.
pub const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";
pub(super) const DATAPLANE: &str = "istio.io/dataplane-mode";

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

/// How a workload takes part in the mesh.
pub fn member(injectors: &Injectors, workload: &Workload, namespace: &Namespace) -> Member {
    let member = |membership, plane, revision| Member {
        membership,
        plane,
        revision,
    };
    let (called, revision, because) = injectors.called(workload, namespace);
    let auto = |c: &crate::model::Container| &*c.image == "auto";
    let unfilled = called == Tri::No && workload.containers.iter().any(auto);
    if let Some(at) = gateway(workload).filter(|_| !unfilled) {
        let membership = Decided::configured(Membership::Meshed, at);
        return member(membership, Plane::Gateway, revision);
    }
    if let Some(proxy) = workload
        .containers
        .iter()
        .find(|c| &*c.name == "istio-proxy" && !auto(c) && workload.label("app") != Some("ztunnel"))
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
        let because = kept_out(workload, namespace).unwrap_or(because);
        return member(
            Decided::new(Membership::Unmeshed, because),
            Plane::None,
            revision,
        );
    }
    let veto = veto(workload, injectors.injection(&revision));
    if let Some(veto) = veto.or_else(|| too_late(workload, namespace)) {
        // without a sidecar, the node's proxy captures it where it is asked to
        return match ambient(workload, namespace) {
            Some(at) => {
                let membership = Decided::configured(Membership::Meshed, at);
                member(membership, Plane::Ambient, revision)
            }
            None => member(
                Decided::new(Membership::Unmeshed, veto),
                Plane::None,
                revision,
            ),
        };
    }
    let value = if called == Tri::Yes {
        Membership::Meshed
    } else {
        Membership::Unknown
    };
    member(Decided::new(value, because), Plane::Sidecar, revision)
}

/// Of what runs outside Kubernetes.
pub fn outside(workload: &Workload) -> Member {
    let rule = "Istio injects its proxy into pods";
    Member {
        membership: Decided::default(Membership::Unmeshed, rule, workload.at()),
        plane: Plane::None,
        revision: "".into(),
    }
}

/// The label that keeps a workload out of a namespace in ambient mode.
fn kept_out(workload: &Workload, namespace: &Namespace) -> Option<Because> {
    let of_namespace = namespace.labels.as_ref()?.get(DATAPLANE)?;
    let out = &**of_namespace == "ambient" && workload.label(DATAPLANE) == Some("none");
    out.then(|| Because::Configured(workload.label_at(DATAPLANE)))
}

/// A pod that runs without a proxy was not injected when it started, and will not be.
fn too_late(workload: &Workload, namespace: &Namespace) -> Option<Because> {
    let known = namespace.labels.is_some() && ambient(workload, namespace).is_none();
    (workload.started && known)
        .then(|| Because::Configured(workload.template_at("/spec/containers")))
}

/// What keeps the injector from acting although it was called.
fn veto(workload: &Workload, injection: Option<&Injection>) -> Option<Because> {
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
        (None, None) => ("", workload.at()),
    };
    match value {
        "true" => None,
        "false" => Some(Because::Configured(at)),
        _ => injection?.passes_over(workload).map(Because::Configured),
    }
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
    if workload.labels.contains_key(GATEWAY_NAME) {
        return Some(workload.label_at(GATEWAY_NAME));
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
    // the agent that redirects keeps out of this namespace
    if workload.host_network || &*workload.namespace == "kube-system" {
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

#[cfg(test)]
mod tests {
    use crate::mesh::Mesh;
    use crate::mesh::istio::sample::{compile, workload};
    use crate::model::Membership;

    #[test]
    fn what_runs_outside_kubernetes_is_in_no_part_of_it() {
        let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
            metadata: {name: gw, namespace: shop}\nspec: {gatewayClassName: istio}\n";
        let sample = compile(&[
            ("a.yaml", &(workload("shop") + gateway)),
            ("web.hcl", "service { name = \"web\" }"),
        ]);
        let web = sample.istio.membership(sample.workload("web"));
        assert_eq!(web.value, Membership::Unmeshed);
        assert_eq!(
            sample.address(web.because.at()),
            "File/web.hcl#/service",
            "{web:?}"
        );
        // it takes nobody's place
        let made = sample.istio.made();
        let names: Vec<String> = made.iter().map(|one| one.pods.to_string()).collect();
        assert_eq!(names, ["shop/gw-istio"]);
        let pods = made[0].pods;
        assert_eq!(sample.istio.membership(pods).value, Membership::Meshed);
    }
}
