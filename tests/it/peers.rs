//! What other tools for Istio find is found here too, by the rule that the mark names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use meshvet::policy::Rules;
use serde_json::Value;

use crate::cli::{folders, meshvet, root};

/// A line that a finding of a rule must point to, with a part of its message.
struct Mark<'a> {
    line: u64,
    rule: &'a str,
    message: &'a str,
}

fn marks(text: &str) -> Vec<Mark<'_>> {
    let lines = text.lines().zip(1..);
    let marks = lines.filter_map(|(text, line)| Some((text.split_once("# deny: ")?.1, line)));
    marks
        .map(|(mark, line)| {
            let (rule, message) = mark.split_once(": ").expect("a rule and a message");
            Mark {
                line,
                rule,
                message,
            }
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    files.sort();
    files
}

fn is_met(mark: &Mark<'_>, finding: &Value) -> bool {
    let message = finding["message"].as_str().unwrap_or_default();
    finding["rule"] == mark.rule
        && finding["location"]["line"] == mark.line
        && message.contains(mark.message)
}

#[test]
fn what_other_tools_find_is_found() {
    let rules = Rules::embedded().expect("rules");
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for tool in folders(&root().join("testdata/peers")) {
        for file in files(&tool) {
            let text = std::fs::read_to_string(&file).expect("readable");
            let path = file.to_string_lossy();
            let found = meshvet(&root(), &["scan", "-f", "json", &path]).json();
            let findings = found["findings"].as_array().expect("findings");
            let marks = marks(&text);
            assert!(!marks.is_empty(), "{path} marks no line");
            for mark in marks {
                assert!(rules.get(mark.rule).is_some(), "{path}: {}", mark.rule);
                if !findings.iter().any(|finding| is_met(&mark, finding)) {
                    let Mark {
                        line,
                        rule,
                        message,
                    } = mark;
                    wrong.push(format!("{path}:{line}: {rule}: {message}"));
                }
                named.insert(mark.rule.to_owned());
            }
        }
    }
    assert!(wrong.is_empty(), "not found:\n{}", wrong.join("\n"));
    assert!(named.len() >= 15, "only {named:?}");
}
