//! Namespaces of different names that hold the same.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::merged::Merged;
use super::pattern::pattern;
use super::{Alike, Place};
use crate::change::InForce;
use crate::matrix::Object;

/// The namespaces of all environments.
pub(super) struct Namespaces {
    numbers: HashMap<Arc<str>, usize>,
    /// What each number stands for.
    roots: Vec<usize>,
    /// By root: the name in each environment.
    names: BTreeMap<usize, BTreeMap<usize, Arc<str>>>,
    /// By root: the name for people.
    shown: BTreeMap<usize, String>,
}

/// What is in a namespace of an environment.
#[derive(Default)]
struct Contents<'a> {
    /// Where its objects are written.
    places: BTreeSet<Place>,
    /// The kinds and names of its workloads.
    workloads: BTreeSet<(&'a str, &'a str)>,
}

/// An environment's namespaces.
type Held<'a> = BTreeMap<&'a Arc<str>, Contents<'a>>;

impl Namespaces {
    pub fn new(states: &[&InForce], objects: &[&[Object]]) -> Self {
        let held: Vec<Held<'_>> = states
            .iter()
            .zip(objects)
            .map(|(state, objects)| contents(state, objects))
            .collect();
        let mut numbers: HashMap<Arc<str>, usize> = HashMap::new();
        let mut merged = Merged::default();
        for (environment, held) in held.iter().enumerate() {
            for name in held.keys() {
                let number = numbers.entry(Arc::clone(name));
                let number = *number.or_insert_with(|| merged.add());
                merged.is_in(number, environment);
            }
        }
        for (one, other) in pairs(&held) {
            if let (Some(one), Some(other)) = (numbers.get(one), numbers.get(other)) {
                merged.merge(*one, *other);
            }
        }
        let roots: Vec<usize> = (0..numbers.len())
            .map(|number| merged.root(number))
            .collect();
        let mut names: BTreeMap<usize, BTreeMap<usize, Arc<str>>> = BTreeMap::new();
        for (environment, held) in held.iter().enumerate() {
            for name in held.keys() {
                let number = numbers.get(*name);
                if let Some(root) = number.and_then(|number| roots.get(*number)) {
                    let of = names.entry(*root).or_default();
                    of.insert(environment, Arc::clone(name));
                }
            }
        }
        let shown = shown(&names);
        Self {
            numbers,
            roots,
            names,
            shown,
        }
    }

    /// Which one a namespace is: the same name is the same in all environments.
    pub fn of(&self, name: &Arc<str>) -> Option<usize> {
        let number = self.numbers.get(name)?;
        self.roots.get(*number).copied()
    }

    /// The name for people.
    pub fn name(&self, namespace: usize) -> Option<&str> {
        self.shown.get(&namespace).map(String::as_str)
    }

    /// Those that have several names.
    pub fn into_alike(self, environments: usize) -> Vec<Alike> {
        let several = self.names.into_iter().filter(|(_, names)| {
            let mut names: Vec<_> = names.values().collect();
            names.dedup();
            names.len() > 1
        });
        let alike = several.filter_map(|(root, names)| {
            Some(Alike {
                name: self.shown.get(&root)?.as_str().into(),
                names: (0..environments)
                    .map(|at| names.get(&at).cloned())
                    .collect(),
            })
        });
        alike.collect()
    }
}

fn contents<'a>(state: &'a InForce, objects: &'a [Object]) -> Held<'a> {
    let mut held: Held<'a> = BTreeMap::new();
    for (place, object) in objects {
        if let Some(namespace) = &object.namespace {
            held.entry(namespace).or_default().places.insert(*place);
        }
    }
    for object in state.workloads() {
        if let Some(namespace) = &object.namespace {
            let contents = held.entry(namespace).or_default();
            contents.workloads.insert((&object.kind, &object.name));
        }
    }
    held
}

/// How much two namespaces have in common: lines that both are made of, then names of workloads.
type Score = (usize, usize);

/// The pairs of namespaces that hold the same, those that have most in common first.
fn pairs<'a>(held: &'a [Held<'a>]) -> Vec<(&'a Arc<str>, &'a Arc<str>)> {
    let mut found: Vec<(Score, &Arc<str>, &Arc<str>)> = Vec::new();
    for (number, one) in held.iter().enumerate() {
        for other in held.iter().skip(number + 1) {
            let here = best(one, other);
            let there = best(other, one);
            for (name, (score, of)) in &here {
                if there.get(of).is_some_and(|(_, back)| back == name) {
                    found.push((*score, name, of));
                }
            }
        }
    }
    found.sort_by_key(|(score, one, other)| (Reverse(*score), *one, *other));
    found
        .into_iter()
        .map(|(_, one, other)| (one, other))
        .collect()
}

/// For each namespace that only `one` has, the one that only `other` has and that shares most with it,
/// if it is no more like one than like another.
fn best<'a>(one: &Held<'a>, other: &Held<'a>) -> BTreeMap<&'a Arc<str>, (Score, &'a Arc<str>)> {
    let own = one.iter().filter(|(name, _)| !other.contains_key(*name));
    let found = own.filter_map(|(name, contents)| {
        let others = other.iter().filter(|(name, _)| !one.contains_key(*name));
        let scored = others.filter_map(|(other, theirs)| Some((contents.score(theirs)?, *other)));
        let mut scored: Vec<_> = scored.collect();
        scored.sort_by_key(|(score, name)| (Reverse(*score), *name));
        let most = *scored.first()?;
        let is_alone = scored.get(1).is_none_or(|next| next.0 < most.0);
        is_alone.then_some((*name, most))
    });
    found.collect()
}

impl Contents<'_> {
    /// Nothing if they have too little in common to be the same.
    fn score(&self, other: &Self) -> Option<Score> {
        let lines = self.places.intersection(&other.places).count();
        let names = self.workloads.intersection(&other.workloads).count();
        let all = self.workloads.union(&other.workloads).count();
        (lines > 0 || names * 2 > all).then_some((lines, names))
    }
}

/// A name for people for each; none is there twice.
fn shown(names: &BTreeMap<usize, BTreeMap<usize, Arc<str>>>) -> BTreeMap<usize, String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let pattern = |names: &BTreeMap<usize, Arc<str>>| pattern(names.values().map(|name| &**name));
    for names in names.values() {
        *seen.entry(pattern(names)).or_default() += 1;
    }
    let shown = names.iter().map(|(root, names)| {
        let pattern = pattern(names);
        let name = match seen.get(&pattern) {
            Some(1) => pattern,
            _ => {
                let all: BTreeSet<&str> = names.values().map(|name| &**name).collect();
                all.into_iter().collect::<Vec<_>>().join("|")
            }
        };
        (*root, name)
    });
    shown.collect()
}
