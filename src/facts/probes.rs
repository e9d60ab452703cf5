//! Probes of which a proxy decides whether they get through.

use super::Probe;
use super::context::{Context, is_captured, lets_in_someone_unnamed, ordinary};
use crate::k8s::probe::{Asks, probes};
use crate::model::{Request, Tri};

/// The probes that a proxy refuses, and those that it lets through to a port that is open to nobody
/// else without an identity.
pub(super) fn judged(context: &Context<'_>) -> Vec<Probe> {
    let world = context.world;
    let mut found = Vec::new();
    for listener in &context.graph.listeners {
        let workload = world.index.workload(listener.workload);
        let judges = world
            .mesh_of(workload.id)
            .filter(|mesh| mesh.judges_probes());
        if judges.is_none() || !is_captured(listener) {
            continue;
        }
        let all = probes(&world.index, workload);
        for probe in all.into_iter().filter(|one| one.port == listener.port) {
            let (method, path) = match &probe.asks {
                Asks::Path(path) => ("GET", path.as_str()),
                Asks::Grpc => ("POST", "/grpc.health.v1.Health/Check"),
            };
            let asked = Request {
                method: Some(method.to_owned()),
                path: Some(path.to_owned()),
                ..Request::default()
            };
            let passes = lets_in_someone_unnamed(listener, Some(&asked));
            let others = lets_in_someone_unnamed(listener, Some(&ordinary()));
            let state = match (passes, others) {
                (Tri::No, _) => "refused",
                (Tri::Yes, Tri::No) => "open",
                _ => continue,
            };
            found.push(Probe {
                state,
                path: path.to_owned(),
                at: context.address(&probe.at),
                port: context.port(listener),
            });
        }
    }
    found
}
