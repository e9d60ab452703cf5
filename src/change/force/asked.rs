use std::sync::Arc;

use super::InForce;
use crate::change::pairs::EXTERNAL;
use crate::change::{EdgeState, Written};
use crate::finding::Severity;

/// A finding, as it was in force.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What names it even after its lines moved.
    pub fingerprint: &'a str,
    /// The rule.
    pub rule: &'a Arc<str>,
    /// How bad it is.
    pub severity: Severity,
    /// Where it was written.
    pub at: Option<&'a Written>,
}

impl InForce {
    /// How a client fares: at a port (`namespace/name:port`), or at that of a workload where it gets
    /// furthest. Nothing if one of the two is not there.
    pub fn edge(&self, from: &str, to: &str) -> Option<EdgeState> {
        let client = self.clients.iter().find(|client| &*client.name == from);
        if client.is_none() && from != EXTERNAL {
            return None;
        }
        let called = self
            .listeners
            .iter()
            .filter(|listener| &*listener.name == to || &*listener.server == to);
        let states = called.map(|listener| {
            let fate = match client {
                Some(client) => listener.of_client(client),
                None => listener.outside.as_ref(),
            };
            fate.map_or(EdgeState::CLOSED, |fate| fate.state)
        });
        // the furthest, and of those alike the one that is protected least
        states.max_by_key(|state| (state.verdict, std::cmp::Reverse(state.transport)))
    }

    /// Its findings, by fingerprint.
    pub fn findings(&self) -> impl Iterator<Item = Known<'_>> {
        self.findings.iter().map(|found| Known {
            fingerprint: &found.fingerprint,
            rule: &found.rule,
            severity: found.severity,
            at: found.places.decided.first(),
        })
    }
}
