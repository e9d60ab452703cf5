//! Which policies are in force for a proxy, and the rules they come to.
//!
//! `istio/istio: pilot/pkg/model/policyattachment.go` (ShouldAttachPolicy).

use std::sync::{Arc, PoisonError};

use super::ruleset;
use super::{Compiled, Reader};
use crate::mesh::istio::Istio;
use crate::mesh::istio::crd::{self, Selecting};
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::outbound::service_entry::ServiceEntry;
use crate::mesh::istio::outbound::waypoint::Asked;
use crate::mesh::istio::policy::{Object, Objects};
use crate::mesh::istio::proxies::{GATEWAY_API, Named, Proxy, WAYPOINT_CLASS};
use crate::mesh::istio::settings::MeshConfig;
use crate::model::{At, Identity, Layer, ResourceId, Ruleset, Service, Workload};

/// What a waypoint serves, as policies name it: its namespace; group, kind and name.
pub type Served<'a> = (&'a str, (&'a str, &'a str, &'a str));

/// A service, as policies name it.
pub fn served(service: &Service) -> Served<'_> {
    (&service.namespace, ("", "Service", &service.name))
}

impl Istio {
    /// Who a workload can prove to be.
    pub fn identity_of(&self, workload: &Workload) -> Identity {
        let config = self.config.of(&self.member(workload).revision);
        self.identity_in(config, &workload.namespace, &workload.service_account)
    }

    /// Who a service account is to a control plane.
    pub fn identity_in(&self, config: &MeshConfig, namespace: &str, account: &str) -> Identity {
        let trust_domain = Arc::clone(&config.neutral.trust_domain.value);
        Identity {
            name: format!("{trust_domain}/ns/{namespace}/sa/{account}").into(),
            trust_domain,
            namespace: namespace.into(),
            service_account: account.into(),
        }
    }

    /// Whether the node's proxy stands in front of a workload.
    pub fn is_ambient(&self, workload: &Workload) -> bool {
        self.member(workload).plane == Plane::Ambient
    }

