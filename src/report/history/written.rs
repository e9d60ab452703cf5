//! What somebody wrote, in one line for people.

use serde_json::Value;

use super::moved_from;
use super::phrase::Line;
use crate::change::{Change, Direction, FieldChange, Side};
use crate::finding::ResourceRef;

/// How much of a value is shown.
const VALUE: usize = 60;

/// How much of what two values have in common is shown before they differ.
const COMMON: usize = 12;

/// Whether less is defended, in a word.
pub(super) fn direction(of: Direction) -> &'static str {
    match of {
        Direction::Weaker => "weaker",
        Direction::Stronger => "stronger",
        Direction::Neutral => "neutral",
    }
}

/// Place, object, field and values.
pub(super) fn tell(change: &Change, verbose: bool) -> Line {
    let field = &change.field;
    let mut line = Line::default();
    if let Some(side) = field.after.as_ref().or(field.before.as_ref()) {
        line = line.theirs(place(side)).ours("  ");
    }
    if let Some(resource) = &field.resource {
        let gap = if field.field.is_empty() { "  " } else { " " };
        line = line.theirs(object(resource)).ours(gap);
    }
    if !field.field.is_empty() {
        line = line.theirs(pointer(&field.field)).ours("  ");
    }
    line.then(values(field, verbose))
}

/// A JSON pointer as it is written: `/metadata/annotations/sidecar.istio.io/inject`.
fn pointer(field: &str) -> String {
    field.replace("~1", "/").replace("~0", "~")
}

/// `deploy/payments.yaml:8`.
fn place(side: &Side) -> String {
    format!("{}:{}", side.at.file, side.line)
}

/// `PeerAuthentication payments/default`.
fn object(resource: &ResourceRef) -> String {
    match &resource.namespace {
        Some(namespace) => format!("{} {namespace}/{}", resource.kind, resource.name),
        None => format!("{} {}", resource.kind, resource.name),
    }
}

fn values(field: &FieldChange, verbose: bool) -> Line {
    let most = if verbose { usize::MAX } else { VALUE };
    let line = Line::default();
    let whole = field.field.is_empty();
    match (&field.before, &field.after) {
        _ if moved_from(field).is_some() => {
            let from = moved_from(field).map(place).unwrap_or_default();
            line.ours("moved from ").theirs(from)
        }
        (Some(before), Some(after)) => match (&before.value, &after.value) {
            (Value::Null, Value::Null) => line.ours("changed"),
            (before, after) => {
                let (before, after) = (shown(before), shown(after));
                let skip = alike(&before, &after, most);
                line.theirs(cut(&before, skip, most))
                    .ours(" → ")
                    .theirs(cut(&after, skip, most))
            }
        },
        (None, Some(side)) if whole || side.value.is_null() => line.ours("added"),
        (None, Some(side)) => line
            .ours("added: ")
            .theirs(cut(&shown(&side.value), 0, most)),
        (Some(side), None) if whole || side.value.is_null() => line.ours("removed"),
        (Some(side), None) => line
            .ours("removed: ")
            .theirs(cut(&shown(&side.value), 0, most)),
        (None, None) => line,
    }
}

/// A value as a person would write it: texts without quotes, unless they would look like something
/// else.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let odd = text.trim() != text || text.is_empty();
            match odd || serde_json::from_str::<Value>(text).is_ok() {
                true => value.to_string(),
                false => text.clone(),
            }
        }
        other => other.to_string(),
    }
}

/// How many characters of two long values are left out, because both begin with them.
fn alike(a: &str, b: &str, most: usize) -> usize {
    if a.chars().count() <= most && b.chars().count() <= most {
        return 0;
    }
    let common = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    common.count().saturating_sub(COMMON)
}

/// At most so many characters of a text, after the first `skip`.
fn cut(text: &str, skip: usize, most: usize) -> String {
    let mut rest = text.chars().skip(skip);
    let before = if skip > 0 { "…" } else { "" };
    let shown: String = rest.by_ref().take(most).collect();
    let after = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{deleted, moved, permissive, side};
    use super::*;

    fn told(change: &Change) -> String {
        tell(change, false).plain()
    }

    fn between(before: Option<Value>, after: Option<Value>) -> String {
        let mut change = permissive();
        change.field.before = before.map(|value| side("a.yaml", 1, value));
        change.field.after = after.map(|value| side("a.yaml", 2, value));
        let line = told(&change);
        let values = line.split("/spec/mtls/mode  ").nth(1);
        values.unwrap_or_default().to_owned()
    }

    #[test]
    fn a_line_says_where_and_what() {
        assert_eq!(
            told(&permissive()),
            "deploy/payments.yaml:8  PeerAuthentication payments/default /spec/mtls/mode  STRICT → PERMISSIVE"
        );
        assert_eq!(
            told(&deleted()),
            "deploy/log.yaml:1  Telemetry mesh  removed"
        );
        assert_eq!(
            told(&moved()),
            "new.yaml:5  PeerAuthentication payments/default  moved from old.yaml:3"
        );
    }

    #[test]
    fn keys_stand_as_they_are_written() {
        let mut change = permissive();
        change.field.field = "/metadata/annotations/a.b~1c~01".into();
        assert!(told(&change).contains(" /metadata/annotations/a.b/c~1  "));
    }

    #[test]
    fn values_are_told_apart() {
        assert_eq!(between(None, Some(json!("STRICT"))), "added: STRICT");
        assert_eq!(
            between(Some(json!({"a": [1]})), None),
            r#"removed: {"a":[1]}"#
        );
        assert_eq!(
            between(Some(json!("true")), Some(json!(true))),
            r#""true" → true"#
        );
        assert_eq!(between(Some(json!("")), Some(json!(" a"))), r#""" → " a""#);
        assert_eq!(between(Some(json!("a")), Some(json!(null))), "a → null");
    }

    #[test]
    fn what_is_not_shown_is_not_called_null() {
        assert_eq!(between(Some(Value::Null), Some(Value::Null)), "changed");
        assert_eq!(between(None, Some(Value::Null)), "added");
        assert_eq!(between(Some(Value::Null), None), "removed");
    }

    #[test]
    fn long_values_are_cut_to_what_differs() {
        let long = |end: &str| Some(json!(format!("{}{end}", "x".repeat(100))));
        assert_eq!(
            between(long("a"), long("b")),
            "…xxxxxxxxxxxxa → …xxxxxxxxxxxxb"
        );
        assert_eq!(
            between(None, long("")),
            format!("added: {}…", "x".repeat(60))
        );
    }
}
