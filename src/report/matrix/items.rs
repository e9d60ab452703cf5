//! Calls that differ alike, a line for each; those that the same line lets through stand together.

use std::collections::{BTreeSet, HashMap};

use super::Shown;
use super::names::Names;
use super::told::{OTHERS, Split};
use crate::change::Reach;
use crate::matrix::{Calls, Fate};
use crate::report::phrase::Line;
use crate::report::words::many;

/// How many names of a list are shown.
const NAMES: usize = 2;

/// A line.
pub(super) struct Item<'a> {
    reach: Reach,
    from: BTreeSet<&'a str>,
    to: BTreeSet<(&'a str, u16)>,
    /// How many calls it tells of.
    pub count: usize,
    /// Whether each of those that call does so at each port.
    is_each: bool,
    /// The places that decided in each environment; an empty one is none.
    places: Vec<BTreeSet<String>>,
}

/// The lines below a heading. Calls that the same lines let through are one, unless all are asked for.
pub(super) fn items<'a>(
    shown: Shown<'_>,
    split: &Split,
    calls: &[&'a Calls],
    verbose: bool,
) -> Vec<Item<'a>> {
    let mut index: HashMap<Vec<Option<Fate>>, usize> = HashMap::new();
    let mut items: Vec<Item<'a>> = Vec::new();
    let weakest = split.first().map_or(&[][..], |(_, of)| of);
    for (number, calls) in calls.iter().enumerate() {
        let fate = |number: &usize| calls.fates.get(*number).copied().flatten();
        let key = weakest.iter().map(fate).collect();
        let at = match verbose {
            true => number,
            false => *index.entry(key).or_insert(items.len()),
        };
        let item = Item::new(shown, calls);
        match items.get_mut(at) {
            Some(known) => known.add(item),
            None => items.push(item),
        }
    }
    items
}

impl<'a> Item<'a> {
    fn new(shown: Shown<'_>, calls: &'a Calls) -> Self {
        let place = |fate: &Option<Fate>| fate.as_ref().map(|fate| place(shown, fate));
        let places = calls.fates.iter().map(place);
        Self {
            reach: calls.reach,
            from: calls.from.iter().map(|name| &**name).collect(),
            to: calls
                .to
                .iter()
                .map(|(name, port)| (&**name, *port))
                .collect(),
            count: calls.count,
            is_each: true,
            places: places.map(|place| place.into_iter().collect()).collect(),
        }
    }

    fn add(&mut self, other: Self) {
        if self.reach != other.reach {
            self.reach = Reach::Some;
        }
        self.is_each &= self.reach == other.reach && self.from == other.from;
        self.from.extend(other.from);
        self.to.extend(other.to);
        self.count += other.count;
        for (places, more) in self.places.iter_mut().zip(other.places) {
            places.extend(more);
        }
    }

    /// `batch/nightly → payments/ledger:8443`.
    pub fn who(&self, verbose: bool) -> Line {
        let most = if verbose { usize::MAX - 1 } else { NAMES };
        let line = match self.reach {
            Reach::Outside => Line::default().ours("external"),
            Reach::Any => Line::default().ours("any caller"),
            Reach::Meshed => Line::default().ours("any caller in the mesh"),
            Reach::Unmeshed => Line::default().ours("any caller without a proxy"),
            Reach::Some => {
                let names: Vec<&str> = self.from.iter().copied().collect();
                Line::default().names(&names, most, "callers")
            }
        };
        let ports = self.to.iter().map(|(name, port)| format!("{name}:{port}"));
        let ports: Vec<String> = ports.collect();
        let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
        let line = line.ours(" → ").names(&ports, most, "ports");
        match self.is_each || self.reach != Reach::Some {
            true => line,
            false => line.ours(format!(" ({})", many(self.count, "call"))),
        }
    }

    /// `overlays/prod/policy.yaml:12 · staging: base/policy.yaml:8`, what is weaker first; each side has
    /// a place.
    pub fn because(&self, split: &Split, names: &Names, verbose: bool) -> Line {
        let mut line = Line::default();
        for (count, (_, of)) in split.iter().enumerate() {
            let of_one = |&number: &usize| {
                let places = self.places.get(number).into_iter().flatten();
                places.map(move |place| (place.clone(), number))
            };
            let places = names.grouped(of.iter().flat_map(of_one));
            let most = match verbose || places.len() < 3 {
                true => places.len(),
                false => 1,
            };
            for (number, place) in places.iter().take(most).enumerate() {
                line = line.ours(if count + number > 0 { " · " } else { "" });
                // the heading named them
                line = match (count, places.len()) {
                    (0, 1) => line,
                    (1, 1) if split.len() == 2 && of.len() > OTHERS => line.ours("the others: "),
                    _ => line.then(names.list(&place.of(), verbose)).ours(": "),
                };
                line = match place.text() {
                    "" => line.ours("no way leads there"),
                    text => line.theirs(text),
                };
            }
            let more = places.len() - most;
            line = match more {
                0 => line,
                _ => line.ours(format!(" and {}", many(more, "more place"))),
            };
        }
        line
    }
}

fn place(shown: Shown<'_>, fate: &Fate) -> String {
    let Some(place) = fate.place else {
        return String::new();
    };
    let place = shown.report.line_of(Some(place), "");
    match fate.is_default {
        true => format!("{place} (default)"),
        false => place,
    }
}
