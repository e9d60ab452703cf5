//! Is there a proxy in front of a workload?
//!
//! `linkerd/linkerd2: pkg/inject/report.go` (Injectable, disabledByAnnotation),
//! `pkg/healthcheck/sidecar.go` (HasExistingSidecars).

use super::annotation::{Annotations, INJECT, is_external};
use super::settings::{Config, Selector};
use crate::k8s::Index;
use crate::model::{At, Because, Container, Decided, Labels, Membership, Tri, Workload};
use crate::syntax::Node;

/// The label of pods that have a proxy, with the namespace of their control plane.
pub const CONTROL_PLANE: &str = "linkerd.io/control-plane-ns";

/// How a workload takes part in the mesh.
#[derive(Debug, Clone)]
pub struct Member {
    /// Whether, and because of what.
    pub membership: Decided<Membership>,
    /// The line that asks for a proxy.
    pub asks: Option<At>,
    /// Why there is none although one is asked for.
    pub blocked: Option<Blocked>,
    /// The line by which its proxy goes by the host that requests name.
    pub ingress: Option<At>,
}

/// Why there is no proxy although one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// The value that asks is no known one.
    Value,
    /// Something about the pod or its namespace prevents it.
    Prevented,
}

/// How a workload takes part in the mesh.
pub fn member(index: &Index, annotations: &Annotations<'_>, config: &Config) -> Member {
    let workload = annotations.workload;
    let decided = |value, because| Member {
        membership: Decided {
            value,
            because,
            rivals: Vec::new(),
        },
        asks: None,
        blocked: None,
        ingress: None,
    };
    if is_external(workload) {
        let at = workload.template_at("/spec/meshTLS/identity");
        return decided(Membership::Meshed, Because::Configured(at));
    }
    if let Some(proxy) = existing(workload) {
        let meshed = is_proxy(proxy) && has_label(workload, config);
        let at = At {
            resource: workload.resource,
            pointer: proxy.at.clone(),
        };
        let value = match meshed {
            true => Membership::Meshed,
            false => Membership::Unmeshed,
        };
        let mut member = decided(value, Because::Configured(at));
        member.ingress = ingress(annotations).filter(|_| meshed);
        return member;
    }
    let (own, of_namespace) = (annotations.own(INJECT), annotations.of_namespace(INJECT));
    let asked = asked(own, of_namespace, annotations);
    let Asked::Yes(asks) = asked else {
        return match asked {
            Asked::Unknown => {
                let what = "its namespace may ask for a proxy, and is not in the input".to_owned();
                let near = workload.at();
                decided(Membership::Unknown, Because::Assumed { what, near })
            }
            Asked::Invalid(at) => Member {
                asks: Some(at.clone()),
                blocked: Some(Blocked::Value),
                ..decided(Membership::Unmeshed, Because::Configured(at))
            },
            Asked::No(Some(at)) => decided(Membership::Unmeshed, Because::Configured(at)),
            Asked::No(None) | Asked::Yes(_) => decided(
                Membership::Unmeshed,
                Because::Default {
                    rule: "Linkerd injects its proxy where an annotation asks for it",
                    near: near(annotations),
                },
            ),
        };
    };
    if let Some(because) = prevented(index, workload, config) {
        return Member {
            asks: Some(asks),
            blocked: Some(Blocked::Prevented),
            ..decided(Membership::Unmeshed, because)
        };
    }
    // a pod that runs without a proxy was not injected when it started, and will not be
    if workload.started {
        let at = workload.template_at("/spec/containers");
        return Member {
            asks: Some(asks),
            blocked: Some(Blocked::Prevented),
            ..decided(Membership::Unmeshed, Because::Configured(at))
        };
    }
    Member {
        asks: Some(asks.clone()),
        ingress: ingress(annotations),
        ..decided(Membership::Meshed, Because::Configured(asks))
    }
}

/// What the annotations ask for.
enum Asked {
    Yes(At),
    No(Option<At>),
    Invalid(At),
    Unknown,
}

fn asked(
    own: Option<(&str, At)>,
    of_namespace: Option<(&str, At)>,
    annotations: &Annotations<'_>,
) -> Asked {
    for (value, at) in of_namespace.iter().chain(&own) {
        if !["", "enabled", "ingress", "disabled"].contains(value) {
            return Asked::Invalid(at.clone());
        }
    }
    let enables = |asked: &Option<(&str, At)>| {
        let asking = asked.as_ref().filter(|(value, _)| is_request(value));
        asking.map(|(_, at)| at.clone())
    };
    match own {
        Some(("disabled", at)) => Asked::No(Some(at)),
        own => match enables(&own).or_else(|| enables(&of_namespace)) {
            Some(at) => Asked::Yes(at),
            None if !annotations.known => Asked::Unknown,
            None => Asked::No(
                of_namespace
                    .filter(|(value, _)| *value == "disabled")
                    .map(|(_, at)| at),
            ),
        },
    }
}

