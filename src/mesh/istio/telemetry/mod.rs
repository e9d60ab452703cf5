//! Is a call written down? Telemetry, providers, and the mesh's own log file.
//!
//! `istio/istio: pilot/pkg/model/telemetry.go` (mergeLogs), `istio/istio: pilot/pkg/networking/core/accesslog.go`.

mod collector;
mod log;
mod proxy;
mod spans;
mod ztunnel;

use std::sync::Arc;

use super::crd::Telemetry;
use super::policy::{Object, Objects};
use super::settings::{MeshConfig, Provider};
use crate::k8s::Index;
use crate::model::{AccessLog, LogEntry, Tracing, Tri};

pub use proxy::{Proxy, Waypoint};
pub use ztunnel::ztunnel_log;

/// Providers every mesh has, and whether each writes access logs.
const BUILT_IN: &[(&str, bool)] = &[
    ("envoy", true),
    ("stackdriver", true),
    ("prometheus", false),
];

/// What one control plane's proxies are told about logs and spans.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The environment.
    pub index: &'a Index,
    /// All Telemetries.
    pub all: &'a Objects<Telemetry>,
    /// The control plane's settings.
    pub config: &'a MeshConfig,
    /// The namespace whose Telemetries are about the whole mesh.
    pub root: &'a str,
    /// The control plane.
    pub revision: &'a str,
}

impl<'a> Scope<'a> {
    /// The Telemetries that count for a proxy, what counts least first.
    pub fn applicable(&self, proxy: &Proxy<'_>) -> Vec<&'a Object<Telemetry>> {
        proxy::applicable(self.all, proxy, self.config, self.root, self.revision)
    }

    /// The access log of a proxy.
    pub fn access_log(&self, proxy: &Proxy<'_>) -> AccessLog {
        log::access_log(self, &self.applicable(proxy), proxy)
    }

    /// The spans of a proxy.
    pub fn tracing(&self, proxy: &Proxy<'_>) -> Tracing {
        spans::tracing(self, &self.applicable(proxy), proxy)
    }
}

/// A provider of the settings; names are the same in capitals.
fn find<'a>(config: &'a MeshConfig, name: &str) -> Option<&'a Provider> {
    config
        .providers
        .iter()
        .find(|provider| provider.name.eq_ignore_ascii_case(name))
}

/// Whether a provider of this name writes access logs, and has what it needs for that.
fn logs(index: &Index, config: &MeshConfig, name: &str) -> Tri {
    match find(config, name) {
        Some(provider) if provider.logs() => collector::is_there(index, provider),
        Some(_) => Tri::No,
        None => {
            let mut known = BUILT_IN.iter();
            Tri::from(known.any(|(own, logs)| *logs && own.eq_ignore_ascii_case(name)))
        }
    }
}

/// The entries of a Telemetry as facts have them. An entry that switches off without naming a
/// provider, where nothing above names one either, switches off nobody.
pub fn written(
    telemetry: &Object<Telemetry>,
    index: &Index,
    config: &MeshConfig,
    inherits: bool,
) -> Vec<LogEntry> {
    let mut inherited = inherits || !config.default_log_providers.is_empty();
    let mut entries = Vec::new();
    for (i, entry) in telemetry.spec.access_logging.iter().enumerate() {
        let at = telemetry.at(&format!("/spec/accessLogging/{i}"));
        inherited |= !entry.providers.is_empty();
        entries.push(LogEntry {
            disabled: entry.disabled == Some(true),
            providers: entry
                .providers
                .iter()
                .enumerate()
                .map(|(p, provider)| {
                    let at = at.join("providers").join(p).join("name");
                    (
                        Arc::from(provider.name.as_str()),
                        logs(index, config, &provider.name) != Tri::No,
                        at,
                    )
                })
                .collect(),
            effective: inherited,
            filter: entry
                .filter
                .as_ref()
                .filter(|filter| !filter.expression.is_empty())
                .map(|filter| {
                    (
                        filter.expression.as_str().into(),
                        at.join("filter").join("expression"),
                    )
                }),
            at,
        });
    }
    entries
}

#[cfg(test)]
mod tests;
