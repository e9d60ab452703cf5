//! The places that hold the settings of each control plane.
//!
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::installation::{Installation, installations};
use super::place::{DEFAULT, Sources};
use super::{conflict, env, profile};
use crate::k8s::{Index, node_at};
use crate::model::{At, Problem, ProblemKind, ResourceId};

/// The settings of each control plane, by revision.
pub(super) fn find(index: &Index, problems: &mut Vec<Problem>) -> BTreeMap<Arc<str>, Sources> {
    let installations = installations(index);
    let mut planes = installed(index, &installations, problems);
    let shared = shared(index, &planes, problems);
    let mut known: BTreeMap<Arc<str>, ResourceId> = BTreeMap::new();
    for (revision, id) in config_maps(index) {
        if shared.values().any(|one| *one == id) {
            continue;
        }
        let at = At::new(id, "/data/mesh");
        if known.contains_key(&revision) {
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "a second mesh configuration of the same control plane: the settings of the first one were taken",
                at,
            ));
            continue;
        }
        known.insert(Arc::clone(&revision), id);
        let plane = planes.entry(Arc::clone(&revision)).or_default();
        plane.revision = Some(revision);
        plane.mesh = vec![at];
        plane.rendered = true;
        // what was installed from is in it already
        plane.profile = None;
        plane.namespaces.clear();
    }
    for (revision, id) in injectors(index) {
        let plane = planes.entry(Arc::clone(&revision)).or_default();
        plane.revision = Some(revision);
        plane.values.insert(0, At::new(id, "/data/values"));
    }
    for (revision, id) in shared {
        let plane = planes.entry(Arc::clone(&revision)).or_default();
        plane.revision = Some(revision);
        plane.mesh.push(At::new(id, "/data/mesh"));
        plane.add_up = true;
    }
    planes
}

/// What control planes are installed from, put together by revision.
fn installed(
    index: &Index,
    installations: &[Installation],
    problems: &mut Vec<Problem>,
) -> BTreeMap<Arc<str>, Sources> {
    let has_map = |revision: &str| config_maps(index).any(|(own, _)| *own == *revision);
    let mut revisions: Vec<&Arc<str>> = installations
        .iter()
        .filter_map(|one| one.sources.revision.as_ref())
        .collect();
    revisions.sort();
    revisions.dedup();
    let only = match revisions.as_slice() {
        [one] => Arc::clone(one),
        _ => DEFAULT.into(),
    };
    let mut planes: BTreeMap<Arc<str>, Sources> = BTreeMap::new();
    for one in installations
        .iter()
        .filter(|one| !one.sources.mesh.is_empty())
    {
        let revision = one.sources.revision.as_ref().unwrap_or(&only);
        if let Some((name, at)) = &one.sources.profile
            && !profile::is_known(name)
        {
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                format!("{name:?} is no profile that comes with Istio; what it sets is not known"),
                at.clone(),
            ));
        }
        let plane = planes.entry(Arc::clone(revision)).or_default();
        let differs = conflict::between(index, plane, &one.sources);
        if let Some(at) = differs.filter(|_| !has_map(revision)) {
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "another place sets this differently for the same control plane, and which of them is in force \
                 is not known: the first one was taken",
                at,
            ));
        }
        plane.extend(&one.sources);
    }
    planes
}

/// ConfigMaps with mesh configuration, each with the revision that its name says.
fn config_maps(index: &Index) -> impl Iterator<Item = (Arc<str>, ResourceId)> + '_ {
    index.of_kind("", "ConfigMap").iter().filter_map(|&id| {
        let name = &*index.resource(id).key.name;
        let revision = match name.strip_prefix("istio")? {
            "" => DEFAULT,
            rest => rest.strip_prefix('-')?,
        };
        index.node(id).path(&["data", "mesh"])?;
        Some((Arc::from(revision), id))
    })
}

/// ConfigMaps of injectors, each with the revision that its name says.
pub(super) fn injectors(index: &Index) -> impl Iterator<Item = (Arc<str>, ResourceId)> + '_ {
    index.of_kind("", "ConfigMap").iter().filter_map(|&id| {
        let name = &*index.resource(id).key.name;
        let revision = match name.strip_prefix("istio-sidecar-injector")? {
            "" => DEFAULT,
            rest => rest.strip_prefix('-')?,
        };
        Some((Arc::from(revision), id))
    })
}

/// The ConfigMap that istiod puts below its own, by revision.
/// `istio/istio: pilot/pkg/bootstrap/mesh.go`.
fn shared(
    index: &Index,
    planes: &BTreeMap<Arc<str>, Sources>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<Arc<str>, ResourceId> {
    let revisions = planes.keys().cloned();
    let mut all: Vec<Arc<str>> = revisions.chain(env::revisions(index)).collect();
    all.sort();
    all.dedup();
    let mut found = BTreeMap::new();
    for revision in all {
        let nothing = Sources {
            revision: Some(Arc::clone(&revision)),
            ..Sources::default()
        };
        let sources = planes.get(&revision).unwrap_or(&nothing);
        let variables = env::variables(index, sources);
        let Some((node, at)) = variables.get("SHARED_MESH_CONFIG") else {
            continue;
        };
        let name = node.as_str().unwrap_or("");
        let named = |id: &&ResourceId| *index.resource(**id).key.name == *name;
        let place = |id| node_at(index, &At::new(id, "/data/mesh")).map(|_| id);
        match index.of_kind("", "ConfigMap").iter().find(named) {
            Some(&id) if place(id).is_some() => {
                found.insert(revision, id);
            }
            _ if name.is_empty() => {}
            _ => problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                format!("the ConfigMap {name:?}, which holds a part of the mesh configuration, is not in the input"),
                at.clone(),
            )),
        }
    }
    found
}
