//! Every rule against the fixtures beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use meshvet::cli::Exit;
use meshvet::facts::{Input, Sections};
use meshvet::finding::Severity;
use meshvet::load::{self, Options};
use meshvet::policy::{self, Rules};
use meshvet::scan::{self, Origin, Places};

use serde_json::{Map, Value, json};

use crate::cli::{meshvet, root};

#[test]
fn every_rule_has_fixtures_and_agrees_with_them() {
    let ran = meshvet(&root(), &["rules", "test", "policies"]);
    assert_eq!(ran.exit, Exit::Fine, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_binary_holds_the_rules_of_the_folder() {
    let built_in = meshvet(&root(), &["rules", "list", "-f", "json"]);
    let from_folder = meshvet(
        &root(),
        &[
            "rules",
            "list",
            "-f",
            "json",
            "--no-builtin",
            "--policies",
            "policies",
        ],
    );
    assert_eq!(built_in, from_folder);
    let count = built_in.json().as_array().map_or(0, Vec::len);
    assert!(count >= 15, "only {count} rules");
}

/// The parameters that make exceptions: what they list is no finding.
const EXCEPTIONS: [&str; 6] = [
    "exempt_namespaces",
    "exempt_headers",
    "known",
    "known_ports",
    "custom_methods",
    "trusted_subjects",
];

/// The failing fixture of a rule.
fn failing(rule: &str) -> PathBuf {
    let file = root().join(format!("policies/{rule}.fail.yaml"));
    match file.exists() {
        true => file,
        false => root().join(format!("policies/{rule}.fail")),
    }
}

/// How many findings of a rule there are in its failing fixture.
fn count(rules: &Rules, rule: &str) -> usize {
    let loaded = load::load(
        &[failing(rule)],
        &root(),
        &Options {
            gitignore: false,
            charts: false,
        },
    );
    let parsed = scan::parse(&loaded.sources);
    let found = scan::scan(&loaded.sources, &parsed, rules, &Origin::default()).findings;
    found.iter().filter(|one| &*one.rule == rule).count()
}

/// All words of a fixture, as a list.
fn words(fixture: &Path) -> Value {
    let files: Vec<PathBuf> = walkdir::WalkDir::new(fixture)
        .into_iter()
        .map(|entry| entry.expect("readable").into_path())
        .filter(|path| path.is_file())
        .collect();
    let mut words: BTreeSet<String> = BTreeSet::from(["default".to_owned()]);
    for file in files {
        let text = std::fs::read_to_string(file).expect("text");
        let split = text.split(|c: char| c.is_whitespace() || "[]{},\"'#".contains(c));
        words.extend(split.map(|word| word.trim_end_matches(':').to_owned()));
    }
    words.retain(|word| !word.is_empty());
    words.into_iter().collect()
}

#[test]
fn what_a_parameter_excepts_is_no_finding() {
    let rules = Rules::embedded().expect("rules");
    let mut tried = 0;
    for rule in rules.iter() {
        let id = &*rule.id;
        for name in EXCEPTIONS {
            if !rule.params.contains_key(name) {
                continue;
            }
            assert!(count(&rules, id) > 0, "{id}");
            let mut changed = Rules::embedded().expect("rules");
            let values = Map::from_iter([(name.to_owned(), words(&failing(id)))]);
            changed.set_params(id, values).expect("a parameter");
            assert_eq!(count(&changed, id), 0, "{id}: {name}");
            tried += 1;
        }
    }
    assert!(tried >= 15, "only {tried} parameters");
}

/// What rules see, and every mesh is there besides, of which nothing is known: rules are asked only where
/// a mesh is that they know.
fn with_every_mesh(input: &Input) -> Value {
    let mut input = serde_json::to_value(input).expect("a document");
    let meshes = input["meshes"].as_array_mut().expect("a list");
    meshes.extend(["istio", "linkerd", "consul"].map(|kind| json!({ "kind": kind })));
    input
}

#[test]
fn settings_of_one_mesh_say_nothing_of_another() {
    let rule = "authorization/provider_unusable";
    let loaded = load::load(
        &[failing(rule)],
        &root(),
        &Options {
            gitignore: false,
            charts: false,
        },
    );
    let parsed = scan::parse(&loaded.sources);
    let rules = Rules::embedded().expect("rules");
    let environment = &parsed.environments[0];
    let severities = |mesh: &'static str| {
        let mut judged = scan::judge(&parsed, environment, &Origin::default(), &rules.sections());
        for one in &mut judged.input.meshes {
            one.kind = mesh;
        }
        let places = Places(&judged.world);
        let input = with_every_mesh(&judged.input);
        let (findings, problems) = policy::evaluate(&rules, &input, &places, "test");
        assert!(problems.is_empty(), "{problems:?}");
        let found = findings.into_iter().filter(|one| &*one.rule == rule);
        found.map(|one| one.severity).collect::<BTreeSet<_>>()
    };
    assert_eq!(severities("istio"), BTreeSet::from([Severity::Medium]));
    assert_eq!(severities("linkerd"), BTreeSet::from([Severity::Info]));
}

#[test]
fn a_rule_is_silent_about_meshes_that_it_does_not_name() {
    let loaded = load::load(
        &[root().join("policies")],
        &root(),
        &Options {
            gitignore: false,
            charts: false,
        },
    );
    let parsed = scan::parse(&loaded.sources);
    let rules = Rules::embedded().expect("rules");
    let sections = rules.sections();
    let mut tried = BTreeSet::new();
    let mut wrong = BTreeSet::new();
    for environment in &parsed.environments {
        let judged = scan::judge(&parsed, environment, &Origin::default(), &sections);
        let [mesh] = judged.input.meshes.as_slice() else {
            continue;
        };
        tried.insert(mesh.kind);
        let named = |one: &String| one == mesh.kind || one == "kubernetes";
        let others = rules.only(|rule| !rule.meshes.iter().any(named));
        let places = Places(&judged.world);
        let input = with_every_mesh(&judged.input);
        let (found, _) = policy::evaluate(&others, &input, &places, &environment.name);
        wrong.extend(found.into_iter().map(|one| (one.rule, one.message)));
    }
    assert_eq!(tried, BTreeSet::from(["consul", "istio", "linkerd"]));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_rule_looks_at_everything_one_by_one() {
    // these grow with the input, and are made only where a rule asks for them
    let Sections::Named(asked) = Rules::embedded().expect("rules").sections() else {
        panic!("a rule asks for all of the input");
    };
    for section in ["edges", "listeners", "policies", "workloads"] {
        assert!(!asked.contains(section), "{section}");
    }
}
