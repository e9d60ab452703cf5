//! Is a call written down? Telemetry, providers, and the mesh's own log file.
//!
//! `istio/istio: pilot/pkg/model/telemetry.go` (applicableTelemetries, mergeLogs),
//! `istio/istio: pilot/pkg/model/telemetry_logging.go`, `istio/istio: pilot/pkg/networking/core/accesslog.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::crd::Selecting as _;
use super::crd::{AccessLogging, LogMode, Telemetry};
use super::policy::{Object, Objects};
use super::settings::MeshConfig;
use crate::model::{AccessLog, At, Because, LogEntry, LogState, Workload};

/// Providers every mesh has, and whether each writes access logs.
const BUILT_IN: &[(&str, bool)] = &[
    ("envoy", true),
    ("stackdriver", true),
    ("prometheus", false),
];

/// The direction of a call, as the proxy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Client,
    Server,
}

impl Direction {
    fn is_in(self, mode: LogMode) -> bool {
        match mode {
            LogMode::ClientAndServer => true,
            LogMode::Client => self == Self::Client,
            LogMode::Server => self == Self::Server,
        }
    }
}

/// What is settled about one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Log {
    state: LogState,
    because: Because,
    /// The provider that writes, where one does.
    provider: Option<String>,
}

/// The Telemetries that count for a workload: of the root and of its namespace the oldest without
/// a selector each, then all that select it in its namespace.
pub fn applicable<'a>(
    all: &'a Objects<Telemetry>,
    workload: &Workload,
    root: &str,
    revision: &str,
) -> Vec<&'a Object<Telemetry>> {
    let read = |t: &&Object<Telemetry>| t.is_read_by(revision);
    let whole = |namespace: &str| {
        all.of_namespace(namespace)
            .filter(read)
            .find(|t| t.spec.labels().is_none() && !t.spec.has_targets())
    };
    let own = &*workload.namespace;
    let mut found: Vec<_> = whole(root).into_iter().collect();
    if own != root {
        found.extend(whole(own));
    }
    let selecting = all.selecting_from(own, workload).filter(read);
    found.extend(selecting.filter(|t| t.spec.labels().is_some()));
    found
}

/// The access log of a workload with a sidecar.
pub fn access_log(
    telemetries: &[&Object<Telemetry>],
    config: &MeshConfig,
    workload: &Workload,
) -> AccessLog {
    let server = decide(telemetries, config, workload, Direction::Server);
    let client = decide(telemetries, config, workload, Direction::Client);
    let state = match (server.state, client.state) {
        (a, b) if a == b => a,
        (LogState::Unknown, _) | (_, LogState::Unknown) => LogState::Unknown,
        _ => LogState::Partial,
    };
    // the direction that lacks something is the one to point at; where nobody wrote about it, the
    // line that covers only the other one
    let (weaker, other) = match server.state {
        LogState::On => (&client, &server),
        _ => (&server, &client),
    };
    let written = weaker.because.is_configured() || !other.because.is_configured();
    AccessLog {
        state,
        because: if written {
            weaker.because.clone()
        } else {
            other.because.clone()
        },
        assumed: matches!(weaker.because, Because::Assumed { .. }),
        format: format(
            config,
            server.provider.as_deref().or(client.provider.as_deref()),
        ),
    }
}

/// The format that lines are written in, where one is configured. The mesh's own is for the mesh's
/// log file and for the built-in provider; one that is configured without a format has Istio's.
fn format(config: &MeshConfig, provider: Option<&str>) -> Option<(String, At)> {
    match provider.and_then(|name| find(config, name)) {
        Some(provider) if provider.format.is_some() || provider.name != "envoy" => {
            provider.format.clone()
        }
        _ => config.access_log_format.clone(),
    }
}

fn find<'a>(config: &'a MeshConfig, name: &str) -> Option<&'a super::settings::Provider> {
    config
        .providers
        .iter()
        .find(|provider| provider.name.eq_ignore_ascii_case(name))
}

/// Whether a provider of this name writes access logs.
pub fn logs(config: &MeshConfig, name: &str) -> bool {
    match find(config, name) {
        Some(provider) => provider.logs(),
        None => BUILT_IN
            .iter()
            .any(|(known, logs)| *logs && known.eq_ignore_ascii_case(name)),
    }
}

/// What one provider is told.
struct Told {
    on: bool,
    filtered: bool,
    at: At,
}

