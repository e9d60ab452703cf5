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
    assert_eq!(problems, [], "{text:.300}");
    assert_eq!(documents.len(), 1, "{text:.300}");
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
    assert_eq!(documents.len(), 0, "{text:.300}");
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
        assert_eq!(
            value("[!!binary aGk=, !!int \"3\", !!null '']"),
            json!(["hi", 3, null])
        );
    }

    #[test]
    fn keys_become_text() {
        assert_eq!(
            value("on: 2\n1: 3\n1.50: 4\n'x': 5\n0x10: 6\n"),
            json!({"true": 2, "1": 3, "1.5": 4, "x": 5, "16": 6})
        );
        assert_eq!(
            value("a: &k x\n*k : 1\n? &l z\n: *l\n"),
            json!({"a": "x", "x": 1, "z": "z"})
        );
    }

    #[test]
    fn block_scalars_end_as_their_file_does() {
        for (text, expected) in [
            ("a: |\n  x\n", "x\n"),
            ("a: |\n  x", "x"),
            ("a: >\n  x\n  y", "x y"),
            ("a: |\n  x\n ", "x\n"),
            ("a: |\n  x\n   ", "x\n "),
            ("a: |+\n  x\n\n", "x\n\n"),
            ("a: |+\n  ", ""),
            ("a: |-\n  x\n", "x"),
            ("a: |\r\n  x\r\n  y\r\n", "x\ny\n"),
        ] {
            assert_eq!(value(text), json!({"a": expected}), "{text:?}");
        }
    }

    #[test]
    fn a_colon_before_a_bracket_belongs_to_its_text() {
        let (document, source) = one("a: [1.2.3.4, 001:db8::]\nb: {fe80:: , c:}\n");
        assert_eq!(
            json(document.root()),
            json!({"a": ["1.2.3.4", "001:db8::"], "b": {"fe80:": null, "c:": null}})
        );
        assert_eq!(written(&document, &source, "/a/1"), "001:db8::");
        assert_eq!(
            value("[a: , b: c, {\"d\":}]"),
            json!([{"a": null}, {"b": "c"}, {"d": null}])
        );
    }

    #[test]
    fn json_is_read_the_same_way() {
        assert_eq!(
            value("{\"a\":[1,2.5,true,null],\n\t\"b\\/\":\"\\u00e9\\ud83d\\ude00\"}"),
            json!({"a": [1, 2.5, true, null], "b/": "é😀"})
        );
    }

    #[test]
    fn merged_mappings_come_in_as_kubectl_takes_them() {
        let (document, source) = one("x: &x {a: 1, b: 1}\nw: {<<: *x, b: 2}\nz: {a: 0, <<: *x}\n");
        assert_eq!(
            json(document.root()),
            json!({"x": {"a": 1, "b": 1}, "w": {"a": 1, "b": 2}, "z": {"a": 1, "b": 1}})
        );
        let located = locate(&document, &Pointer::new("/w/a"));
        assert_eq!(
            source.text().find("a: 1"),
            located.key.map(|key| key.start as usize)
        );

        let list = value("x: &x {a: 1}\nw: {<<: [*x, {a: 2, b: 2}], '<<': 3}\n");
        assert_eq!(list["w"], json!({"a": 1, "b": 2, "<<": 3}));
    }

    #[test]
    fn what_cannot_be_merged_is_an_error() {
        for text in ["a: {<<: 1}\n", "a: {<<: [1]}\n", "a: {<<: }\n"] {
            let (kind, message, line) = refused(text);
            assert_eq!(kind, ProblemKind::UnreadableManifest);
            assert!(message.contains("<<"), "{message}");
            assert_eq!(line, text.trim());
        }
    }
}

mod files {
    use super::*;

