//! What is in force at a commit, as `facts` and `scan` say, which know nothing of history; and what
//! two such states differ in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Past;

/// An environment and a name in it.
type Named = (String, String);

/// What is in force at a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Environment, caller and `namespace/name:port`; `deny`, `allow mtls`, …
    pub edges: BTreeMap<(String, String, String), String>,
    pub listeners: BTreeMap<Named, String>,
    pub logs: BTreeMap<Named, String>,
    /// Environment and fingerprint without its number; the rule, and how many there are alike. A
    /// finding of two environments is one in each.
    findings: BTreeMap<Named, (String, usize)>,
}

impl State {
    /// Asks for the state of a revision.
    pub fn of(past: &Past, revision: &str) -> Self {
        let mut state = Self::default();
        let scan = past.shop.run(&["scan", "-f", "json", "--rev", revision]);
        let scan = scan.json();
        for finding in list(&scan["findings"]) {
            for environment in list(&finding["environments"]) {
                let fingerprint = text(&finding["fingerprint"]);
                let alike = fingerprint.split('-').next().unwrap().to_owned();
                let rule = text(&finding["rule"]);
                let key = (text(environment), alike);
                state.findings.entry(key).or_insert((rule, 0)).1 += 1;
            }
        }
        let facts = past.shop.run(&["facts", "-f", "json", "--rev", revision]);
        match facts.json() {
            Value::Array(facts) => facts.iter().for_each(|facts| state.add(facts)),
            facts => state.add(&facts),
        }
        state
    }

    fn add(&mut self, facts: &Value) {
        let environment = text(&facts["scan"]["environment"]);
        for edge in list(&facts["edges"]) {
            self.add_edges(&environment, edge);
        }
        for listener in list(&facts["listeners"]) {
            let name = format!("{}:{}", text(&listener["workload"]), listener["port"]);
            let key = (environment.clone(), name);
            self.listeners.insert(key, text(&listener["tls"]["mode"]));
        }
        for workload in list(&facts["workloads"]) {
            let name = format!(
                "{}/{}",
                text(&workload["namespace"]),
                text(&workload["name"])
            );
            let key = (environment.clone(), name);
            self.logs
                .insert(key, text(&workload["access_log"]["state"]));
        }
    }

    fn add_edges(&mut self, environment: &str, edge: &Value) {
        let source = &edge["source"];
        let mut clients: Vec<_> = list(&source["workloads"]).iter().map(text).collect();
        if source["kind"] == "outside" {
            clients = vec!["external".to_owned()];
        } else {
            assert_eq!(source["count"], clients.len(), "too many to be listed");
        }
        let verdict = match &edge["transport"] {
            Value::Null => text(&edge["verdict"]),
            transport => format!("{} {}", text(&edge["verdict"]), text(transport)),
        };
        let called = text(&edge["destination"]);
        for client in clients.into_iter().filter(|client| *client != called) {
            let to = format!("{called}:{}", edge["port"]);
            let key = (environment.to_owned(), client, to);
            self.edges.insert(key, verdict.clone());
        }
    }

    /// What came of a change, in the lines of [`super::told::effects`].
    pub fn difference(&self, after: &Self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for ((environment, listener), mode) in &after.listeners {
            let before = self.listeners.get(&(environment.clone(), listener.clone()));
            if let Some(before) = before.filter(|before| *before != mode) {
                let name = prefix(environment);
                lines.insert(format!("{name}listener {listener} {before} → {mode}"));
            }
        }
        // a workload that comes or goes takes its log along
        let workloads: BTreeSet<_> = self.logs.keys().chain(after.logs.keys()).collect();
        for key @ (environment, workload) in workloads {
            let [before, after] =
                [self, after].map(|side| side.logs.get(key).map_or("-", String::as_str));
            if before != after {
                let name = prefix(environment);
                lines.insert(format!(
                    "{name}logging access {workload}, {before} → {after}"
                ));
            }
        }
        let edges: BTreeSet<_> = self.edges.keys().chain(after.edges.keys()).collect();
        for key @ (environment, from, to) in edges {
            let (before, after) = (self.edges.get(key), after.edges.get(key));
            if let Some(kind) = kind(before, after) {
                let [before, after] = [before, after].map(|one| one.map_or("-", String::as_str));
                let name = prefix(environment);
                lines.insert(format!("{name}{kind} {from} → {to}, {before} → {after}"));
            }
        }
        for (word, these, those) in [("introduced", after, self), ("resolved", self, after)] {
            for (key, (rule, count)) in &these.findings {
                if those
                    .findings
                    .get(key)
                    .is_none_or(|(_, other)| other < count)
                {
                    lines.insert(format!("{word} {rule}"));
                }
            }
        }
        lines
    }
}

/// What a call is called whose fate changed.
fn kind(before: Option<&String>, after: Option<&String>) -> Option<&'static str> {
    let [before, after] = [before, after].map(|one| rank(one.map_or("deny", String::as_str)));
    Some(match (before.0.cmp(&after.0), before.1.cmp(&after.1)) {
        (std::cmp::Ordering::Less, _) => "opened",
        (std::cmp::Ordering::Greater, _) => "closed",
        (_, std::cmp::Ordering::Greater) => "downgraded",
        (_, std::cmp::Ordering::Less) => "upgraded",
        _ => return None,
    })
}

/// How far a call gets, and how well it is protected.
fn rank(state: &str) -> (usize, usize) {
    let (verdict, transport) = state.split_once(' ').unwrap_or((state, "-"));
    let place = |list: &[&str], word| {
        let place = list.iter().position(|one| *one == word);
        place.unwrap_or_else(|| panic!("{word} is new"))
    };
    let verdict = place(&["deny", "unknown", "conditional", "allow"], verdict);
    (
        verdict,
        place(&["-", "plaintext", "tls", "mtls"], transport),
    )
}

fn prefix(environment: &str) -> String {
    match environment {
        "." => String::new(),
        name => format!("[{name}] "),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