fn decide(
    telemetries: &[&Object<Telemetry>],
    config: &MeshConfig,
    workload: &Workload,
    direction: Direction,
) -> Log {
    let speaking: Vec<_> = telemetries
        .iter()
        .filter(|t| !t.spec.access_logging.is_empty())
        .collect();
    if speaking.is_empty() {
        return by_default(config, workload);
    }
    let defaults: Vec<String> = config
        .default_log_providers
        .iter()
        .map(|(n, _)| n.clone())
        .collect();
    let mut scope = lower(&defaults);
    for telemetry in &speaking {
        let entries = telemetry
            .spec
            .access_logging
            .iter()
            .filter(|e| fits(e, direction));
        let names: Vec<String> = entries
            .flat_map(|e| &e.providers)
            .map(|p| p.name.to_lowercase())
            .collect();
        if !names.is_empty() {
            scope = names;
        }
    }
    let mut inherited = lower(&defaults);
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for telemetry in &speaking {
        for (i, entry) in telemetry.spec.access_logging.iter().enumerate() {
            let at = telemetry.at(&format!("/spec/accessLogging/{i}"));
            if !entry.providers.is_empty() {
                inherited = entry
                    .providers
                    .iter()
                    .map(|p| p.name.to_lowercase())
                    .collect();
            }
            if !fits(entry, direction) {
                continue;
            }
            for name in inherited.iter().filter(|name| scope.contains(name)) {
                let off = entry.disabled == Some(true);
                told.insert(
                    name.clone(),
                    Told {
                        on: !off,
                        filtered: entry
                            .filter
                            .as_ref()
                            .is_some_and(|f| !f.expression.is_empty()),
                        at: match off {
                            true => at.join("disabled"),
                            false if entry.filter.is_some() => at.join("filter").join("expression"),
                            false if !covers_both(entry) => at.join("match").join("mode"),
                            false => at.clone(),
                        },
                    },
                );
            }
        }
    }
    told.retain(|name, _| logs(config, name));
    settle(told).unwrap_or_else(|| by_file(config, workload))
}

/// What all providers together come to; nothing where there is none.
fn settle(told: BTreeMap<String, Told>) -> Option<Log> {
    let full = told.iter().find(|(_, t)| t.on && !t.filtered);
    let partly = told.iter().find(|(_, t)| t.on);
    let (name, chosen) = full.or(partly).or_else(|| told.iter().next())?;
    let state = match (full.is_some(), partly.is_some()) {
        (true, _) => LogState::On,
        (false, true) => LogState::Partial,
        (false, false) => LogState::Off,
    };
    Some(Log {
        state,
        because: Because::Configured(chosen.at.clone()),
        provider: chosen.on.then(|| name.clone()),
    })
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

fn fits(entry: &AccessLogging, direction: Direction) -> bool {
    direction.is_in(
        entry
            .r#match
            .as_ref()
            .map_or(LogMode::default(), |m| m.mode),
    )
}

fn covers_both(entry: &AccessLogging) -> bool {
    fits(entry, Direction::Client) && fits(entry, Direction::Server)
}

fn by_default(config: &MeshConfig, workload: &Workload) -> Log {
    let writing = config
        .default_log_providers
        .iter()
        .find(|(name, _)| logs(config, name));
    match writing {
        Some((name, at)) => Log {
            state: LogState::On,
            because: Because::Configured(at.clone()),
            provider: Some(name.clone()),
        },
        None => by_file(config, workload),
    }
}

fn by_file(config: &MeshConfig, workload: &Workload) -> Log {
    let file = &config.access_log_file;
    let service = config.access_log_service.clone();
    let state = if !file.value.is_empty() || service.is_some() {
        LogState::On
    } else {
        LogState::Off
    };
    let because = match (&file.because, service) {
        (_, Some(at)) if file.value.is_empty() => Because::Configured(at),
        // what is assumed about the mesh is shown at what it is about
        (Because::Assumed { what, .. }, _) => Because::Assumed {
            what: what.clone(),
            near: workload.at(),
        },
        (because, _) => because.clone(),
    };
    Log {
        state,
        because,
        provider: None,
    }
}

/// The entries of a Telemetry as facts have them. An entry that switches off without naming a
/// provider, where nothing above names one either, switches off nobody.
pub fn written(
    telemetry: &Object<Telemetry>,
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
                        logs(config, &provider.name),
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
