//! What service-resolvers make of the name of a service: redirects, subsets, failover.
//!
//! `hashicorp/consul: agent/consul/discoverychain/compile.go` (getResolverNode).

use std::sync::Arc;

use super::compile::Compiler;
use super::{Branch, Subset};
use crate::mesh::consul::entry::Kind;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::At;

/// A service, and the subset of it that is asked for.
type Asked = (Name, Option<Arc<str>>);

impl Compiler<'_> {
    /// The services that stand for one, of which a subset may be asked for, with those that calls fail
    /// over to. None is one that only other clusters have.
    pub(super) fn resolved(
        &self,
        service: &Name,
        subset: Option<(&str, At)>,
        fails_over: bool,
    ) -> Vec<Branch> {
        let mut here = service.clone();
        let (mut because, mut needs) = (Vec::new(), Vec::new());
        let (mut subset, asked): (Option<Arc<str>>, _) = match subset {
            Some((subset, at)) => (Some(subset.into()), Some(at)),
            None => (None, None),
        };
        let mut seen: Vec<Asked> = Vec::new();
        loop {
            let now = (here.clone(), subset.clone());
            seen.push(now.clone());
            let Some(resolver) = self.fields(Kind::ServiceResolver, &here) else {
                break;
            };
            let mut next = now.clone();
            if let Some(redirect) = resolver.get("redirect") {
                match elsewhere(&redirect) {
                    Elsewhere::Peer => return Vec::new(),
                    Elsewhere::Datacenter(need) => needs.push(need),
                    Elsewhere::Here => {}
                }
                next = rewritten(&here, subset.as_deref(), &redirect);
                if next != now {
                    because.push(redirect.at().clone());
                }
            }
            if next == now
                && subset.is_none()
                && let Some(of_default) = resolver.text("defaultSubset")
            {
                next.1 = Some(of_default.into());
                because.push(resolver.field("defaultSubset"));
            }
            if next == now {
                break;
            }
            if seen.contains(&next) {
                // Consul refuses the entry that closes the circle
                let what =
                    "Consul refuses redirects in a circle, and which of them it keeps is not known";
                needs.extend(because.last().map(|at| (what.to_owned(), at.clone())));
                break;
            }
            (here, subset) = next;
        }
        let resolver = self.fields(Kind::ServiceResolver, &here);
        let defined = subset.as_ref().map(|name| match &resolver {
            Some(resolver) => Subset::of(resolver, name),
            None => Err(()),
        });
        let subset = match defined {
            Some(Ok(subset)) => Some(subset),
            Some(Err(())) => {
                let what = "Consul refuses entries that name a subset which is not defined";
                let at = because.last().cloned().or(asked);
                needs.extend(at.map(|at| (what.to_owned(), at)));
                None
            }
            None => None,
        };
        let mut found = vec![Branch {
            service: here.clone(),
            subset: subset.clone(),
            rewrite: None,
            because: because.clone(),
            needs,
        }];
        if let (Some(resolver), true) = (resolver, fails_over) {
            let name = subset.as_ref().map(|subset| &*subset.name);
            for (to, at) in failover(&resolver, &here, name) {
                let mut others = self.resolved(
                    &to.0,
                    to.1.as_deref().map(|subset| (subset, at.clone())),
                    false,
                );
                for other in &mut others {
                    other.because.insert(0, at.clone());
                    other.because.splice(0..0, because.iter().cloned());
                }
                found.extend(others);
            }
        }
        found
    }
}

/// Where instances are.
enum Elsewhere {
    /// In this cluster.
    Here,
    /// In one that is a peer.
    Peer,
    /// In a datacenter; whether it is this one no entry says.
    Datacenter((String, At)),
}

fn elsewhere(to: &Written<'_>) -> Elsewhere {
    if to.text("peer").is_some() || to.text("samenessGroup").is_some() {
        return Elsewhere::Peer;
    }
    match to.text("datacenter") {
        Some(datacenter) => {
            let what = format!("whether the datacenter {datacenter} is this one");
            Elsewhere::Datacenter((what, to.field("datacenter")))
        }
        None => Elsewhere::Here,
    }
}

/// The service and subset that a redirect or a failover names; what it does not say stays.
fn rewritten(service: &Name, subset: Option<&str>, to: &Written<'_>) -> Asked {
    let named = to.text("service").filter(|named| **named != *service.name);
    let own = to.text("serviceSubset");
    let kept = subset.filter(|_| named.is_none());
    let name = Name {
        namespace: to
            .text("namespace")
            .map_or_else(|| Arc::clone(&service.namespace), Into::into),
        name: named.map_or_else(|| Arc::clone(&service.name), Into::into),
    };
    (name, own.or(kept).map(Into::into))
}

/// Where calls fail over to, other than the same service elsewhere.
fn failover(resolver: &Written<'_>, service: &Name, subset: Option<&str>) -> Vec<(Asked, At)> {
    let Some(all) = resolver.get("failover") else {
        return Vec::new();
    };
    // a subset is named as it is written; there is no other spelling of it
    let entries = match all.is_own() {
        true => all.items().iter().flat_map(Written::entries).collect(),
        false => all.entries(),
    };
    let named = |wanted: &str| {
        entries
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, one)| one)
    };
    let Some(one) = subset.and_then(named).or_else(|| named("*")) else {
        return Vec::new();
    };
    if !one.each("datacenters").is_empty() {
        return Vec::new();
    }
    let targets = match one.each("targets") {
        none if none.is_empty() => vec![one.clone()],
        targets => targets,
    };
    let mut found = Vec::new();
    for target in targets {
        let to = rewritten(service, subset, &target);
        let own = to.0 == *service && to.1.as_deref() == subset;
        if !own && matches!(elsewhere(&target), Elsewhere::Here) {
            found.push((to, target.at().clone()));
        }
    }
    found
}
