//! What is set for meshes and for proxies, and rules judge by its name.

use std::collections::{BTreeSet, HashSet};

use super::context::Context;
use super::decisions::{Grouped, SOME, guarded};
use super::{ProxySetting, Setting};
use crate::mesh::Mesh;
use crate::model::{self, Because, Membership, Workload};

/// What is set for a whole mesh.
pub(super) fn posture(context: &Context<'_>, mesh: &dyn Mesh) -> Vec<Setting> {
    let told = |setting: model::Setting| Setting {
        name: setting.name,
        value: setting.value,
        at: context.address(setting.because.at()),
        configured: setting.because.is_configured(),
    };
    mesh.posture().into_iter().map(told).collect()
}

/// The mesh, what is set, to what, and because of what.
type Key = (&'static str, &'static str, String, Because);

/// What is set for proxies, by the line that decides it.
pub(super) fn of_proxies(context: &Context<'_>) -> Vec<ProxySetting> {
    let world = context.world;
    let guarded: BTreeSet<_> = guarded(context);
    let all = world.index.workloads().iter().flat_map(|workload| {
        let out = world.membership(workload.id).value == Membership::Unmeshed;
        let mesh = world.mesh_of(workload.id).filter(|_| !out);
        mesh.into_iter().flat_map(move |mesh| {
            let settings = mesh.proxy_settings(workload).into_iter();
            settings.map(move |one| ((mesh.kind(), one.name, one.value, one.because), workload))
        })
    });
    let told = |((mesh, name, value, because), workloads): (Key, Vec<&Workload>)| ProxySetting {
        mesh,
        name,
        value,
        at: context.address(because.at()),
        configured: because.is_configured(),
        count: workloads.len(),
        guarded: workloads.iter().any(|w| guarded.contains(&w.id)),
        workloads: workloads.iter().take(SOME).map(|w| w.to_string()).collect(),
    };
    let mut grouped = Grouped::<Key, _>::of(all);
    let used: HashSet<Key> = grouped.iter().map(|(key, _)| key.clone()).collect();
    // what no workload of the input has, the next one will
    let of_all = world.meshes.iter().flat_map(|mesh| {
        let defaults = mesh.proxy_defaults().into_iter();
        defaults.map(|one| (mesh.kind(), one.name, one.value, one.because))
    });
    let unused = of_all.filter(|key| !used.contains(key));
    grouped.extend(unused.map(|key| (key, Vec::new())));
    grouped.into_iter().map(told).collect()
}
