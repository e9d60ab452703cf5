//! Is there a proxy in front of a workload?
//!
//! `linkerd/linkerd2: pkg/inject/report.go` (Injectable, disabledByAnnotation).

pub mod annotation;
pub mod obstacle;
pub mod own;
pub mod unanswered;

use super::settings::Config;
use crate::k8s::Index;
use crate::model::{At, Because, Decided, Membership, Workload};
use annotation::{Annotations, INJECT, is_external};
use obstacle::{Obstacle, existing, is_proxy};

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
    Prevented(Obstacle),
}

impl Member {
    fn new(value: Membership, because: Because) -> Self {
        Self {
            membership: Decided::new(value, because),
            asks: None,
            blocked: None,
            ingress: None,
        }
    }

    fn blocked(because: Because, asks: At, blocked: Blocked) -> Self {
        Self {
            asks: Some(asks),
            blocked: Some(blocked),
            ..Self::new(Membership::Unmeshed, because)
        }
    }
}

/// How a workload takes part in the mesh.
pub fn member(index: &Index, annotations: &Annotations<'_>, config: &Config) -> Member {
    let workload = annotations.workload;
    if is_external(workload) {
        let at = workload.template_at("/spec/meshTLS/identity");
        return Member::new(Membership::Meshed, Because::Configured(at));
    }
    if workload.is_outside() {
        let rule = "Linkerd has proxies in a cluster only, and of an ExternalWorkload";
        let near = workload.at();
        return Member::new(Membership::Unmeshed, Because::Default { rule, near });
    }
    let there = existing(workload);
    if let Some(proxy) = there
        && is_proxy(proxy)
        && has_label(workload, config)
    {
        let at = At {
            resource: workload.resource,
            pointer: proxy.at.clone(),
        };
        return Member {
            ingress: ingress(annotations),
            ..Member::new(Membership::Meshed, Because::Configured(at))
        };
    }
    let prevented = || obstacle::of(index, workload, config);
    match asked(annotations) {
        Asked::Yes(asks) => match prevented() {
            Some((obstacle, because)) => {
                Member::blocked(because, asks, Blocked::Prevented(obstacle))
            }
            None => Member {
                asks: Some(asks.clone()),
                ingress: ingress(annotations),
                ..Member::new(Membership::Meshed, Because::Configured(asks))
            },
        },
        Asked::Invalid(at) => Member::blocked(Because::Configured(at.clone()), at, Blocked::Value),
        Asked::No(Some(at)) => Member::new(Membership::Unmeshed, Because::Configured(at)),
        Asked::No(None) => Member::new(
            Membership::Unmeshed,
            Because::Default {
                rule: "Linkerd injects its proxy where an annotation asks for it",
                near: near(annotations),
            },
        ),
        // whatever is asked there, there is none
        Asked::Unknown(what, near) => match prevented() {
            Some((_, because)) => Member::new(Membership::Unmeshed, because),
            None => {
                let what = what.to_owned();
                Member::new(Membership::Unknown, Because::Assumed { what, near })
            }
        },
    }
}

/// What the annotations ask for.
enum Asked {
    Yes(At),
    No(Option<At>),
    Invalid(At),
    Unknown(&'static str, At),
}

fn asked(annotations: &Annotations<'_>) -> Asked {
    let (own, of_namespace) = (annotations.own(INJECT), annotations.of_namespace(INJECT));
    let own = match own {
        // there is no proxy, whatever is wrong with the namespace's
        Some(("disabled", at)) => return Asked::No(Some(at)),
        own => own,
    };
    for (value, at) in of_namespace.iter().chain(&own) {
        if is_template(value) {
            return Asked::Unknown("what asks for a proxy is filled in elsewhere", at.clone());
        }
        if !["", "enabled", "ingress", "disabled"].contains(value) {
            return Asked::Invalid(at.clone());
        }
    }
    let enables = |asked: &Option<(&str, At)>| {
        let asking = asked.as_ref().filter(|(value, _)| is_request(value));
        asking.map(|(_, at)| at.clone())
    };
    match enables(&own).or_else(|| enables(&of_namespace)) {
        Some(at) => Asked::Yes(at),
        None if !annotations.known => Asked::Unknown(
            "its namespace may ask for a proxy, and is not in the input",
            annotations.workload.at(),
        ),
        None => Asked::No(
            of_namespace
                .filter(|(value, _)| *value == "disabled")
                .map(|(_, at)| at),
        ),
    }
}

/// Whether a value of the annotation asks for a proxy.
pub fn is_request(value: &str) -> bool {
    matches!(value, "enabled" | "ingress")
}

/// Whether a value is put in when the files are rendered or applied.
pub fn is_template(value: &str) -> bool {
    value.contains("{{") || value.contains("${")
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

/// The controllers look at this label alone.
fn has_label(workload: &Workload, config: &Config) -> bool {
    let namespace = &config.control_plane;
    workload.label(CONTROL_PLANE).is_some_and(|label| {
        !matches!(namespace.because, Because::Configured(_)) || *label == *namespace.value
    })
}

#[cfg(test)]
mod tests;
