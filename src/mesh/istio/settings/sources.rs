//! The places that hold the settings of a control plane.

use crate::k8s::Index;
use crate::model::{At, Problem, ProblemKind, ResourceId};
use crate::syntax::Node;

/// Where the settings of a control plane stand; in each list the place that counts first is first.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Mesh configuration.
    pub(super) mesh: Vec<At>,
    /// Values of Istio's charts.
    pub(super) values: Vec<At>,
    /// The installation profile, with its place.
    pub(super) profile: Option<(String, At)>,
}

/// Finds them.
pub(super) fn find(index: &Index, problems: &mut Vec<Problem>) -> Sources {
    let mut sources = Sources::default();
    let mut config_maps: Vec<ResourceId> = index
        .of_kind("", "ConfigMap")
        .iter()
        .copied()
        .filter(|&id| {
            let name = &*index.resource(id).key.name;
            (name == "istio" || name.starts_with("istio-"))
                && index.node(id).path(&["data", "mesh"]).is_some()
        })
        .collect();
    config_maps.sort_by_key(|&id| index.resource(id).key.name.to_string());
    for &other in config_maps.iter().skip(1) {
        problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            "a second mesh configuration: several control planes in one environment are not told apart yet, \
             the settings of the first one were taken for all",
            At::new(other, "/data/mesh"),
        ));
    }
    for (group, kind) in [
        ("install.istio.io", "IstioOperator"),
        ("sailoperator.io", "Istio"),
    ] {
        for &id in index.of_kind(group, kind) {
            if kind == "IstioOperator" {
                sources.mesh.push(At::new(id, "/spec/meshConfig"));
            }
            sources.mesh.push(At::new(id, "/spec/values/meshConfig"));
            sources.values.push(At::new(id, "/spec/values"));
            let profile = index.node(id).path(&["spec", "profile"]);
            if let Some(profile) = profile.and_then(Node::as_str) {
                sources.profile = Some((profile.to_owned(), At::new(id, "/spec/profile")));
            }
        }
    }
    if let Some(&first) = config_maps.first() {
        sources.mesh = vec![At::new(first, "/data/mesh")];
        sources.profile = None;
    }
    sources
}
