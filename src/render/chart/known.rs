//! Charts whose values are settings of a mesh.

use super::part::Chart;
use super::values::merged;
use crate::syntax::{Field, Tree};

/// Charts of meshes.
pub(super) const CHARTS: &[&str] = &[
    "base",
    "cni",
    "consul",
    "gateway",
    "istiod",
    "linkerd-control-plane",
    "linkerd-crds",
    "linkerd-enterprise-control-plane",
    "linkerd-viz",
    "ztunnel",
];

/// Where Istio's charts keep the values that they lay all others over.
const OWN_DEFAULTS: &str = "_internal_defaults_do_not_set";

/// The values of a mesh's chart, or those of a chart that is made of such: below the names of those
/// charts, whatever they are called there. Nothing if no mesh is installed with them.
pub(super) fn settings(chart: &Chart, mut values: Tree) -> Option<Tree> {
    if let Some(defaults) = values.remove(OWN_DEFAULTS) {
        values = merged(defaults.value, values);
    }
    let is_known = |name: &str| CHARTS.contains(&name);
    if is_known(&chart.name) {
        return Some(values);
    }
    let mut of_mesh = false;
    for dependency in chart.dependencies.iter().filter(|one| is_known(&one.name)) {
        of_mesh = true;
        if dependency.key != dependency.name
            && let Some(field) = values.remove(&dependency.key)
        {
            let key = dependency.name.clone();
            values.set(Field { key, ..field });
        }
    }
    of_mesh.then_some(values)
}
