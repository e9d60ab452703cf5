//! What of a value is shown.

use serde_json::{Map, Value as Json};

use super::object::Object;
use super::place::{Hidden, Part, Place};
use super::secret::{holds_secret, is_flag};
use crate::syntax::{Document, Node, Value};

/// What is longer is not shown.
const LONGEST: usize = 64 * 1024;

/// The body of an object that a mesh defines; null for any other.
pub(super) fn whole(object: &Object<'_>) -> Json {
    if !object.is_of_mesh() {
        return Json::Null;
    }
    let place = Place::of(object);
    let mut left = LONGEST;
    let is_body = |key: &str| {
        object.is.is_none() || !matches!(key, "apiVersion" | "kind" | "metadata" | "status")
    };
    let body = mapping(object.node, place, is_body, &mut left);
    body.unwrap_or(Json::Null)
}

/// What stands at a place; null for what is not to be shown.
pub(super) fn value(node: Node<'_>, place: Place) -> Json {
    let mut left = LONGEST;
    match place.in_secret {
        true => Json::Null,
        false => json(node, place, &mut left).unwrap_or(Json::Null),
    }
}

/// Nothing if it is too long.
fn json(node: Node<'_>, place: Place, left: &mut usize) -> Option<Json> {
    if let Some(document) = node.document().attached(node.id()) {
        return json(document.root(), place.attached(), left);
    }
    if place.hidden == Hidden::Everything {
        return Some(Json::Null);
    }
    let cost = match node.value() {
        Value::Text(text) => text.len() + 8,
        _ => 8,
    };
    *left = left.checked_sub(cost)?;
    Some(match node.value() {
        Value::List => {
            let items = node.items().map(|item| json(item, place, left));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Map => mapping(node, place, |_| true, left)?,
        Value::Null => Json::Null,
        Value::Bool(value) => value.into(),
        _ if place.hidden == Hidden::Secrets => Json::Null,
        _ if place.part == Part::Variables => Json::Null,
        value if place.part == Part::Arguments && !is_flag(value) => Json::Null,
        value if holds_secret(value) => Json::Null,
        Value::Int(value) => value.into(),
        Value::UInt(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(text) => text.into(),
    })
}

fn mapping(
    node: Node<'_>,
    place: Place,
    is_wanted: impl Fn(&str) -> bool,
    left: &mut usize,
) -> Option<Json> {
    let mut map = Map::new();
    for entry in node.entries() {
        if is_wanted(entry.key) && !place.passes_over(entry.key) {
            *left = left.checked_sub(entry.key.len())?;
            let value = json(entry.value, place.enter(entry.key, node), left)?;
            map.insert(entry.key.to_owned(), value);
        }
    }
    Some(Json::Object(map))
}

/// The document that a text holds, if it holds one.
pub(super) fn attached<'a>(node: Node<'a>) -> Option<Node<'a>> {
    node.document().attached(node.id()).map(Document::root)
}

/// About how many bytes a value takes.
pub(super) fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len() + 32,
        Json::Array(items) => 32 + items.iter().map(size).sum::<usize>(),
        Json::Object(map) => map
            .iter()
            .map(|(key, value)| 64 + key.len() + size(value))
            .sum(),
        _ => 32,
    }
}
