//! What the settings say about ways in and out.

use super::reader::Reader;
use crate::model::{At, Decided};

/// What a proxy does with calls to what the mesh does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboundPolicy {
    /// It refuses them.
    RegistryOnly,
    /// It passes them on.
    AllowAny,
    /// It passes them on to what the name leads to.
    AllowAnyDynamicDns,
}

/// Which Ingress objects are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngressMode {
    /// None.
    Off,
    /// Those of its class, and those without a class.
    Default,
    /// Those of its class.
    Strict,
}

/// `istio/istio: manifests/helm-profiles/ambient.yaml`.
pub(super) fn hbone(reader: &Reader<'_>) -> Option<Decided<bool>> {
    let path = ["defaultConfig", "proxyMetadata", "ISTIO_META_ENABLE_HBONE"];
    if let Some((node, at)) = reader.find(&path) {
        let on = node.as_bool() == Some(true) || node.as_str() == Some("true");
        return Some(Decided::configured(on, at));
    }
    if let Some((on, at)) = reader.of_profile(&path) {
        return Some(Decided::configured(on == "true", at));
    }
    reader.known().then(|| {
        reader.default(
            false,
            "Istio's default: sidecars take no part in ambient mode",
        )
    })
}

pub(super) fn outbound_policy(reader: &Reader<'_>) -> Decided<OutboundPolicy> {
    let found = reader.find(&["outboundTrafficPolicy", "mode"]);
    match found.and_then(|(node, at)| Some((node.as_str()?, at))) {
        Some(("REGISTRY_ONLY", at)) => Decided::configured(OutboundPolicy::RegistryOnly, at),
        Some(("ALLOW_ANY_DYNAMIC_DNS", at)) => {
            Decided::configured(OutboundPolicy::AllowAnyDynamicDns, at)
        }
        Some((_, at)) => Decided::configured(OutboundPolicy::AllowAny, at),
        None => reader.default(
            OutboundPolicy::AllowAny,
            "Istio's default: calls to what the mesh does not know pass",
        ),
    }
}

pub(super) fn ingress_mode(reader: &Reader<'_>) -> Decided<IngressMode> {
    let found = reader.find(&["ingressControllerMode"]);
    match found.and_then(|(node, at)| Some((node.as_str()?, at))) {
        Some(("OFF", at)) => Decided::configured(IngressMode::Off, at),
        Some(("DEFAULT", at)) => Decided::configured(IngressMode::Default, at),
        Some((_, at)) => Decided::configured(IngressMode::Strict, at),
        None => reader.default(
            IngressMode::Strict,
            "Istio's default: only Ingress objects of its class are served",
        ),
    }
}

pub(super) fn num_trusted_proxies(reader: &Reader<'_>) -> Option<(u32, At)> {
    let (node, at) = reader.find(&["defaultConfig", "gatewayTopology", "numTrustedProxies"])?;
    Some((u32::try_from(node.as_i64()?).ok()?, at))
}
