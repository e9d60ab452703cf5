//! What intentions say, source by source.

use std::sync::Arc;

use super::Services;
use super::criteria;
use super::lost::Losses;
use super::wider::Others;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, Kind};
use crate::mesh::consul::intention::{Action, Intention, Requirement, Source, Wanted};
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
    let losses = Losses::new(consul, services, entry);
    let others = Others::new(consul, services, entry);
    let mut all = Vec::new();
    for intention in consul.intentions_of(entry) {
        let stated = Stated {
            services,
            intention: &intention,
            losses: &losses,
            apart: consul.config.namespaces.are_apart(),
        };
        let mut add = |written: AuthorizationPolicy| {
            let subject = Subject::Authorization(written);
            all.push(services.policy(entry, intention.at.clone(), subject, consul));
        };
        match &intention.action {
            Action::All(allows, at) => {
                let rule = stated.rule(*allows, None, intention.at.clone(), Vec::new());
                add(stated.policy(*allows, at.clone(), vec![rule]));
            }
            Action::ByRequest(permissions, _) => {
                for allows in [true, false] {
                    let of_effect = permissions.iter().filter(|one| one.allows == allows);
                    let rules: Vec<WrittenRule> = of_effect
                        .map(|one| {
                            let requests = requests(consul, &one.at);
                            stated.rule(allows, one.token.as_ref(), one.at.clone(), requests)
                        })
                        .collect();
                    if let Some(first) = rules.first() {
                        let at = first.at.join("action");
                        let mut written = stated.policy(allows, at, rules);
                        let wider = others.iter().filter(|_| allows);
                        written.wider = wider.flat_map(|it| it.than(&intention)).collect();
                        add(written);
                    }
                }
            }
        }
    }
    all
}

/// What an intention is stated with.
struct Stated<'a> {
    services: &'a Services,
    intention: &'a Intention,
    losses: &'a Losses<'a>,
    /// Whether Consul tells namespaces apart.
    apart: bool,
}

impl Stated<'_> {
    fn policy(&self, allows: bool, effect_at: At, rules: Vec<WrittenRule>) -> AuthorizationPolicy {
        AuthorizationPolicy {
            effect: if allows { "allow" } else { "deny" },
            effect_at,
            dry_run: None,
            provider: None,
            rules,
            lost: self.losses.of(self.intention, allows),
            wider: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// A rule, without a token that nobody asks for.
    fn rule(
        &self,
        allows: bool,
        token: Option<&Requirement>,
        at: At,
        requests: Vec<Constraint>,
    ) -> WrittenRule {
        let asked = !self.losses.asks_for_no_token(self.intention, allows);
        let tokens = [self.intention.token.as_ref(), token].into_iter().flatten();
        let mut sources = vec![vec![self.source()]];
        for token in tokens.filter(|_| asked) {
            let with = |one: &Vec<Constraint>, wanted: &Wanted| {
                let mut all = one.clone();
                all.extend(shown(wanted));
                all
            };
            sources = sources
                .iter()
                .flat_map(|one| token.providers.iter().map(move |wanted| with(one, wanted)))
                .collect();
        }
        WrittenRule {
            at,
            sources,
            operations: match requests.is_empty() {
                true => Vec::new(),
                false => vec![requests],
            },
            conditions: Vec::new(),
        }
    }

    /// Who calls.
    fn source(&self) -> Constraint {
        let source = &self.intention.source;
        let many = match source.elsewhere {
            None => self.services.many(&source.namespace, &source.name),
            Some(_) => None,
        };
        let mut caller = caller(source, &self.intention.at, self.apart);
        for value in &mut caller.values {
            value.stands_for = many.as_ref().map(|many| Arc::from(many.text.as_str()));
            value.outside = many.as_ref().is_some_and(|many| many.outside);
        }
        caller
    }
}

/// The token of a provider, and what it says.
fn shown(wanted: &Wanted) -> Vec<Constraint> {
    let token = |name: &str, text: &str, at: &At| Constraint {
        http: true,
        ..Constraint::new(
            name,
            "token",
            at.clone(),
            vec![WrittenValue::plain(text, at.clone())],
        )
    };
    let mut all = vec![token("jwt", &wanted.name, &wanted.at)];
    let claims = wanted.claims.iter();
    all.extend(claims.map(|(path, text, at)| {
        let path: Vec<&str> = path.iter().map(|step| &**step).collect();
        token(&format!("claims[{}]", path.join(".")), text, at)
    }));
    all
}

/// A source; where Consul tells namespaces apart, `*` is everyone of its own.
fn caller(source: &Source, at: &At, apart: bool) -> Constraint {
    let at = at.join("name");
    let wild = &*source.name == "*";
    let all = wild && (!apart || &*source.namespace == "*");
    let elsewhere = source.elsewhere.is_some();
    let value = WrittenValue {
        any: all && !elsewhere,
        account: (!wild && !elsewhere)
            .then(|| (Arc::clone(&source.namespace), Arc::clone(&source.name))),
        ..WrittenValue::plain(&source.name, at.clone())
    };
    Constraint::new("sources", "identity", at, vec![value])
}

/// What a permission asks of requests.
fn requests(consul: &Consul, at: &At) -> Vec<Constraint> {
    let Some(http) = criteria::http(consul, at) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (key, suffix) in [("pathExact", ""), ("pathPrefix", "*"), ("pathRegex", "")] {
        if let Some(text) = http.text(key) {
            let at = http.field(key);
            let value = WrittenValue {
                any: key == "pathPrefix" && text == "/",
                ..WrittenValue::plain(&format!("{text}{suffix}"), at.clone())
            };
            all.push(Constraint::new(key, "path", at, vec![value]));
        }
    }
    let methods: Vec<WrittenValue> = http
        .texts("methods")
        .into_iter()
        .map(|(text, at)| WrittenValue::plain(&text.to_uppercase(), at))
        .collect();
    if !methods.is_empty() {
        all.push(Constraint::new(
            "methods",
            "method",
            http.field("methods"),
            methods,
        ));
    }
    for header in http.each("header") {
        let name = header.text("name").unwrap_or("");
        let compared = criteria::value(&header).map(|(_, text, at)| WrittenValue::plain(text, at));
        let compared = compared.unwrap_or_else(|| WrittenValue {
            any: true,
            ..WrittenValue::plain("*", header.field("name"))
        });
        all.push(Constraint {
            negated: header.is_on("invert"),
            ..Constraint::new(name, "header", header.at().clone(), vec![compared])
        });
    }
    for one in &mut all {
        one.http = true;
    }
    all
}
