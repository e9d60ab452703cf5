//! The access log of a proxy.
//!
//! `istio/istio: pilot/pkg/model/telemetry.go` (AccessLogging, mergeLogs),
//! `istio/istio: pilot/pkg/model/telemetry_logging.go` (telemetryAccessLog).

use std::collections::BTreeMap;

use super::proxy::{Direction, Proxy};
use super::{Scope, find, logs};
use crate::mesh::istio::crd::{AccessLogging, Telemetry};
use crate::mesh::istio::policy::Object;
use crate::model::{AccessLog, At, Because, LogState, Missing, Tri};

/// What is settled about one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Log {
    state: LogState,
    because: Because,
    /// The provider that writes, where one does.
    provider: Option<String>,
    /// What a partial log leaves out.
    lacks: Option<Missing>,
    /// Whether it rests on settings that are not in the input.
    assumed: bool,
}

/// What one provider is told.
#[derive(Debug)]
struct Told {
    on: bool,
    filtered: bool,
    at: At,
    /// Whether the provider can do anything.
    there: Tri,
}

/// The access log of a proxy for which these Telemetries count.
pub(super) fn access_log(
    scope: &Scope<'_>,
    telemetries: &[&Object<Telemetry>],
    proxy: &Proxy<'_>,
) -> AccessLog {
    let logs: Vec<Log> = proxy
        .directions()
        .iter()
        .map(|&direction| decide(scope, telemetries, proxy, direction))
        .collect();
    let provider = logs.iter().find_map(|log| log.provider.as_deref());
    let format = format(scope, provider);
    let both = match logs.as_slice() {
        [server, client] => together(server, client),
        [one, ..] => one.clone(),
        [] => by_file(scope, proxy),
    };
    AccessLog {
        state: both.state,
        assumed: both.assumed,
        because: both.because,
        format,
        lacks: both.lacks,
    }
}

/// Two directions as one log.
fn together(server: &Log, client: &Log) -> Log {
    let state = match (server.state, client.state) {
        (a, b) if a == b => a,
        (LogState::Unknown, _) | (_, LogState::Unknown) => LogState::Unknown,
        _ => LogState::Partial,
    };
    // the direction that lacks something is the one to point at; where nobody wrote about it, the
    // line that covers only the other one
    let (weaker, other) = match server.state {
        LogState::On => (client, server),
        _ => (server, client),
    };
    let unknown = [server, client]
        .into_iter()
        .find(|log| log.state == LogState::Unknown);
    let written = weaker.because.is_configured() || !other.because.is_configured();
    let because = match unknown {
        Some(log) => &log.because,
        None if written => &weaker.because,
        None => &other.because,
    };
    Log {
        state,
        assumed: matches!(weaker.because, Because::Assumed { .. }),
        because: because.clone(),
        provider: None,
        lacks: (state == LogState::Partial).then(|| weaker.lacks.unwrap_or(Missing::Direction)),
    }
}

/// The format that lines are written in, where one is configured. The mesh's own is for the mesh's
/// log file and for the built-in provider; one that is configured without a format has Istio's.
fn format(scope: &Scope<'_>, provider: Option<&str>) -> Option<(String, At)> {
    match provider.and_then(|name| find(scope.config, name)) {
        Some(provider) if provider.format.is_some() || provider.name != "envoy" => {
            provider.format.clone()
        }
        _ => scope.config.access_log_format.clone(),
    }
}

fn decide(
    scope: &Scope<'_>,
    telemetries: &[&Object<Telemetry>],
    proxy: &Proxy<'_>,
    direction: Direction,
) -> Log {
    let speaking: Vec<_> = telemetries
        .iter()
        .copied()
        .filter(|t| !t.spec.access_logging.is_empty())
        .collect();
    let told = match speaking.is_empty() {
        true => by_default(scope),
        false => tell(scope, &speaking, direction),
    };
    settle(&told, scope, proxy)
}

/// What providers are told where no Telemetry says anything.
fn by_default(scope: &Scope<'_>) -> BTreeMap<String, Told> {
    let defaults = scope.config.default_log_providers.iter();
    let tell = |(name, at): &(String, At)| {
        let told = Told {
            on: true,
            filtered: false,
            at: at.clone(),
            there: logs(scope.index, scope.config, name),
        };
        (name.to_lowercase(), told)
    };
    defaults.map(tell).collect()
}

