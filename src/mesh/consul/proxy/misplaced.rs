//! Annotations of pods that stand where nobody looks.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/constants/annotations_and_labels.go`.

use super::setting;
use crate::mesh::consul::Consul;
use crate::mesh::consul::annotation::DOMAIN;
use crate::model::{At, Labels, ResourceId, Setting, Workload};

/// Annotations that mean something on pods alone.
const OF_PODS: [&str; 14] = [
    "connect-service",
    "connect-service-default-port",
    "connect-service-port",
    "connect-service-upstreams",
    "enable-metrics",
    "envoy-extra-args",
    "kubernetes-service",
    "proxy-config-map",
    "transparent-proxy-exclude-inbound-ports",
    "transparent-proxy-exclude-outbound-cidrs",
    "transparent-proxy-exclude-outbound-ports",
    "transparent-proxy-exclude-uids",
    "transparent-proxy-overwrite-probes",
    "use-proxy-health-check",
];

/// Also a label of namespaces.
const TRANSPARENT: &str = "transparent-proxy";

impl Consul {
    /// Those that look as if they were about a workload: on the object that makes its pods, on its
    /// namespace, on Services before it, or among labels.
    pub(super) fn misplaced_annotations(&self, workload: &Workload) -> Vec<Setting> {
        let own = (!workload.template.as_str().is_empty()).then_some(workload.resource);
        let services = self.index.services_of(workload.id);
        let namespace = self.index.namespace(&workload.namespace);
        let namespace = namespace.filter(|one| one.labels.is_some());
        let namespace = namespace.map(|one| one.at.resource);
        let services: Vec<ResourceId> = services.map(|one| one.resource).collect();
        let mut all = Vec::new();
        for short in OF_PODS.into_iter().chain([TRANSPARENT]) {
            let key = format!("{DOMAIN}{short}");
            // who writes it in both places has what he wants
            if workload.annotations.contains_key(&*key) {
                continue;
            }
            let around = own.iter().chain(&namespace).chain(&services);
            let labelled = |id: ResourceId| short != TRANSPARENT || Some(id) != namespace;
            let elsewhere = around.filter_map(|&id| self.written_on(id, &key, labelled(id)));
            let label = found(&workload.labels, &key, || workload.label_at(&key));
            all.extend(label.or_else(|| elsewhere.into_iter().next()));
        }
        all
    }

    /// A key among the annotations of an object, or among its labels where they do not count either.
    fn written_on(&self, id: ResourceId, key: &str, labels: bool) -> Option<Setting> {
        let object = self.index.resource(id);
        let place = |below| At::new(id, below).join(key);
        let annotation = found(&object.annotations, key, || place("/metadata/annotations"));
        annotation.or_else(|| {
            let label = found(&object.labels, key, || place("/metadata/labels"));
            label.filter(|_| labels)
        })
    }
}

fn found(keys: &Labels, key: &str, at: impl Fn() -> At) -> Option<Setting> {
    let value = keys.get(key)?;
    Some(setting(
        "misplaced_annotation",
        format!("{key}={value}"),
        at(),
    ))
}
