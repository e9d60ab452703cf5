//! What stands in a file for a value, as kustomize compares and joins texts.

use std::borrow::Cow;

use crate::syntax::{Kind, Tree};

/// The text of a scalar as it stands in its file; of anything else, and of a null that is left empty,
/// none.
pub fn text(tree: &Tree) -> Cow<'_, str> {
    match &tree.kind {
        Kind::Null if length(tree) == 0 => Cow::Borrowed(""),
        Kind::Null if length(tree) == 1 => Cow::Borrowed("~"),
        kind => word(kind),
    }
}

/// The text of a scalar; of anything else, none.
pub fn word(kind: &Kind) -> Cow<'_, str> {
    match kind {
        Kind::Null => Cow::Borrowed("null"),
        Kind::Bool(value) => Cow::Owned(value.to_string()),
        Kind::Int(value) => Cow::Owned(value.to_string()),
        Kind::UInt(value) => Cow::Owned(value.to_string()),
        Kind::Float(value) => Cow::Owned(value.to_string()),
        Kind::Text(text) => Cow::Borrowed(text),
        Kind::List(_) | Kind::Map(_) => Cow::Borrowed(""),
    }
}

/// How many bytes of its file a value takes.
fn length(tree: &Tree) -> usize {
    let span = tree.place.span;
    span.end.saturating_sub(span.start) as usize
}

/// Whether a text surely stands between quotes or in a block: it is longer there than it is, or it
/// would be something else without them.
pub fn is_quoted(tree: &Tree) -> bool {
    match &tree.kind {
        Kind::Text(text) => length(tree) != text.len() || is_other_when_plain(text),
        _ => false,
    }
}

/// Whether a text would be something else than a text without quotes around it.
pub fn is_other_when_plain(text: &str) -> bool {
    // kustomize reads `yes` and `on` as texts
    const WORDS: [&str; 5] = ["true", "false", "null", "~", ""];
    let is_word = || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    text.parse::<f64>().is_ok() || is_word()
}

/// The text of a scalar, if it surely is the one that stands in its file; of anything else, none.
pub fn copied(tree: &Tree) -> Option<String> {
    let text = text(tree);
    let is_exact = match &tree.kind {
        Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::UInt(_) | Kind::Float(_) => {
            length(tree) == text.len()
        }
        Kind::Text(_) | Kind::List(_) | Kind::Map(_) => true,
    };
    is_exact.then(|| text.into_owned())
}

/// What a text is without quotes around it; nothing where readers differ.
pub fn plain(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" => return Some(Kind::Null),
        "true" => return Some(Kind::Bool(true)),
        "false" => return Some(Kind::Bool(false)),
        _ => {}
    }
    let number = text
        .parse::<i64>()
        .ok()
        .filter(|number| number.to_string() == text);
    match number {
        Some(number) => Some(Kind::Int(number)),
        None if is_other_when_plain(text) => None,
        // other bases, and digits with underscores between them
        None if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
            let is_plain = !text.contains('_') && !text.starts_with("0");
            is_plain.then(|| Kind::Text(text.to_owned()))
        }
        None => Some(Kind::Text(text.to_owned())),
    }
}