/// Whether a value of the annotation asks for a proxy.
pub fn is_request(value: &str) -> bool {
    matches!(value, "enabled" | "ingress")
}

fn ingress(annotations: &Annotations<'_>) -> Option<At> {
    let asked = annotations
        .own(INJECT)
        .or_else(|| annotations.of_namespace(INJECT))?;
    (asked.0 == "ingress").then_some(asked.1)
}

/// Where nothing is written: the namespace if it is known.
fn near(annotations: &Annotations<'_>) -> At {
    match annotations.namespace {
        Some((id, _)) => At::new(id, "/metadata/name"),
        None => annotations.workload.at(),
    }
}

/// The container by which the injector takes a pod for injected already.
fn existing(workload: &Workload) -> Option<&Container> {
    workload.containers.iter().find(|container| {
        let has_image = |image: &str| container.image.starts_with(image);
        let sidecar = has_image("cr.l5d.io/linkerd/proxy:")
            || has_image("gcr.io/istio-release/proxyv2:")
            || matches!(&*container.name, "linkerd-proxy" | "istio-proxy");
        let init = has_image("cr.l5d.io/linkerd/proxy-init:")
            || has_image("gcr.io/istio-release/proxy_init:")
            || matches!(&*container.name, "linkerd-init" | "istio-init");
        sidecar || (container.init && init)
    })
}

/// Whether a container that was there before the injector is, or prepares for, Linkerd's proxy.
fn is_proxy(container: &Container) -> bool {
    matches!(&*container.name, "linkerd-proxy" | "linkerd-init")
        || container.image.starts_with("cr.l5d.io/linkerd/")
}

/// The controllers look at this label alone.
fn has_label(workload: &Workload, config: &Config) -> bool {
    let namespace = &config.control_plane;
    workload.label(CONTROL_PLANE).is_some_and(|label| {
        !matches!(namespace.because, Because::Configured(_)) || *label == *namespace.value
    })
}

/// What keeps the injector from acting although it is asked.
fn prevented(index: &Index, workload: &Workload, config: &Config) -> Option<Because> {
    if workload.host_network {
        let at = workload.template_at("/spec/hostNetwork");
        return Some(Because::Configured(at));
    }
    let namespace = index.namespace(&workload.namespace)?;
    let label = |key: &str| At::new(namespace.at.resource, "/metadata/labels").join(key);
    let labels = namespace.labels.as_ref();
    let passed = passed_over(&config.injector_namespaces, labels, &label, workload);
    let label = |key: &str| workload.label_at(key);
    let labels = Some(&workload.labels);
    passed
        .or_else(|| passed_over(&config.injector_objects, labels, &label, workload))
        .or_else(|| {
            let unmounted = !config.token_projection.value && is_unmounted(index, workload);
            unmounted.then(|| config.token_projection.because.clone())
        })
}

/// Why a selector of the webhook passes something over: the selector, where one is written, or else
/// the label that the usual one looks at.
fn passed_over(
    selector: &Decided<Selector>,
    labels: Option<&Labels>,
    label: &dyn Fn(&str) -> At,
    workload: &Workload,
) -> Option<Because> {
    if selector.value.matches(labels) != Tri::No {
        return None;
    }
    let usual = [
        "config.linkerd.io/admission-webhooks",
        "linkerd.io/control-plane-component",
        "linkerd.io/cni-resource",
    ];
    let found = usual
        .into_iter()
        .find(|key| labels.is_some_and(|labels| labels.contains_key(*key)));
    Some(match (&selector.because, found) {
        (Because::Configured(_), _) => selector.because.clone(),
        (_, Some(key)) => Because::Configured(label(key)),
        (_, None) => Because::Default {
            rule: "Linkerd injects nothing in kube-system and cert-manager",
            near: workload.at(),
        },
    })
}

/// Whether the pods are kept from having the token of their service account.
fn is_unmounted(index: &Index, workload: &Workload) -> bool {
    let at = workload.template_at("/spec/automountServiceAccountToken");
    crate::k8s::node_at(index, &at).and_then(Node::as_bool) == Some(false)
}
