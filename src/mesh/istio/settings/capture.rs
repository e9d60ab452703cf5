//! What the charts' values say about capture where pods say nothing.
//!
//! `istio/istio: manifests/charts/istio-control/istio-discovery/files/injection-template.yaml`.

use super::reader::Reader;
use crate::model::At;

/// Each annotation with its twin in `global.proxy`.
const TWINS: &[(&str, &str)] = &[
    (
        "traffic.sidecar.istio.io/includeInboundPorts",
        "includeInboundPorts",
    ),
    (
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "excludeInboundPorts",
    ),
    (
        "traffic.sidecar.istio.io/includeOutboundPorts",
        "includeOutboundPorts",
    ),
    (
        "traffic.sidecar.istio.io/excludeOutboundPorts",
        "excludeOutboundPorts",
    ),
    (
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
        "includeIPRanges",
    ),
    (
        "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        "excludeIPRanges",
    ),
];

/// What holds for pods without an annotation.
#[derive(Debug, Default)]
pub struct CaptureDefaults(Vec<(&'static str, (String, At))>);

impl CaptureDefaults {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let twin = |&(annotation, value): &(&'static str, &str)| {
            let (node, at) = reader.value(&["global", "proxy", value])?;
            // a single port may stand there as a number
            let text = node.as_str().map(str::to_owned);
            let text = text.or_else(|| Some(node.as_i64()?.to_string()))?;
            Some((annotation, (text, at)))
        };
        Self(TWINS.iter().filter_map(twin).collect())
    }

    /// What is said instead of an annotation, and where.
    pub fn get(&self, annotation: &str) -> Option<&(String, At)> {
        let mut all = self.0.iter();
        all.find_map(|(name, said)| (*name == annotation).then_some(said))
    }
}
