//! Intentions: which service may call which.

mod http;
pub mod jwt;
mod rbac;

use std::collections::HashMap;
use std::sync::Arc;

pub use jwt::{Providers, Requirement, Wanted};

use super::Consul;
use super::entry::{Entry, Kind};
use super::service::Name;
use super::written::Written;
use crate::model::{At, Layer, Ruleset, StringMatch, Test, When};

/// What one source may do at a destination.
#[derive(Debug, Clone)]
pub struct Intention {
    /// Who calls.
    pub source: Source,
    /// The one with the higher number is looked at first.
    pub precedence: u8,
    /// What happens.
    pub action: Action,
    /// A token that all of its callers show.
    pub token: Option<Requirement>,
    /// The source as it is written.
    pub at: At,
}

/// What happens to the calls of a source.
#[derive(Debug, Clone)]
pub enum Action {
    /// All are let in, or none; and the line.
    All(bool, At),
    /// It depends on the request; and the list.
    ByRequest(Vec<Permission>, At),
}

/// What happens to requests of one kind.
#[derive(Debug, Clone)]
pub struct Permission {
    /// Which requests.
    pub when: When,
    /// Whether they are let in.
    pub allows: bool,
    /// A token that they carry.
    pub token: Option<Requirement>,
    /// The permission as it is written.
    pub at: At,
}

/// Who calls, as intentions name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name of a service, or `*`.
    pub name: Arc<str>,
    /// Its namespace, or `*`.
    pub namespace: Arc<str>,
    /// Where it is, if not here: a peer, a partition or a group of them.
    pub elsewhere: Option<(&'static str, Arc<str>)>,
}

impl Source {
    /// How many of its parts stand for any.
    fn wildness(&self) -> u8 {
        u8::from(&*self.name == "*") + u8::from(&*self.namespace == "*")
    }

    /// Whether it is a part of another source.
    /// `hashicorp/consul: agent/xds/rbac.go` (ixnSourceMatches).
    pub fn is_within(&self, other: &Self) -> bool {
        let covers = |all: &Arc<str>, one: &Arc<str>| &**all == "*" || all == one;
        self.wildness() < other.wildness()
            && covers(&other.namespace, &self.namespace)
            && covers(&other.name, &self.name)
            && self.elsewhere == other.elsewhere
    }

    /// Whether callers from here may be it.
    fn may_be_here(&self) -> bool {
        !matches!(self.elsewhere, Some(("peer" | "partition", _)))
    }

    /// Whether a caller is it, where `home` vouches for those from here; `at` is the line that names it.
    pub fn when(&self, at: &At, home: &Arc<str>) -> When {
        let is = |test| When::Is(test, at.clone());
        let from = |domain: &Arc<str>| {
            is(Test::IdentityTrustDomain(StringMatch::Exact(Arc::clone(
                domain,
            ))))
        };
        let local = match (&*self.namespace, &*self.name) {
            ("*", _) => is(Test::Identity(StringMatch::Any)),
            (_, "*") => is(Test::IdentityNamespace(Arc::clone(&self.namespace))),
            _ => is(Test::IdentityServiceAccount {
                namespace: Arc::clone(&self.namespace),
                name: Arc::clone(&self.name),
            }),
        };
        match &self.elsewhere {
            None => When::all(vec![from(home), local]),
            // callers from there are not in the input, and none from here is one of them
            Some(("peer" | "partition", place)) => When::all(vec![from(place), local]),
            Some((_, group)) => When::all(vec![
                local,
                is(Test::Unknowable(
                    format!("whether callers from here are in the sameness group {group}").into(),
                )),
            ]),
        }
    }
}

/// The precedence of an intention.
/// `hashicorp/consul: agent/structs/config_entry_intentions.go` (computeIntentionPrecedence).
fn precedence(destination: &Entry, source: &Source) -> u8 {
    let wild = u8::from(&*destination.name == "*") + u8::from(&*destination.namespace == "*");
    9 - 3 * wild - source.wildness()
}

impl Consul {
    /// The intentions about a service, what counts first is first; of one source only the first.
    pub(super) fn intentions_for(&self, service: &Name) -> Arc<[Intention]> {
        let known = self.intentions.get(service);
        known.map_or_else(|| self.collect_for(service), Arc::clone)
    }

    /// The intentions about each of some services.
    pub(super) fn collect(
        &self,
        services: impl Iterator<Item = Name>,
    ) -> HashMap<Name, Arc<[Intention]>> {
        let mut found = HashMap::new();
        for service in services {
            let collect = |service: &Name| self.collect_for(service);
            found.entry(service).or_insert_with_key(collect);
        }
        found
    }

