//! What kustomize reads otherwise than Kubernetes does: words that are truth values to that stay texts
//! (it writes `"yes"` for `yes`), and lines of folded texts move apart.

use crate::render::files::Files;
use crate::syntax::{Field, Kind, Node, Tree, Value};
use crate::text::Span;

const WORDS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
    "OFF",
];

/// The word that is written at a place, if it is one.
fn word<'a>(span: Span, files: &Files<'a>) -> Option<&'a str> {
    let written = files.slice(span);
    WORDS.contains(&written).then_some(written)
}

/// A text that is written folded, if kustomize adds empty lines to it: it does so between a line and
/// one that is indented.
fn unfolded(text: &str, span: Span, files: &Files<'_>) -> Option<String> {
    if !text.contains("\n ") || !files.slice(span).starts_with('>') {
        return None;
    }
    // what ends in a blank is written in quotes, which add nothing
    if text.contains(" \n") || text.ends_with(' ') {
        return None;
    }
    let mut all = String::with_capacity(text.len() + 8);
    let mut is_plain = false;
    for line in text.split_inclusive('\n') {
        let is_indented = line.starts_with(' ');
        if is_indented && is_plain {
            all.push('\n');
        }
        if line != "\n" {
            is_plain = !is_indented;
        }
        all.push_str(line);
    }
    (all != text).then_some(all)
}

/// Whether there is such a word or text in a document.
pub(super) fn has_words(node: Node<'_>, files: &Files<'_>) -> bool {
    match node.value() {
        Value::Bool(_) => word(node.span(), files).is_some(),
        Value::Text(text) => unfolded(text, node.span(), files).is_some(),
        Value::List => node.items().any(|item| has_words(item, files)),
        Value::Map => node.entries().any(|entry| {
            let is_key = matches!(entry.key, "true" | "false");
            (is_key && word(entry.key_span, files).is_some()) || has_words(entry.value, files)
        }),
        _ => false,
    }
}

/// A document as kustomize reads it.
pub(super) fn tree(node: Node<'_>, files: &Files<'_>) -> Tree {
    let mut tree = Tree::from(node);
    settle(&mut tree, files);
    tree
}

fn settle(tree: &mut Tree, files: &Files<'_>) {
    match &mut tree.kind {
        Kind::Bool(_) => {
            if let Some(word) = word(tree.place.span, files) {
                tree.kind = Kind::Text(word.to_owned());
            }
        }
        Kind::Text(text) => {
            if let Some(other) = unfolded(text, tree.place.span, files) {
                *text = other;
            }
        }
        Kind::List(items) => items.iter_mut().for_each(|item| settle(item, files)),
        Kind::Map(fields) => {
            for Field {
                key,
                key_span,
                value,
            } in fields
            {
                if matches!(key.as_str(), "true" | "false")
                    && let Some(word) = word(*key_span, files)
                {
                    word.clone_into(key);
                }
                settle(value, files);
            }
        }
        _ => {}
    }
}
