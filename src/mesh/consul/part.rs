//! What belongs to Consul itself: what its chart installs, and the gateways that it makes.
//!
//! `hashicorp/consul-k8s: charts/consul/templates` (the labels of every object),
//! `control-plane/api-gateway/common/labels.go`.

use super::annotation;
use crate::k8s::Index;
use crate::model::{Labels, Workload};

/// The label of the pods of API gateways.
const MANAGED: &str = "gateway.consul.hashicorp.com/managed";

/// Whether a workload is a part of Consul.
pub fn is_part(index: &Index, workload: &Workload) -> bool {
    let is_gateway = ["gateway-kind", "gateway-consul-service-name"]
        .into_iter()
        .any(|name| annotation::of(workload, name).is_some());
    let object = &index.resource(workload.resource).labels;
    is_gateway || is_of_chart(&workload.labels) || is_of_chart(object)
}

fn is_of_chart(labels: &Labels) -> bool {
    let label = |key: &str| labels.get(key).map(|value| &**value);
    let ours = label("app") == Some("consul") || label("chart") == Some("consul-helm");
    label(MANAGED) == Some("true") || (ours && label("component").is_some())
}
