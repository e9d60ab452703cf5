//! The calls that differ, with the lines that decided.

mod lines;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Worlds;
use super::same::Same;
use crate::change::{EdgeState, InForce, Reach, divided};
use crate::model::Transport;
use crate::reach::Verdict;
use crate::text::Span;

use lines::Lines;

/// Calls that fare alike in each environment, and not the same in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// Who calls, `namespace/name`; nobody for clients outside the cluster.
    pub from: Vec<Arc<str>>,
    /// Who they are among all that may be compared.
    pub reach: Reach,
    /// The workloads that are called, each with its port.
    pub to: Vec<(Arc<str>, u16)>,
    /// How many pairs of a caller and a port they are; none calls itself.
    pub count: usize,
    /// How they fare in each environment; nothing where the port or the caller is not there.
    pub fates: Vec<Option<Fate>>,
}

/// How a call fares in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fate {
    /// Whether it gets through, and over what.
    pub state: EdgeState,
    /// What decided; nothing where no way leads there at all.
    pub place: Option<Span>,
    /// Nobody wrote it: a default decided, about what stands there.
    pub is_default: bool,
}

impl Calls {
    fn names(&self) -> impl Ord + '_ {
        let places = self
            .fates
            .iter()
            .map(|fate| fate.and_then(|fate| fate.place));
        (&self.to, &self.from, places.collect::<Vec<_>>())
    }

    /// How bad it is, what is worse first: that one environment lets somebody in whom another refuses,
    /// that it may, that only what is sent differs; and in each, what goes over the wire, and whether
    /// it comes from outside.
    fn rank(&self) -> impl Ord + use<> {
        let states = || self.fates.iter().flatten().map(|fate| fate.state);
        let weakest = states().min_by_key(|state| state.weakest_first());
        let verdicts: BTreeSet<Verdict> = states().map(|state| state.verdict).collect();
        let is_refused = verdicts.contains(&Verdict::Deny);
        let weakest = weakest.unwrap_or(EdgeState {
            verdict: Verdict::Unknown,
            transport: Some(Transport::Mtls),
        });
        (
            !is_refused,
            verdicts.len() < 2,
            weakest.weakest_first(),
            self.reach != Reach::Outside,
            Reverse(self.count),
        )
    }
}

/// What calls are put together by: who calls, and how they fare.
type Key = (Reach, Vec<usize>, Vec<Option<Fate>>);

/// Calls that are put together.
#[derive(Default)]
struct Group {
    callers: BTreeSet<usize>,
    called: Vec<(usize, u16)>,
    count: usize,
}

/// All calls that differ, worst first. Ports whose callers fare alike stand together.
pub(super) fn calls(worlds: &Worlds<'_>, states: &[&InForce], same: &Same) -> Vec<Calls> {
    let mut lines = Lines::new(worlds);
    let mut groups: HashMap<Key, Group> = HashMap::new();
    for one in divided(states, same.workloads()) {
        let fates = one.fates.iter().enumerate();
        let fates = fates.map(|(number, fared)| fared.map(|fared| lines.fate(number, fared)));
        // all but the one that is called are others at each port
        let who = match one.reach {
            Reach::Some => one.callers.clone(),
            _ => Vec::new(),
        };
        let group = groups.entry((one.reach, who, fates.collect())).or_default();
        group.count += one.callers.len().max(1);
        group.callers.extend(one.callers);
        group.called.push((one.server, one.port));
    }
    let named = |((reach, _, fates), group): (Key, Group)| {
        let called = group.called.iter();
        let mut to: Vec<_> = called.map(|&(key, port)| (same.name(key), port)).collect();
        to.sort();
        let mut from: Vec<_> = group.callers.iter().map(|&key| same.name(key)).collect();
        from.sort();
        Calls {
            from,
            reach,
            to,
            count: group.count,
            fates,
        }
    };
    let mut all: Vec<Calls> = groups.into_iter().map(named).collect();
    all.sort_by(|a, b| {
        a.rank()
            .cmp(&b.rank())
            .then_with(|| a.names().cmp(&b.names()))
    });
    all
}
