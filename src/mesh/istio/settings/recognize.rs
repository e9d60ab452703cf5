//! Which documents that are no objects hold settings of Istio.

use crate::model::At;
use crate::syntax::Node;

/// What a document holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Values of the charts istiod or base, at these fields (empty: the whole document).
    Values(Vec<String>),
    /// Mesh configuration.
    Mesh,
}

/// Fields of the mesh configuration that nothing else has.
const SURE_FIELDS: &[&str] = &[
    "accessLogEncoding",
    "accessLogFile",
    "accessLogFormat",
    "defaultDestinationRuleExportTo",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "disableEnvoyListenerLog",
    "enableAutoMtls",
    "enableEnvoyAccessLogService",
    "enablePrometheusMerge",
    "ingressControllerMode",
    "meshMTLS",
    "outboundTrafficPolicy",
    "inboundTrafficPolicy",
    "pathNormalization",
    "trustDomainAliases",
    "verifyCertificateAtClient",
];

/// Other fields of it.
const FIELDS: &[&str] = &[
    "ca",
    "caCertificates",
    "certificates",
    "configSources",
    "connectTimeout",
    "defaultConfig",
    "defaultHttpRetryPolicy",
    "defaultProviders",
    "discoverySelectors",
    "dnsRefreshRate",
    "enableTracing",
    "extensionProviders",
    "h2UpgradePolicy",
    "ingressClass",
    "ingressSelector",
    "ingressService",
    "localityLbSetting",
    "protocolDetectionTimeout",
    "rootNamespace",
    "serviceScopeConfigs",
    "serviceSettings",
    "tcpKeepalive",
    "tlsDefaults",
    "trustDomain",
];

/// Where the charts keep their own defaults, in the file that comes with them.
const OWN_DEFAULTS: &str = "_internal_defaults_do_not_set";

/// What a document that is no object holds, if it holds settings.
pub(super) fn document(root: Node<'_>) -> Option<Found> {
    if is_chart(root) {
        return Some(Found::Values(vec![String::new()]));
    }
    // an umbrella chart keeps the values of each chart under its name
    let below = |entry: crate::syntax::Entry<'_>| {
        let known = ["istiod", "base", OWN_DEFAULTS].contains(&entry.key);
        let words = words(entry.value);
        (words > 1 || (known && words > 0)).then(|| entry.key.to_owned())
    };
    let keys: Vec<String> = root.entries().filter_map(below).collect();
    if !keys.is_empty() {
        return Some(Found::Values(keys));
    }
    let has = |known: &[&str]| root.entries().filter(|e| known.contains(&e.key)).count();
    (has(SURE_FIELDS) > 0 || has(FIELDS) > 1).then_some(Found::Mesh)
}

/// Whether values are those of the charts istiod or base.
fn is_chart(values: Node<'_>) -> bool {
    words(values) > 1
}

/// Whether values are those of the chart ztunnel.
pub(super) fn is_ztunnel(values: Node<'_>) -> bool {
    let words = [
        "xdsAddress",
        "caAddress",
        "istioNamespace",
        "multiCluster",
        "seLinuxOptions",
    ];
    let has = |key: &str| values.get(key).is_some();
    has("logLevel") && words.into_iter().any(has)
}

/// How many words of the charts istiod and base are used; a word that nothing else has counts
/// twice.
fn words(values: Node<'_>) -> usize {
    let map = |path: &[&str]| values.path(path).is_some_and(Node::is_map);
    let text = |path: &[&str]| values.path(path).and_then(Node::as_str).is_some();
    // ztunnel's chart has a meshConfig of its own
    if text(&["xdsAddress"]) || text(&["caAddress"]) {
        return 0;
    }
    let names_pilot = |env: Node<'_>| env.entries().any(|e| e.key.starts_with("PILOT_"));
    let sure = [
        values.get("meshConfig").is_some_and(is_mesh),
        values.path(&["pilot", "env"]).is_some_and(names_pilot),
        values.get("env").is_some_and(names_pilot),
        map(&["sidecarInjectorWebhook"]),
        map(&["istiodRemote"]),
    ];
    let likely = [
        map(&["pilot"]),
        map(&["meshConfig"]),
        map(&["global", "proxy"]),
        map(&["global", "istiod"]),
        text(&["global", "istioNamespace"]),
        text(&["global", "meshID"]),
        text(&["revision"]),
        text(&["defaultRevision"]),
        values.get("revisionTags").is_some_and(Node::is_list),
        values.get("traceSampling").is_some(),
    ];
    // Istio's other charts share words with these
    let other = ["service", "rbac"].iter().any(|&key| map(&[key]))
        || values.get("cniBinDir").is_some()
        || values.get("excludeNamespaces").is_some();
    let count = |words: &[bool]| words.iter().filter(|w| **w).count();
    count(&sure) * 2 + if other { 0 } else { count(&likely) }
}

/// Whether a mapping has a field of the mesh configuration.
fn is_mesh(node: Node<'_>) -> bool {
    node.entries()
        .any(|e| SURE_FIELDS.contains(&e.key) || FIELDS.contains(&e.key))
}

/// Whether values of a chart are about the control plane, rather than about what is installed
/// before it.
pub(super) fn is_control_plane(values: Node<'_>) -> bool {
    let before = [
        "global",
        "defaultRevision",
        "base",
        "enableCRDTemplates",
        "profile",
    ];
    values.entries().any(|e| !before.contains(&e.key))
}

/// A field of a document; the name as it is written.
pub(super) fn field(at: &At, name: &str) -> At {
    match name {
        "" => at.clone(),
        name => at.join(name),
    }
}