    #[test]
    fn one_broken_document_leaves_the_others() {
        let (documents, problems, source) = read("a: 1\n---\nb: [\n---\n# nothing\n---\nc: 3\n");
        let numbers: Vec<usize> = documents.iter().map(Document::number).collect();
        assert_eq!(numbers, [0, 2]);
        assert_eq!(written(&documents[1], &source, "/c"), "3");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::UnreadableManifest);
    }

    #[test]
    fn errors_point_at_their_line() {
        let (_, message, line) = refused("# top\na: 1\n  b: 2\n");
        assert_eq!(line, "b: 2");
        assert!(
            message.contains("mapping values are not allowed"),
            "{message}"
        );
        let (_, message, line) = refused("a:\n\t- b\n");
        assert_eq!(line, "- b");
        assert!(message.contains("indent with spaces"), "{message}");
    }

    #[test]
    fn broken_templates_are_told_apart_and_named_once() {
        let text = "a: 1\n---\n{{- if .x }}\nb: {{ .y }}\n---\nc: {{ .z }}\n";
        let (documents, problems, _) = read(text);
        assert_eq!(documents.len(), 1);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::UnrenderedTemplate);
        assert!(
            problems[0].message.contains("render"),
            "{}",
            problems[0].message
        );
        let (kind, _, line) = refused("a: {{ .x }}\n");
        assert_eq!(
            (kind, line.as_str()),
            (ProblemKind::UnrenderedTemplate, "a: {{ .x }}")
        );
    }

    #[test]
    fn what_the_api_server_cannot_take_is_refused() {
        for text in [
            "a: .inf\n",
            "? [a]\n: 1\n",
            "{a: 1}: 1\n",
            "~: 1\n",
            "12345678901234567890: 1\n",
            "a: !!int x\n",
            "a: !!binary '?'\n",
            "a: *gone\n",
            "a: &a [*a]\n",
        ] {
            assert_eq!(refused(text).0, ProblemKind::UnreadableManifest, "{text}");
        }
    }

    #[test]
    fn a_second_document_without_a_marker_is_reported() {
        for text in ["a: 1\n...\nb: 2\n", "--- {a: 1}\n--- {b: 2}\n"] {
            let (documents, problems, _) = read(text);
            assert_eq!(json(documents[0].root()), serde_json::json!({"a": 1}));
            assert_eq!(documents.len(), 1);
            assert!(
                problems[0].message.contains("second document"),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn byte_order_marks_and_line_breaks_of_windows_are_fine() {
        let (documents, problems, source) = read("\u{feff}a: ü\r\n---\r\n\u{feff}b: 2\r\n");
        assert_eq!(problems, []);
        assert_eq!(written(&documents[0], &source, "/a"), "ü");
        assert_eq!(written(&documents[1], &source, "/b"), "2");
    }

    #[test]
    fn keys_that_stand_twice_are_reported_and_the_last_counts() {
        let text = "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n";
        let (documents, problems, source) = read(text);
        assert_eq!(
            json(documents[0].root())["b"],
            serde_json::json!({"c": 3, "d": 2})
        );
        assert_eq!(problems[0].kind, ProblemKind::DuplicateKey);
        assert!(
            problems[0].message.contains("line 3"),
            "{}",
            problems[0].message
        );
        let Place::Span(span) = problems[0].place else {
            panic!()
        };
        assert_eq!(source.line_col(span.start).line, 5);

        let many: String = (0..40).map(|n| format!("k{}: {n}\n", n % 39)).collect();
        assert_eq!(read(&many).1.len(), 1);
    }

    #[test]
    fn comments_know_their_line() {
        let (document, _) = one("# top\na: 1 # deny\nb: \"# no\"\n  # own\n");
        let comments: Vec<_> = document
            .comments()
            .iter()
            .map(|comment| (comment.line, &*comment.text, comment.own_line))
            .collect();
        assert_eq!(
            comments,
            [(1, " top", true), (2, " deny", false), (4, " own", true)]
        );
        let (documents, ..) = read("a: 1\n---\n# of b\nb: 1\n");
        assert_eq!(documents[1].comments()[0].line, 3);
        assert!(documents[0].comments().is_empty());
    }

    #[test]
    fn thousands_of_comments_are_fine() {
        let text = format!("a:\n{}b: 1\n", "# x\n".repeat(5000));
        assert_eq!(one(&text).0.comments().len(), 5000);
    }
}

mod limits {
    use super::*;

    #[test]
    fn alias_bombs_are_refused() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for n in 1..9 {
            let before = vec![format!("*a{}", n - 1); 10].join(",");
            text.push_str(&format!("a{n}: &a{n} [{before}]\n"));
        }
        let (kind, message, _) = refused(&text);
        assert_eq!(kind, ProblemKind::UnreadableManifest);
        assert!(message.contains("aliases"), "{message}");
    }

    #[test]
    fn merge_bombs_are_refused() {
        let base: String = (0..3000).map(|n| format!("  k{n}: 1\n")).collect();
        let text = format!("b: &b\n{base}l:\n{}", "- <<: *b\n".repeat(1000));
        assert!(refused(&text).1.contains("aliases"));
    }

    #[test]
    fn depth_is_limited_through_aliases_too() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(200)).1, []);
        assert_eq!(refused(&nested(400)).0, ProblemKind::UnreadableManifest);
        let deep = format!(
            "a: &a {}\nb: {}*a{}\n",
            nested(150),
            "[".repeat(150),
            "]".repeat(150)
        );
        assert!(refused(&deep).1.contains("levels deep"));
        refused(&"[".repeat(400_000));
    }

    #[test]
    fn a_document_has_a_number_of_values_and_a_file_of_documents() {
        // 1,000 values for each alias, and some written out
        let text = |rest: usize| {
            let list = format!("[{}]", "1,".repeat(999));
            format!("[&a {list}, {}{}]", "*a,".repeat(1990), "1,".repeat(rest))
        };
        let base = 1 + 1000 + 1990 * 1001;
        let rest = MAX_EXPANDED_NODES as usize - base;
        assert_eq!(read(&text(rest)).1, []);
        assert!(refused(&text(rest + 1)).1.contains("values"));
        let (documents, problems, source) = read(&"a\n---\n".repeat(MAX_DOCUMENTS + 1));
        assert_eq!(documents.len(), MAX_DOCUMENTS);
        let Place::Span(span) = problems[0].place else {
            panic!()
        };
        assert_eq!(
            source.line_col(span.start).line as usize,
            MAX_DOCUMENTS * 2 + 1
        );
    }

    #[test]
    fn large_files_are_refused() {
        let (documents, problems, _) = read(&"a".repeat(MAX_FILE_BYTES + 1));
        assert_eq!((documents.len(), problems.len()), (0, 1));
    }
}

