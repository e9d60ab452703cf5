//! The log of the node's proxy: one line for each connection, whatever Telemetry says.
//!
//! `istio/ztunnel: src/proxy/metrics.rs`, `istio/ztunnel: src/telemetry.rs`,
//! `istio/istio: manifests/charts/ztunnel`.

use crate::k8s::Index;
use crate::k8s::node_at;
use crate::mesh::istio::settings::values_of;
use crate::model::{AccessLog, At, Because, LogState, Missing};
use crate::syntax::Node;

/// The target of access lines in ztunnel's log.
const ACCESS: &str = "access";

/// How much ztunnel writes down.
#[derive(Debug, PartialEq, Eq)]
enum Lines {
    All,
    Failures,
    None,
    Unknown,
}

/// The log of a workload in ambient mode; `near` is what to point at where nothing is written. It
/// is about connections: requests are seen by waypoints only.
pub fn ztunnel_log(index: &Index, near: At) -> AccessLog {
    let level = level(index);
    let lines = level.as_ref().map_or(Lines::All, |(text, _)| lines(text));
    let (state, lacks) = match lines {
        Lines::All => (LogState::On, Some(Missing::Requests)),
        Lines::Failures => (LogState::Partial, Some(Missing::Successes)),
        Lines::None => (LogState::Off, None),
        Lines::Unknown => (LogState::Unknown, None),
    };
    let because = match (level, daemon(index)) {
        (Some((_, at)), _) => Because::Configured(at),
        (None, Some(_)) => Because::Default {
            rule: "ztunnel writes a line for each connection, and nothing about requests",
            near,
        },
        (None, None) => Because::Assumed {
            what: "ztunnel writes a line for each connection, and nothing about requests (ztunnel is not in the input)".to_owned(),
            near,
        },
    };
    AccessLog {
        state,
        assumed: matches!(because, Because::Assumed { .. }),
        because,
        format: None,
        lacks,
    }
}

/// ztunnel's DaemonSet.
fn daemon(index: &Index) -> Option<&crate::model::Workload> {
    index.workloads().iter().find(|workload| {
        let named = &*workload.name == "ztunnel" || workload.label("app") == Some("ztunnel");
        named && &*workload.kind == "DaemonSet"
    })
}

/// The level that is written: in the DaemonSet, or in the values it is made from.
fn level(index: &Index) -> Option<(String, At)> {
    if let Some(workload) = daemon(index) {
        let lists = workload.containers.iter().map(|container| At {
            resource: workload.resource,
            pointer: container.at.join("env"),
        });
        return lists.into_iter().find_map(|at| in_list(index, &at));
    }
    let mut places = values_of(index, "ztunnel").into_iter();
    places.find_map(|values| {
        let fields = [values.join("env").join("RUST_LOG"), values.join("logLevel")];
        fields.into_iter().find_map(|at| {
            let text = node_at(index, &at)?.as_str()?.to_owned();
            Some((text, at))
        })
    })
}

/// `RUST_LOG` of a list of environment variables.
fn in_list(index: &Index, at: &At) -> Option<(String, At)> {
    let variables = node_at(index, at)?.items().enumerate();
    variables.into_iter().find_map(|(i, variable)| {
        let name = variable.get("name").and_then(Node::as_str);
        let value = variable.get("value").and_then(Node::as_str)?;
        (name == Some("RUST_LOG")).then(|| (value.to_owned(), at.join(i).join("value")))
    })
}

/// What a level lets through: `info`, `error,access=off`. The directive for the longest part of
/// the target counts, of equal ones the last.
fn lines(text: &str) -> Lines {
    if text.trim().is_empty() {
        return Lines::All;
    }
    let mut best: Option<(usize, &str)> = None;
    for directive in text.split(',').map(str::trim).filter(|d| !d.is_empty()) {
        let (target, level) = match directive.split_once('=') {
            Some(pair) => pair,
            None if of_level(directive) != Lines::Unknown => ("", directive),
            None => (directive, "trace"),
        };
        let fits = ACCESS.starts_with(target);
        if fits && best.is_none_or(|(length, _)| target.len() >= length) {
            best = Some((target.len(), level));
        }
    }
    best.map_or(Lines::None, |(_, level)| of_level(level))
}

fn of_level(level: &str) -> Lines {
    match level.to_ascii_lowercase().as_str() {
        "trace" | "debug" | "info" | "3" | "4" | "5" => Lines::All,
        "warn" | "error" | "1" | "2" => Lines::Failures,
        "off" | "0" => Lines::None,
        _ => Lines::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_directive_decides() {
        for (text, expected) in [
            ("", Lines::All),
            ("info", Lines::All),
            ("DEBUG", Lines::All),
            ("error", Lines::Failures),
            ("warn", Lines::Failures),
            ("off", Lines::None),
            ("access=off", Lines::None),
            ("info,access=off", Lines::None),
            ("access=info,error", Lines::All),
            ("error,access", Lines::All),
            ("ztunnel=debug", Lines::None),
            ("info,ztunnel::proxy=trace", Lines::All),
            ("access=loud", Lines::Unknown),
        ] {
            assert_eq!(lines(text), expected, "{text}");
        }
    }
}
