use super::selector::Selector;
use super::*;

const LABELS: &str = "{app: web, tier: front, weight: \"5\", example.com/x: \"\"}";

#[test]
fn selectors_ask_for_labels() {
    let labels = read(OBJECT, LABELS);
    for (text, expected) in [
        ("", true),
        ("app=web", true),
        ("app == web", true),
        ("app=api", false),
        ("other=web", false),
        ("app!=web", false),
        ("other!=web", true),
        ("app", true),
        ("other", false),
        ("!app", false),
        ("! other", true),
        ("app in (web,api)", true),
        ("app in (api)", false),
        ("app notin (web)", false),
        ("other notin (web)", true),
        ("weight>4", true),
        ("weight > 5", false),
        ("weight<6", true),
        ("tier>1", false),
        ("example.com/x=", true),
        ("example.com/x in ()", true),
        ("app=web,tier in (front, back),!other", true),
        ("app=web,tier=back", false),
    ] {
        let selector = Selector::read(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(selector.matches(Some(&labels)), expected, "{text}");
    }
    assert!(Selector::read("!app").unwrap().matches(None));
    assert!(!Selector::read("app").unwrap().matches(None));
}

#[test]
fn what_is_no_selector_is_refused() {
    for text in [
        "=",
        "app=",
        "app=a b",
        "app=web,",
        ",app",
        "app in web",
        "app in (web",
        "!app=web",
        "app=*",
        "app~web",
        "app in (a b)",
        "weight>x",
        "-app",
        "app==!web",
        "a/b/c",
    ] {
        let is_read = Selector::read(text).is_some();
        assert_eq!(is_read, text == "app=", "{text}");
    }
}

#[test]
fn targets_match_whole_names_by_what_an_object_is_and_was() {
    let object = read(
        OBJECT,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p-web}\n",
    );
    let was = |name: &str, namespace: &str| Called {
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    };
    for (target, expected) in [
        ("{}", true),
        ("{name: web}", true),
        ("{name: p-web}", true),
        ("{name: we}", false),
        ("{name: 'we.'}", true),
        ("{name: 'x|web'}", true),
        ("{namespace: shop}", true),
        ("{namespace: default}", true),
        ("{namespace: other}", false),
        ("{group: apps, version: v1, kind: Deployment}", true),
        ("{group: app}", false),
        ("{version: v.}", true),
        ("{kind: deployment}", false),
        ("{labelSelector: a=b}", false),
        ("{annotationSelector: '!a'}", true),
    ] {
        let target_of = Target::read(&read(PATCH, target)).unwrap();
        let found = target_of.matches(&object, &was("web", "default"), &was("p-web", "shop"));
        assert_eq!(found, expected, "{target}");
    }
}

#[test]
fn targets_and_replacements_that_cannot_be_read_are_refused() {
    for target in [
        "{name: '*'}",
        "{name: 5}",
        "{labels: a=b}",
        "{labelSelector: '=b'}",
        "[]",
        "{kind: '(?<!a)b'}",
    ] {
        assert!(Target::read(&read(PATCH, target)).is_err(), "{target}");
    }
    let objects = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: b}\n";
    for replacement in [
        "{targets: [{select: {}}]}",
        "{source: {}, sourceValue: a, targets: [{select: {}}]}",
        "{sourceValue: a}",
        "{sourceValue: a, targets: []}",
        "{sourceValue: a, targets: [{}]}",
        "{sourceValue: a, targets: [{select: {}, options: {encoding: hex}}]}",
        "{sourceValue: a, targets: [{select: {}, fieldPaths: [data.missing]}]}",
        "{sourceValue: a, targets: [{select: {}, fieldPaths: [data.a.b]}]}",
        "{sourceValue: a, targets: [{select: {}, fieldPaths: [data.0]}]}",
        "{source: {kind: Secret}, targets: [{select: {}}]}",
        "{source: {fieldPath: data.missing}, targets: [{select: {}}]}",
        "{source: {fieldPath: data.a, options: {delimiter: b, index: 2}}, targets: [{select: {}}]}",
    ] {
        let mut objects = [subject(read(OBJECT, objects))];
        let refused = replace(&mut objects, &read(PATCH, replacement));
        assert!(
            refused.is_err_and(|refused| refused.at.file == PATCH),
            "{replacement}"
        );
    }
}

