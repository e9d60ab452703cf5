//! How the entries of a chain are put together: the router of the name that is dialled, splitters,
//! and what resolvers make of each name.
//!
//! `hashicorp/consul: agent/consul/discoverychain/compile.go`.

use std::sync::Arc;

use super::{Branch, Headers, Route, Wanted, prefix_rewrite};
use crate::k8s::Index;
use crate::mesh::consul::entry::{Entries, Kind, is_http};
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{Rewrite, When};
use crate::syntax::Value;

/// Reads the entries of a chain.
pub(super) struct Compiler<'a> {
    index: &'a Index,
    entries: &'a Entries,
}

impl<'a> Compiler<'a> {
    /// One for an environment.
    pub(super) fn new(index: &'a Index, entries: &'a Entries) -> Self {
        Self { index, entries }
    }

    pub(super) fn fields(&self, kind: Kind, name: &Name) -> Option<Written<'a>> {
        let entry = self.entries.named(kind, &name.namespace, &name.name)?;
        entry.fields(self.index)
    }

    fn protocol(&self, name: &Name) -> String {
        self.entries
            .protocol(self.index, &name.namespace, &name.name)
            .0
    }

    /// The routes of a name, with its own router or without.
    pub(super) fn routes(&self, dialled: &Name, routed: bool) -> Vec<Route> {
        let mut routes = self.routes_of(dialled, routed);
        let protocol = self.protocol(dialled);
        let mut branches = routes.iter().flat_map(|route| &route.to);
        let odd = branches.find(|branch| self.protocol(&branch.service) != protocol);
        let Some(at) = odd.and_then(|odd| odd.because.first().cloned()) else {
            return routes;
        };
        // whichever of these was written last was refused
        let what = format!(
            "Consul refuses entries that join services of different protocols, as these of {} do, \
             and which of them it keeps is not known",
            dialled.name
        );
        if let Some(last) = routes.last_mut()
            && !last.to.iter().any(|branch| branch.service == *dialled)
        {
            last.to.push(Branch::itself(dialled));
        }
        for branch in routes.iter_mut().flat_map(|route| &mut route.to) {
            branch.needs.push((what.clone(), at.clone()));
        }
        routes
    }

    /// The routes of a name: those of its router, and the one for everything else. Routers and
    /// splitters are for services whose protocol is HTTP; Consul stores no others.
    fn routes_of(&self, dialled: &Name, routed: bool) -> Vec<Route> {
        let http = is_http(&self.protocol(dialled));
        let mut routes = Vec::new();
        let router = self
            .fields(Kind::ServiceRouter, dialled)
            .filter(|_| http && routed);
        for route in router.iter().flat_map(|router| router.each("routes")) {
            routes.push(self.route(dialled, &route));
        }
        let to = self.split_or_resolved(dialled);
        let first = to.iter().find_map(|branch| branch.because.first());
        let named = [
            Kind::ServiceRouter,
            Kind::ServiceSplitter,
            Kind::ServiceResolver,
        ];
        let near = first.cloned().or_else(|| {
            let mut entries = named
                .iter()
                .filter_map(|&kind| self.entries.named(kind, &dialled.namespace, &dialled.name));
            entries.next().map(|entry| entry.named.clone())
        });
        routes.extend(near.map(|at| Route {
            when: When::Always,
            to,
            at,
        }));
        routes
    }

    /// One route of a router.
    fn route(&self, dialled: &Name, route: &Written<'a>) -> Route {
        let wanted = Wanted::of_router(route);
        let destination = route.get("destination");
        let text = |key| destination.as_ref().and_then(|to| to.text(key));
        let service = Name {
            namespace: text("namespace").map_or_else(|| Arc::clone(&dialled.namespace), Into::into),
            name: text("service").map_or_else(|| Arc::clone(&dialled.name), Into::into),
        };
        let mut to = match text("serviceSubset") {
            Some(subset) => {
                let at = destination.as_ref().map(|to| to.field("serviceSubset"));
                let at = at.unwrap_or_else(|| route.at().clone());
                self.resolved(&service, Some((subset, at)), true)
            }
            None => self.split_or_resolved(&service),
        };
        let at = destination.as_ref().map_or_else(|| route.at(), Written::at);
        let headers = destination.as_ref().and_then(|to| to.get("requestHeaders"));
        let headers = headers
            .map(|headers| Headers::of(&headers))
            .unwrap_or_default();
        let path = text("prefixRewrite").and_then(|to| prefix_rewrite(&wanted, to));
        for branch in &mut to {
            branch.because.insert(0, at.clone());
            let own = branch.rewrite.take().unwrap_or_default();
            let rewrite = Rewrite {
                path: path.clone(),
                host: None,
                headers: [own.headers, headers.changes()].concat(),
            };
            branch.rewrite = (rewrite != Rewrite::default()).then_some(rewrite);
        }
        Route {
            when: wanted.when,
            to,
            at: route.at().clone(),
        }
    }

    fn split_or_resolved(&self, service: &Name) -> Vec<Branch> {
        let http = is_http(&self.protocol(service));
        let split = http.then(|| self.split(service, &Headers::default(), &mut Vec::new()));
        split
            .flatten()
            .unwrap_or_else(|| self.resolved(service, None, true))
    }

    /// Where a splitter leads, below one that makes these changes; nothing where there is none.
    fn split(
        &self,
        service: &Name,
        parent: &Headers,
        above: &mut Vec<Name>,
    ) -> Option<Vec<Branch>> {
        // circles are refused
        if above.contains(service) {
            return None;
        }
        let splitter = self.fields(Kind::ServiceSplitter, service)?;
        above.push(service.clone());
        let mut branches = Vec::new();
        for split in splitter.each("splits") {
            if is_weightless(&split) {
                continue;
            }
            let to = Name {
                namespace: split
                    .text("namespace")
                    .map_or_else(|| Arc::clone(&service.namespace), Into::into),
                name: split
                    .text("service")
                    .map_or_else(|| Arc::clone(&service.name), Into::into),
            };
            let subset = split.text("serviceSubset");
            let own = split.get("requestHeaders");
            let headers = parent.with(own.map(|own| Headers::of(&own)).unwrap_or_default());
            let further = match subset.is_none() && to != *service {
                true => self.split(&to, &headers, above),
                false => None,
            };
            let mut found = further.unwrap_or_else(|| {
                let asked = subset.map(|subset| (subset, split.field("serviceSubset")));
                let mut found = self.resolved(&to, asked, true);
                for branch in &mut found {
                    branch.rewrite = headers.rewrite();
                }
                found
            });
            for branch in &mut found {
                branch.because.insert(0, split.at().clone());
            }
            branches.extend(found);
        }
        above.pop();
        Some(branches)
    }
}

/// Whether a split gets no calls; what is less than half of a hundredth of a percent is nothing.
fn is_weightless(split: &Written<'_>) -> bool {
    let weight = split
        .get("weight")
        .map(|weight| match weight.node().value() {
            Value::Float(weight) => weight,
            Value::Text(text) => text.parse().unwrap_or(0.0),
            _ => weight.as_number().unwrap_or(0) as f64,
        });
    weight.is_none_or(|weight| weight < 0.005)
}
