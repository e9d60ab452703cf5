//! Routes in neutral form: what matches, where it leads, what becomes of it on the way.

pub mod api_route;
mod http_change;
mod http_match;
pub mod named;
pub mod routing;
pub mod virtual_route;
pub mod virtual_service;

use std::sync::Arc;

use crate::model::{
    At, Because, Effect, Gate, Layer, Normalization, Rewrite, Rule, Ruleset, StringMatch, Test,
    When,
};

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// What it takes.
    pub when: When,
    /// Where it leads; nowhere where the proxy answers by itself.
    pub to: Vec<Target>,
    /// What becomes of the request.
    pub rewrite: Option<Rewrite>,
    /// Where it is written.
    pub at: At,
}

/// A destination of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host, in full.
    pub host: String,
    /// The service port, if it names one.
    pub port: Option<u16>,
    /// The subset, if it names one.
    pub subset: Option<String>,
    /// Where it is written.
    pub at: At,
}

impl Target {
    fn is_same_as(&self, other: &Self) -> bool {
        self.host == other.host && self.port == other.port && self.subset == other.subset
    }
}

/// Routes of which the first that matches counts.
#[derive(Debug, Clone)]
pub struct Table {
    /// How bytes are read.
    pub layer: Layer,
    /// The routes.
    pub routes: Vec<Route>,
    /// What to point at where none matches.
    pub near: At,
}

/// A destination that a table leads to, and what of its routes lead there.
#[derive(Debug, Clone)]
pub struct Lead {
    /// The destination.
    pub target: Target,
    /// What leads there.
    pub gate: Gate,
}

impl Table {
    /// Every destination, with the rules that lead to it and to no other.
    pub fn leads(&self, normalization: Normalization) -> Vec<Lead> {
        let mut leads: Vec<Lead> = Vec::new();
        for route in &self.routes {
            for target in &route.to {
                let known = leads.iter().any(|lead| {
                    lead.target.is_same_as(target) && lead.gate.rewrite == route.rewrite
                });
                if !known {
                    leads.push(Lead {
                        target: target.clone(),
                        gate: self.gate(target, route.rewrite.as_ref(), normalization),
                    });
                }
            }
        }
        leads
    }

    fn gate(
        &self,
        target: &Target,
        rewrite: Option<&Rewrite>,
        normalization: Normalization,
    ) -> Gate {
        let rules = self.routes.iter().map(|route| {
            let mut to = route.to.iter();
            let found = to
                .find(|to| to.is_same_as(target))
                .filter(|_| route.rewrite.as_ref() == rewrite);
            Rule {
                when: route.when.clone(),
                then: match found {
                    Some(_) => Effect::Allow,
                    None => Effect::Deny,
                },
                at: found.map_or(&route.at, |to| &to.at).clone(),
            }
        });
        Gate {
            routes: true,
            rules: Arc::new(Ruleset {
                rules: rules.collect(),
                otherwise: Effect::Deny,
                because: Because::Configured(self.near.clone()),
                normalization,
                tokens: None,
            }),
            layer: self.layer,
            port: 0,
            rewrite: rewrite.cloned(),
        }
    }
}

/// Whether a host with a star in front takes another, or the other way around: the narrower of the
/// two; nothing where they have nothing in common.
pub fn common_host<'a>(a: &'a str, b: &'a str) -> Option<&'a str> {
    match (covers(a, b), covers(b, a)) {
        (true, _) => Some(b),
        (_, true) => Some(a),
        _ => None,
    }
}

/// Whether every host that `narrow` takes is taken by `wide`.
pub fn covers(wide: &str, narrow: &str) -> bool {
    match wide.strip_prefix('*') {
        Some("") => true,
        Some(suffix) => {
            let rest = narrow.strip_prefix('*').unwrap_or(narrow);
            rest.ends_with(suffix) && (narrow.starts_with('*') || rest.len() > suffix.len())
        }
        None => wide == narrow,
    }
}

/// The condition that a request is for a host, with or without a port.
pub fn host_is(host: &str, at: &At) -> When {
    let is = |value| When::Is(Test::HostName(value), at.clone());
    let host = host.to_lowercase();
    match host.strip_prefix('*') {
        Some("") => When::Always,
        Some(suffix) => is(StringMatch::Suffix(suffix.into())),
        None => is(StringMatch::Exact(host.as_str().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::{common_host, covers};

    #[test]
    fn hosts_in_common() {
        assert_eq!(
            common_host("*.example.com", "a.example.com"),
            Some("a.example.com")
        );
        assert_eq!(common_host("a.example.com", "*"), Some("a.example.com"));
        assert_eq!(common_host("a.example.com", "b.example.com"), None);
        assert!(covers("*.example.com", "*.a.example.com"));
        assert!(!covers("*.example.com", ".example.com"));
        assert!(!covers("*.a.example.com", "*.example.com"));
    }
}
