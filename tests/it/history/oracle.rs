//! Who brought a value, as somebody would find out who looks at one commit after the other.

use std::collections::BTreeMap;

use meshvet::cli::Exit;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::Past;

/// How many histories are tried.
const CASES: u32 = 10;

const NAMESPACES: [&str; 3] = ["bank", "mail", "shop"];
const MODES: [&str; 3] = ["STRICT", "PERMISSIVE", "DISABLE"];
const FILES: [&str; 2] = ["a.yaml", "sub/b.yaml"];

/// A policy: its mode, its file, and whether it is written another way.
type Policy = (&'static str, &'static str, bool);
type State = BTreeMap<&'static str, Policy>;

fn policy() -> impl Strategy<Value = Option<Policy>> {
    let policy = (
        prop::sample::select(&MODES[..]),
        prop::sample::select(&FILES[..]),
        any::<bool>(),
    );
    prop::option::weighted(0.9, policy)
}

/// What each commit writes: some policies, and a comment above all.
fn history() -> impl Strategy<Value = Vec<(BTreeMap<&'static str, Option<Policy>>, usize)>> {
    let one = prop::collection::btree_map(prop::sample::select(&NAMESPACES[..]), policy(), 0..3);
    prop::collection::vec((one, 0..3_usize), 3..12)
}

fn text(namespace: &str, (mode, _, is_other): &Policy) -> String {
    let head = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication";
    match is_other {
        false => format!(
            "---\n{head}\nmetadata:\n  name: default\n  namespace: {namespace}\nspec:\n  mtls:\n    mode: {mode}\n"
        ),
        true => format!(
            "---\n# {namespace}\nspec: {{mtls: {{\"mode\": '{mode}'}}}}\nmetadata: {{namespace: {namespace}, name: default}}\n{head}\n"
        ),
    }
}

fn write(past: &Past, state: &State, comments: usize) {
    for file in FILES {
        let own = state.iter().filter(|(_, policy)| policy.1 == file);
        let own: String = own
            .map(|(namespace, policy)| text(namespace, policy))
            .collect();
        past.shop.write(file, "# note\n".repeat(comments) + &own);
    }
}

/// The subject of the last commit before which an object did not say what it says.
fn brought(states: &[State], namespace: &str) -> String {
    let mode = |number: usize| states[number].get(namespace).map(|policy| policy.0);
    let last = states.len() - 1;
    let is_new = |number: &usize| *number == 0 || mode(number - 1) != mode(last);
    let commit = (0..=last).rev().find(is_new).unwrap();
    format!("commit {commit}")
}

#[test]
fn a_value_names_the_last_commit_before_which_it_was_another() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let ran = runner.run(&history(), |commits| {
        let past = Past::new();
        let mut states: Vec<State> = Vec::new();
        for (number, (changes, comments)) in commits.iter().enumerate() {
            let mut state = states.last().cloned().unwrap_or_default();
            for (namespace, policy) in changes {
                match policy {
                    Some(policy) => state.insert(namespace, *policy),
                    None => state.remove(namespace),
                };
            }
            write(&past, &state, *comments);
            past.commit(&format!("commit {number}"));
            states.push(state);
        }
        let ran = past.shop.run(&["scan", "-f", "json", "--exit-zero"]);
        if ran.exit == Exit::NoInput {
            return Ok(());
        }
        let report = ran.json();
        let findings = report["findings"].as_array().unwrap();
        let mut told = 0;
        for finding in findings
            .iter()
            .filter(|one| one["field"] == "/spec/mtls/mode")
        {
            let namespace = finding["resource"]["namespace"].as_str().unwrap();
            let expected = brought(&states, namespace);
            prop_assert_eq!(
                &finding["introduced"]["subject"],
                &expected,
                "{}",
                namespace
            );
            told += 1;
        }
        let last = states.last().unwrap().values();
        let expected = last.filter(|policy| policy.0 != "STRICT").count();
        prop_assert_eq!(told, expected);
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}
