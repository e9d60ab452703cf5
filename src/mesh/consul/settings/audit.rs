//! Whether calls of Consul's API are recorded.
//!
//! `hashicorp/consul: agent/config/config.go` (Audit), `agent/config/builder_ce.go`; that ACLs and a
//! rotation are needed: the reference of the agent's log parameters.

use super::acl;
use super::edition::{self, Edition};
use super::server::Server;
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::{At, Because, Decided, LogState};

/// A record that is configured and is not made: why not, and where it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// `disabled`, `acl_off`, `community`, `no_sink`, `no_rotation`.
    pub why: &'static str,
    /// Where the record is asked for.
    pub at: At,
}

/// Whether a server records calls.
pub(super) fn log(index: &Index, server: &Server) -> Decided<LogState> {
    judge(index, server).0
}

/// Why a record that is configured is not made.
pub(super) fn void(index: &Index, server: &Server) -> Option<Void> {
    judge(index, server).1
}

fn judge(index: &Index, server: &Server) -> (Decided<LogState>, Option<Void>) {
    let off = |because| Decided::new(LogState::Off, because);
    let written = enabled(index, server);
    let Some(enabled) = written.as_ref().filter(|it| it.as_flag() != Some(false)) else {
        let void = asked(index, server).first().map(|sink| Void {
            why: "disabled",
            at: sink.at().clone(),
        });
        let because = match written {
            Some(written) => Because::Configured(written.at().clone()),
            None => Because::Default {
                rule: "Consul's default: calls of its API are not recorded",
                near: server.at.clone(),
            },
        };
        return (off(because), void);
    };
    let sinks = sinks(index, server);
    let at = enabled.at().clone();
    let void = |why| {
        Some(Void {
            why,
            at: at.clone(),
        })
    };
    let own = Because::Configured(at.clone());
    let acls = acl::enabled(index, server);
    if !acls.value {
        let because = Some(acls.because).filter(Because::is_configured);
        return (off(because.unwrap_or(own)), void("acl_off"));
    }
    let edition = edition::of(index, server);
    if edition.value == Edition::Community {
        let because = Some(edition.because).filter(Because::is_configured);
        return (off(because.unwrap_or(own)), void("community"));
    }
    if sinks.is_empty() {
        return (off(own), void("no_sink"));
    }
    let rotates = |sink: &Written<'_>| {
        let fields = ["rotate_duration", "rotate_bytes"];
        fields.iter().any(|field| sink.get(field).is_some())
    };
    if let Some(sink) = sinks
        .iter()
        .find(|sink| !rotates(sink))
        .filter(|_| !sinks.iter().any(rotates))
    {
        return (
            off(Because::Configured(sink.at().clone())),
            void("no_rotation"),
        );
    }
    if edition.value == Edition::Unknown {
        let what = "only the enterprise edition of Consul records calls, and which one runs is not written";
        let near = edition.because.at().clone();
        return (Decided::assumed(LogState::Unknown, what, near), None);
    }
    (Decided::configured(LogState::On, at), None)
}

/// `audit.enabled`, `server.auditLogs.enabled`.
fn enabled<'a>(index: &'a Index, server: &Server) -> Option<Written<'a>> {
    let own = server.own(index, &[&["audit", "enabled"]]);
    own.or_else(|| server.value(index, &["server", "auditLogs", "enabled"]))
}

/// Where records go.
fn sinks<'a>(index: &'a Index, server: &Server) -> Vec<Written<'a>> {
    let own = own_sinks(index, server);
    let chart = server.value(index, &["server", "auditLogs", "enabled"]);
    let is_rendered = chart.is_some_and(|on| on.as_flag() == Some(true));
    match own.is_empty() && is_rendered {
        true => sinks_of_chart(index, server),
        false => own,
    }
}

/// Where records would go if they were made.
fn asked<'a>(index: &'a Index, server: &Server) -> Vec<Written<'a>> {
    let mut all = own_sinks(index, server);
    all.extend(sinks_of_chart(index, server));
    all
}

fn sinks_of_chart<'a>(index: &'a Index, server: &Server) -> Vec<Written<'a>> {
    let list = server.value(index, &["server", "auditLogs", "sinks"]);
    list.map_or_else(Vec::new, |list| list.items())
}

/// Of several layers with sinks the last one's count.
fn own_sinks<'a>(index: &'a Index, server: &Server) -> Vec<Written<'a>> {
    let named = |map: Written<'a>| -> Vec<Written<'a>> {
        let blocks = map.items();
        let entries = blocks.iter().flat_map(Written::entries);
        entries.map(|(_, sink)| sink).collect()
    };
    let all = server.all(index, &["audit", "sink"]).into_iter().rev();
    all.map(named)
        .find(|sinks| !sinks.is_empty())
        .unwrap_or_default()
}
