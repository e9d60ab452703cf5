//! Are calls traced? Telemetry, providers, and the mesh's own collector.
//!
//! `istio/istio: pilot/pkg/model/telemetry.go` (Tracing),
//! `istio/istio: pilot/pkg/networking/core/tracing.go`.

use super::proxy::{Direction, Proxy};
use super::{Scope, collector, find};
use crate::mesh::istio::crd::{Telemetry, Tracing as Entry};
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::settings::Provider;
use crate::model::{At, Because, LogState, Tracing, Tri};

/// Providers that take spans.
const TRACERS: &[&str] = &["datadog", "opentelemetry", "skywalking", "zipkin"];

/// What one direction is told.
#[derive(Debug, Clone)]
struct Spec<'a> {
    /// Who takes the spans, if anyone can, and the line that names it.
    provider: Option<&'a Provider>,
    named_at: At,
    /// Where it is switched off.
    disabled: Option<At>,
    sampling: Option<f64>,
}

/// The spans of a proxy for which these Telemetries count.
pub(super) fn tracing(
    scope: &Scope<'_>,
    telemetries: &[&Object<Telemetry>],
    proxy: &Proxy<'_>,
) -> Tracing {
    let entries: Vec<(&Entry, At)> = telemetries
        .iter()
        .flat_map(|t| {
            let place = |i: usize| t.at(&format!("/spec/tracing/{i}"));
            let all = t.spec.tracing.iter().enumerate();
            all.map(move |(i, entry)| (entry, place(i)))
        })
        .collect();
    let default = scope.config.tracing.providers.first();
    if entries.is_empty() && default.is_none() {
        return without_telemetry(scope);
    }
    let directions = proxy.directions().iter();
    let all: Vec<Tracing> = directions
        .map(|&direction| of_direction(scope, &entries, direction, proxy))
        .collect();
    match all.as_slice() {
        [server, client] if server.state != client.state => {
            let one_open = [server, client]
                .into_iter()
                .find(|t| t.state == LogState::Unknown);
            let off = if server.state == LogState::Off {
                server
            } else {
                client
            };
            let state = one_open.map_or(LogState::Partial, |t| t.state);
            Tracing {
                state,
                because: one_open.unwrap_or(off).because.clone(),
                sampling: server.sampling.or(client.sampling),
            }
        }
        [one, ..] => one.clone(),
        [] => Tracing::unknown(proxy.near()),
    }
}

/// What holds for one direction.
fn of_direction(
    scope: &Scope<'_>,
    entries: &[(&Entry, At)],
    direction: Direction,
    proxy: &Proxy<'_>,
) -> Tracing {
    let default = scope.config.tracing.providers.first();
    let mut spec = Spec {
        provider: default.and_then(|(name, _)| find(scope.config, name)),
        named_at: default.map_or_else(|| proxy.near(), |(_, at)| at.clone()),
        disabled: None,
        sampling: None,
    };
    let fitting = |(entry, _): &&(&Entry, At)| direction.fits(entry.r#match.as_ref());
    for (entry, at) in entries.iter().filter(fitting) {
        if let Some(first) = entry.providers.first() {
            spec.provider = find(scope.config, &first.name);
            spec.named_at = at.join("providers").join(0).join("name");
        } else if default.is_none() && spec.provider.is_none() {
            spec.named_at = at.clone();
        }
        if let Some(off) = entry.disable_span_reporting {
            spec.disabled = off.then(|| at.join("disableSpanReporting"));
        }
        spec.sampling = entry.random_sampling_percentage.or(spec.sampling);
    }
    judge(scope, spec)
}

fn judge(scope: &Scope<'_>, spec: Spec<'_>) -> Tracing {
    let off = |at| Tracing {
        state: LogState::Off,
        because: Because::Configured(at),
        sampling: None,
    };
    if let Some(at) = spec.disabled {
        return off(at);
    }
    let takes_spans = |p: &&Provider| TRACERS.contains(&&*p.kind);
    let Some(provider) = spec.provider.filter(takes_spans) else {
        return off(spec.named_at);
    };
    match collector::is_there(scope.index, provider) {
        Tri::No => off(spec.named_at),
        Tri::Unknown => Tracing {
            state: LogState::Unknown,
            because: Because::Assumed {
                what: format!(
                    "the input does not show whether the service that {} sends to is there",
                    provider.name
                ),
                near: spec.named_at,
            },
            sampling: None,
        },
        Tri::Yes => Tracing {
            state: LogState::On,
            because: Because::Configured(spec.named_at),
            // a sampler of the provider's own sees every request and chooses for itself
            sampling: (!provider.samples)
                .then(|| spec.sampling.unwrap_or(scope.config.tracing.sampling)),
        },
    }
}

/// `enableTracing` and `defaultConfig.tracing`.
fn without_telemetry(scope: &Scope<'_>) -> Tracing {
    let own = &scope.config.tracing.collector;
    Tracing {
        state: if own.value {
            LogState::On
        } else {
            LogState::Off
        },
        because: own.because.clone(),
        sampling: own.value.then_some(scope.config.tracing.sampling),
    }
}
