use super::*;
use crate::render::chart::mark::Marks;

/// Puts marks and writes them as `<line>`.
fn put(text: &str) -> String {
    let marks = Marks::of(b"");
    let marked = marks.put(text).unwrap();
    let (begin, _) = marks
        .put("x")
        .map(|one| (one[1..].trim_end_matches("1;").to_owned(), ()))
        .unwrap();
    let mut shown = String::new();
    let mut rest = marked.as_str();
    while let Some((before, behind)) = rest.split_once(&begin) {
        let (line, behind) = behind.split_once(';').unwrap();
        shown.push_str(&format!("{before}<{line}>"));
        rest = behind;
    }
    shown + rest
}

#[test]
fn lines_that_print_something_are_marked() {
    for (text, wanted) in [
        ("a: 1\nb: 2\n", "a: 1<1>\nb: 2<2>\n"),
        ("a: 1\r\n", "a: 1<1>\r\n"),
        // what prints nothing has no mark: a comment may end a text in which it stands
        (
            "{{- if .x }}\n\na: 1\n{{- end }}\n",
            "{{- if .x }}\n\na: 1<3>\n{{- end }}\n",
        ),
        (
            "{{ $x := 1 }}\n{{/* a }} b */}}\n",
            "{{ $x := 1 }}\n{{/* a }} b */}}\n",
        ),
        ("{{ include \"x\" . }}\n", "{{ include \"x\" . }}<1>\n"),
        // blanks that an action takes away are taken away with a mark, too
        ("a: {{ .x -}}\n b\n", "a: {{ .x }}{{ \"<1>\" -}}\n b<2>\n"),
        ("a: {{ if .x -}}\n b\n", "a: <1>{{ if .x -}}\n b<2>\n"),
        // an action of several lines is marked where it ends, by where it begins
        ("a: {{ f\n  1\n}}\nb\n", "a: {{ f\n  1\n}}<1>\nb<4>\n"),
        ("a: {{ \"}}\" }}\n", "a: {{ \"}}\" }}<1>\n"),
        // what a template of its own prints is used anywhere
        (
            "{{ define \"a\" }}\nx\n{{ end }}\ny\n",
            "{{ define \"a\" }}\nx\n{{ end }}\ny<4>\n",
        ),
    ] {
        assert_eq!(put(text), wanted);
    }
}

#[test]
fn a_template_without_an_end_has_no_marks() {
    assert_eq!(Marks::of(b"").put("a: {{ .x\n"), None);
}

#[test]
fn marks_tell_where_lines_come_from() {
    let marks = Marks::of(b"chart");
    let mark = |line: u32| {
        let template = "\n".repeat(line as usize - 1) + "x";
        marks.put(&template).unwrap().trim_start()[1..].to_owned()
    };
    // a block of the third line, and what two lines of the template make one line of
    let output = format!(
        "a: 1{}\nb:\n  c: 1\n  d: 2{}\ne{}{}\nrest\n",
        mark(1),
        mark(3),
        mark(5),
        mark(6)
    );
    let marked = marks.take(&output);
    assert_eq!(marked.text, "a: 1\nb:\n  c: 1\n  d: 2\ne\nrest\n");
    assert_eq!(
        marked.lines(),
        [Some(1), Some(3), Some(3), Some(3), Some(5), None]
    );
}

#[test]
fn marks_of_another_chart_are_text() {
    let output = Marks::of(b"one").put("a\n").unwrap();
    let marked = Marks::of(b"other").take(&output);
    assert_eq!(
        (marked.text.as_str(), marked.lines()),
        (output.as_str(), vec![None])
    );
}

#[test]
fn lines_stay_sure_around_what_differs() {
    let marks = Marks::of(b"");
    let source = "---\n# Source: c/templates/x.yaml\n";
    let template = marks.put("a\nb\nc\n").unwrap();
    let with = |plain: &str, marked: &str| {
        let marked = marks.take(&format!("{source}{marked}"));
        lines::of(&format!("{source}{plain}"), &marked)
    };
    assert_eq!(with("a\nb\nc\n", &template), [[1, 2, 3]]);
    assert_eq!(with("a\nX\nc\n", &template), [[1, 2, 3]]);
    assert_eq!(with("a\nX\nY\nc\n", &template), [[1, 1, 1, 3]]);
    assert_eq!(with("a\nc\n", &template), [[1, 3]]);
    assert_eq!(with("a\nb\n", ""), [[1, 1]]);
}
