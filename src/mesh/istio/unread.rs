//! What of Istio is in the input and not understood yet: each is a problem, so that it is never
//! taken for a pass.

use super::Istio;
use super::membership::Plane;
use crate::k8s::{Index, whole};
use crate::model::{At, Problem, ProblemKind};

/// Kinds that decide about ways in and out: group, kind, what is left undecided.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "networking.istio.io",
        "Gateway",
        "ways in through this gateway are not worked out",
    ),
    (
        "networking.istio.io",
        "ServiceEntry",
        "calls to what it adds to the mesh are not worked out",
    ),
    (
        "networking.istio.io",
        "WorkloadEntry",
        "workloads outside the cluster are not worked out",
    ),
    (
        "networking.istio.io",
        "WorkloadGroup",
        "workloads outside the cluster are not worked out",
    ),
    (
        "gateway.networking.k8s.io",
        "Gateway",
        "ways in through this gateway are not worked out",
    ),
    (
        "gateway.networking.k8s.io",
        "HTTPRoute",
        "what this route leads to is not worked out",
    ),
    (
        "gateway.networking.k8s.io",
        "GRPCRoute",
        "what this route leads to is not worked out",
    ),
    (
        "gateway.networking.k8s.io",
        "TCPRoute",
        "what this route leads to is not worked out",
    ),
    (
        "gateway.networking.k8s.io",
        "TLSRoute",
        "what this route leads to is not worked out",
    ),
    (
        "networking.k8s.io",
        "Ingress",
        "ways in through this ingress are not worked out",
    ),
];

/// The kinds of [`KINDS`] that let calls in from outside.
const WAYS_IN: &[&str] = &[
    "Gateway",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "Ingress",
];

/// The first way in from outside that is not understood.
pub(super) fn way_in(index: &Index) -> Option<(String, At)> {
    KINDS
        .iter()
        .filter(|(_, kind, _)| WAYS_IN.contains(kind))
        .find_map(|&(group, kind, what)| {
            let id = *index.of_kind(group, kind).first()?;
            Some((format!("{kind}: {what} yet"), At::new(id, "/kind")))
        })
}

/// Reports what is not understood.
pub(super) fn report(istio: &Istio, problems: &mut Vec<Problem>) {
    let index = &istio.index;
    for &(group, kind, what) in KINDS {
        for &id in index.of_kind(group, kind) {
            let at = At::new(id, "/kind");
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                format!("{kind}: {what} yet"),
                at,
            ));
        }
    }
    for workload in index.workloads() {
        let what = match istio.member(workload).plane {
            Plane::Ambient => "is in ambient mode",
            Plane::Gateway => "is a gateway",
            Plane::Sidecar | Plane::None => continue,
        };
        problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            format!("{workload} {what}; calls to and from it are not decided yet"),
            whole(workload.resource),
        ));
    }
}
