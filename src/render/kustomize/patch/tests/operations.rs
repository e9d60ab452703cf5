use super::*;

const POLICY: &str = "\
metadata:
  name: p
  annotations: {a/b: old, c: 5}
spec:
  rules: [one, two]
  gone:
";

/// Runs operations on the policy.
fn run(operations: &str) -> Result<Tree, Refused> {
    let mut object = read(OBJECT, POLICY);
    json(&mut object, &read(PATCH, operations))?;
    Ok(object)
}

#[test]
fn operations_change_the_object() {
    for (operations, pointer, expected) in [
        (
            "[{op: add, path: /spec/x, value: {b: 1}}]",
            "/spec/x/b",
            "1",
        ),
        (
            "[{op: add, path: /spec/rules/-, value: last}]",
            "/spec/rules",
            r#"["one","two","last"]"#,
        ),
        (
            "[{op: add, path: /spec/rules/0, value: 0}]",
            "/spec/rules",
            r#"[0,"one","two"]"#,
        ),
        (
            "[{op: add, path: /spec/rules/-1, value: 0}]",
            "/spec/rules",
            r#"["one","two",0]"#,
        ),
        ("[{op: add, path: /spec/x}]", "/spec/x", "null"),
        (
            "[{op: replace, path: /spec/rules/1, value: 2}]",
            "/spec/rules",
            r#"["one",2]"#,
        ),
        (
            "[{op: replace, path: /spec/new, value: 2}]",
            "/spec/new",
            "2",
        ),
        (
            "[{op: remove, path: /spec/rules/-1}]",
            "/spec/rules",
            r#"["one"]"#,
        ),
        (
            "[{op: move, from: /spec/rules, path: /rules}]",
            "/rules/0",
            r#""one""#,
        ),
        (
            "[{op: copy, from: /spec/rules/0, path: /x}]",
            "/x",
            r#""one""#,
        ),
        ("[{op: copy, from: /spec/nothing, path: /x}]", "/x", "null"),
        (
            "[{op: replace, path: /metadata/annotations/a~1b, value: true}]",
            "/metadata/annotations",
            r#"{"a/b":"true","c":"5"}"#,
        ),
        (
            "[{op: add, path: /spec/a~01, value: 1}]",
            "/spec",
            r#"{"rules":["one","two"],"gone":null,"a~1":1}"#,
        ),
        (
            "[{op: test, path: /spec/rules, value: [one, two]}, {op: remove, path: /spec/rules}]",
            "/spec",
            r#"{"gone":null}"#,
        ),
        (
            r#"[{"op": "test", "path": "/spec/gone", "value": null}]"#,
            "/spec/gone",
            "null",
        ),
        ("[{op: replace, path: '', value: {a: 1}}]", "", r#"{"a":1}"#),
    ] {
        let object = run(operations).unwrap_or_else(|refused| panic!("{operations}: {refused:?}"));
        let said = said(&object);
        let found = said.pointer(pointer).map(ToString::to_string);
        assert_eq!(found.as_deref(), Some(expected), "{operations}");
    }
}

#[test]
fn what_does_not_apply_is_refused_at_its_operation() {
    for operation in [
        "{op: remove, path: /spec/nothing}",
        "{op: remove, path: /spec/rules/2}",
        "{op: add, path: /nothing/x, value: 1}",
        "{op: add, path: /spec/rules/0/x, value: 1}",
        "{op: add, path: /spec/gone/x, value: 1}",
        "{op: add, path: /spec/rules/3, value: 1}",
        "{op: add, path: /spec/rules/x, value: 1}",
        "{op: replace, path: /spec/rules/-, value: 1}",
        "{op: replace, path: '', value: [1]}",
        "{op: move, from: /spec/nothing, path: /x}",
        "{op: move, path: /x}",
        "{op: copy, from: /nothing/x, path: /x}",
        "{op: test, path: /spec/rules/0, value: two}",
        "{op: test, path: /spec/nothing, value: two}",
        "{op: merge, path: /spec}",
        "{path: /spec}",
        "{op: remove}",
    ] {
        let operations = format!("[{{op: test, path: /metadata/name, value: p}}, {operation}]");
        let refused = run(&operations).expect_err(operation);
        let place = refused.at.start as usize..refused.at.end as usize;
        assert_eq!(&operations[place], operation);
        assert_eq!(refused.at.file, PATCH);
    }
    let no_path = run("[{op: remove, path: spec}]").unwrap_err();
    assert!(no_path.reason.contains("begins with `/`"), "{no_path:?}");
    assert!(run("{op: remove, path: /spec}").is_err());
}

#[test]
fn what_an_operation_brings_stands_in_the_patch() {
    let operations = "[{op: add, path: /spec/new, value: {deep: [here]}}]";
    let object = run(operations).unwrap();
    let new = object.path(&["spec", "new"]).unwrap();
    assert_eq!(at(operations, new), "{deep: [here]}");
    assert_eq!(at(operations, &new.get("deep").unwrap().items()[0]), "here");
    assert_eq!(new.place.span.file, PATCH);
    let spec = object.get("spec").unwrap();
    let key = spec
        .fields()
        .iter()
        .find(|field| field.key == "new")
        .unwrap();
    assert_eq!(key.key_span.file, PATCH);
    assert_eq!(spec.place.span.file, OBJECT);
    assert_eq!(at(POLICY, &spec.get("rules").unwrap().items()[0]), "one");
}

#[test]
fn what_grows_without_end_is_refused() {
    let copies = "- {op: copy, from: /spec/rules, path: /spec/rules/-}\n".repeat(40);
    assert!(run(&copies).is_err_and(|refused| refused.reason.contains("looked at")));
    let moves = "- {op: move, from: /spec, path: /x}\n- {op: add, path: /spec, value: {}}\n- {op: move, from: /x, path: /spec/x}\n";
    assert!(run(&moves.repeat(300)).is_err_and(|refused| refused.reason.contains("looked at")));
    let many = "- {op: test, path: /metadata/name, value: p}\n".repeat(5000);
    assert!(run(&many).is_err_and(|refused| refused.reason.contains("more operations")));
}
