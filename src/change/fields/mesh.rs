//! What belongs to a mesh: routing, policy, its settings.

use crate::mesh;

/// Whether objects of a kind are read by a mesh as a whole.
pub(super) fn owns(group: &str, kind: &str) -> bool {
    let of_kubernetes = matches!(
        (group, kind),
        ("gateway.networking.k8s.io", _) | ("networking.k8s.io", "NetworkPolicy" | "Ingress")
    );
    of_kubernetes || mesh::product_of(group).is_some()
}

/// Whether the labels of objects of a kind are those of a workload, which policies select.
pub(super) fn has_labels_of_workload(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("workload.linkerd.io", "ExternalWorkload") | ("networking.istio.io", "WorkloadEntry")
    )
}

/// Whether a mesh reads labels or annotations of a name.
pub(super) fn reads(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, _)) => prefix == "istio.io" || mesh::product_of(prefix).is_some(),
        None => key == "istio-injection",
    }
}

/// Whether an annotation decides which gateway serves an object.
pub(super) fn chooses_gateway(key: &str) -> bool {
    key == "kubernetes.io/ingress.class" || key == "gateway.networking.k8s.io/gateway-name"
}
