//! Configuration of a proxy that is written by hand, in place of what Consul makes.
//!
//! `hashicorp/consul: agent/xds/config.go`, `agent/structs/connect_proxy_config.go`,
//! `command/connect/envoy/bootstrap_config.go`.

use super::setting;
use crate::mesh::consul::Consul;
use crate::mesh::consul::annotation;
use crate::mesh::consul::entry::Kind;
use crate::mesh::consul::written::Written;
use crate::model::{Setting, Workload};

/// The fields; what is about traces and statistics alone is none of them.
const FIELDS: [&str; 7] = [
    "envoy_bootstrap_json_tpl",
    "envoy_cluster_json",
    "envoy_extra_static_clusters_json",
    "envoy_extra_static_listeners_json",
    "envoy_listener_json",
    "envoy_local_cluster_json",
    "envoy_public_listener_json",
];

/// The field that a key is, in any of its spellings.
fn field(key: &str) -> Option<&'static str> {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    FIELDS.into_iter().find(|field| plain(field) == plain(key))
}

/// Those of a mapping.
pub(super) fn of_written(config: &Written<'_>) -> Vec<Setting> {
    let entries = config.entries().into_iter();
    let raw = entries.filter_map(|(key, written)| {
        written.as_text()?;
        Some(setting(
            "raw_configuration",
            field(key)?,
            written.at().clone(),
        ))
    });
    raw.collect()
}

impl Consul {
    /// Those of a workload's proxy: of its registration, of entries about its service and about all.
    pub(in crate::mesh::consul) fn raw_configuration(&self, workload: &Workload) -> Vec<Setting> {
        let index = &self.index;
        let own = self.own(workload);
        let mut all: Vec<Setting> = own
            .map_or_else(Vec::new, |own| own.configs(index))
            .iter()
            .flat_map(of_written)
            .collect();
        all.extend(of_pod(workload));
        for registered in self.registered(workload) {
            let (namespace, name) = (&registered.name.namespace, &registered.name.name);
            let entry = self.entries.named(Kind::ServiceDefaults, namespace, name);
            let upstreams = entry.and_then(|entry| entry.fields(index)?.get("upstreamConfig"));
            if let Some(upstreams) = upstreams {
                let defaults = upstreams.get("defaults").into_iter();
                let each = defaults.chain(upstreams.each("overrides"));
                all.extend(each.flat_map(|one| of_written(&one)));
            }
        }
        all.extend(self.settings_of_all());
        all
    }
}

/// Those of the annotation by which a pod sets its proxy up.
fn of_pod(workload: &Workload) -> Vec<Setting> {
    let Some((text, at)) = annotation::of(workload, "proxy-config-map") else {
        return Vec::new();
    };
    let Ok(serde_json::Value::Object(config)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let fields = config.keys().filter_map(|key| field(key));
    fields
        .map(|field| setting("raw_configuration", field, at.clone()))
        .collect()
}