    /// The policies in force for a proxy.
    pub fn attached<'a, T: Selecting>(
        &'a self,
        objects: &'a Objects<T>,
        workload: &Workload,
    ) -> Vec<&'a Object<T>> {
        let member = self.member(workload);
        match member.plane {
            Plane::Waypoint => match self.proxies.of_workload(workload.id) {
                Some(proxy) => self.attached_to_waypoint(objects, proxy, None),
                None => Vec::new(),
            },
            Plane::Gateway => {
                let proxy = self.proxies.of_workload(workload.id);
                let gateway = proxy.and_then(|proxy| proxy.gateway.as_ref());
                self.selecting_or_naming(objects, workload, gateway)
            }
            Plane::Sidecar | Plane::Ambient | Plane::None => {
                objects.selecting(workload, self.root(), &member.revision)
            }
        }
    }

    /// The policies that select pods, and those that name the `Gateway` they are made from.
    pub fn selecting_or_naming<'a, T: Selecting>(
        &'a self,
        objects: &'a Objects<T>,
        pods: &Workload,
        gateway: Option<&'a Named>,
    ) -> Vec<&'a Object<T>> {
        let revision = &self.member(pods).revision;
        let mut found = objects.selecting(pods, self.root(), revision);
        if let Some(named) = gateway {
            let target = (GATEWAY_API, "Gateway", &*named.name);
            let targeting = objects.targeting(&named.namespace, target);
            found.extend(targeting.filter(|object| object.is_read_by(revision)));
        }
        found
    }

    /// The policies in force at a waypoint for what it serves: those with targets only.
    pub fn attached_to_waypoint<'a, T: Selecting>(
        &'a self,
        objects: &'a Objects<T>,
        proxy: &'a Proxy,
        serves: Option<Served<'a>>,
    ) -> Vec<&'a Object<T>> {
        let Some(named) = &proxy.gateway else {
            return Vec::new();
        };
        let class = (GATEWAY_API, "GatewayClass", WAYPOINT_CLASS);
        let mut found: Vec<&Object<T>> = objects.targeting(self.root(), class).collect();
        let gateway = (GATEWAY_API, "Gateway", &*named.name);
        found.extend(objects.targeting(&named.namespace, gateway));
        if let Some((namespace, target)) = serves {
            found.extend(objects.targeting(namespace, target));
        }
        let revision = &self.member(&proxy.pods).revision;
        found.retain(|object| object.is_read_by(revision));
        found
    }

    /// The rules at a waypoint for a service that it serves, or for pods.
    pub fn waypoint_rules(
        &self,
        proxy: &Proxy,
        service: Option<&Service>,
        layer: Layer,
    ) -> Arc<Ruleset> {
        let near = service.map_or(proxy.pods.resource, |s| s.resource);
        self.rules_at_waypoint(proxy, service.map(served), layer, near)
    }

    fn rules_at_waypoint(
        &self,
        proxy: &Proxy,
        serves: Option<Served<'_>>,
        layer: Layer,
        near: ResourceId,
    ) -> Arc<Ruleset> {
        let policies = self.attached_to_waypoint(&self.authorizations, proxy, serves);
        let tokens = self.attached_to_waypoint(&self.tokens, proxy, serves);
        self.shared_rules(&proxy.pods, policies, tokens, Reader::Envoy(layer), near)
    }

    /// The rules of a waypoint for a ServiceEntry that it serves.
    pub fn rules_for_entry(
        &self,
        proxy: &Proxy,
        entry: &Object<ServiceEntry>,
        layer: Layer,
    ) -> Arc<Ruleset> {
        let name = &*self.index.resource(entry.id).key.name;
        let target = ("networking.istio.io", "ServiceEntry", name);
        let serves = Some((&*entry.namespace, target));
        self.rules_at_waypoint(proxy, serves, layer, entry.id)
    }

    /// The rules of a workload's own proxy.
    pub fn ruleset(&self, workload: &Workload, reader: Reader) -> Arc<Ruleset> {
        let policies = self.attached(&self.authorizations, workload);
        let tokens = self.attached(&self.tokens, workload);
        let rules = self.shared_rules(workload, policies, tokens, reader, workload.resource);
        match reader {
            Reader::Node => self.closed_but_for_waypoints(workload, rules),
            Reader::Envoy(_) => rules,
        }
    }

    /// What gateways and waypoints ask of requests.
    pub fn rules_of_proxies(&self) -> Vec<Arc<Ruleset>> {
        let gateways = self.proxies.all.iter().map(|proxy| &proxy.pods);
        let gateways = gateways.filter(|pods| self.member(pods).plane == Plane::Gateway);
        let reader = Reader::Envoy(Layer::Http);
        let mut all: Vec<_> = gateways.map(|pods| self.ruleset(pods, reader)).collect();
        for service in self.index.services() {
            if let Asked::Passes(proxy) = self.waypoint_of_service(service) {
                all.push(self.waypoint_rules(proxy, Some(service), Layer::Http));
            }
        }
        all
    }

    /// The rules that policies come to, shared by all proxies with the same policies. Without an
    /// ALLOW the default is shown at `near`.
    pub fn shared_rules(
        &self,
        workload: &Workload,
        policies: Vec<&Object<crd::AuthorizationPolicy>>,
        tokens: Vec<&Object<crd::RequestAuthentication>>,
        reader: Reader,
        near: ResourceId,
    ) -> Arc<Ruleset> {
        let policies: Vec<(At, &Compiled)> = policies
            .into_iter()
            .filter_map(|policy| Some((policy.at("/spec"), self.compiled.get(&policy.id)?)))
            .collect();
        let ids: Vec<ResourceId> = policies.iter().map(|(at, _)| at.resource).collect();
        let own = ids.is_empty().then_some(near);
        let revision = Arc::clone(&self.member(workload).revision);
        let config = self.config.of(&revision);
        let tokens_by_id = tokens.iter().map(|t| t.id).collect();
        let key = (ids, tokens_by_id, reader, own, revision);
        let mut cache = self.rulesets.lock().unwrap_or_else(PoisonError::into_inner);
        let near = At::new(near, "");
        let build = || Arc::new(ruleset::assemble(near, &policies, &tokens, reader, config));
        Arc::clone(cache.entry(key).or_insert_with(build))
    }

    /// What could change the verdict and is not understood.
    pub fn inbound_conditions(&self, workload: &Workload) -> Vec<(String, At)> {
        let mut conditions = match self.member(workload).plane {
            // the node's proxy knows none of them
            Plane::Ambient => Vec::new(),
            _ => self.extensions.inbound(workload),
        };
        conditions.extend(self.contested(workload));
        conditions
    }

    /// What could change a workload's calls and is not understood.
    pub fn outbound_conditions(&self, client: &Workload) -> Vec<(String, At)> {
        match self.member(client).plane {
            Plane::Ambient => Vec::new(),
            _ => self.extensions.outbound(client),
        }
    }

    /// Why nothing can be said about a workload at all.
    pub fn unjudged(&self, workload: &Workload) -> Option<(String, At)> {
        let member = self.member(workload);
        (member.plane == Plane::Waypoint).then(|| {
            let what = "it is a waypoint, which takes what it is sent for others".to_owned();
            (what, member.membership.because.at().clone())
        })
    }

    /// Policies about a workload of which there are two versions.
    pub fn contested(&self, workload: &Workload) -> Vec<(String, At)> {
        let peers = [self.root(), &*workload.namespace]
            .into_iter()
            .flat_map(|namespace| self.peers.selecting_from(namespace, workload))
            .map(|p| p.id);
        let rules = self.attached(&self.authorizations, workload);
        let mut ids: Vec<ResourceId> = peers.chain(rules.into_iter().map(|p| p.id)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.twice(id)).collect()
    }
}