/// Who is asked at all, and where the filter of each is written, if it has one: the last level that
/// names providers decides the one, the last entry that names one the other.
fn asked(
    scope: &Scope<'_>,
    speaking: &[&Object<Telemetry>],
    direction: Direction,
) -> (Vec<String>, BTreeMap<String, Option<At>>) {
    let mut asked = defaults(scope);
    let mut filters = BTreeMap::new();
    for telemetry in speaking {
        let mut named = Vec::new();
        for (entry, at) in
            entries(telemetry).filter(|(entry, _)| direction.fits(entry.r#match.as_ref()))
        {
            for name in names(entry) {
                filters.insert(name.clone(), filter(entry, &at));
                named.push(name);
            }
        }
        if !named.is_empty() {
            asked = named;
        }
    }
    (asked, filters)
}

/// What Telemetries tell providers, entry by entry: one that names none is about those of the entry
/// before it.
fn tell(
    scope: &Scope<'_>,
    speaking: &[&Object<Telemetry>],
    direction: Direction,
) -> BTreeMap<String, Told> {
    let (asked, filters) = asked(scope, speaking, direction);
    let mut inherited = defaults(scope);
    let mut told = BTreeMap::new();
    for (entry, at) in speaking.iter().flat_map(|t| entries(t)) {
        if !entry.providers.is_empty() {
            inherited = names(entry);
        }
        if !direction.fits(entry.r#match.as_ref()) {
            continue;
        }
        let off = entry.disabled == Some(true);
        for name in inherited.iter().filter(|name| asked.contains(name)) {
            let filter = filters.get(name).cloned().flatten();
            let one = Told {
                on: !off,
                filtered: filter.is_some() && !off,
                at: match filter {
                    _ if off => at.join("disabled"),
                    Some(filter) => filter,
                    None if !covers_both(entry) => at.join("match").join("mode"),
                    None => at.clone(),
                },
                there: logs(scope.index, scope.config, name),
            };
            told.insert(name.clone(), one);
        }
    }
    told
}

/// The names of `defaultProviders.accessLogging`.
fn defaults(scope: &Scope<'_>) -> Vec<String> {
    let defaults = scope.config.default_log_providers.iter();
    defaults.map(|(name, _)| name.to_lowercase()).collect()
}

/// The entries of a Telemetry with their places.
fn entries(telemetry: &Object<Telemetry>) -> impl Iterator<Item = (&AccessLogging, At)> {
    let place = |i: usize| telemetry.at(&format!("/spec/accessLogging/{i}"));
    let entries = telemetry.spec.access_logging.iter().enumerate();
    entries.map(move |(i, entry)| (entry, place(i)))
}

fn names(entry: &AccessLogging) -> Vec<String> {
    let providers = entry.providers.iter();
    providers.map(|p| p.name.to_lowercase()).collect()
}

/// Where an entry's filter is written, if it has one.
fn filter(entry: &AccessLogging, at: &At) -> Option<At> {
    let filter = entry.filter.as_ref()?;
    (!filter.expression.is_empty()).then(|| at.join("filter").join("expression"))
}

/// What all providers together come to. Where none of them can do anything, the mesh's log file
/// decides; it may depend on whether one can.
fn settle(told: &BTreeMap<String, Told>, scope: &Scope<'_>, proxy: &Proxy<'_>) -> Log {
    let file = || by_file(scope, proxy);
    let surely = of_providers(told, |t| t.there == Tri::Yes).unwrap_or_else(file);
    let perhaps = of_providers(told, |t| t.there != Tri::No).unwrap_or_else(file);
    if surely.state == perhaps.state {
        return surely;
    }
    let open = told.iter().find(|(_, t)| t.there == Tri::Unknown);
    let because = open.map(|(name, t)| Because::Assumed {
        what: format!("the input does not show whether the service that {name} sends to is there"),
        near: t.at.clone(),
    });
    Log {
        state: LogState::Unknown,
        because: because.unwrap_or(perhaps.because),
        provider: None,
        lacks: None,
        assumed: true,
    }
}

/// What some of the providers come to; nothing where there is none.
fn of_providers(told: &BTreeMap<String, Told>, of: impl Fn(&Told) -> bool) -> Option<Log> {
    let near = || told.iter().filter(|(_, t)| of(t));
    let full = near().find(|(_, t)| t.on && !t.filtered);
    let partly = near().find(|(_, t)| t.on);
    let (name, chosen) = full.or(partly).or_else(|| near().next())?;
    let (state, lacks) = match (full.is_some(), partly.is_some()) {
        (true, _) => (LogState::On, None),
        (false, true) => (LogState::Partial, Some(Missing::Filtered)),
        (false, false) => (LogState::Off, None),
    };
    Some(Log {
        state,
        because: Because::Configured(chosen.at.clone()),
        provider: chosen.on.then(|| name.clone()),
        lacks,
        assumed: false,
    })
}

fn covers_both(entry: &AccessLogging) -> bool {
    [Direction::Client, Direction::Server]
        .iter()
        .all(|direction| direction.fits(entry.r#match.as_ref()))
}

/// `accessLogFile` and `enableEnvoyAccessLogService`.
fn by_file(scope: &Scope<'_>, proxy: &Proxy<'_>) -> Log {
    let file = &scope.config.access_log_file;
    let service = scope.config.access_log_service.clone();
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
            near: proxy.near(),
        },
        (because, _) => because.clone(),
    };
    Log {
        state,
        assumed: matches!(because, Because::Assumed { .. }),
        because,
        provider: None,
        lacks: None,
    }
}
