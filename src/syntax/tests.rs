#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::model::{Place, Pointer, Problem, ProblemKind};
use crate::text::{FileId, SourceFile, Span};

fn read(text: &str) -> (Vec<Document>, Vec<Problem>, SourceFile) {
    let source = SourceFile::new("a.yaml", text);
    let (documents, problems) = parse(FileId(0), &source);
    (documents, problems, source)
}

fn one(text: &str) -> (Document, SourceFile) {
    let (mut documents, problems, source) = read(text);
    assert_eq!(problems, [], "{text}");
    assert_eq!(documents.len(), 1, "{text}");
    (documents.remove(0), source)
}

fn slice(source: &SourceFile, span: Span) -> &str {
    source
        .text()
        .get(span.start as usize..span.end as usize)
        .expect("spans lie on character boundaries inside the file")
}

/// The text under the value at a pointer.
fn written<'s>(document: &Document, source: &'s SourceFile, pointer: &str) -> &'s str {
    let located = locate(document, &Pointer::new(pointer));
    assert!(located.exact, "{pointer} is not there");
    slice(source, located.span)
}

fn json(node: Node<'_>) -> serde_json::Value {
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

fn value(text: &str) -> serde_json::Value {
    json(one(text).0.root())
}

/// The single problem of a text, with the text under it.
fn refused(text: &str) -> (ProblemKind, String, String) {
    let (documents, problems, source) = read(text);
    assert_eq!(documents.len(), 0, "{text}");
    let [problem] = problems.as_slice() else {
        panic!("one problem expected: {problems:?}");
    };
    let Place::Span(span) = problem.place else {
        panic!("a span expected: {problem:?}");
    };
    (
        problem.kind,
        problem.message.clone(),
        slice(&source, span).to_owned(),
    )
}

mod positions {
    use super::*;

    const MANIFEST: &str = "\
spec:
  ports:
  - 80
  # between
  - name: web   # the name
    port: 8080

  empty:
  list:
    - &x {a: 1}
    - [1, 2,
       3]
  text: |-  # why
    one

    two


  folded: >+
    x

  words: foo
    bar
  'quoted': \"v\"
# after
";

    #[test]
    fn values_are_exactly_what_is_written() {
        let (document, source) = one(MANIFEST);
        for (pointer, text) in [
            (
                "/spec/ports",
                "- 80\n  # between\n  - name: web   # the name\n    port: 8080",
            ),
            ("/spec/ports/1", "name: web   # the name\n    port: 8080"),
            ("/spec/ports/1/name", "web"),
            ("/spec/empty", ""),
            ("/spec/list/0", "{a: 1}"),
            ("/spec/list/1", "[1, 2,\n       3]"),
            ("/spec/text", "|-  # why\n    one\n\n    two"),
            ("/spec/folded", ">+\n    x\n"),
            ("/spec/words", "foo\n    bar"),
            ("/spec/quoted", "\"v\""),
        ] {
            assert_eq!(written(&document, &source, pointer), text, "{pointer}");
        }
        assert!(slice(&source, document.span()).ends_with("\"v\""));
    }

    #[test]
    fn lists_begin_at_their_dash() {
        for text in [
            "a:\n- 1\n",
            "a: # c - d\n# - x\n- 1\n",
            "a: &l !!seq\n- 1\n",
            "? a\n: - 1\n",
            "a:\n  - 1\n",
        ] {
            let (document, source) = one(text);
            assert_eq!(written(&document, &source, "/a"), "- 1", "{text}");
        }
        let (document, source) = one("a:\n- - -1\n");
        assert_eq!(written(&document, &source, "/a"), "- - -1");
        assert_eq!(written(&document, &source, "/a/0"), "- -1");
        assert_eq!(written(&document, &source, "/a/0/0"), "-1");
    }
}

mod values {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_mean_what_kubectl_makes_of_them() {
        assert_eq!(
            value(
                "[on, 'on', 0644, 08, 1_000, 2024-01-02, 1:30, ~, \"\", !!str 12, !!float 1, !mine 7, 1e3]"
            ),
            json!([
                true,
                "on",
                420,
                8.0,
                1000,
                "2024-01-02",
                "1:30",
                null,
                "",
                "12",
                1.0,
                "7",
                1000.0
            ])
        );
    }

    #[test]
    fn keys_become_text() {
        assert_eq!(
            value("on: 2\n1: 3\n1.50: 4\n'x': 5\n0x10: 6\n"),
            json!({"true": 2, "1": 3, "1.5": 4, "x": 5, "16": 6})
        );
    }
}
