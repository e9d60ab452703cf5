//! What is in force in states, each environment judged once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::layout::Sorted;
use super::parts::Signature;
use crate::change::InForce;
use crate::facts::Sections;
use crate::model::Problem;
use crate::policy::{self, Memory, Rules};
use crate::scan::{self, Origin, Places};

/// What is in force in a state, by environment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub environments: BTreeMap<Arc<str>, Held>,
    /// The directories with something in them that is not understood.
    unjudged: Arc<BTreeSet<String>>,
}

impl Snapshot {
    /// Whether an environment may be there, and not be judged.
    pub fn may_hide(&self, environment: &str) -> bool {
        !self.environments.contains_key(environment) && self.unjudged.contains(environment)
    }
}

/// An environment of a snapshot.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// What it consists of.
    signature: Signature,
    pub in_force: Arc<InForce>,
}

type Key = (Arc<str>, Signature);

/// Judges environments.
pub(super) struct Judge<'a> {
    rules: &'a Rules,
    wanted: Sections,
    environment: Option<&'a str>,
    /// What rules said last, by environment.
    memories: HashMap<Arc<str>, Memory>,
    /// Whether there was a mesh in any.
    pub has_mesh: bool,
    /// Rules that failed.
    pub problems: Vec<Problem>,
}

/// An environment of a state, by its number there, that is to be judged.
type Open<'s> = (&'s Sorted, usize, Signature);

/// One environment, judged.
struct Result {
    key: Key,
    held: Held,
    /// What was not understood.
    problems: Vec<Problem>,
    /// Rules that failed.
    failed: Vec<Problem>,
}

impl<'a> Judge<'a> {
    /// Judges only `environment`, if one is named.
    pub fn new(rules: &'a Rules, environment: Option<&'a str>) -> Self {
        Self {
            rules,
            wanted: rules.sections(),
            environment,
            memories: HashMap::new(),
            has_mesh: false,
            problems: Vec::new(),
        }
    }

    /// Judges the newest state; what of it could not be read or judged.
    pub fn newest(&mut self, sorted: &Sorted) -> (Arc<Snapshot>, Vec<Problem>) {
        let mut problems = sorted.parsed.problems.clone();
        let all = self.states([sorted], &Snapshot::default(), &mut problems);
        (all.into_iter().next().unwrap_or_default(), problems)
    }

    /// Judges a state; what is as in `known` is not judged again.
    pub fn one(&mut self, state: &Sorted, known: &Snapshot) -> Arc<Snapshot> {
        let all = self.states([state], known, &mut Vec::new());
        all.into_iter().next().unwrap_or_default()
    }

    /// Judges states, as far as there are any; what is as in another one of them, or in `known`, is not
    /// judged again.
    pub fn all(
        &mut self,
        states: &[Option<Sorted>],
        known: &Snapshot,
    ) -> Vec<Option<Arc<Snapshot>>> {
        let there = states.iter().flatten();
        let mut judged = self.states(there, known, &mut Vec::new()).into_iter();
        let states = states.iter();
        states
            .map(|state| state.as_ref().and_then(|_| judged.next()))
            .collect()
    }

    fn states<'s>(
        &mut self,
        states: impl IntoIterator<Item = &'s Sorted>,
        known: &Snapshot,
        problems: &mut Vec<Problem>,
    ) -> Vec<Arc<Snapshot>> {
        let mut held: HashMap<Key, Option<Held>> = HashMap::new();
        for (name, one) in &known.environments {
            held.insert((Arc::clone(name), one.signature), Some(one.clone()));
        }
        let mut open: BTreeMap<Arc<str>, Vec<Open<'_>>> = BTreeMap::new();
        let mut keys = Vec::new();
        for state in states {
            let mut own = Vec::new();
            let environments = state.parsed.environments.iter().enumerate();
            for ((number, environment), signature) in environments.zip(&state.signatures) {
                if self
                    .environment
                    .is_some_and(|name| name != environment.name)
                {
                    continue;
                }
                let key: Key = (environment.name.as_str().into(), *signature);
                if !held.contains_key(&key) {
                    held.insert(key.clone(), None);
                    let own: &mut Vec<_> = open.entry(Arc::clone(&key.0)).or_default();
                    own.push((state, number, key.1));
                }
                own.push(key);
            }
            own.extend(state.others.iter().cloned());
            keys.push((own, Arc::clone(&state.unjudged)));
        }
        for (name, judged, memory) in self.judged(open) {
            for one in judged {
                self.has_mesh |= one.held.in_force.is_meshed();
                problems.extend(one.problems);
                self.problems.extend(one.failed);
                held.insert(one.key, Some(one.held));
            }
            self.memories.extend(memory.map(|memory| (name, memory)));
        }
        let snapshot = |(keys, unjudged): (Vec<Key>, _)| {
            let environments = keys.into_iter().filter_map(|key| {
                let held = held.get(&key)?.clone()?;
                Some((key.0, held))
            });
            Arc::new(Snapshot {
                environments: environments.collect(),
                unjudged,
            })
        };
        keys.into_iter().map(snapshot).collect()
    }

    /// Judges environments, each by itself: of one state after the other most is the same, and no rule
    /// is asked about that again.
    fn judged(
        &self,
        open: BTreeMap<Arc<str>, Vec<Open<'_>>>,
    ) -> Vec<(Arc<str>, Vec<Result>, Option<Memory>)> {
        let judge = |(name, states): (Arc<str>, Vec<Open<'_>>)| {
            let (mut judged, mut last) = (Vec::new(), None);
            for (state, number, signature) in states {
                let known = last.as_ref().or_else(|| self.memories.get(&name));
                let key = (Arc::clone(&name), signature);
                let Some((result, memory)) = self.judge(state, number, key, known) else {
                    continue;
                };
                judged.push(result);
                last = memory.or(last);
            }
            (name, judged, last)
        };
        open.into_par_iter().map(judge).collect()
    }

    fn judge(
        &self,
        state: &Sorted,
        number: usize,
        key: Key,
        known: Option<&Memory>,
    ) -> Option<(Result, Option<Memory>)> {
        let Sorted {
            sources, parsed, ..
        } = state;
        let environment = parsed.environments.get(number)?;
        let origin = Origin {
            kind: "revision",
            revision: None,
        };
        let judged = scan::judge(parsed, environment, &origin, &self.wanted);
        let (mut findings, mut failed, mut memory) = (Vec::new(), Vec::new(), None);
        if !judged.world.meshes.is_empty() {
            let places = Places(&judged.world);
            (findings, failed, memory) =
                policy::evaluate_again(self.rules, &judged.input, &places, &key.0, known);
        }
        let in_force = InForce::of(&judged, sources, findings);
        let result = Result {
            held: Held {
                signature: key.1,
                in_force: Arc::new(in_force),
            },
            key,
            problems: scan::located(&judged.world.index, judged.problems),
            failed,
        };
        Some((result, memory))
    }
}
