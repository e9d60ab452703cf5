//! How a Service lets clients in from outside the cluster.

use std::sync::Arc;

use crate::model::{At, Labels, ResourceId};
use crate::syntax::Node;

/// Annotations by which a cloud keeps a load balancer inside its network: key, value.
const INTERNAL: &[(&str, &str)] = &[
    (
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        "internal",
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        "true",
    ),
    (
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        "true",
    ),
    ("networking.gke.io/load-balancer-type", "internal"),
    ("cloud.google.com/load-balancer-type", "internal"),
    (
        "service.beta.kubernetes.io/openstack-internal-load-balancer",
        "true",
    ),
];

/// The field that exposes a Service and how: `internet`, `network` (the cloud's own) or `node`.
pub(super) fn exposure(
    resource: ResourceId,
    annotations: &Labels,
    spec: Node<'_>,
) -> Option<(Arc<str>, At)> {
    let kind = spec.get("type").and_then(Node::as_str);
    let at = At::new(resource, "/spec/type");
    let internal = INTERNAL.iter().any(|&(key, value)| {
        annotations
            .get(key)
            .is_some_and(|v| v.eq_ignore_ascii_case(value))
    });
    match kind {
        Some("LoadBalancer") if internal => Some(("network".into(), at)),
        Some("LoadBalancer") => Some(("internet".into(), at)),
        Some("NodePort") => Some(("node".into(), at)),
        _ => {
            let external = spec
                .get("externalIPs")
                .is_some_and(|ips| ips.items().next().is_some());
            external.then(|| ("node".into(), At::new(resource, "/spec/externalIPs")))
        }
    }
}
