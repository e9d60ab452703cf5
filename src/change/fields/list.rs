//! Lists: what stayed, what was changed, what came and went.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::place::Place;
use super::walk::{Found, Walk};
use crate::syntax::{Node, Value};

/// Of lists that differ in a stretch of more items than this, only that they differ is told.
const MANY: usize = 10_000;

/// Compares two lists: equal items are found first, then what stands in their gaps is paired.
pub(super) fn compare<'a>(walk: &mut Walk<'_, 'a>, old: Found<'a>, new: Found<'a>, place: Place) {
    let before: Vec<Node<'a>> = old.node.items().collect();
    let after: Vec<Node<'a>> = new.node.items().collect();
    let mut hashes =
        |items: &[Node<'a>]| -> Vec<u128> { items.iter().map(|&item| walk.hash(item)).collect() };
    let (one, other) = (hashes(&before), hashes(&after));
    if stretch(&one, &other) > MANY {
        return walk.tell(Some(old), Some(new), place);
    }
    let mut input = InternedInput::default();
    input.update_before(one.into_iter());
    input.update_after(other.into_iter());
    let diff = Diff::compute(Algorithm::Myers, &input);
    let names = names(&before).zip(names(&after));
    for hunk in diff.hunks() {
        let gap = Gap {
            before: Items::of(&before, hunk.before),
            after: Items::of(&after, hunk.after),
        };
        match &names {
            Some((old, new)) => gap.by_name(walk, old, new, place),
            None => gap.in_order(walk, place),
        }
    }
}

/// How many items stand between the first and the last that differ, on both sides together.
fn stretch(one: &[u128], other: &[u128]) -> usize {
    let at_start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (one.get(at_start..), other.get(at_start..));
    let (one, other) = (one.unwrap_or(&[]), other.unwrap_or(&[]));
    let backwards = one.iter().rev().zip(other.iter().rev());
    let at_end = backwards.take_while(|(a, b)| a == b).count();
    one.len() + other.len() - 2 * at_end
}

/// The names of items, if each item is a mapping with a name of its own.
fn names<'a>(items: &[Node<'a>]) -> Option<Vec<&'a str>> {
    let names: Option<Vec<&str>> = items
        .iter()
        .map(|item| item.get("name").and_then(Node::as_str))
        .collect();
    let names = names?;
    let mut seen = HashSet::with_capacity(names.len());
    names.iter().all(|name| seen.insert(*name)).then_some(names)
}

/// Some items of a list, with the number of the first.
#[derive(Clone, Copy)]
struct Items<'l, 'a> {
    first: usize,
    nodes: &'l [Node<'a>],
}

impl<'l, 'a> Items<'l, 'a> {
    fn of(all: &'l [Node<'a>], range: Range<u32>) -> Self {
        let range = range.start as usize..range.end as usize;
        Self {
            first: range.start,
            nodes: all.get(range).unwrap_or(&[]),
        }
    }

    fn all(self) -> impl Iterator<Item = (usize, Node<'a>)> {
        (self.first..).zip(self.nodes.iter().copied())
    }
}

/// Items between two that stayed, on both sides.
struct Gap<'l, 'a> {
    before: Items<'l, 'a>,
    after: Items<'l, 'a>,
}

impl<'a> Gap<'_, 'a> {
    fn by_name(self, walk: &mut Walk<'_, 'a>, old: &[&'a str], new: &[&'a str], place: Place) {
        let name = |names: &[&'a str], at: usize| names.get(at).copied().unwrap_or("");
        let was: HashMap<&str, (usize, Node<'a>)> = self
            .before
            .all()
            .map(|(at, item)| (name(old, at), (at, item)))
            .collect();
        let mut kept = HashSet::new();
        for (at, item) in self.after.all() {
            match was.get(name(new, at)) {
                Some(&(was_at, was)) => {
                    kept.insert(was_at);
                    pair(walk, (was_at, was), (at, item), place);
                }
                None => single(walk, Some((at, item)), false, place),
            }
        }
        for gone in self.before.all().filter(|(at, _)| !kept.contains(at)) {
            single(walk, Some(gone), true, place);
        }
    }

    /// Where two are not alike, the side that has more left gives one up.
    fn in_order(self, walk: &mut Walk<'_, 'a>, place: Place) {
        let (mut before, mut after) = (self.before.all().peekable(), self.after.all().peekable());
        let (mut old_left, mut new_left) = (self.before.nodes.len(), self.after.nodes.len());
        // as many as there were: each may well be what became of the one in its place
        let is_one_each = old_left == new_left;
        while let (Some(&old), Some(&new)) = (before.peek(), after.peek()) {
            let alike = are_alike(walk, old.1, new.1, is_one_each);
            if alike {
                pair(walk, old, new, place);
            }
            let (old_goes, new_goes) =
                (alike || old_left >= new_left, alike || new_left >= old_left);
            if old_goes {
                before.next();
                old_left -= 1;
            }
            if new_goes {
                after.next();
                new_left -= 1;
            }
            if !alike {
                single(walk, old_goes.then_some(old), true, place);
                single(walk, new_goes.then_some(new), false, place);
            }
        }
        before.for_each(|old| single(walk, Some(old), true, place));
        after.for_each(|new| single(walk, Some(new), false, place));
    }
}

fn single<'a>(
    walk: &mut Walk<'_, 'a>,
    one: Option<(usize, Node<'a>)>,
    is_before: bool,
    place: Place,
) {
    if let Some((at, item)) = one {
        walk.at_items(at, at, |walk| walk.one(Found::item(item), is_before, place));
    }
}

fn pair<'a>(walk: &mut Walk<'_, 'a>, old: (usize, Node<'a>), new: (usize, Node<'a>), place: Place) {
    walk.at_items(old.0, new.0, |walk| {
        walk.both(Found::item(old.1), Found::item(new.1), place);
    });
}

/// Whether one item is what became of another: mappings that share an entry; where each stands for one,
/// also such that share a key, and scalars.
fn are_alike<'a>(
    walk: &mut Walk<'_, 'a>,
    one: Node<'a>,
    other: Node<'a>,
    is_one_each: bool,
) -> bool {
    match (one.value(), other.value()) {
        (Value::Map, Value::Map) => {
            let known: HashMap<&str, Node<'a>> = one
                .entries()
                .map(|entry| (entry.key, entry.value))
                .collect();
            other.entries().any(|entry| {
                let same_key = known.get(entry.key).copied();
                same_key
                    .is_some_and(|known| is_one_each || walk.hash(known) == walk.hash(entry.value))
            })
        }
        (Value::List, Value::List) => is_one_each,
        (Value::Map | Value::List, _) | (_, Value::Map | Value::List) => false,
        _ => is_one_each,
    }
}
