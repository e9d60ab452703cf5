//! Which documents that are no objects hold values of the consul chart.
//!
//! `hashicorp/consul-k8s: charts/consul/values.yaml`.

use crate::syntax::Node;

/// The name of the chart that installs Consul.
pub const CHARTS: &[&str] = &["consul"];

/// Parts that no other chart has.
const SURE: &[&str] = &[
    "connectInject",
    "externalServers",
    "ingressGateways",
    "meshGateway",
    "syncCatalog",
    "telemetryCollector",
    "terminatingGateways",
    "webhookCertManager",
];

/// Fields below `global` that no other chart has.
const SURE_GLOBAL: &[&[&str]] = &[
    &["acls", "manageSystemACLs"],
    &["adminPartitions"],
    &["consulAPITimeout"],
    &["enableConsulNamespaces"],
    &["enterpriseLicense"],
    &["gossipEncryption"],
    &["imageConsulDataplane"],
];

/// Parts that other charts have too.
const SHARED: &[&str] = &["client", "dns", "server", "ui"];

/// Fields of Vault's chart, which shares words with this one.
const OTHERS: &[&[&str]] = &[&["injector"], &["csi"], &["global", "tlsDisable"]];

/// The fields of a document at which values stand; an empty one is the whole document. `file` is the
/// name of its file.
pub(super) fn document(root: Node<'_>, file: &str) -> Vec<String> {
    if are_values(root, is_named(file)) {
        return vec![String::new()];
    }
    // an umbrella chart keeps the values of each chart under its name
    let below = |entry: crate::syntax::Entry<'_>| {
        let named = CHARTS.contains(&entry.key);
        are_values(entry.value, named).then(|| entry.key.to_owned())
    };
    root.entries().filter_map(below).collect()
}

/// Whether a file is the one that comes with the chart: it has every part.
pub(super) fn is_of_chart(file: &str, root: Node<'_>) -> bool {
    let rest = ["global", "server", "client", "tests", "webhookCertManager"];
    file.ends_with("values.yaml") && rest.iter().all(|part| root.get(part).is_some())
}

/// Whether values are this chart's; `named`: what is around them bears its name.
fn are_values(values: Node<'_>, named: bool) -> bool {
    let sure = SURE
        .iter()
        .any(|part| values.get(part).is_some_and(Node::is_map));
    let global = values.get("global");
    let in_global = |path: &&[&str]| global.is_some_and(|global| global.path(path).is_some());
    let sure = sure || SURE_GLOBAL.iter().any(in_global);
    let shared = SHARED.iter().any(|part| values.get(part).is_some());
    let datacenter = global.is_some_and(|global| global.get("datacenter").is_some());
    let likely = match named {
        true => shared || datacenter,
        false => shared && datacenter,
    };
    let other = OTHERS.iter().any(|path| values.path(path).is_some());
    !other && (sure || likely && global.is_some())
}

/// Whether a file bears the name of the chart: `consul-values.yaml`, `consul/values-prod.yaml`.
fn is_named(file: &str) -> bool {
    let mut parts = file.rsplit('/');
    let base = parts.next().unwrap_or("");
    let near = parts.next().unwrap_or("");
    base.contains("consul") || (base.starts_with("values") && near.contains("consul"))
}
