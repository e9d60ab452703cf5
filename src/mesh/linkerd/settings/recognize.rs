//! Which documents that are no objects hold values of Linkerd's chart.
//!
//! `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml`.

use crate::syntax::Node;

/// The names of the chart that installs control planes: the project's, and the enterprise one.
pub const CHARTS: &[&str] = &["linkerd-control-plane", "linkerd-enterprise-control-plane"];

/// Fields that no other chart has.
const SURE: &[&str] = &[
    "identityTrustAnchorsPEM",
    "policyValidator",
    "profileValidator",
    "proxyInit",
    "proxyInjector",
    "proxyInjectorResources",
];

/// Other fields of it.
const FIELDS: &[&str] = &[
    "clusterNetworks",
    "cniEnabled",
    "controllerLogLevel",
    "controllerReplicas",
    "disableHeartBeat",
    "enablePodAntiAffinity",
    "identityTrustDomain",
    "linkerdVersion",
    "policyController",
    "webhookFailurePolicy",
];

/// Fields of the project's other charts, which share words with this one.
const OTHERS: &[&str] = &[
    "dashboard",
    "gateway",
    "linkerdNamespace",
    "metricsAPI",
    "tap",
    "webhook",
];

/// The fields of a document at which values stand; an empty one is the whole document.
pub(super) fn document(root: Node<'_>) -> Vec<String> {
    if words(root) > 1 {
        return vec![String::new()];
    }
    // an umbrella chart keeps the values of each chart under its name
    let below = |entry: crate::syntax::Entry<'_>| {
        let named = CHARTS.contains(&entry.key) && entry.value.is_map();
        (named || words(entry.value) > 1).then(|| entry.key.to_owned())
    };
    root.entries().filter_map(below).collect()
}

/// How many words of the chart are used; one that nothing else has counts twice.
fn words(values: Node<'_>) -> usize {
    let has = |fields: &[&str]| values.entries().filter(|e| fields.contains(&e.key)).count();
    let deep = [["proxy", "defaultInboundPolicy"], ["identity", "issuer"]];
    let deep = deep.iter().filter(|path| values.path(*path).is_some());
    match has(OTHERS) {
        0 => (has(SURE) + deep.count()) * 2 + has(FIELDS),
        _ => 0,
    }
}
