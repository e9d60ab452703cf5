//! What the settings say about spans.
//!
//! `istio/istio: pilot/pkg/networking/core/tracing.go` (proxyConfigSamplingValue),
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`.

use super::env;
use super::reader::Reader;
use crate::model::{At, Decided};
use crate::syntax::{Node, Value};

/// What the settings say about spans.
#[derive(Debug)]
pub struct Tracing {
    /// `defaultProviders.tracing`.
    pub providers: Vec<(String, At)>,
    /// Whether proxies know a collector of their own, which counts where no provider does.
    pub collector: Decided<bool>,
    /// How many of a hundred requests are chosen where nothing else is said.
    pub sampling: f64,
}

/// Fields of `defaultConfig.tracing` that hold a collector.
const COLLECTORS: &[&str] = &[
    "zipkin",
    "lightstep",
    "datadog",
    "stackdriver",
    "openCensusAgent",
];

impl Tracing {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        Self {
            providers: reader.texts(&["defaultProviders", "tracing"]),
            collector: collector(reader),
            sampling: sampling(reader),
        }
    }
}

fn collector(reader: &Reader<'_>) -> Decided<bool> {
    let off = reader.find(&["enableTracing"]);
    if let Some((_, at)) = off.filter(|(node, _)| node.as_bool() == Some(false)) {
        return Decided::configured(false, at);
    }
    for name in COLLECTORS {
        if let Some((_, at)) = reader.find(&["defaultConfig", "tracing", name]) {
            return Decided::configured(true, at);
        }
    }
    let says = reader.find(&["defaultConfig", "tracing"]).is_some();
    if reader.sources.rendered && !says {
        let namespace = Some("istio-system");
        let zipkin = reader.index.find("", "Service", namespace, "zipkin");
        return reader.default(
            zipkin.is_some(),
            "Istio's default: spans are sent to the service zipkin in istio-system",
        );
    }
    let tracer = reader.value(&["global", "proxy", "tracer"]);
    match tracer.and_then(|(node, at)| Some((node.as_str()?, at))) {
        Some((name, at)) if COLLECTORS.contains(&name) => Decided::configured(true, at),
        _ => reader.default(
            false,
            "Istio's charts install no collector of spans unless they are told to",
        ),
    }
}

/// Of a hundred. Nothing, or nought, is the control plane's own share.
fn sampling(reader: &Reader<'_>) -> f64 {
    let own = reader.find(&["defaultConfig", "tracing", "sampling"]);
    let own = own.and_then(|(node, _)| number(node));
    if let Some(own) = own.filter(|own| *own != 0.0) {
        return if own > 100.0 { 1.0 } else { own };
    }
    let variables = env::variables(reader.index, &reader.sources);
    let variable = variables.get("PILOT_TRACE_SAMPLING");
    let values = [
        reader.value(&["pilot", "traceSampling"]),
        reader.value(&["traceSampling"]),
    ];
    let written = variable
        .map(|(node, _)| *node)
        .into_iter()
        .chain(values.into_iter().flatten().map(|(node, _)| node))
        .find_map(number);
    let of_profile = || reader.of_profile(&["traceSampling"])?.0.parse().ok();
    written.or_else(of_profile).unwrap_or(1.0)
}

fn number(node: Node<'_>) -> Option<f64> {
    match node.value() {
        Value::Int(value) => Some(value as f64),
        Value::Float(value) => Some(value),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
