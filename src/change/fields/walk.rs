//! An object before and after, field by field.

use std::collections::{HashMap, HashSet};

use super::object::Object;
use super::place::{Part, Place};
use super::{list, shown};
use crate::change::digest::Writer;
use crate::change::{FieldChange, Side, Written};
use crate::finding::ResourceRef;
use crate::syntax::{Document, Entry, Node, NodeId, Value};
use crate::text::Span;

/// Most that is told of one object, in bytes. Of what differs in more, only the fields at its top are
/// told.
const MOST: usize = 4 * 1024 * 1024;

/// Mappings of more entries are looked up by hash.
const FEW: usize = 12;

/// A node with the key that it stands behind.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) node: Node<'a>,
    key: Option<Span>,
}

impl<'a> Found<'a> {
    pub(super) fn item(node: Node<'a>) -> Self {
        Self { node, key: None }
    }

    fn value(entry: Entry<'a>) -> Self {
        Self {
            node: entry.value,
            key: Some(entry.key_span),
        }
    }
}

/// A document, and a node of it.
type Known = (*const Document, NodeId);

/// Two objects of one name.
pub(super) struct Walk<'w, 'a> {
    before: &'w Object<'a>,
    after: &'w Object<'a>,
    resource: Option<ResourceRef>,
    /// The ways to where the walk is, on both sides.
    old: String,
    new: String,
    /// Whether only fields at the top are told.
    is_shallow: bool,
    told: usize,
    /// Pairs that are the same, of those that are used often.
    same: HashSet<(Known, Known)>,
    writers: HashMap<*const Document, Writer>,
    changes: Vec<FieldChange>,
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(before: &'w Object<'a>, after: &'w Object<'a>) -> Self {
        Self {
            before,
            after,
            resource: after.resource(),
            old: String::new(),
            new: String::new(),
            is_shallow: false,
            told: 0,
            same: HashSet::new(),
            writers: HashMap::new(),
            changes: Vec::new(),
        }
    }

    /// Tells all fields that differ.
    pub(super) fn run(mut self, changes: &mut Vec<FieldChange>) {
        let place = Place::of(self.after);
        let (before, after) = (Found::item(self.before.node), Found::item(self.after.node));
        self.both(before, after, place);
        if self.is_full() {
            self.is_shallow = true;
            self.changes.clear();
            self.both(before, after, place);
        }
        changes.append(&mut self.changes);
    }

    fn is_full(&self) -> bool {
        !self.is_shallow && self.told > MOST
    }

    /// A hash of what a node holds.
    pub(super) fn hash(&mut self, node: Node<'a>) -> u128 {
        let document: *const Document = node.document();
        let writer = self
            .writers
            .entry(document)
            .or_insert_with(Writer::of_nodes);
        writer.hash(node, 0)
    }

    /// What stands on both sides.
    pub(super) fn both(&mut self, before: Found<'a>, after: Found<'a>, place: Place) {
        if self.is_full() {
            return;
        }
        let Some(pair) = used_often(before.node, after.node, place) else {
            return self.compared(before, after, place);
        };
        if !self.same.contains(&pair) {
            let told = self.changes.len();
            self.compared(before, after, place);
            if self.changes.len() == told {
                self.same.insert(pair);
            }
        }
    }

    fn compared(&mut self, before: Found<'a>, after: Found<'a>, place: Place) {
        let held = (shown::attached(before.node), shown::attached(after.node));
        if let (Some(one), Some(other)) = held {
            return self.both(Found::item(one), Found::item(other), place.attached());
        }
        let is_below = self.is_shallow && !self.new.is_empty();
        match (before.node.value(), after.node.value()) {
            (Value::Map | Value::List, Value::Map | Value::List) if is_below => {
                if self.hash(before.node) != self.hash(after.node) {
                    self.tell(Some(before), Some(after), place);
                }
            }
            (Value::Map, Value::Map) => self.mappings(before.node, after.node, place),
            (Value::List, Value::List) => list::compare(self, before, after, place),
            // nothing in the place of labels is as good as no labels
            (Value::Null, Value::Map) if place.is_taken_apart() => self.one(after, false, place),
            (Value::Map, Value::Null) if place.is_taken_apart() => self.one(before, true, place),
            (one, other) if is_same(one, other) => {}
            _ => self.tell(Some(before), Some(after), place),
        }
    }

    fn mappings(&mut self, before: Node<'a>, after: Node<'a>, place: Place) {
        let (old, new) = (Fields::of(before), Fields::of(after));
        for entry in after
            .entries()
            .filter(|entry| !place.passes_over(entry.key))
        {
            let inner = place.enter(entry.key, after);
            let found = Found::value(entry);
            self.at_key(entry.key, |walk| match old.get(entry.key) {
                Some(known) => walk.field(Found::value(known), found, entry.key, place, inner),
                None => walk.one(found, false, inner),
            });
        }
        for entry in before
            .entries()
            .filter(|entry| !place.passes_over(entry.key))
        {
            if new.get(entry.key).is_none() {
                let inner = place.enter(entry.key, before);
                self.at_key(entry.key, |walk| walk.one(Found::value(entry), true, inner));
            }
        }
    }