    fn collect_for(&self, service: &Name) -> Arc<[Intention]> {
        let mut kept: Vec<Intention> = Vec::new();
        for intention in self.intentions_about(service) {
            if !kept.iter().any(|known| known.source == intention.source) {
                kept.push(intention);
            }
        }
        kept.into()
    }

    /// All intentions about a service, what counts first is first.
    pub(super) fn intentions_about(&self, service: &Name) -> Vec<Intention> {
        let wild = ["*", &service.namespace];
        let places = [
            (&*service.namespace, &*service.name),
            (wild[1], "*"),
            ("*", "*"),
        ];
        let entries = places.iter().filter_map(|(namespace, name)| {
            self.entries.named(Kind::ServiceIntentions, namespace, name)
        });
        let mut all: Vec<Intention> = entries
            .flat_map(|entry| self.intentions_of(entry))
            .collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.precedence));
        all
    }

    /// The intentions of an entry.
    pub(super) fn intentions_of(&self, entry: &Entry) -> Vec<Intention> {
        let Some(fields) = entry.fields(&self.index) else {
            return Vec::new();
        };
        let token = fields.get("jwt").and_then(|it| Requirement::read(&it));
        let one = |source: &Written<'_>| {
            let name: Arc<str> = source.text("name")?.into();
            let namespace = match (source.text("namespace"), &*entry.namespace) {
                (Some(namespace), _) => namespace.into(),
                (None, "*") => "default".into(),
                (None, _) => Arc::clone(&entry.namespace),
            };
            let elsewhere = |key: &'static str, word| Some((word, Arc::from(source.text(key)?)));
            let partition = elsewhere("partition", "partition");
            let source_named = Source {
                name,
                namespace,
                elsewhere: elsewhere("peer", "peer")
                    .or_else(|| elsewhere("samenessGroup", "group"))
                    .or(partition.filter(|(_, name)| **name != *self.config.home_partition())),
            };
            let permissions = source
                .get("permissions")
                .filter(|list| !list.items().is_empty());
            let action = match permissions {
                Some(list) => Action::ByRequest(
                    list.items().iter().map(permission).collect(),
                    list.at().clone(),
                ),
                None => Action::All(
                    source.text("action") == Some("allow"),
                    source.field("action"),
                ),
            };
            Some(Intention {
                precedence: precedence(entry, &source_named),
                source: source_named,
                action,
                token: token.clone(),
                at: source.at().clone(),
            })
        };
        fields.each("sources").iter().filter_map(one).collect()
    }

    /// Who may call a service, as the proxy before it asks.
    pub(super) fn authorization(&self, service: &Name, layer: Layer) -> Ruleset {
        let intentions = self.intentions_for(service);
        rbac::rules(&intentions, self, layer)
    }

    /// The line because of which a caller is not told of a service, so that its proxy leads no calls
    /// there: by the order that the documentation has, and whatever requests are let in. Nothing where
    /// it is told, or nobody knows.
    /// `hashicorp/consul: agent/consul/state/intention.go` (IntentionDecision).
    pub(super) fn untold(&self, caller: &Name, service: &Name) -> Option<At> {
        let covers = |all: &Arc<str>, one: &Arc<str>| &**all == "*" || all == one;
        let intentions = self.intentions_for(service);
        let first = intentions.iter().find(|one| {
            let source = &one.source;
            source.may_be_here()
                && covers(&source.namespace, &caller.namespace)
                && covers(&source.name, &caller.name)
        });
        let default = &self.config.default_allow;
        match first {
            // who is in a group nobody knows
            Some(one) if one.source.elsewhere.is_some() => None,
            // who shows no token is not who is refused, unless everyone is
            Some(one) if one.token.is_some() && default.value != Some(false) => None,
            Some(one) => match &one.action {
                Action::All(false, at) => Some(at.clone()),
                Action::All(true, _) | Action::ByRequest(..) => None,
            },
            // where that is not known, the proxy that is called does not know either
            None => (default.value == Some(false)).then(|| default.because.at().clone()),
        }
    }
}

fn permission(written: &Written<'_>) -> Permission {
    Permission {
        when: written
            .get("http")
            .map_or(When::Always, |http| http::criteria(&http)),
        allows: written.text("action") == Some("allow"),
        token: written.get("jwt").and_then(|it| Requirement::read(&it)),
        at: written.at().clone(),
    }
}
