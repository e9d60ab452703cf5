//! Services that are offered to linked clusters.
//!
//! `linkerd/linkerd2: pkg/k8s/labels.go`, `multicluster/service-mirror`.

use super::Linkerd;
use crate::mesh::{Export, Mesh};
use crate::model::At;

/// The labels that offer a service.
const LABELS: [&str; 2] = ["mirror.linkerd.io/exported", "mirror.linkerd.io/federated"];

impl Linkerd {
    /// The services that are offered. Through the gateway every caller is the gateway; where pods are
    /// called directly, each is who it is.
    pub(super) fn exported(&self) -> Vec<Export> {
        let mut found = Vec::new();
        for service in self.index.services() {
            let labels = &self.index.resource(service.resource).labels;
            let offers = LABELS
                .into_iter()
                .find_map(|key| Some((key, labels.get(key)?)));
            let Some((key, value)) = offers else {
                continue;
            };
            let by_gateway = match (key, &**value) {
                ("mirror.linkerd.io/exported", "true") => true,
                ("mirror.linkerd.io/exported", "remote-discovery")
                | ("mirror.linkerd.io/federated", "member") => false,
                _ => continue,
            };
            let gateway = || self.account("linkerd-multicluster", "linkerd-gateway");
            found.push(Export {
                service: service.id,
                at: At::new(service.resource, "/metadata/labels").join(key),
                as_one: by_gateway.then(gateway),
                to: None,
            });
        }
        found
    }
}
