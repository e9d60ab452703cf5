//! ConfigMaps of the chart that servers read, as they are applied.
//!
//! `hashicorp/consul-k8s: charts/consul/templates/server-config-configmap.yaml`,
//! `server-tmp-extra-config-configmap.yaml`, `server-statefulset.yaml` (the order of `-config-dir`).

use std::collections::BTreeMap;

use super::server::{Origin, Server};
use crate::k8s::{Index, node_at};
use crate::model::At;
use crate::syntax::Node;

/// How the names of the ConfigMaps end; what the later one says counts.
const ENDINGS: &[&str] = &["-server-config", "-server-tmp-extra-config"];

/// The part that comes from `server.extraConfig`; it is read last.
const EXTRA: &str = "extra-from-values.json";

/// The part that every server has.
const OWN: &str = "server.json";

/// A document of a ConfigMap. In the order of these fields servers read them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Layer<'a> {
    is_extra: bool,
    /// Of which ConfigMap it is.
    map: usize,
    file: &'a str,
    at: At,
}

/// The servers of releases whose ConfigMaps are in the input.
pub(super) fn find(index: &Index) -> Vec<Server> {
    let mut releases: BTreeMap<(&str, &str), Vec<Layer<'_>>> = BTreeMap::new();
    for &id in index.of_kind("", "ConfigMap") {
        let key = &index.resource(id).key;
        let ending = ENDINGS
            .iter()
            .enumerate()
            .find_map(|(place, ending)| Some((place, key.name.strip_suffix(ending)?)));
        let Some((place, release)) = ending else {
            continue;
        };
        let data = At::new(id, "/data");
        let entries = node_at(index, &data).into_iter().flat_map(Node::entries);
        for entry in entries.filter(|entry| entry.key.ends_with(".json")) {
            let at = data.join(entry.key);
            if node_at(index, &at).is_some_and(Node::is_map) {
                let namespace = key.namespace.as_deref().unwrap_or("");
                let layers = releases.entry((namespace, release)).or_default();
                layers.push(Layer {
                    is_extra: entry.key == EXTRA,
                    map: place,
                    file: entry.key,
                    at,
                });
            }
        }
    }
    let server = |mut layers: Vec<Layer<'_>>| {
        layers.iter().find(|layer| layer.file == OWN)?;
        layers.sort();
        let layers: Vec<At> = layers.into_iter().map(|layer| layer.at).collect();
        let at = layers.first()?.clone();
        Some(Server {
            origin: Origin::Rendered,
            at,
            values: Vec::new(),
            layers,
        })
    };
    releases.into_values().filter_map(server).collect()
}
