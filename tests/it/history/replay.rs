//! What is told of generated histories adds up to what is in force at their end, and each commit is
//! told as a scan before and after it sees it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::state::State;
use super::told::{effects, state};
use super::{Past, lines};
use crate::repo::{self, Kind, Made, Shape};

/// A generated repository with few enough workloads that `facts` names them all.
fn generate(seed: u64, commits: usize) -> (Past, Vec<Made>) {
    let past = Past::new();
    let shape = Shape {
        roots: 2,
        services: 4,
        commits,
        is_busy: true,
        seed,
    };
    let made = repo::write(past.shop.path(), &shape);
    (past, made)
}

/// Environment, caller, called; what becomes of the call. Those that are refused are left out.
type Pairs = BTreeMap<(String, String, String), String>;

fn get(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Does to the pairs what a change did.
fn replay(pairs: &mut Pairs, change: &Value) {
    for kind in ["opened", "closed", "downgraded", "upgraded"] {
        for edge in change[kind].as_array().expect("a list") {
            let key = (
                get(&edge["environment"]),
                get(&edge["from"]),
                get(&edge["to"]),
            );
            let [before, after] = ["before", "after"].map(|side| state(&edge[side]));
            let refused = |state: &str| matches!(state, "-" | "deny");
            let known = pairs.get(&key).map_or("deny", String::as_str);
            // several changes of one commit may have done it together
            let fits = |state: &str| state == known || (refused(state) && known == "deny");
            assert!(
                fits(&before) || fits(&after),
                "{key:?} was {known}: {edge:#} of {}",
                change["subject"]
            );
            if refused(&after) {
                pairs.remove(&key);
            } else {
                pairs.insert(key, after);
            }
        }
    }
}

#[test]
fn all_changes_one_after_another_give_what_is_in_force() {
    for seed in [1, 2, 3] {
        let (past, _) = generate(seed, 40);
        let told = past.history(&[]);
        let mut pairs = Pairs::new();
        for change in told.iter().rev() {
            replay(&mut pairs, change);
        }
        pairs.retain(|(_, from, to), _| !to.starts_with(&format!("{from}:")));
        let mut last = State::of(&past, "HEAD");
        last.edges.retain(|_, state| state != "deny");
        assert!(!last.edges.is_empty());
        assert_eq!(pairs, last.edges, "seed {seed}");
        let logs = replayed(&told, "logging", "of");
        assert_eq!(logs, last.logs, "seed {seed}");
        // of ports only changes are told: of those that changed, the last holds
        for (key, after) in replayed(&told, "listeners", "listener") {
            if let Some(mode) = last.listeners.get(&key) {
                assert_eq!(after, *mode, "seed {seed}: {key:?}");
            }
        }
    }
}

/// What was told last of things in a list; nothing of what is gone, nor of a whole mesh.
fn replayed(told: &[Value], list: &str, name: &str) -> BTreeMap<(String, String), String> {
    let mut last = BTreeMap::new();
    for change in told.iter().rev() {
        for item in change[list].as_array().expect("a list") {
            let key = (get(&item["environment"]), get(&item[name]));
            match item["after"].as_str() {
                _ if item["log"] == "audit" => continue,
                Some(after) => last.insert(key, after.to_owned()),
                None => last.remove(&key),
            };
        }
    }
    last
}

#[test]
fn every_commit_is_told_as_scans_before_and_after_it_see_it() {
    let (past, made) = generate(9, 50);
    let told = past.history(&[]);
    let on_main: Vec<_> = made.iter().filter(|one| one.on_main).collect();
    let states: Vec<_> = on_main
        .iter()
        .map(|one| State::of(&past, &one.id.to_string()))
        .collect();
    let mut differences = 0;
    for (pair, state) in on_main.windows(2).zip(states.windows(2)) {
        let ([_, after], [old, new]) = (pair, state) else {
            unreachable!("windows of two")
        };
        let id = after.id.to_string();
        let own = told.iter().filter(|change| match &change["merge"] {
            Value::Null => change["commit"] == *id,
            merge => merge["commit"] == *id,
        });
        let own: BTreeSet<_> = own.flat_map(effects).collect();
        let felt = old.difference(new);
        differences += usize::from(!felt.is_empty());
        assert_eq!(own, felt, "{:?} {id}", after.kind);
    }
    assert!(differences > 3, "only {differences} commits did anything");
}

#[test]
fn commits_of_no_account_are_not_told_and_others_name_who_wrote_them() {
    let (past, made) = generate(5, 80);
    let told = past.history(&[]);
    let made: BTreeMap<_, _> = made.iter().map(|one| (one.id.to_string(), one)).collect();
    for change in &told {
        let commit = made[&get(&change["commit"])];
        assert!(!commit.kind.is_of_no_account(), "{change:#}");
        assert_ne!(commit.kind, Kind::Merge, "{change:#}");
        // what was merged names its merge, and nothing else does
        let merge = &change["merge"];
        assert_eq!(merge.is_null(), commit.on_main, "{change:#}");
        if !merge.is_null() {
            assert_eq!(made[&get(&merge["commit"])].kind, Kind::Merge);
            let subject = get(&merge["subject"]);
            let request = format!("Merge pull request #{} from", change["pull_request"]);
            assert!(subject.starts_with(&request), "{change:#}");
        }
    }
    // newest first, by the chain of first parents
    let at = |change: &Value| match &change["merge"] {
        Value::Null => get(&change["time"]),
        merge => get(&merge["time"]),
    };
    assert!(told.windows(2).all(|pair| at(&pair[0]) >= at(&pair[1])));
}

#[test]
fn the_same_history_is_told_at_any_number_of_threads() {
    let (past, _) = generate(6, 40);
    let ask = |threads: &str| {
        let args = ["history", "-f", "jsonl", "--threads", threads];
        past.shop.run(&args).stdout
    };
    let told = ask("1");
    assert!(!lines(&told).is_empty());
    assert_eq!(ask("4"), told);
}

#[test]
fn generated_repositories_are_the_same_each_time_and_can_be_read() {
    let (past, made) = generate(7, 80);
    let (_, again) = generate(7, 80);
    let ids = |made: &[Made]| made.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&made), ids(&again));
    assert_ne!(ids(&made), ids(&generate(8, 80).1));
    assert_eq!(made.len(), 80);
    // the chain of first parents is what was said to be on it
    let mut chain = Vec::new();
    let head = past.shop.repository.head().unwrap();
    let mut next = Some(head.peel_to_commit().unwrap());
    while let Some(commit) = next {
        next = commit.parent(0).ok();
        if let Some(parent) = &next {
            assert!(parent.time() < commit.time());
        }
        chain.push(commit.id());
    }
    chain.reverse();
    let on_main = made.iter().filter(|one| one.on_main);
    assert!(on_main.map(|one| one.id).eq(chain));
    let kinds: BTreeSet<_> = made.iter().map(|one| one.kind).collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    let scan = past.shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    let scan = scan.json();
    assert_eq!(scan["problems"], Value::Array(Vec::new()));
    let environments = ["clusters/cluster-00", "clusters/cluster-01"];
    assert_eq!(
        scan["scan"]["environments"],
        serde_json::json!(environments)
    );
}
