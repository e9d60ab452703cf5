//! What intentions say, source by source.

use std::sync::Arc;

use super::Services;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, Kind};
use crate::mesh::consul::intention::{Action, Intention, Source};
use crate::mesh::consul::written::Written;
use crate::model::{
    At, AuthorizationPolicy, Constraint, Policy, Subject, WrittenRule, WrittenValue,
};

/// One policy for each source, and two for one whose permissions let in and refuse.
pub(super) fn policies(consul: &Consul, services: &Services) -> Vec<Policy> {
    let entries = consul.entries.of(Kind::ServiceIntentions);
    entries
        .flat_map(|entry| of_entry(consul, services, entry))
        .collect()
}

fn of_entry(consul: &Consul, services: &Services, entry: &Entry) -> Vec<Policy> {
    let mut all = Vec::new();
    for intention in consul.intentions_of(entry) {
        let mut add = |written: AuthorizationPolicy| {
            let subject = Subject::Authorization(written);
            all.push(services.policy(entry, intention.at.clone(), subject, consul));
        };
        match &intention.action {
            Action::All(allows, at) => {
                let rules = vec![rule(&intention, intention.at.clone(), Vec::new())];
                add(policy(*allows, at.clone(), rules));
            }
            Action::ByRequest(permissions, _) => {
                for allows in [true, false] {
                    let of_effect = permissions.iter().filter(|one| one.allows == allows);
                    let rules: Vec<WrittenRule> = of_effect
                        .map(|one| {
                            let requests = requests(consul, &one.at);
                            rule(&intention, one.at.clone(), requests)
                        })
                        .collect();
                    if let Some(first) = rules.first() {
                        let at = first.at.join("action");
                        add(policy(allows, at, rules));
                    }
                }
            }
        }
    }
    all
}

fn policy(allows: bool, effect_at: At, rules: Vec<WrittenRule>) -> AuthorizationPolicy {
    AuthorizationPolicy {
        effect: if allows { "allow" } else { "deny" },
        effect_at,
        dry_run: None,
        provider: None,
        rules,
        lost: Vec::new(),
        wider: Vec::new(),
        gaps: Vec::new(),
    }
}

fn rule(intention: &Intention, at: At, requests: Vec<Constraint>) -> WrittenRule {
    let token = intention.token.iter().flat_map(|token| &token.providers);
    let tokens: Vec<WrittenValue> = token.map(|one| value(&one.name, one.at.clone())).collect();
    let asked = intention.token.iter().filter(|_| !tokens.is_empty());
    WrittenRule {
        at,
        sources: vec![vec![source(&intention.source, &intention.at)]],
        operations: match requests.is_empty() {
            true => Vec::new(),
            false => vec![requests],
        },
        conditions: asked
            .map(|token| Constraint {
                http: true,
                ..constraint("jwt", "token", token.at.clone(), tokens.clone())
            })
            .collect(),
    }
}

/// Who calls.
fn source(source: &Source, at: &At) -> Constraint {
    let at = at.join("name");
    let wild = &*source.name == "*";
    let elsewhere = source.elsewhere.is_some();
    let value = WrittenValue {
        any: wild && !elsewhere,
        account: (!wild && !elsewhere)
            .then(|| (Arc::clone(&source.namespace), Arc::clone(&source.name))),
        ..value(&source.name, at.clone())
    };
    constraint("sources", "identity", at, vec![value])
}

/// What a permission asks of requests.
fn requests(consul: &Consul, at: &At) -> Vec<Constraint> {
    let own = consul.index.node(at.resource).document().consul().is_some();
    let written = match own {
        true => Written::own(&consul.index, at.clone()),
        false => Written::object(&consul.index, at.clone()),
    };
    let Some(http) = written.and_then(|it| it.get("http")) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (key, suffix) in [("pathExact", ""), ("pathPrefix", "*"), ("pathRegex", "")] {
        if let Some(text) = http.text(key) {
            let at = http.field(key);
            let value = WrittenValue {
                any: key == "pathPrefix" && text == "/",
                ..value(&format!("{text}{suffix}"), at.clone())
            };
            all.push(constraint(key, "path", at, vec![value]));
        }
    }
    let methods: Vec<WrittenValue> = http
        .texts("methods")
        .into_iter()
        .map(|(text, at)| value(&text.to_uppercase(), at))
        .collect();
    if !methods.is_empty() {
        all.push(constraint(
            "methods",
            "method",
            http.field("methods"),
            methods,
        ));
    }
    for header in http.each("header") {
        let name = header.text("name").unwrap_or("");
        let text = ["exact", "prefix", "suffix", "contains", "regex"]
            .into_iter()
            .find_map(|key| Some((header.text(key)?, header.field(key))));
        let (text, at) = text.unwrap_or(("*", header.field("name")));
        all.push(Constraint {
            negated: header.is_on("invert"),
            ..constraint(name, "header", header.at().clone(), vec![value(text, at)])
        });
    }
    for one in &mut all {
        one.http = true;
    }
    all
}

fn constraint(
    name: &str,
    dimension: &'static str,
    at: At,
    values: Vec<WrittenValue>,
) -> Constraint {
    Constraint {
        at,
        field: name.into(),
        dimension,
        negated: false,
        http: false,
        values,
    }
}

fn value(text: &str, at: At) -> WrittenValue {
    WrittenValue {
        text: text.into(),
        at,
        any: false,
        literal_star: false,
        account: None,
        namespace: None,
        malformed: None,
        also: Vec::new(),
        stands_for: None,
    }
}
