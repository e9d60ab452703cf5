//! Which object was which.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::object::{Key, Object};
use crate::change::digest::Writer;
use crate::syntax::{Node, NodeId};

/// An object before and after; one of the two may be missing.
pub(super) type Pair<'p, 'a> = (Option<&'p Object<'a>>, Option<&'p Object<'a>>);

/// Objects of one name, or documents of one place, on both sides.
#[derive(Default)]
struct Group<'p, 'a> {
    before: Vec<&'p Object<'a>>,
    after: Vec<&'p Object<'a>>,
}

/// What tells objects and documents apart.
#[derive(PartialEq, Eq, Hash)]
enum Known<'a> {
    Name(Key<'a>),
    /// A file, and what it holds there: group and kind, or no object.
    Place(Arc<str>, Option<(&'a str, &'a str)>),
}

impl<'a> Known<'a> {
    fn of(object: &Object<'a>) -> Self {
        match object.key() {
            Some(key) => Self::Name(key),
            None => {
                // a kustomization need not say that it is one
                let is = object.is.as_ref().map(|is| (is.group, is.kind));
                let is = is.filter(|(group, _)| *group != "kustomize.config.k8s.io");
                Self::Place(Arc::clone(&object.file), is)
            }
        }
    }
}

/// All pairs, in an order that is always the same.
pub(super) fn all<'p, 'a>(before: &'p [Object<'a>], after: &'p [Object<'a>]) -> Vec<Pair<'p, 'a>> {
    let mut places: HashMap<Known<'a>, usize> = HashMap::new();
    let mut groups: Vec<Group<'p, 'a>> = Vec::new();
    for (object, is_before) in before
        .iter()
        .map(|one| (one, true))
        .chain(after.iter().map(|one| (one, false)))
    {
        let place = *places.entry(Known::of(object)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group::default());
        }
        if let Some(group) = groups.get_mut(place) {
            match is_before {
                true => group.before.push(object),
                false => group.after.push(object),
            }
        }
    }
    let pairs = groups.into_iter().flat_map(Group::pairs).collect();
    with_moved(pairs)
}

impl<'p, 'a> Group<'p, 'a> {
    /// Those of the same file first, in their order, then the rest.
    fn pairs(self) -> Vec<Pair<'p, 'a>> {
        let mut of_files: BTreeMap<&str, Vec<&'p Object<'a>>> = BTreeMap::new();
        for object in self.after.iter().rev() {
            of_files.entry(&object.file).or_default().push(object);
        }
        let mut pairs = Vec::new();
        let mut rest = Vec::new();
        for object in self.before {
            match of_files.get_mut(&*object.file).and_then(Vec::pop) {
                Some(after) => pairs.push((Some(object), Some(after))),
                None => rest.push(object),
            }
        }
        let mut left = of_files
            .into_values()
            .flat_map(|of_file| of_file.into_iter().rev());
        pairs.extend(rest.into_iter().map(|object| (Some(object), left.next())));
        pairs.extend(left.map(|object| (None, Some(object))));
        pairs
    }
}

/// Documents without a name of a file that went, and of one that came, if there is one of each and they
/// say nearly the same.
fn with_moved<'p, 'a>(mut pairs: Vec<Pair<'p, 'a>>) -> Vec<Pair<'p, 'a>> {
    let files = |of: &dyn Fn(&Pair<'p, 'a>) -> Option<&'p Object<'a>>| -> HashSet<Arc<str>> {
        let nameless = pairs
            .iter()
            .filter_map(of)
            .filter(|one| one.key().is_none());
        nameless.map(|one| Arc::clone(&one.file)).collect()
    };
    let (before, after) = (files(&|pair| pair.0), files(&|pair| pair.1));
    let mut gone = before.difference(&after);
    let mut came = after.difference(&before);
    let one_each = (gone.next(), gone.next(), came.next(), came.next());
    let (Some(gone), None, Some(came), None) = one_each else {
        return pairs;
    };
    let mut old = Vec::new();
    let mut new = Vec::new();
    pairs.retain(|pair| match *pair {
        (Some(one), None) if one.key().is_none() && one.file == *gone => {
            old.push(one);
            false
        }
        (None, Some(one)) if one.key().is_none() && one.file == *came => {
            new.push(one);
            false
        }
        _ => true,
    });
    let count = old.len().max(new.len());
    let (mut old, mut new) = (old.into_iter(), new.into_iter());
    for _ in 0..count {
        match (old.next(), new.next()) {
            (Some(one), Some(other))
                if one.is.as_ref().map(|is| is.kind) == other.is.as_ref().map(|is| is.kind)
                    && are_alike(one.node, other.node) =>
            {
                pairs.push((Some(one), Some(other)));
            }
            (one, other) => {
                pairs.extend(one.map(|one| (Some(one), None)));
                pairs.extend(other.map(|other| (None, Some(other))));
            }
        }
    }
    pairs
}

/// Whether at least half of what is written is the same.
fn are_alike(one: Node<'_>, other: Node<'_>) -> bool {
    let (one, other) = (leaves(one), leaves(other));
    let shared = one.intersection(&other).count();
    2 * shared >= one.len().max(other.len())
}

/// What is written at the ends of a document's branches: the way there, and what stands there.
fn leaves(node: Node<'_>) -> HashSet<u128> {
    let mut found = HashSet::new();
    let mut writer = Writer::of_nodes();
    let mut seen: HashSet<NodeId> = HashSet::new();
    let mut open = vec![(node, 0_u128)];
    while let Some((node, way)) = open.pop() {
        // what an alias stands for counts once
        if node.target() != node.id() && !seen.insert(node.target()) {
            continue;
        }
        if !node.is_map() && !node.is_list() {
            found.insert(writer.hash(node, way));
        }
        open.extend(node.items().map(|item| (item, way)));
        let entries = node.entries();
        open.extend(entries.map(|entry| (entry.value, Writer::step(entry.key, way))));
    }
    found
}
