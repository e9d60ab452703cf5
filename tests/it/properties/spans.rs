use meshvet::model::{Place, Pointer};
use meshvet::syntax::{Document, Node, Value, embedded, locate, parse};
use meshvet::text::{FileId, SourceFile, Span};
use proptest::prelude::*;
use serde::Deserialize;

use super::pen::{style, tree, write};

pub(super) fn json(node: Node<'_>) -> serde_json::Value {
    match node.value() {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::UInt(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::List => node.items().map(json).collect(),
        Value::Map => node
            .entries()
            .map(|entry| (entry.key.to_owned(), json(entry.value)))
            .collect(),
    }
}

fn read(text: &str) -> (Vec<Document>, SourceFile) {
    let source = SourceFile::new("a.yaml", text);
    (parse(FileId(0), &source).0, source)
}

pub(super) fn slice(source: &SourceFile, span: Span) -> &str {
    source
        .text()
        .get(span.start as usize..span.end as usize)
        .expect("a span on character boundaries inside the file")
}

/// Calls `visit` with each node and its address.
pub(super) fn walk<'a>(node: Node<'a>, at: &Pointer, visit: &mut impl FnMut(Node<'a>, &Pointer)) {
    visit(node, at);
    for (index, item) in node.items().enumerate() {
        walk(item, &at.join(index), visit);
    }
    for entry in node.entries() {
        walk(entry.value, &at.join(entry.key), visit);
    }
}

/// A value by itself is what is written under its span.
fn stands_for_itself(node: Node<'_>, source: &SourceFile) {
    let written = slice(source, node.span());
    if written.starts_with('*') {
        return;
    }
    // without its indentation a nested block would not be the same text
    if (node.is_map() || node.is_list()) && !written.starts_with(['[', '{']) {
        return;
    }
    // a block scalar ends with its last character, and its file with a line break
    let alone = if written.starts_with(['|', '>']) {
        format!("x:  {written}\n")
    } else {
        format!("x: {written}")
    };
    let (documents, _) = read(&alone);
    let value = documents
        .first()
        .map(|document| document.root().get("x").map(json));
    if written.starts_with("|2") {
        return;
    }
    assert_eq!(value, Some(Some(json(node))), "{written:?}");
}

pub(super) fn all_spans_are_sound(source: &SourceFile) {
    let (documents, problems) = parse(FileId(0), source);
    for problem in problems {
        if let Place::Span(span) = problem.place {
            assert!(!slice(source, span).contains('\n'));
        }
    }
    for document in &documents {
        for comment in document.comments() {
            let written = slice(source, comment.span(FileId(0)));
            let is_hcl = source.name().ends_with(".hcl");
            assert!(written.starts_with('#') || (is_hcl && written.starts_with("//")));
            assert!(!written.contains('\n'));
        }
        let mut count = 0;
        walk(document.root(), &Pointer::root(), &mut |node, at| {
            count += 1;
            if count > 2000 {
                return;
            }
            slice(source, node.span());
            let located = locate(document, at);
            assert!(located.exact, "{at}");
            assert!(!slice(source, located.anchor()).contains('\n'));
            if let Some(key) = located.key {
                slice(source, key);
            }
            if let Ok(inner) = embedded(source, node) {
                walk(inner.root(), &Pointer::root(), &mut |node, _| {
                    slice(source, node.span());
                });
                assert!(
                    inner
                        .comments()
                        .iter()
                        .all(|comment| slice(source, comment.span(FileId(0))).len() < 1000)
                );
            }
        });
    }
}

/// Changes a text in a few places.
pub(super) fn spoil(text: &str, changes: &[(prop::sample::Index, u8, char)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (place, kind, with) in changes {
        let at = place.index(chars.len() + 1);
        match kind % 4 {
            0 => chars.truncate(at),
            1 if at < chars.len() => {
                chars.remove(at);
            }
            2 if at < chars.len() => chars[at] = *with,
            _ => chars.insert(at, *with),
        }
    }
    chars.into_iter().collect()
}

pub(super) fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, char)>> {
    let with = prop::sample::select(
        "-:?|>[]{},&*!'\"#%@`\\ \t\n\r~<y0é\u{feff}\u{0}😀"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), with), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn spans_cover_exactly_what_makes_the_value(tree in tree(), style in style()) {
        let (text, expected) = write(&tree, &style);
        let (documents, source) = read(&text);
        prop_assert_eq!(documents.len(), 1, "{}", text);
        prop_assert_eq!(json(documents[0].root()), expected, "{}", text);
        walk(documents[0].root(), &Pointer::root(), &mut |node, _| stands_for_itself(node, &source));
        all_spans_are_sound(&source);
    }

    #[test]
    fn values_are_those_of_serde_yaml(tree in tree(), style in style()) {
        let (text, _) = write(&tree, &style);
        let (documents, _) = read(&text);
        let text = text.trim_start_matches('\u{feff}');
        let other = serde_yaml::Deserializer::from_str(text).next().expect("a document");
        let other = serde_json::Value::deserialize(other).expect("YAML that serde_yaml takes");
        prop_assert_eq!(json(documents[0].root()), other, "{}", text);
    }

    #[test]
    fn spoilt_text_gives_sound_spans_and_no_panic(tree in tree(), style in style(), changes in changes()) {
        let (text, _) = write(&tree, &style);
        all_spans_are_sound(&SourceFile::new("a.yaml", spoil(&text, &changes)));
    }

    #[test]
    fn any_text_gives_sound_spans_and_no_panic(text in "[-a:?|>\\[\\]{},&*!'\"# \n\ré0~<%.]{0,40}") {
        all_spans_are_sound(&SourceFile::new("a.yaml", text));
    }
}
