//! Where a field stood before, and whether it said the same.

use imara_diff::{Algorithm, Diff, InternedInput};

use super::object::{Object, objects};
use super::{File, pair, shown};
use crate::change::Written;
use crate::change::digest::Writer;
use crate::model::Pointer;
use crate::syntax::{Node, Value};

/// What a field was before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Traced {
    /// The same, here. What holds other fields is the same if it was there; what is not there is the
    /// same if it was not.
    Same(Written),
    /// Something else, or what holds it is new.
    Other,
}

/// What fields of the later state were in the earlier one, of which the files are given that differ;
/// nothing for those of other files.
pub fn trace(before: &[File<'_>], after: &[File<'_>], places: &[&Written]) -> Vec<Option<Traced>> {
    let (before, after) = (objects(before), objects(after));
    let pairs = pair::all(&before, &after);
    let traced = |place: &&Written| {
        let (was, is) = pairs
            .iter()
            .find(|(_, is)| is.is_some_and(|is| holds(is, place)))?;
        let Some((was, is)) = was.zip(*is) else {
            return Some(Traced::Other);
        };
        let way = place.pointer.as_str().strip_prefix(is.inside.as_str())?;
        Some(match below(was.node, is.node, way) {
            Some(way) => Traced::Same(Written {
                file: was.file.clone(),
                document: was.document.number(),
                pointer: was.inside.append(&way),
            }),
            None => Traced::Other,
        })
    };
    places.iter().map(traced).collect()
}

fn holds(object: &Object<'_>, place: &Written) -> bool {
    let rest = place.pointer.as_str().strip_prefix(object.inside.as_str());
    object.file == place.file
        && object.document.number() == place.document
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The way to a field as it was, if the field said the same.
fn below(was: Node<'_>, is: Node<'_>, way: &str) -> Option<String> {
    let (mut was, mut is) = (Some(was), Some(is));
    let mut old = Pointer::root();
    for step in Pointer::new(way).steps() {
        let held = (was.and_then(shown::attached), is.and_then(shown::attached));
        if let (_, Some(inner)) = held {
            (was, is) = (held.0, Some(inner));
        }
        let (below, step) = match is {
            Some(list) if list.is_list() => {
                let number: usize = step.parse().ok()?;
                let item = list.items().nth(number);
                let known = was.filter(|_| item.is_some());
                let known = known.and_then(|was| Some((was, partner(was, list, number)?)));
                let old_item = known.and_then(|(was, at)| was.items().nth(at));
                if item.is_some() && old_item.is_none() {
                    return None;
                }
                let at = known.map_or(number, |(_, at)| at);
                ((old_item, item), at.to_string())
            }
            _ => {
                let below = (
                    was.and_then(|was| was.get(&step)),
                    is.and_then(|is| is.get(&step)),
                );
                (below, step)
            }
        };
        old = old.join(step);
        (was, is) = below;
    }
    let is_same = match (was, is) {
        (None, None) => true,
        (Some(was), Some(is)) => match (was.value(), is.value()) {
            (Value::Map, Value::Map) | (Value::List, Value::List) => true,
            (one, other) => super::walk::is_same(one, other),
        },
        _ => false,
    };
    is_same.then(|| old.as_str().to_owned())
}

/// The number that an item of a list had before.
fn partner(was: Node<'_>, is: Node<'_>, number: usize) -> Option<usize> {
    let hash = |node: Node<'_>| Writer::of_nodes().hash(node, 0);
    let mut input = InternedInput::default();
    input.update_before(was.items().map(hash));
    input.update_after(is.items().map(hash));
    let at = u32::try_from(number).ok()?;
    let (mut old, mut new) = (0, 0);
    for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
        if at < hunk.after.start {
            break;
        }
        if hunk.after.contains(&at) {
            return changed(was, is, number, &hunk.before, &hunk.after);
        }
        (old, new) = (hunk.before.end, hunk.after.end);
    }
    Some((old + (at - new)) as usize)
}

/// The number that an item had which is not as it was: by its name, or by its place if as many
/// changed as there were.
fn changed(
    was: Node<'_>,
    is: Node<'_>,
    number: usize,
    before: &std::ops::Range<u32>,
    after: &std::ops::Range<u32>,
) -> Option<usize> {
    let name = is.items().nth(number)?.get("name").and_then(Node::as_str);
    match name {
        Some(name) => was
            .items()
            .position(|item| item.get("name").and_then(Node::as_str) == Some(name)),
        None if before.len() == after.len() => {
            Some(number - after.start as usize + before.start as usize)
        }
        None => None,
    }
}
