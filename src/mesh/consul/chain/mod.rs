//! Where calls to a service end up: routers, splitters and resolvers between its name and the
//! services that answer.
//!
//! Who asks for a name gets [`Chains::targets`] of it; who wants to know by which names a service is
//! reached, [`Chains::leading_to`]. A service whose own name is not among the latter is not reached
//! by it. Gates are asked by the side that dials, before its call leaves for the target; the
//! intentions are those of the target, and the certificate is the target's.
//!
//! `hashicorp/consul: agent/consul/discoverychain/compile.go`, `agent/xds/routes.go`
//! (makeUpstreamRouteForDiscoveryChain).

mod compile;
mod headers;
pub mod request;
mod resolver;
mod subset;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::entry::{Entries, Kind};
use super::service::Name;
use crate::k8s::Index;
use crate::model::{
    At, Because, Effect, Gate, Layer, Normalization, Rewrite, Rule, Ruleset, Tri, When, Workload,
};
use compile::Compiler;
pub use headers::Headers;
pub use request::{Path, Wanted, prefix_rewrite};
pub use subset::Subset;

/// A service that answers who dials another, or the same.
#[derive(Debug, Clone)]
pub struct Target {
    /// The service.
    pub service: Name,
    /// The part of its instances, where not all of them answer.
    pub subset: Option<Subset>,
    /// What of the requests is led there; empty where all calls may be.
    pub gates: Vec<Gate>,
    /// The lines because of which calls are led there; empty where it is the one that is dialled.
    pub because: Vec<At>,
    /// What has to hold and is not known.
    pub needs: Vec<(String, At)>,
}

/// A name that leads to a service.
#[derive(Debug, Clone)]
pub struct Leading {
    /// The name that is dialled.
    pub dialled: Name,
    /// What of the requests is led there.
    pub gates: Vec<Gate>,
    /// What has to hold and is not known.
    pub needs: Vec<(String, At)>,
}

/// A service that a route leads to.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The service.
    pub service: Name,
    /// The part of its instances.
    pub subset: Option<Subset>,
    /// What becomes of the request.
    pub rewrite: Option<Rewrite>,
    /// The lines that lead there.
    pub because: Vec<At>,
    /// What has to hold and is not known.
    pub needs: Vec<(String, At)>,
}

/// One of the routes of which the first that takes a request counts.
#[derive(Debug, Clone)]
pub struct Route {
    /// What it takes.
    pub when: When,
    /// Where it may lead.
    pub to: Vec<Branch>,
    /// Where it is written.
    pub at: At,
}

/// The chains of all services that have one.
#[derive(Debug, Default)]
pub struct Chains {
    by_dialled: BTreeMap<Name, Chain>,
    /// The names of chains that lead to a service.
    leading: HashMap<Name, BTreeSet<Name>>,
}

/// The chain of one name.
#[derive(Debug)]
struct Chain {
    routes: Vec<Route>,
    /// The same without its router.
    unrouted: Vec<Route>,
    targets: Vec<Target>,
}

impl Chains {
    /// Works them out.
    pub fn read(index: &Index, entries: &Entries) -> Self {
        let compiler = Compiler::new(index, entries);
        let mut chains = Self::default();
        for kind in [
            Kind::ServiceRouter,
            Kind::ServiceSplitter,
            Kind::ServiceResolver,
        ] {
            for entry in entries.of(kind) {
                let dialled = Name {
                    namespace: Arc::clone(&entry.namespace),
                    name: Arc::clone(&entry.name),
                };
                if chains.by_dialled.contains_key(&dialled) {
                    continue;
                }
                let routes = compiler.routes(&dialled, true);
                let targets = leads(&routes);
                for target in &targets {
                    let names = chains.leading.entry(target.service.clone()).or_default();
                    names.insert(dialled.clone());
                }
                let unrouted = compiler.routes(&dialled, false);
                let chain = Chain {
                    routes,
                    unrouted,
                    targets,
                };
                chains.by_dialled.insert(dialled, chain);
            }
        }
        chains
    }

