//! What differs in force between two states of an environment.
//!
//! Workloads are told when they come and go, by their calls and their logs, so that all changes of an
//! environment, one after another, give its last state. Ports that come and go are told by the calls.

use std::cmp::Ordering;
use std::sync::Arc;

use super::felt::{Difference, Felt, Moved, Reasons};
use super::force::{Found, InForce, Listener, Log};
use super::pairs::{Pair, Pairs, joined};
use super::{EdgeChange, EdgeState, FindingChange, ListenerChange, LogChange};
use crate::model::Transport;
use crate::reach::Verdict;

/// Everything that differs between two states of an environment, in the order of names. Nothing is a
/// state in which the environment is not there.
pub fn compare(before: Option<&InForce>, after: Option<&InForce>) -> Vec<Felt> {
    let Some(either) = after.or(before) else {
        return Vec::new();
    };
    let compared = Compared {
        environment: &either.environment,
        pairs: Pairs::new(before, after),
    };
    let mut felt = Vec::new();
    let listeners = joined(
        of(before, |one| &one.listeners),
        of(after, |one| &one.listeners),
        |one| &one.name,
    );
    felt.extend(
        listeners
            .iter()
            .filter_map(|&sides| compared.listener(sides)),
    );
    for &sides in &listeners {
        compared.edges(sides, &mut felt);
    }
    let logs = joined(
        of(before, |one| &one.logs),
        of(after, |one| &one.logs),
        Log::key,
    );
    felt.extend(logs.into_iter().filter_map(|sides| compared.log(sides)));
    let findings = joined(
        of(before, |one| &one.findings),
        of(after, |one| &one.findings),
        |one| &one.fingerprint,
    );
    felt.extend(
        findings
            .into_iter()
            .filter_map(|sides| compared.finding(sides)),
    );
    felt
}

fn of<'a, T>(side: Option<&'a InForce>, what: impl Fn(&'a InForce) -> &'a Vec<T>) -> &'a [T] {
    side.map_or(&[][..], |one| what(one))
}

/// The two sides of something.
type Sides<'a, T> = (Option<&'a T>, Option<&'a T>);

struct Compared<'a> {
    environment: &'a Arc<str>,
    pairs: Pairs<'a>,
}

impl Compared<'_> {
    /// A port that is there on both sides and takes something else.
    fn listener(&self, sides: Sides<'_, Listener>) -> Option<Felt> {
        let (Some(before), Some(after)) = sides else {
            return None;
        };
        (before.tls != after.tls).then(|| Felt {
            difference: Difference::Listener(ListenerChange {
                environment: Arc::clone(self.environment),
                listener: Arc::clone(&after.name),
                before: before.tls.name(),
                after: after.tls.name(),
            }),
            before: Reasons::port(&before.places),
            after: Reasons::port(&after.places),
            moved: Moved::default(),
        })
    }

    /// The calls to a port that fare otherwise.
    fn edges(&self, (before, after): Sides<'_, Listener>, felt: &mut Vec<Felt>) {
        let Some(either) = after.or(before) else {
            return;
        };
        let server = self.pairs.moved(&either.server);
        for pair in self.pairs.differing(before, after) {
            let Some(kind) = kind(pair.before.state, pair.after.state) else {
                continue;
            };
            let moved = Moved {
                client: pair.before.client.is_some() != pair.after.client.is_some(),
                server,
                port: before.is_some() != after.is_some(),
            };
            felt.push(self.edge(kind, &pair, (before, after), either, moved));
        }
    }

    fn edge(
        &self,
        kind: Kind,
        pair: &Pair<'_>,
        (before, after): Sides<'_, Listener>,
        listener: &Listener,
        moved: Moved,
    ) -> Felt {
        let server = |side: Option<&Listener>| side.map(|one| Arc::clone(&one.places));
        Felt {
            difference: kind(EdgeChange {
                environment: Arc::clone(self.environment),
                from: pair.name(),
                to: Arc::clone(&listener.name),
                before: pair.before.state,
                after: pair.after.state,
            }),
            before: pair.before.reasons(server(before)),
            after: pair.after.reasons(server(after)),
            moved,
        }
    }

    fn log(&self, (before, after): Sides<'_, Log>) -> Option<Felt> {
        let either = after.or(before)?;
        let state = |side: Option<&Log>| side.map(|one| one.state);
        // of an audit log nothing is known where there is no mesh, either
        let known = |side| state(side).filter(|state| either.log != "audit" || *state != "unknown");
        if known(before) == known(after) {
            return None;
        }
        let moved = Moved {
            server: before.is_some() != after.is_some(),
            ..Moved::default()
        };
        Some(Felt {
            difference: Difference::Log(LogChange {
                environment: Arc::clone(self.environment),
                log: either.log,
                of: Arc::clone(&either.of),
                before: state(before),
                after: state(after),
            }),
            before: Reasons::only(before.map(|one| &one.places)),
            after: Reasons::only(after.map(|one| &one.places)),
            moved,
        })
    }

    fn finding(&self, sides: Sides<'_, Found>) -> Option<Felt> {
        let difference = match sides {
            (Some(gone), None) => Difference::Resolved(self.found(gone)),
            (None, Some(new)) => Difference::Introduced(self.found(new)),
            _ => return None,
        };
        Some(Felt {
            difference,
            before: Reasons::only(sides.0.map(|one| &one.places)),
            after: Reasons::only(sides.1.map(|one| &one.places)),
            moved: Moved::default(),
        })
    }

    fn found(&self, found: &Found) -> FindingChange {
        FindingChange {
            environment: Arc::clone(self.environment),
            rule: Arc::clone(&found.rule),
            severity: found.severity,
            message: found.message.clone(),
            fingerprint: found.fingerprint.clone(),
        }
    }
}

/// Which difference a change of a call is.
type Kind = fn(EdgeChange) -> Difference;

/// What a change of a call is, if it is one. What is not there does not get through.
fn kind(before: Option<EdgeState>, after: Option<EdgeState>) -> Option<Kind> {
    let before = before.unwrap_or(EdgeState::CLOSED);
    let after = after.unwrap_or(EdgeState::CLOSED);
    match after.verdict.cmp(&before.verdict) {
        Ordering::Greater => Some(Difference::Opened),
        Ordering::Less => Some(Difference::Closed),
        Ordering::Equal if after.verdict == Verdict::Deny => None,
        Ordering::Equal => match strength(after.transport).cmp(&strength(before.transport)) {
            Ordering::Greater => Some(Difference::Upgraded),
            Ordering::Less => Some(Difference::Downgraded),
            Ordering::Equal => None,
        },
    }
}

/// No transport at all is the strongest: nothing goes over a weaker one.
fn strength(transport: Option<Transport>) -> (bool, Option<Transport>) {
    (transport.is_none(), transport)
}
