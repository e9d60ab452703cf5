//! Every rule against the fixtures beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use meshvet::cli::Exit;

use crate::cli::{folders, meshvet, root};

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
const EXCEPTIONS: [&str; 5] = [
    "exempt_namespaces",
    "exempt_headers",
    "known",
    "known_ports",
    "custom_methods",
];

/// How many findings of a rule there are in its failing fixture, by the rules of a folder.
fn count(policies: &Path, rule: &str, fixture: &Path) -> usize {
    let ran = meshvet(
        &root(),
        &[
            "scan",
            "-f",
            "json",
            "--no-builtin",
            "--policies",
            &policies.to_string_lossy(),
            &fixture.to_string_lossy(),
        ],
    );
    let findings = ran.json()["findings"].as_array().cloned();
    let findings = findings.expect("findings");
    findings.iter().filter(|one| one["rule"] == rule).count()
}

/// All words of a fixture, as a list in YAML.
fn words(fixture: &Path) -> String {
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
    format!("{:?}", words.into_iter().collect::<Vec<_>>())
}

#[test]
fn what_a_parameter_excepts_is_no_finding() {
    let mut tried = 0;
    for area in folders(&root().join("policies")) {
        for entry in std::fs::read_dir(&area).expect("a folder") {
            let file = entry.expect("readable").path();
            let text = match file.extension() {
                Some(extension) if extension == "rego" => std::fs::read_to_string(&file),
                _ => continue,
            };
            let text = text.expect("text");
            let fixture = [
                file.with_extension("fail.yaml"),
                file.with_extension("fail"),
            ];
            let Some(fixture) = fixture.iter().find(|path| path.exists()) else {
                continue;
            };
            let rule = file.with_extension("");
            let rule = rule.strip_prefix(root().join("policies")).expect("inside");
            let rule = rule.to_string_lossy().replace('\\', "/");
            for parameter in EXCEPTIONS {
                let Some((before, rest)) = text.split_once(&format!("{parameter}: [")) else {
                    continue;
                };
                let (_, after) = rest.split_once(']').expect("a list");
                let list = words(fixture);
                let copy = tempfile::tempdir().expect("a directory");
                for entry in walkdir::WalkDir::new(root().join("policies")) {
                    let from = entry.expect("readable").into_path();
                    let below = from.strip_prefix(root().join("policies")).expect("inside");
                    let to = copy.path().join(below);
                    if from.is_dir() {
                        std::fs::create_dir_all(to).expect("made");
                    } else if from == file {
                        let text = format!("{before}{parameter}: {list}{after}");
                        std::fs::write(to, text).expect("written");
                    } else if from.extension().is_some_and(|e| e == "rego") {
                        std::fs::copy(from, to).expect("copied");
                    }
                }
                assert!(
                    count(&root().join("policies"), &rule, fixture) > 0,
                    "{rule}"
                );
                let left = count(copy.path(), &rule, fixture);
                assert_eq!(left, 0, "{rule}: {parameter}: {list}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 15, "only {tried} parameters");
}
