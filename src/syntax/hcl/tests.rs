#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value as Json, json};

use super::super::node::{Node, Value as Held};
use super::*;
use crate::model::{Place, Pointer, ProblemKind};
use crate::syntax::locate;

fn file(text: &str) -> SourceFile {
    SourceFile::new("a.hcl", text)
}

fn json(node: Node<'_>) -> Json {
    match node.value() {
        Held::Null => Json::Null,
        Held::Bool(value) => value.into(),
        Held::Int(value) => value.into(),
        Held::UInt(value) => value.into(),
        Held::Float(value) => value.into(),
        Held::Text(text) => text.into(),
        Held::List => node.items().map(json).collect(),
        Held::Map => node
            .entries()
            .map(|entry| (entry.key.to_owned(), json(entry.value)))
            .collect(),
    }
}

/// The value of a text, whoever's it is.
fn value(text: &str) -> Json {
    match document(FileId(0), &file(text)) {
        Ok(document) => json(document.root()),
        Err(failure) => panic!("{}: {text}", failure.reason),
    }
}

/// Why a text is not read, and from where on it is wrong.
fn refused(text: &str) -> (String, &str) {
    let failure = document(FileId(0), &file(text)).expect_err(text);
    (failure.reason, &text[failure.at..])
}

/// The text under the value at a pointer.
fn written<'t>(text: &'t str, pointer: &str) -> (&'t str, Option<&'t str>, &'t str) {
    let document = document(FileId(0), &file(text)).expect(text);
    let located = locate(&document, &Pointer::new(pointer));
    assert!(located.exact, "{pointer} is not there");
    let under = |span: crate::text::Span| &text[span.start as usize..span.end as usize];
    (
        under(located.span),
        located.key.map(under),
        under(located.anchor()),
    )
}

const INTENTIONS: &str = r#"
Kind = "service-intentions"
Name = "api"
Sources = [
  {
    Name = "web"   # a comment { with a brace
    Permissions = [
      {
        Action = "allow" // another
        HTTP { PathPrefix = "/v2"  Methods = ["GET", "PUT",] }
      },
      { Action = "deny", HTTP = { PathExact = "/a" } },
    ]
  }
]
"#;

#[test]
fn blocks_stand_inside_objects_of_lists() {
    assert_eq!(
        value(INTENTIONS),
        json!({
            "Kind": "service-intentions",
            "Name": "api",
            "Sources": [{
                "Name": "web",
                "Permissions": [
                    {"Action": "allow", "HTTP": {"PathPrefix": "/v2", "Methods": ["GET", "PUT"]}},
                    {"Action": "deny", "HTTP": {"PathExact": "/a"}},
                ],
            }],
        })
    );
}

#[test]
fn everything_knows_where_it_is_written() {
    for (pointer, value, key) in [
        ("/Name", "\"api\"", Some("Name")),
        (
            "/Sources/0/Permissions/0/HTTP/PathPrefix",
            "\"/v2\"",
            Some("PathPrefix"),
        ),
        (
            "/Sources/0/Permissions/0/HTTP",
            "{ PathPrefix = \"/v2\"  Methods = [\"GET\", \"PUT\",] }",
            Some("HTTP"),
        ),
        (
            "/Sources/0/Permissions/1/HTTP",
            "{ PathExact = \"/a\" }",
            Some("HTTP"),
        ),
        ("/Sources/0/Permissions/0/HTTP/Methods/1", "\"PUT\"", None),
    ] {
        let found = written(INTENTIONS, pointer);
        assert_eq!((found.0, found.1), (value, key), "{pointer}");
    }
    let policy = "# é\n\"service\" \"web\" {\n  policy = \"read\"\n}\nservice \"db\" { }\nx = <<-é1\n  a\n  é1\n";
    for (pointer, value, key, anchor) in [
        (
            "/service/0",
            "\"web\" {\n  policy = \"read\"\n}",
            None,
            "\"web\" {",
        ),
        (
            "/service/0/web",
            "{\n  policy = \"read\"\n}",
            Some("\"web\""),
            "\"web\"",
        ),
        ("/service/1/db", "{ }", Some("\"db\""), "{ }"),
        ("/x", "<<-é1\n  a\n  é1", Some("x"), "x"),
    ] {
        assert_eq!(written(policy, pointer), (value, key, anchor), "{pointer}");
    }
}