    /// The names that have a chain.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.by_dialled.keys()
    }

    /// The services that may answer calls to a name; one that a call fails over to may.
    pub fn targets(&self, dialled: &Name) -> Vec<Target> {
        match self.by_dialled.get(dialled) {
            Some(chain) => chain.targets.clone(),
            None => vec![Branch::itself(dialled).target(None)],
        }
    }

    /// The routes by which a gateway leads calls to a name on; `at` is where it names it.
    pub fn routes(&self, dialled: &Name, at: &At) -> Vec<Route> {
        let known = self.by_dialled.get(dialled);
        known.map_or_else(|| straight(dialled, at), |chain| chain.routes.clone())
    }

    /// Where the routes of a gateway of the Gateway API lead that name a service: they do not look at
    /// its router.
    /// `hashicorp/consul: agent/consul/discoverychain/gateway.go` (targetForResolverNode).
    pub fn branches(&self, dialled: &Name) -> Vec<Branch> {
        match self.by_dialled.get(dialled) {
            Some(chain) => chain
                .unrouted
                .iter()
                .flat_map(|route| route.to.clone())
                .collect(),
            None => vec![Branch::itself(dialled)],
        }
    }

    /// The names whose chains lead to a workload that is a service; its own too, if its chain does.
    pub fn leading_to(&self, index: &Index, service: &Name, workload: &Workload) -> Vec<Leading> {
        let mut names: BTreeSet<&Name> = self.leading.get(service).into_iter().flatten().collect();
        names.insert(service);
        let mut found = Vec::new();
        for dialled in names {
            let targets = self.targets(dialled).into_iter();
            for target in targets.filter(|target| target.service == *service) {
                let Some(needs) = target.needs_of(index, workload) else {
                    continue;
                };
                found.push(Leading {
                    dialled: dialled.clone(),
                    gates: target.gates,
                    needs,
                });
            }
        }
        found
    }
}

impl Target {
    /// What has to hold for calls to reach a workload that is the service; nothing where none do.
    pub fn needs_of(&self, index: &Index, workload: &Workload) -> Option<Vec<(String, At)>> {
        let mut needs = self.needs.clone();
        if let Some(subset) = &self.subset {
            match subset.has(index, workload) {
                Tri::Yes => {}
                Tri::No => return None,
                Tri::Unknown => needs.push(subset.open()),
            }
        }
        Some(needs)
    }
}

/// What leads along routes to each service, and to no other.
pub fn leads(routes: &[Route]) -> Vec<Target> {
    let mut found: Vec<(&Branch, Target)> = Vec::new();
    for branch in routes.iter().flat_map(|route| &route.to) {
        if let Some((_, known)) = found.iter_mut().find(|(known, _)| known.is_same_as(branch)) {
            // what one of the routes does not need is not needed
            known.needs.retain(|need| branch.needs.contains(need));
            continue;
        }
        found.push((branch, branch.target(gate(routes, branch))));
    }
    found.into_iter().map(|(_, target)| target).collect()
}

/// The routes to a name that has no chain.
fn straight(dialled: &Name, at: &At) -> Vec<Route> {
    vec![Route {
        when: When::Always,
        to: vec![Branch::itself(dialled)],
        at: at.clone(),
    }]
}

impl Branch {
    /// The service that is dialled.
    fn itself(dialled: &Name) -> Self {
        Self {
            service: dialled.clone(),
            subset: None,
            rewrite: None,
            because: Vec::new(),
            needs: Vec::new(),
        }
    }

    fn target(&self, gate: Option<Gate>) -> Target {
        Target {
            service: self.service.clone(),
            subset: self.subset.clone(),
            gates: gate.into_iter().collect(),
            because: self.because.clone(),
            needs: self.needs.clone(),
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        let name = |branch: &Self| {
            branch
                .subset
                .as_ref()
                .map(|subset| Arc::clone(&subset.name))
        };
        self.service == other.service && name(self) == name(other) && self.rewrite == other.rewrite
    }
}

/// The routes as one branch sees them; nothing where there is nothing to decide.
fn gate(routes: &[Route], branch: &Branch) -> Option<Gate> {
    let leads = |route: &Route| route.to.iter().any(|one| one.is_same_as(branch));
    let near = &routes.first()?.at;
    let open = matches!(routes, [only] if matches!(only.when, When::Always));
    if open && branch.rewrite.is_none() {
        return None;
    }
    let rules = routes.iter().map(|route| Rule {
        when: route.when.clone(),
        then: match leads(route) {
            true => Effect::Allow,
            false => Effect::Deny,
        },
        at: route.at.clone(),
    });
    Some(routing(
        rules.collect(),
        near,
        Layer::Http,
        branch.rewrite.clone(),
    ))
}

/// A gate that decides where calls go: what no rule takes goes nowhere.
pub fn routing(rules: Vec<Rule>, near: &At, layer: Layer, rewrite: Option<Rewrite>) -> Gate {
    Gate {
        routes: true,
        rules: Arc::new(Ruleset {
            rules,
            otherwise: Effect::Deny,
            because: Because::Configured(near.clone()),
            // neither gateways nor the callers' side change paths before they look for a route
            normalization: Normalization::NONE,
            tokens: None,
        }),
        layer,
        port: 0,
        rewrite,
    }
}
