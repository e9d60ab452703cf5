//! What of Istio is in the input and not understood yet: each is a problem, so that it is never
//! taken for a pass.

use super::Istio;
use super::outbound::waypoint::Asked;
use super::proxies::GATEWAY_API;
use crate::model::{At, Problem, ProblemKind};

/// Kinds that decide something: group, kind, what is left undecided.
const KINDS: &[(&str, &str, &str)] = &[
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
        GATEWAY_API,
        "ListenerSet",
        "the listeners it adds to a gateway are not worked out",
    ),
    (
        "gateway.networking.x-k8s.io",
        "XListenerSet",
        "the listeners it adds to a gateway are not worked out",
    ),
    (
        GATEWAY_API,
        "BackendTLSPolicy",
        "what gateways send to its targets is not worked out",
    ),
];

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
    for gateway in istio.proxies.gateways.iter() {
        if istio.proxies.is_foreign(gateway) {
            let what =
                "Gateway: it is made by another product; who comes in by it is not worked out yet";
            let at = gateway.at("/spec/gatewayClassName");
            problems.push(Problem::at(ProblemKind::NotUnderstood, what, at));
        }
    }
    for service in index.services() {
        if let Asked::Missing(what, at) = istio.waypoint_of_service(service) {
            let message = format!("{what}; calls to {service} are taken to go without it");
            problems.push(Problem::at(ProblemKind::DanglingReference, message, at));
        }
    }
}