#[test]
fn what_stands_once_is_a_mapping_and_what_stands_again_a_list() {
    for (text, expected) in [
        ("a { b = 1 }", json!({"a": {"b": 1}})),
        ("a = { b = 1 }", json!({"a": {"b": 1}})),
        ("a = [{ b = 1 }]", json!({"a": [{"b": 1}]})),
        (
            "a { b = 1 } a { c = 2 }",
            json!({"a": [{"b": 1}, {"c": 2}]}),
        ),
        (
            "a = [{ b = 1 }]\na { c = 2 }",
            json!({"a": [{"b": 1}, {"c": 2}]}),
        ),
        (
            "a = [1]\nz = 0\na = [[2], 3]",
            json!({"a": [1, [2], 3], "z": 0}),
        ),
        (
            "a \"x\" \"y\" { b = 1 }",
            json!({"a": {"x": {"y": {"b": 1}}}}),
        ),
        (
            "a \"x\" {}\na \"y\" {}\na x {}",
            json!({"a": [{"x": {}}, {"y": {}}, {"x": {}}]}),
        ),
        ("a { b {} b {} }", json!({"a": {"b": [{}, {}]}})),
        ("a = 1, b = 2,\nc {},", json!({"a": 1, "b": 2, "c": {}})),
        ("A = 1\na = 2", json!({"A": 1, "a": 2})),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn scalars_mean_what_consul_makes_of_them() {
    for (written, expected) in [
        ("true", json!(true)),
        ("0x1F", json!(31)),
        ("-0x1f", json!(-31)),
        ("0755", json!(493)),
        ("-12", json!(-12)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("1.", json!(1.0)),
        (".5", json!(0.5)),
        ("08.5", json!(8.5)),
        ("1E3", json!(1000.0)),
        ("1e30", json!(1e30)),
        ("-2.5e-7", json!(-2.5e-7)),
        ("\"007\"", json!("007")),
        ("\"true\"", json!("true")),
        (
            r#""\a\b\f\n\r\t\v\\\"""#,
            json!("\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
        ),
        (r#""\101\x41\u00e9\U0001F600\xc3\xa9""#, json!("AAé😀é")),
        (r#""\ud83d""#, json!("\u{fffd}")),
        (
            r#""$x ${a("b", "\n")} $${c} {\n}""#,
            json!("$x ${a(\"b\", \"\\n\")} $${c} {\n}"),
        ),
        ("\"${a\r\nb}\"", json!("${a\nb}")),
        ("\"# // /* <<EOF\"", json!("# // /* <<EOF")),
        ("<<EOF\na\n  b \\n ${c}\nEOF\n", json!("a\n  b \\n ${c}\n")),
        // the blanks before the last mark belong to the text
        ("<<EOF\na\n  EOF\n", json!("a\n  ")),
        ("<<E\r\na\r\n\r\nE\r\n", json!("a\n\n")),
        ("<<EOF\nEOF \nEOF\n", json!("EOF \n")),
        ("<<-EOF\n    a\n      b\n    EOF\n", json!("a\n  b\n")),
        ("<<-EOF\n  a\n    b\n    EOF\n", json!("  a\n    b\n")),
        ("<<-EOF\n  a\nEOF\n  EOF\n", json!("  a\nEOF\n")),
        ("[1, # one\n \"a\" , /* b */ {},]", json!([1, "a", {}])),
        ("[[1] [2], , 3]", json!([[1], [2], 3])),
    ] {
        assert_eq!(
            value(&format!("a = {written}\n")),
            json!({"a": expected}),
            "{written}"
        );
    }
}

#[test]
fn keys_stand_in_quotes_or_not() {
    assert_eq!(
        value("\"a b\" = 1\n\"\\u00e9\" { größe-1.x_y = 2 }\n\"${k}\" = 3"),
        json!({"a b": 1, "é": {"größe-1.x_y": 2}, "${k}": 3})
    );
}

#[test]
fn errors_say_what_is_wrong_where() {
    for (text, reason, rest) in [
        (
            "a = var.x\n",
            "`var.x` is no value; text stands in double quotes",
            "var.x\n",
        ),
        ("a = 'x'", "text stands in double quotes", "'x'"),
        ("a = (1)", "`(` means nothing here", "(1)"),
        ("a : 1", "in HCL `=` stands before a value", ": 1"),
        ("a\n", "after the key `a` comes `=` or `{`", ""),
        ("a \"b\" = 1", "only a block", "= 1"),
        ("a = ", "a value should stand here", ""),
        ("{ a = 1 }", "a key should stand here", "{ a = 1 }"),
        ("a = 1,,", "a key should stand here", ","),
        ("true = 1", "a key should stand here", "true = 1"),
        ("a {\n b = 1\n", "this `{` is never closed", "{\n b = 1\n"),
        ("a = [1,\n", "this `[` is never closed", "[1,\n"),
        ("a = [1 2]", "a comma is missing", "2]"),
        ("a = 1 }", "no `{` stands before this `}`", "}"),
        (
            "a = \"x\nb = 1\n",
            "no closing quote on its line",
            "\"x\nb = 1\n",
        ),
        ("a = \"${x", "no closing quote", "\"${x"),
        ("a = \"é\\q\"", "no such escape", "\\q\""),
        (
            "a = \"\\xff\"",
            "its escapes make no characters",
            "\"\\xff\"",
        ),
        ("a = 08", "no whole number of 64 bits", "08"),
        (
            "a = 9223372036854775808",
            "no whole number",
            "9223372036854775808",
        ),
        ("a = 1e400", "no number", "1e400"),
        (
            "a = <<EOF\nx\nEOF",
            "write EOF below it, on a line of its own, with",
            "<<EOF\nx\nEOF",
        ),
        (
            "a = <<-E\n x\nE\n",
            "write E below it, indented",
            "<<-E\n x\nE\n",
        ),
        ("a = <x", "begins with `<<`", "<x"),
        ("a = 1 /* b", "close it with `*/`", "/* b"),
        ("\u{feff}a = 1", "byte-order mark", "\u{feff}a = 1"),
        ("a = \"\0\"", "a character that HCL refuses", "\0\""),
        (
            "a = 1\na = \"x\"",
            "the key `a` is a whole number in line 1 and a text here, which Consul refuses",
            "a = \"x\"",
        ),
        (
            "a {}\na = [1]",
            "a block in line 1 and a list here",
            "a = [1]",
        ),
        (
            "a {}\na \"x\" {}",
            "and a block with a label here",
            "a \"x\" {}",
        ),
    ] {
        let found = refused(text);
        assert!(found.0.contains(reason), "{text}: {}", found.0);
        assert_eq!(found.1, rest, "{text}");
    }
}

#[test]
fn depth_and_size_are_limited() {
    let nested = |levels: usize| format!("{}{}", "a {".repeat(levels), "}".repeat(levels));
    assert!(document(FileId(0), &file(&nested(200))).is_ok());
    for text in [
        nested(300),
        nested(100_000),
        format!("a {} {{}}", "b ".repeat(300)),
        format!("a = {}", "[".repeat(300)),
    ] {
        assert!(refused(&text).0.contains("nested more than"), "{text:.20}");
    }
    let many = format!("a = [{}]", "1,".repeat(2_100_000));
    assert!(refused(&many).0.contains("more than 2000000 values"));
    let long = SourceFile::new("a.hcl", " ".repeat(crate::syntax::MAX_FILE_BYTES + 1));
    assert!(parse(FileId(0), &long).1[0].message.contains("32 MiB"));
}

mod files {
    use super::*;

    fn read(text: &str) -> (Vec<Document>, Vec<Problem>) {
        parse(FileId(0), &file(text))
    }

    #[test]
    fn other_languages_are_passed_over_whatever_is_in_them() {
        for text in [
            "resource \"a\" \"b\" {\n  count = var.x ? 1 : 0\n  y = [for s in var.l : upper(s)]\n}\n",
            "variable \"HUB\" {}\ntags = [\"${HUB}\"]\n",
            "job \"web\" { group \"g\" { service { name = \"x\" connect { sidecar_service {} } } } }",
            "x = <<EOF\nKind = \"mesh\"\n",
            "",
            "{}",
            "{\"a\": }",
        ] {
            let (documents, problems) = read(text);
            assert_eq!((documents.len(), problems), (0, vec![]), "{text}");
        }
    }

    #[test]
    fn a_broken_file_of_consuls_is_a_problem_at_its_line() {
        let text = "Kind = \"mesh\"\nTransparentProxy {\n  MeshDestinationsOnly = yes\n}\n";
        let (documents, problems) = read(text);
        assert!(documents.is_empty());
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}");
        };
        assert_eq!(problem.kind, ProblemKind::UnreadableManifest);
        let Place::Span(span) = problem.place else {
            panic!("{problem:?}");
        };
        assert_eq!(&text[span.start as usize..span.end as usize], "yes");

        let (_, problems) = read("server = true\nports { {{ range .Ports }} }\n");
        assert_eq!(problems[0].kind, ProblemKind::UnrenderedTemplate);
        let (_, problems) = read("{\"Kind\": \"mesh\", ");
        assert_eq!(problems[0].kind, ProblemKind::UnreadableManifest);
    }

    #[test]
    fn json_in_a_file_of_hcl_is_json() {
        let (documents, problems) = read(" {\"Kind\": \"mesh\", \"Meta\": {\"a\": null}}");
        assert_eq!(problems, []);
        assert_eq!(
            json(documents[0].root()),
            json!({"Kind": "mesh", "Meta": {"a": null}})
        );
        assert_eq!(documents[0].consul(), Some(Consul::ConfigEntry));
    }

    #[test]
    fn keys_that_stand_twice_are_reported_and_the_last_counts() {
        let (documents, problems) = read("server = true\nserver = false\n");
        assert_eq!(json(documents[0].root()), json!({"server": false}));
        assert_eq!(problems[0].kind, ProblemKind::DuplicateKey);
        assert!(problems[0].message.contains("line 1"));
    }

    #[test]
    fn comments_know_their_line() {
        let (documents, _) = read("# one\nserver = true // two\r\n/* no */\n");
        let comments = documents[0].comments();
        let texts: Vec<_> = comments
            .iter()
            .map(|c| (c.line, &*c.text, c.own_line))
            .collect();
        assert_eq!(texts, [(1, " one", true), (2, " two", false)]);
    }
}