mod addresses {
    use super::*;

    fn anchor(text: &str, pointer: &str) -> (bool, String) {
        let (document, source) = one(text);
        let located = locate(&document, &Pointer::new(pointer));
        (located.exact, slice(&source, located.anchor()).to_owned())
    }

    #[test]
    fn a_missing_field_leads_to_what_is_around_it() {
        let text = "spec:\n  mtls:\n    mode: STRICT\n    a/b: 1\n";
        assert_eq!(anchor(text, "/spec/mtls/mode"), (true, "STRICT".into()));
        assert_eq!(anchor(text, "/spec/mtls/a~1b"), (true, "1".into()));
        assert_eq!(anchor(text, "/spec/mtls"), (true, "mtls".into()));
        assert_eq!(
            anchor(text, "/spec/mtls/other/deep"),
            (false, "mtls".into())
        );
        assert_eq!(anchor(text, "/nothing"), (false, "spec:".into()));
        assert_eq!(anchor(text, ""), (true, "spec:".into()));
    }

    #[test]
    fn an_anchor_never_takes_more_than_a_line() {
        let text = "a: {x: 1}\nb: [1,\r\n  2]\nc: |\n  x\n  y\nd:\n  - k: 1\r\n    l: 2\ne:\n";
        assert_eq!(anchor(text, "/a").1, "{x: 1}");
        assert_eq!(anchor(text, "/b").1, "b");
        assert_eq!(anchor(text, "/c").1, "c");
        assert_eq!(anchor(text, "/d/0").1, "k: 1");
        assert_eq!(anchor(text, "/d/5").1, "d");
        assert_eq!(anchor(text, "/d/x").1, "d");
        assert_eq!(anchor(text, "/e").1, "e");
    }

    #[test]
    fn an_alias_is_where_it_is_used_and_its_content_where_it_is_written() {
        let text = "a: &a\n  k: v\nb: *a\n";
        let (document, source) = one(text);
        assert_eq!(written(&document, &source, "/b"), "*a");
        assert_eq!(written(&document, &source, "/b/k"), "v");
        assert_eq!(
            document.root().path(&["b", "k"]).unwrap().as_str(),
            Some("v")
        );
    }
}

mod inside {
    use super::*;

    fn config_map(mesh: &str) -> (Document, SourceFile) {
        let (mut document, source) = one(&format!("kind: ConfigMap\ndata:\n{mesh}"));
        let node = document.root().path(&["data", "mesh"]).unwrap();
        let id = node.id();
        let inner = embedded(&source, node).unwrap();
        document.attach(id, inner);
        (document, source)
    }

