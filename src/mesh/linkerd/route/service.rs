//! Routes on Services, by which a client's proxy decides where its requests go.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/outbound/index.rs`,
//! `policy-controller/grpc/src/outbound/http.rs`.

use std::sync::Arc;

use super::order::{Branch, leading};
use super::{Place, Route, Rules};
use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::crd::Parent;
use crate::model::{Because, Effect, Gate, Layer, Normalization, Ruleset, Service, Workload};

impl Linkerd {
    /// What a client's proxy asks of requests to a Service: where routes are attached, which lead to
    /// it; what takes none of them is answered with 404.
    pub fn routing(&self, client: &Workload, service: &Service, port: u16) -> Option<Gate> {
        if service.headless || self.has_profile(service) {
            return None;
        }
        let place: Place = (Arc::clone(&service.namespace), Arc::clone(&service.name));
        let all = self.routes.on_service(&place);
        let counting = all.clone().filter(|route| {
            let near = route.namespace == client.namespace;
            near || route.namespace == service.namespace
        });
        let on = |route: &&Route| {
            let mut parents = route.parents.iter().filter(|one| is(one, route, &place));
            parents.any(|parent| {
                let here = parent.port.is_none_or(|own| own == port);
                let grpc = |other: &Route| {
                    let mut own = other.parents.iter().filter(|one| is(one, other, &place));
                    matches!(other.rules, Rules::Grpc(_)) && own.any(|one| one.port == parent.port)
                };
                let evicted = matches!(route.rules, Rules::Http(_)) && all.clone().any(grpc);
                here && !evicted
            })
        };
        let routes: Vec<&Route> = counting.filter(on).collect();
        let first = routes.first()?;
        let because = Because::Configured(first.at.clone());
        Some(Gate {
            routes: true,
            rules: Arc::new(Ruleset {
                rules: leading(&routes, |branch| leads_to(branch, service)),
                otherwise: Effect::Deny,
                because,
                normalization: Normalization::VERBATIM,
                tokens: None,
            }),
            layer: Layer::Http,
            port,
            rewrite: None,
        })
    }

    /// Whether a ServiceProfile takes the place of routes.
    fn has_profile(&self, service: &Service) -> bool {
        let name = format!("{}.{}.svc.cluster.local", service.name, service.namespace);
        let namespace = Some(&*service.namespace);
        let found = self
            .index
            .find("linkerd.io", "ServiceProfile", namespace, &name);
        found.is_some()
    }

    /// The namespaces whose clients have routes of their own to a Service.
    pub fn routed_apart(&self, service: &Service) -> Vec<Arc<str>> {
        let place: Place = (Arc::clone(&service.namespace), Arc::clone(&service.name));
        let all = self.routes.on_service(&place);
        let others = all.filter(|route| route.namespace != service.namespace);
        others.map(|route| Arc::clone(&route.namespace)).collect()
    }
}

/// Whether a reference of a route names a Service.
fn is(parent: &Parent, route: &Route, (namespace, name): &Place) -> bool {
    let own = parent.namespace.as_deref().unwrap_or(&route.namespace);
    parent.is_service() && *own == **namespace && *parent.name == **name
}

/// Whether a way to take a route leads to a Service.
fn leads_to(branch: &Branch<'_>, service: &Service) -> bool {
    let mut backends = branch.backends.iter().filter(|one| one.weight != Some(0));
    branch.backends.is_empty()
        || backends.any(|one| {
            let namespace = one.namespace.as_deref().unwrap_or(&branch.route.namespace);
            let kind = one.kind.as_deref().unwrap_or("Service");
            kind == "Service" && *namespace == *service.namespace && *one.name == *service.name
        })
}
