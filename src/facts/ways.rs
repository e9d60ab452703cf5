//! Ways in from outside, and proxies before those of workloads.

use super::context::{
    Context, is_captured, lets_in, lets_in_a_stranger, lets_in_someone_unnamed, ordinary,
};
use super::decisions::Grouped;
use super::{Before, Export, Exposure, Port};
use crate::mesh::Mesh;
use crate::model::{Effect, Tri};
use crate::reach::{Group, ListenerPort};

/// The ways by which clients outside the cluster may call a port.
pub(super) fn exposures(context: &Context<'_>) -> Vec<Exposure> {
    let mut exposures = Vec::new();
    for (group, id, edge) in context.graph.edges() {
        if *group != Group::Outside {
            continue;
        }
        let listener = context.graph.listener(id);
        for (verdict, inbound) in &edge.inbound {
            exposures.push(Exposure {
                mesh: context.mesh_of(listener.workload),
                of_mesh: context.is_part(listener.workload),
                at: context.address(&inbound.entry),
                via: inbound.via.as_ref().map(ToString::to_string),
                gateway_at: inbound.gateway.as_ref().map(|at| context.address(at)),
                takes: inbound.takes.name(),
                http: inbound.http,
                route: inbound.route.as_ref().map(|at| context.address(at)),
                open: inbound.open,
                verdict: verdict.name(),
                membership: context.world.membership(listener.workload).value.name(),
                port: context.port(listener),
            });
        }
    }
    exposures
}

/// Services that are offered to other clusters.
pub(super) fn exports(context: &Context<'_>) -> Vec<Export> {
    let index = &context.world.index;
    let all = context.world.meshes.iter().flat_map(|mesh| {
        let exports = mesh.exports().into_iter();
        exports.map(move |export| (mesh, export))
    });
    let describe = |(mesh, export): (&std::sync::Arc<dyn Mesh>, crate::mesh::Export)| {
        let service = index.service(export.service);
        let stranger = || mesh.account("meshvet-any", "meshvet-any");
        let there = export.to.as_ref().map(|(_, one)| one.clone());
        let caller = export.as_one.clone().or(there).unwrap_or_else(stranger);
        let behind = |listener: &&ListenerPort| {
            let workload = index.workload(listener.workload);
            let mut services = index.services_to(workload, listener.port).into_iter();
            services.any(|(one, _)| one.id == service.id)
        };
        let listeners = context.graph.listeners.iter().filter(behind);
        let open = listeners.filter(|l| lets_in(l, Some(&caller), Some(&ordinary())) == Tri::Yes);
        Export {
            at: context.address(&export.at),
            service: service.to_string(),
            as_one: export.as_one.is_some(),
            to: export.to.map(|(to, _)| to),
            open: open.map(|l| context.port(l)).collect(),
        }
    };
    all.map(describe).collect()
}

/// Proxies before those of workloads that ask more than they do.
pub(super) fn before(context: &Context<'_>) -> Vec<Before> {
    let world = context.world;
    let all = context.graph.listeners.iter().flat_map(|listener| {
        let workload = world.index.workload(listener.workload);
        let proxies = world
            .mesh_of(listener.workload)
            .into_iter()
            .flat_map(move |mesh| mesh.proxies_before(workload, listener.port));
        proxies
            .filter(|before| {
                !before.rules.rules.is_empty() || before.rules.otherwise == Effect::Deny
            })
            .map(move |before| ((before.at, before.name), listener))
    });
    let describe = |((at, name), mut listeners): ((_, std::sync::Arc<str>), Vec<&ListenerPort>)| {
        listeners.dedup_by_key(|l| (l.workload, l.port));
        let ports = |wanted: &dyn Fn(&ListenerPort) -> bool| -> Vec<Port> {
            let some = listeners.iter().filter(|l| wanted(l));
            some.map(|l| context.port(l)).collect()
        };
        Before {
            at: context.address(&at),
            name: name.to_string(),
            ports: ports(&|_| true),
            passed_by_anyone: ports(&passed_by_anyone),
            passed_by_mesh: ports(&|l| !passed_by_anyone(l) && passed_by_mesh(context, l)),
        }
    };
    Grouped::of(all).into_iter().map(describe).collect()
}

fn passed_by_anyone(listener: &ListenerPort) -> bool {
    let plain = listener.meshed.iter().flat_map(|l| &l.inlets);
    let takes_plaintext = plain
        .clone()
        .any(|inlet| inlet.accepts == crate::model::Transport::Plaintext);
    takes_plaintext
        && (!is_captured(listener)
            || lets_in_someone_unnamed(listener, Some(&ordinary())) == Tri::Yes)
}

fn passed_by_mesh(context: &Context<'_>, listener: &ListenerPort) -> bool {
    let mesh = context.world.mesh_of(listener.workload);
    mesh.is_some_and(|mesh| lets_in_a_stranger(listener, mesh) == Tri::Yes)
}