#[test]
fn a_source_must_be_one_object() {
    let one = || {
        subject(read(
            OBJECT,
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
        ))
    };
    let replacement = read(
        PATCH,
        "{source: {kind: ConfigMap}, targets: [{select: {name: b}}]}",
    );
    assert!(replace(&mut [one()], &replacement).is_ok());
    assert!(replace(&mut [one(), one()], &replacement).is_err());
}

#[test]
fn what_is_replaced_stands_where_the_value_does() {
    let text =
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: from here, b: x-y}\n";
    let mut objects = [subject(read(OBJECT, text))];
    let replacements = "[{source: {fieldPath: data.a}, targets: [{select: {}, fieldPaths: [data.b]}]}, {sourceValue: given, targets: [{select: {}, fieldPaths: [metadata.name]}]}]";
    replace(&mut objects, &read(PATCH, replacements)).unwrap();
    let tree = &objects[0].tree;
    let copied = tree.path(&["data", "b"]).unwrap();
    assert_eq!(
        (copied.as_str(), at(text, copied)),
        (Some("from here"), "from here".to_owned())
    );
    let given = tree.path(&["metadata", "name"]).unwrap();
    assert_eq!(
        (given.as_str(), at(replacements, given)),
        (Some("given"), "given".to_owned())
    );
    assert_eq!(given.place.span.file, PATCH);
}

#[test]
fn replacements_that_grow_without_end_are_refused() {
    let object = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: x, b: [x]}\n";
    for replacement in [
        "- {source: {fieldPath: data.a}, targets: [{select: {}, fieldPaths: [data.a], options: {delimiter: '|', index: 9999999}}]}\n",
        "- {source: {fieldPath: data}, targets: [{select: {}, fieldPaths: [data.b], options: {create: true}}]}\n",
    ] {
        let mut objects = [subject(read(OBJECT, object))];
        let refused = replace(&mut objects, &read(PATCH, &replacement.repeat(300)));
        let refused = refused.expect_err(replacement);
        assert!(refused.reason.contains("looked at"), "{refused:?}");
    }
}

/// Of the random tests; kustomize refuses the first and makes something of the others.
#[test]
fn an_empty_field_is_written_to_only_if_something_else_comes_to_stand_there() {
    let object =
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {x: [{name: a, x: null}]}\n";
    let given = |value: &str, paths: &str| {
        let text =
            format!("{{sourceValue: {value}, targets: [{{select: {{}}, fieldPaths: {paths}}}]}}");
        let mut objects = [subject(read(OBJECT, object))];
        let done = replace(&mut objects, &read(PATCH, &text));
        done.map(|()| said(objects[0].tree.get("data").unwrap()))
            .map_err(|refused| refused.reason)
    };
    let written = |paths: &str| given("b", paths);
    let refused = Err("the field is empty, and of no type".to_owned());
    assert_eq!(written("['data.x.[name=a].x']"), refused);
    assert_eq!(written("['data.x.*.x', data.x.0.name]"), refused);
    let replaced = Ok(serde_json::json!({"x": ["b"]}));
    assert_eq!(written("['data.x.[name=a].x', data.x.0]"), replaced);
    let replaced = Ok(serde_json::json!({"x": "b"}));
    assert_eq!(written("['data.x.0.x', data.x]"), replaced);
    // what was not empty may become so
    let emptied = Ok(serde_json::json!({"x": null}));
    assert_eq!(given("'null'", "[data.x]"), emptied);
}

#[test]
fn what_is_made_within_its_own_source_is_refused() {
    let object = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {a: {b: c}}\n";
    for (path, is_clear) in [("data.a.d", false), ("data.a", true), ("data.d", true)] {
        let text = format!(
            "{{source: {{fieldPath: data.a}}, targets: [{{select: {{}}, fieldPaths: [{path}], options: {{create: true}}}}]}}"
        );
        let mut objects = [subject(read(OBJECT, object))];
        let done = replace(&mut objects, &read(PATCH, &text));
        assert_eq!(done.is_ok(), is_clear, "{path}");
    }
}
