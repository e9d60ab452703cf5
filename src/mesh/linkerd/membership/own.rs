//! What belongs to Linkerd itself: its control plane and the extensions that come with it.
//!
//! `linkerd/linkerd2: viz/charts/linkerd-viz/templates/namespace.yaml`,
//! `multicluster/charts/linkerd-multicluster/templates/namespace.yaml`.

use crate::k8s::Index;
use crate::mesh::linkerd::settings::Config;
use crate::model::Workload;

/// The label of extensions and of what is theirs.
const EXTENSION: &str = "linkerd.io/extension";

/// The namespaces that the charts of extensions are usually installed in.
const USUAL: &[&str] = &[
    "linkerd-viz",
    "linkerd-multicluster",
    "linkerd-jaeger",
    "linkerd-smi",
    "linkerd-cni",
    "linkerd-failover",
];

/// Whether a workload is a part of Linkerd.
pub fn is_part(index: &Index, workload: &Workload, config: &Config) -> bool {
    let name = &*workload.namespace;
    let namespace = index.namespace(name).and_then(|one| one.labels.as_ref());
    let of_namespace = namespace.is_some_and(|labels| labels.contains_key(EXTENSION));
    let object = &index.resource(workload.resource).labels;
    *name == *config.control_plane.value
        || *name == *config.egress_namespace.value
        || USUAL.contains(&name)
        || of_namespace
        || workload.labels.contains_key(EXTENSION)
        || object.contains_key(EXTENSION)
}