    #[test]
    fn literal_blocks_keep_exact_places() {
        for mesh in [
            "  mesh: |\n    # c\n    accessLogFile: ü\n\n    list:\n    - x\n",
            "  mesh: |-  # why\n\n    accessLogFile: ü\n    list: [x]",
            "  mesh: |+\n    accessLogFile: ü\n    list:\n      - x\n\n\n",
            "  mesh: |2\n    accessLogFile: ü\n    list: [x]\n",
            "  mesh: |\r\n    accessLogFile: ü\r\n    list: [x]\r\n",
            "  mesh: !!str |\n    {\"accessLogFile\": ü,\n     list: [x]}\n",
        ] {
            let (document, source) = config_map(mesh);
            assert_eq!(
                written(&document, &source, "/data/mesh/accessLogFile"),
                "ü",
                "{mesh}"
            );
            assert_eq!(
                written(&document, &source, "/data/mesh/list/0"),
                "x",
                "{mesh}"
            );
            let located = locate(&document, &Pointer::new("/data/mesh/list/0/none"));
            assert!(!located.exact);
            assert_eq!(slice(&source, located.anchor()), "x");
            let comments = document.attached(document.root().path(&["data", "mesh"]).unwrap().id());
            for comment in comments.unwrap().comments() {
                assert_eq!(
                    (slice(&source, comment.span(FileId(0))), comment.line),
                    ("# c", 4)
                );
            }
        }
    }

    #[test]
    fn text_on_one_line_keeps_exact_places_if_it_stands_there_as_it_is() {
        for mesh in [
            "  mesh: '{a: ü, b: 1}'\n",
            "  mesh: \"{a: ü, b: 1}\"\n",
            "  mesh: a:ü b\n",
        ] {
            let (document, source) = config_map(mesh);
            if document.root().path(&["data", "mesh"]).unwrap().as_str() != Some("a:ü b") {
                assert_eq!(written(&document, &source, "/data/mesh/a"), "ü", "{mesh}");
            }
        }
    }

    #[test]
    fn other_text_is_one_place() {
        for mesh in [
            "  mesh: \"{\\\"a\\\": 1}\"\n",
            "  mesh: \"a: 1\\nb: 2\"\n",
            "  mesh: >-\n    {a: 1,\n    b: 2}\n",
            "  mesh: '{a: 1,\n    b: 2}'\n",
        ] {
            let (document, source) = config_map(mesh);
            let whole = document.root().path(&["data", "mesh"]).unwrap().span();
            let located = locate(&document, &Pointer::new("/data/mesh/a"));
            assert!(located.exact);
            assert_eq!(located.span, whole, "{mesh}");
            assert!(!slice(&source, located.anchor()).contains('\n'));
        }
    }

    #[test]
    fn errors_inside_point_at_the_line_outside() {
        let (document, source) =
            one("data:\n  mesh: |\n    a: 1\n    b: [\n  empty: ''\n  number: 3\n");
        let data = document.root().get("data").unwrap();
        let problem = |key: &str| embedded(&source, data.get(key).unwrap()).unwrap_err();
        let Place::Span(span) = problem("mesh").place else {
            panic!()
        };
        assert_eq!(source.line_col(span.start).line, 4);
        assert_eq!(problem("mesh").kind, ProblemKind::UnreadableManifest);
        assert!(problem("empty").message.contains("empty"));
        assert!(problem("number").message.contains("not a text"));
    }

    #[test]
    fn double_keys_inside_are_told_with_lines_outside() {
        let (document, source) = config_map("  mesh: |\n    a: 1\n    a: 2\n");
        let inner = document
            .attached(document.root().path(&["data", "mesh"]).unwrap().id())
            .unwrap();
        let problems = inner.duplicate_keys(&source);
        assert!(problems[0].message.contains("line 4"), "{problems:?}");
        let Place::Span(span) = problems[0].place else {
            panic!()
        };
        assert_eq!(source.line_col(span.start).line, 5);
    }
}

