#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

fn read(text: &str) -> Result<Config, Vec<ConfigError>> {
    Config::read(SourceFile::new(".meshvet.yaml", text), "/")
}

fn complaints(text: &str) -> Vec<String> {
    let errors = read(text).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn environments_are_read_with_their_places() {
    let text = "environments:\n  prod:\n    paths: [clusters/prod, 'base/*.yaml']\n    namespace: shop\n    values: [prod.yaml]\n  test: {paths: [clusters/test]}\n";
    let config = read(text).unwrap();
    let [prod, test] = config.environments.as_slice() else {
        panic!("{:?}", config.environments);
    };
    let texts = |all: &[Written]| all.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
    assert_eq!(prod.name.text, "prod");
    assert_eq!(texts(&prod.paths), ["clusters/prod", "base/*.yaml"]);
    assert_eq!(prod.namespace.as_ref().unwrap().text, "shop");
    assert_eq!(texts(&prod.values), ["prod.yaml"]);
    assert_eq!(test.namespace, None);
    let span = prod.paths[0].span;
    assert_eq!(config.error(span, "x").to_string(), ".meshvet.yaml:3: x");
}

#[test]
fn nothing_is_a_configuration() {
    for text in ["", "# later\n", "environments:\n", "environments: {}\n"] {
        assert!(read(text).unwrap().environments.is_empty(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, complaint) in [
        (
            "enviroments: {}\n",
            ":1: the file has no key `enviroments`; did you mean `environments`?",
        ),
        (
            "xyz: {}\n",
            ":1: the file has no key `xyz`; it takes environments",
        ),
        (
            "environments:\n  prod:\n    path: [a]\n    paths: [a]\n",
            ":3: environment `prod` has no key `path`; did you mean `paths`?",
        ),
        (
            "environments:\n  prod: {namespace: a}\n",
            ":2: environment `prod` names no `paths`",
        ),
        (
            "environments:\n  prod:\n    paths: clusters\n",
            ":3: `paths` takes a list of paths",
        ),
        (
            "environments:\n  prod:\n    paths: [1]\n",
            ":3: `path` takes a text",
        ),
        (
            "environments:\n  prod:\n    paths: [a]\n    namespace: [b]\n",
            ":4: `namespace` takes a text",
        ),
        (
            "environments: [prod]\n",
            ":1: `environments` takes a mapping",
        ),
        ("- environments\n", ":1: the file takes a mapping"),
        (
            "environments:\n  prod:\n    paths: [../other]\n",
            ":3: `../other` leads out",
        ),
        (
            "environments:\n  prod:\n    paths: [/etc]\n",
            ":3: `/etc` leads out",
        ),
        (
            "environments:\n  prod:\n    paths: ['a[']\n",
            ":3: `a[` is no path",
        ),
        (
            "environments: {}\nenvironments: {}\n",
            ":2: the key `environments` is already in line 1",
        ),
        (
            "environments: {}\n---\nenvironments: {}\n",
            ":3: a second document",
        ),
        ("environments: {\n", ":1: this document cannot be read"),
    ] {
        let told = complaints(text);
        assert!(
            told.iter().any(|one| one.contains(complaint)),
            "{text}: {told:?}"
        );
    }
    assert_eq!(complaints("a: 1\nb: 2\n").len(), 2);
}

#[test]
fn the_schema_agrees_with_the_reader() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (text, is_right) in [
        ("environments: {prod: {paths: [a, 'b/*', '..c/d..']}}", true),
        (
            "environments: {prod: {paths: [a], namespace: b, values: [c]}}",
            true,
        ),
        ("environments: {prod: {paths: [a], values: []}}", true),
        ("environments:", true),
        ("{}", true),
        ("environment: {}", false),
        ("environments: []", false),
        ("environments: {prod: }", false),
        ("environments: {prod: {}}", false),
        ("environments: {prod: {paths: []}}", false),
        ("environments: {prod: {paths: a}}", false),
        ("environments: {prod: {paths: [7]}}", false),
        ("environments: {prod: {paths: ['']}}", false),
        ("environments: {prod: {paths: [a/../b]}}", false),
        ("environments: {prod: {paths: [..]}}", false),
        ("environments: {prod: {paths: [/a]}}", false),
        ("environments: {' ': {paths: [a]}}", false),
        ("environments: {prod: {paths: [a], namespace: ''}}", false),
        ("environments: {prod: {paths: [a], values: b}}", false),
        ("environments: {prod: {paths: [a], cluster: b}}", false),
    ] {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(
            read(text).is_ok(),
            is_right,
            "{text}: {:?}",
            complaints(text)
        );
        assert_eq!(validator.is_valid(&value), is_right, "schema, {text}");
    }
}
