//! What belongs to Consul and is not understood.

use super::entry::{GROUP, Kind};
use super::owns;
use super::written::Written;
use crate::k8s::Index;
use crate::model::{At, Problem, ProblemKind};
use crate::syntax::Consul;

/// Kinds of objects that let nobody in and keep nobody out, or that are read with others.
const OTHERS: &[&str] = &[
    "ControlPlaneRequestLimit",
    "CustomGatewayPolicy",
    "GatewayClassConfig",
    "GatewayPolicy",
    "MeshService",
    "PeeringAcceptor",
    "PeeringDialer",
    "RateLimit",
    "Registration",
    "RouteAuthFilter",
    "RouteRetryFilter",
    "RouteTimeoutFilter",
    "TerminatingGatewayService",
];

/// Kinds of config entries that let nobody in and keep nobody out.
const OTHER_ENTRIES: &[&str] = &[
    "bound-api-gateway",
    "control-plane-request-limit",
    "file-system-certificate",
    "rate-limit",
];

/// Reports it.
pub(super) fn report(index: &Index, problems: &mut Vec<Problem>) {
    let not_known = |what: String, at| {
        let message = format!("{what} are not known here, so what this one does is not judged");
        Problem::at(ProblemKind::NotUnderstood, message, at)
    };
    for (id, resource) in index.resources() {
        let (group, kind) = (&resource.key.group, &*resource.key.kind);
        let read = &**group == GROUP && (Kind::of_object(kind).is_some() || OTHERS.contains(&kind));
        if owns(group) && !read {
            problems.push(not_known(
                format!("objects of the kind {kind} of {group}"),
                At::new(id, "/kind"),
            ));
        }
    }
    for &id in index.values() {
        if index.node(id).document().consul() != Some(Consul::ConfigEntry) {
            continue;
        }
        let kind = Written::own(index, At::new(id, "")).and_then(|it| it.get("kind"));
        let kind = kind.as_ref().and_then(|it| Some((it.as_text()?, it)));
        if let Some((kind, written)) = kind
            && Kind::of_entry(kind).is_none()
            && !OTHER_ENTRIES.contains(&kind)
        {
            let what = format!("config entries of the kind {kind}");
            problems.push(not_known(what, written.at().clone()));
        }
    }
}
