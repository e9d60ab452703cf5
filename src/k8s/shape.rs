//! What is an object, and what holds several.

use crate::syntax::Node;

/// What stands where an object may stand.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// No object.
    Other,
    /// Several objects, and the apiVersion and kind of those that do not say.
    List {
        /// The list.
        items: Node<'a>,
        /// What it gives its items.
        of: Option<(&'a str, &'a str)>,
    },
    /// An object.
    Object {
        /// Its group and version.
        api_version: &'a str,
        /// Its kind.
        kind: &'a str,
    },
}

/// Tells objects and lists of objects from what is neither; `of` is what a list around it gives items
/// that do not say what they are.
pub fn shape<'a>(node: Node<'a>, of: Option<(&'a str, &'a str)>) -> Shape<'a> {
    let text = |key| node.get(key).and_then(|n: Node<'_>| n.as_str());
    let (Some(api_version), Some(kind)) = (
        text("apiVersion").or(of.map(|o| o.0)),
        text("kind").or(of.map(|o| o.1)),
    ) else {
        return Shape::Other;
    };
    let item_kind = kind.strip_suffix("List");
    match item_kind.and_then(|item_kind| Some((item_kind, node.get("items")?))) {
        Some((item_kind, items)) => Shape::List {
            items,
            of: (!item_kind.is_empty()).then_some((api_version, item_kind)),
        },
        None => Shape::Object { api_version, kind },
    }
}