    fn field(
        &mut self,
        before: Found<'a>,
        after: Found<'a>,
        key: &str,
        around: Place,
        place: Place,
    ) {
        let is_version = key == "apiVersion" && matches!(around.part, Part::Object { .. });
        if !is_version || self.before.is != self.after.is {
            self.both(before, after, place);
        }
    }

    /// What stands on one side only.
    pub(super) fn one(&mut self, found: Found<'a>, is_before: bool, place: Place) {
        if self.is_full() {
            return;
        }
        let is_deep = self.is_shallow && !self.new.is_empty();
        if place.is_taken_apart() && found.node.is_map() && !is_deep {
            for entry in found
                .node
                .entries()
                .filter(|entry| !place.passes_over(entry.key))
            {
                let inner = place.enter(entry.key, found.node);
                let found = Found::value(entry);
                self.at_key(entry.key, |walk| walk.one(found, is_before, inner));
            }
            return;
        }
        match is_before {
            true => self.tell(Some(found), None, place),
            false => self.tell(None, Some(found), place),
        }
    }

    /// Tells one change.
    pub(super) fn tell(
        &mut self,
        before: Option<Found<'a>>,
        after: Option<Found<'a>>,
        place: Place,
    ) {
        // a mesh reads the document that one of the two holds
        let mut held = [before, after].into_iter().flatten();
        let of_mesh = place.of_mesh || held.any(|found| shown::attached(found.node).is_some());
        let side = |found: Found<'a>, object: &Object<'a>, way: &str| Side {
            at: Written {
                file: object.file.clone(),
                document: object.document.number(),
                pointer: object.inside.append(way),
            },
            line: line(found, object),
            value: match self.is_shallow {
                true => serde_json::Value::Null,
                false => shown::value(found.node, place),
            },
        };
        let change = FieldChange {
            resource: self.resource.clone(),
            field: match after {
                Some(_) => self.new.clone(),
                None => self.old.clone(),
            },
            before: before.map(|found| side(found, self.before, &self.old)),
            after: after.map(|found| side(found, self.after, &self.new)),
            of_mesh,
        };
        let values = [&change.before, &change.after].into_iter().flatten();
        let size: usize = values.map(|side| shown::size(&side.value)).sum();
        self.told += size + 2 * (self.old.len() + self.new.len()) + 64;
        self.changes.push(change);
    }

    /// Goes on at a field.
    fn at_key(&mut self, key: &str, go: impl FnOnce(&mut Self)) {
        self.at(key, key, go);
    }

    /// Goes on at an item, which may have another number than before.
    pub(super) fn at_items(&mut self, old: usize, new: usize, go: impl FnOnce(&mut Self)) {
        self.at(&old.to_string(), &new.to_string(), go);
    }

    fn at(&mut self, old: &str, new: &str, go: impl FnOnce(&mut Self)) {
        let lengths = (self.old.len(), self.new.len());
        step(&mut self.old, old);
        step(&mut self.new, new);
        go(self);
        self.old.truncate(lengths.0);
        self.new.truncate(lengths.1);
    }
}

/// One step of a pointer.
fn step(way: &mut String, step: &str) {
    way.push('/');
    for c in step.chars() {
        match c {
            '~' => way.push_str("~0"),
            '/' => way.push_str("~1"),
            c => way.push(c),
        }
    }
}

/// Whether two scalars are the same to the API server: `1` and `1.0` are.
pub(super) fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one, other) {
        (Value::Int(whole), Value::Float(float)) | (Value::Float(float), Value::Int(whole)) => {
            whole as f64 == float
        }
        (Value::Map, _) | (Value::List, _) => false,
        (one, other) => one == other,
    }
}

/// A pair that is worth remembering: at least one of the two is used in several places.
fn used_often(before: Node<'_>, after: Node<'_>, place: Place) -> Option<(Known, Known)> {
    let is_alias = |node: Node<'_>| node.target() != node.id();
    let known = |node: Node<'_>| -> Known { (node.document(), node.target()) };
    let is_plain = place.part == Part::Inside;
    (is_plain && (is_alias(before) || is_alias(after))).then(|| (known(before), known(after)))
}

/// The line to show: that of the value, unless it has several, or none, or is made of values in lines
/// below its key; then that of the key.
fn line(found: Found<'_>, object: &Object<'_>) -> u32 {
    let span = found.node.span();
    let first = object.source.line_at(span.start);
    let Some(key) = found.key.map(|key| object.source.line_at(key.start)) else {
        return first;
    };
    let is_below = first != key && (found.node.is_map() || found.node.is_list());
    match span.start == span.end || object.source.line_at(span.end) != first || is_below {
        true => key,
        false => first,
    }
}

/// The entries of a mapping by key.
struct Fields<'a> {
    node: Node<'a>,
    many: Option<HashMap<&'a str, Entry<'a>>>,
}

impl<'a> Fields<'a> {
    fn of(node: Node<'a>) -> Self {
        let many = node.entries().len() > FEW;
        let many = many.then(|| node.entries().map(|entry| (entry.key, entry)).collect());
        Self { node, many }
    }

    fn get(&self, key: &str) -> Option<Entry<'a>> {
        match &self.many {
            Some(many) => many.get(key).copied(),
            None => self.node.entry(key),
        }
    }
}
