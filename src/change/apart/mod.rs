//! The calls that fare otherwise in one environment than in others beside it.
//!
//! As between two states, clients that no listener tells apart in any of them share a base in each, and
//! one of them stands for all.

mod all;
mod compared;
mod decider;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::force::{Client, InForce, Listener};
use super::{EdgeState, Written};
use crate::finding::ResourceRef;
use crate::model::Transport;
use crate::reach::Verdict;

use all::All;

/// Calls to a port that fare alike in each environment, and not the same in all.
#[derive(Debug, Clone)]
pub struct Divided<'a> {
    /// The workload that is called.
    pub server: usize,
    /// Its port.
    pub port: u16,
    /// Who calls: workloads in ascending order; none for clients outside the cluster.
    pub callers: Vec<usize>,
    /// Who they are among all that may be compared.
    pub reach: Reach,
    /// How they fare in each environment; nothing where the port or the caller is not there.
    pub fates: Vec<Option<Fared<'a>>>,
}

/// Who some callers are among all that are in several of the environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// Clients outside the cluster.
    Outside,
    /// All of them.
    Any,
    /// All that have a proxy everywhere.
    Meshed,
    /// All that have a proxy nowhere.
    Unmeshed,
    /// Some.
    Some,
}

/// How a call fares in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fared<'a> {
    /// Whether it gets through, and over what; no transport where it is not known who has a proxy.
    pub state: EdgeState,
    /// What decided; nothing where no way leads there at all.
    pub because: Option<Decider<'a>>,
}

/// The place that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decider<'a> {
    /// Where it is written.
    pub at: &'a Written,
    /// Nobody wrote it: a default decided, about what stands there.
    pub is_default: bool,
}

/// A port, as it is in each environment.
type Port<'a> = [Option<&'a Listener>];

/// All calls that differ between environments, by workload and port. `same` says of each workload of an
/// environment, in the order of [`InForce::workloads`], which one it is; those without a number are not
/// compared.
pub fn divided<'a>(states: &[&'a InForce], same: &[Vec<Option<usize>>]) -> Vec<Divided<'a>> {
    let sides: Vec<Side<'a>> = states
        .iter()
        .zip(same)
        .map(|(state, same)| Side::new(state, same))
        .collect();
    let mut ports: BTreeMap<(usize, u16), Vec<Option<&Listener>>> = BTreeMap::new();
    for (number, side) in sides.iter().enumerate() {
        for listener in &side.state.listeners {
            let port = listener.name.rsplit(':').next();
            let port = port.and_then(|port| port.parse().ok());
            let (Some(port), Some(server)) = (port, side.key(&listener.server)) else {
                continue;
            };
            let all = ports.entry((server, port));
            let all = all.or_insert_with(|| vec![None; sides.len()]);
            if let Some(at) = all.get_mut(number) {
                *at = Some(listener);
            }
        }
    }
    let mut all = All::new(sides);
    let ports = ports.into_iter();
    let ports: Vec<_> = ports
        .filter(|(_, port)| port.iter().flatten().count() > 1)
        .collect();
    for (_, port) in &ports {
        all.expect(port);
    }
    ports
        .par_iter()
        .flat_map_iter(|((server, number), port)| all.at(*server, *number, port))
        .collect()
}

/// An environment.
struct Side<'a> {
    state: &'a InForce,
    by_name: HashMap<&'a str, usize>,
    clients: HashMap<usize, &'a Client>,
    of_class: HashMap<u32, Vec<usize>>,
}

impl<'a> Side<'a> {
    fn new(state: &'a InForce, same: &[Option<usize>]) -> Self {
        let mut side = Self {
            state,
            by_name: HashMap::new(),
            clients: HashMap::new(),
            of_class: HashMap::new(),
        };
        for (client, key) in state.clients.iter().zip(same) {
            let Some(key) = *key else { continue };
            side.by_name.insert(&client.name, key);
            side.clients.insert(key, client);
            side.of_class.entry(client.class).or_default().push(key);
        }
        side
    }

    fn key(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

impl EdgeState {
    /// Whether two calls certainly fare otherwise: what is not known is not known to differ.
    pub fn is_apart(self, other: Self) -> bool {
        let is_known = |state: Self| state.verdict != Verdict::Unknown;
        let over = |state: Self| state.transport.filter(|_| state.verdict != Verdict::Deny);
        let transports = (over(self), over(other));
        is_known(self)
            && is_known(other)
            && (self.verdict != other.verdict
                || matches!(transports, (Some(one), Some(other)) if one != other))
    }

    /// What is worse comes first: what surely gets through before what may, over nothing that protects
    /// before what is protected.
    pub fn weakest_first(self) -> (std::cmp::Reverse<Verdict>, bool, Option<Transport>) {
        let verdict = std::cmp::Reverse(self.verdict);
        (verdict, self.transport.is_none(), self.transport)
    }
}

impl InForce {
    /// All workloads, by name.
    pub fn workloads(&self) -> impl Iterator<Item = &ResourceRef> {
        self.clients.iter().map(|client| &client.object)
    }
}
