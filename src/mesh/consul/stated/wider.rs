//! Who gets to the requests of a permission beside its callers: whom no intention names, and whoever
//! comes in by a gateway.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Services;
use super::criteria::{self, Path};
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::Entry;
use crate::mesh::consul::intention::{Action, Intention};
use crate::mesh::consul::service::Name;
use crate::model::{At, Effect, Layer, PathMatch, Ruleset, Test, Tri, When, Wider};

/// What a destination asks, and of whom.
pub(super) struct Others<'a> {
    consul: &'a Consul,
    rules: Ruleset,
    /// Those whom no intention names, and the gateways.
    callers: Vec<(Name, &'static str)>,
}

/// A request with nothing else in it.
struct Request<'a> {
    path: &'a str,
    method: String,
    /// Who vouches for callers from here.
    home: &'a str,
}

impl<'a> Others<'a> {
    /// Nothing of an entry about all services: it tells no requests apart.
    pub(super) fn new(consul: &'a Consul, services: &Services, entry: &Entry) -> Option<Self> {
        let name = |name: &str| Name {
            namespace: Arc::clone(&entry.namespace),
            name: name.into(),
        };
        let gateways = services.gateways.iter().map(|one| (one.clone(), "outside"));
        (&*entry.name != "*").then(|| Self {
            consul,
            rules: consul.authorization(&name(&entry.name), Layer::Http),
            callers: std::iter::once((name("meshvet-any"), "mesh"))
                .chain(gateways)
                .collect(),
        })
    }

    /// Those who get to what an intention lets its callers in to, and the lines that let them.
    pub(super) fn than(&self, intention: &Intention) -> Vec<Wider> {
        let Action::ByRequest(permissions, _) = &intention.action else {
            return Vec::new();
        };
        let mut found: BTreeMap<(At, &'static str), Vec<Arc<str>>> = BTreeMap::new();
        for permission in permissions.iter().filter(|one| one.allows) {
            let Some(http) = criteria::http(self.consul, &permission.at) else {
                continue;
            };
            let (path, text) = match criteria::path(&http) {
                Path::Exact(path) => (path, path.to_owned()),
                Path::Prefix(path) => (path, format!("{path}*")),
                Path::Any | Path::Regex(_) => continue,
            };
            let methods = http.texts("methods");
            let request = Request {
                path,
                home: &self.consul.config.neutral.trust_domain.value,
                method: methods
                    .first()
                    .map_or("GET".to_owned(), |(text, _)| text.to_uppercase()),
            };
            for (line, whom) in self.let_in(&request, intention) {
                found
                    .entry((line, whom))
                    .or_default()
                    .push(text.as_str().into());
            }
        }
        let wider = |((at, whom), paths)| Wider { at, whom, paths };
        found.into_iter().map(wider).collect()
    }

    /// Who gets in with a request, and the line; whom nobody names, or else gateways.
    fn let_in(&self, request: &Request<'_>, own: &Intention) -> Vec<(At, &'static str)> {
        let mut found: Vec<(At, &'static str)> = Vec::new();
        for (caller, whom) in &self.callers {
            let is_own = *own.source.name == *caller.name || &*own.source.name == "*";
            if is_own || found.iter().any(|(_, known)| *known == "mesh") {
                continue;
            }
            found.extend(self.line(caller, request).map(|line| (line, *whom)));
        }
        found
    }

    /// The line that certainly lets a caller in.
    fn line(&self, caller: &Name, request: &Request<'_>) -> Option<At> {
        for rule in &self.rules.rules {
            match (admits(&rule.when, caller, request), &rule.then) {
                (Tri::No, _) => {}
                (Tri::Yes, Effect::Allow) => return Some(rule.at.clone()),
                _ => return None,
            }
        }
        let because = &self.rules.because;
        (self.rules.otherwise == Effect::Allow).then(|| because.at().clone())
    }
}

/// Whether a condition holds for a caller from here that shows no token.
fn admits(when: &When, caller: &Name, request: &Request<'_>) -> Tri {
    let Request { path, method, home } = request;
    match when {
        When::Always => Tri::Yes,
        When::Never => Tri::No,
        When::All(of) => Tri::all(of.iter().map(|one| admits(one, caller, request))),
        When::Any(of) => Tri::any(of.iter().map(|one| admits(one, caller, request))),
        When::Not(inner) => admits(inner, caller, request).not(),
        When::Is(test, _) => match test {
            Test::Identity(_) => Tri::Yes,
            Test::IdentityNamespace(namespace) => (*namespace == caller.namespace).into(),
            Test::IdentityServiceAccount { namespace, name } => {
                (*namespace == caller.namespace && *name == caller.name).into()
            }
            Test::Path(PathMatch::Text(value)) => value.matches(path).into(),
            Test::Method(value) => value.matches(method).into(),
            Test::IdentityTrustDomain(value) => value.matches(home).into(),
            // who shows a token
            Test::TokenText { .. } => Tri::No,
            _ => Tri::Unknown,
        },
    }
}