mod structs {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum IntOrString<'a> {
        Int(u16),
        Text(&'a str),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "UPPERCASE")]
    enum Mode {
        Strict,
        Custom { a: u8 },
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", default)]
    struct Port<'a> {
        #[serde(borrow)]
        name: Option<&'a str>,
        port: u16,
        #[serde(borrow)]
        target_port: Option<IntOrString<'a>>,
        labels: BTreeMap<String, String>,
        ratio: Option<f64>,
        mode: Option<Mode>,
        inner: Vec<Port<'a>>,
    }

    fn error(text: &str) -> (String, String) {
        let (document, _) = one(text);
        let error = from_node::<Port<'_>>(document.root()).unwrap_err();
        (error.pointer.to_string(), error.message)
    }

    #[test]
    fn fields_are_read_and_null_is_absent() {
        let text = "name: web\nport: 80.0\ntargetPort: http\nlabels:\nratio: 1\nmode: STRICT\ninner:\n- targetPort: 8080\n-\n";
        let (document, _) = one(text);
        let port: Port<'_> = from_node(document.root()).unwrap();
        assert_eq!(
            (port.name, port.port, port.ratio),
            (Some("web"), 80, Some(1.0))
        );
        assert_eq!(port.target_port, Some(IntOrString::Text("http")));
        assert_eq!(port.mode, Some(Mode::Strict));
        assert_eq!(port.inner[0].target_port, Some(IntOrString::Int(8080)));
        assert_eq!(port.inner[1], Port::default());
        let (document, _) = one("mode: {CUSTOM: {a: 1}}");
        let port: Port<'_> = from_node(document.root()).unwrap();
        assert_eq!(port.mode, Some(Mode::Custom { a: 1 }));
    }

    #[test]
    fn types_are_strict_and_errors_have_an_address() {
        for (text, pointer) in [
            ("name: 1\n", "/name"),
            ("port: '80'\n", "/port"),
            ("port: 80.5\n", "/port"),
            ("port: 70000\n", "/port"),
            ("labels: {a/b: true}\n", "/labels/a~1b"),
            ("inner: [{}, {port: x}]\n", "/inner/1/port"),
            ("inner: {}\n", "/inner"),
            ("targetPort: [1]\n", "/targetPort"),
            ("- 1\n", ""),
        ] {
            assert_eq!(error(text).0, pointer, "{text}");
        }
        assert!(error("name: 1\n").1.contains("invalid type: integer `1`"));
    }

    #[test]
    fn fields_without_a_place_are_told() {
        let (document, _) = one("name: a\nnmae: b\ninner: [{x: {y: 1}}]\nlabels: {z: z}\n");
        let unknown = unknown_fields::<Port<'_>>(document.root());
        let unknown: Vec<&str> = unknown.iter().map(Pointer::as_str).collect();
        assert_eq!(unknown, ["/nmae", "/inner/0/x"]);
    }
}

#[test]
fn a_tree_keeps_what_a_document_says_and_where() {
    let text = "a:\n- &x\n  b: [1, two, 3.5, true, null, 18446744073709551615]\n  c: |\n    long\n    text\n- *x\n";
    let (documents, problems) = parse(FileId(3), &SourceFile::new("a.yaml", text));
    assert!(problems.is_empty(), "{problems:?}");
    let document = documents.first().unwrap();
    let tree = Tree::from(document.root());
    let made = tree.to_document(document.number());
    assert_eq!(Tree::from(made.root()), tree);
    assert_eq!(made.file(), FileId(3));
    for pointer in ["/a/0/b/3", "/a/0/c", "/a/1/b", "/a/1/none"] {
        let pointer = Pointer::new(pointer);
        assert_eq!(locate(&made, &pointer), locate(document, &pointer));
    }
}

#[test]
fn parts_of_a_tree_may_stand_in_several_files() {
    let tree = |file, text: &str| {
        let (documents, _) = parse(FileId(file), &SourceFile::new("a.yaml", text));
        Tree::from(documents.first().unwrap().root())
    };
    let mut base = tree(0, "a: 1\nb: {c: 2, d: 3}\n");
    let patch = tree(1, "\n\nb:\n  c: 4\n");
    let changed = patch.path(&["b"]).unwrap().fields().first().unwrap();
    assert!(base.get_mut("b").unwrap().set(changed.clone()));
    assert!(base.get_mut("b").unwrap().remove("d").is_some());
    let document = base.to_document(0);
    let located = |pointer: &str| locate(&document, &Pointer::new(pointer));
    let changed = located("/b/c");
    assert_eq!(
        (changed.span.file, changed.span.start, changed.anchor().file),
        (FileId(1), 10, FileId(1))
    );
    assert_eq!(changed.key.unwrap().file, FileId(1));
    assert_eq!(located("/a").span.file, FileId(0));
    assert!(!located("/b/d").exact);
}

#[test]
fn what_is_written_somewhere_has_a_pointer() {
    let text = "a:\n- b: 1\n  c: |\n    d: {e: 2}\n    f: 3\n";
    let source = SourceFile::new("a.yaml", text);
    let (mut documents, _) = parse(FileId(0), &source);
    let mut document = documents.remove(0);
    let holder = document.root().path(&["a"]).unwrap();
    let holder = holder.items().next().unwrap().get("c").unwrap();
    let inner = embedded(&source, holder).unwrap();
    let holder = holder.id();
    document.attach(holder, inner);
    for pointer in [
        "",
        "/a",
        "/a/0",
        "/a/0/b",
        "/a/0/c/d",
        "/a/0/c/d/e",
        "/a/0/c/f",
    ] {
        let span = locate(&document, &Pointer::new(pointer)).span;
        assert_eq!(pointer_to(&document, span).unwrap().as_str(), pointer);
    }
    let elsewhere = Span {
        file: FileId(1),
        start: 0,
        end: 1,
    };
    assert_eq!(pointer_to(&document, elsewhere), None);
}
