//! Ways in through gateways: what listens, which hosts it takes, where it leads.
//!
//! A gateway is a service with an identity of its own; it sends mutual TLS to the proxies of the
//! services that it leads to, and their intentions decide about it.

mod api;
mod door;
mod host;
mod ingress;
mod jwt;
#[cfg(test)]
pub mod sample;
mod terminating;
#[cfg(test)]
mod tests;
mod wildcard;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Consul;
use super::chain::{Route, Target, leads, routing};
use super::service::{Name, Registration};
use crate::model::{
    Addresses, At, Decided, Effect, Gate, Hop, Layer, Membership, Rule, ServiceId, TlsOrigination,
    Way, When, Workload,
};
use door::Door;
use jwt::{Asked, Token};

/// All ways in through gateways.
#[derive(Debug, Default)]
pub struct Gateways {
    /// By the service that they come out at.
    to: HashMap<Name, Vec<Entrance>>,
}

/// A way in to a service.
#[derive(Debug)]
struct Entrance {
    way: Way,
    target: Target,
}

/// What listens at a gateway.
#[derive(Debug)]
struct Listener {
    /// Its gateway for people: `the ingress gateway front`.
    title: String,
    /// The service that the gateway is.
    gateway: Name,
    /// What clients send.
    sends: TlsOrigination,
    /// How bytes are read.
    layer: Layer,
    /// Where it is written.
    at: At,
    /// How the outside gets there.
    doors: Vec<Door>,
    /// What else has to hold, and is not known.
    needs: Vec<(String, At)>,
}

impl Gateways {
    /// Finds them.
    pub fn find(consul: &Consul) -> Self {
        let mut gateways = Self::default();
        gateways.add_ingress(consul);
        gateways.add_api(consul);
        gateways
    }

    /// Notes where the routes of a listener lead, of which the first that takes a request counts, and
    /// whose requests need a token.
    fn add(
        &mut self,
        consul: &Consul,
        listener: &Listener,
        routes: &[Route],
        token: Option<&Token>,
    ) {
        let asked = token.map_or(Asked::Nothing, |token| consul.asked(token));
        for mut target in leads(routes) {
            if target.gates.is_empty() {
                let all = Rule {
                    when: When::Always,
                    then: Effect::Allow,
                    at: listener.at.clone(),
                };
                target
                    .gates
                    .push(routing(vec![all], &listener.at, listener.layer, None));
            }
            for gate in &mut target.gates {
                gate.layer = listener.layer;
            }
            match &asked {
                Asked::Nothing => {}
                Asked::Needed(gate) => target.gates.push((**gate).clone()),
                Asked::Unknown(need) => target.needs.push(need.clone()),
            }
            self.enter(consul, listener, &target);
        }
    }

    /// Notes that a listener leads to a service.
    fn enter(&mut self, consul: &Consul, listener: &Listener, target: &Target) {
        let ways = self.to.entry(target.service.clone()).or_default();
        for door in &listener.doors {
            let sends = Decided::configured(listener.sends, listener.at.clone());
            let mut way = Way {
                entry: Some((door.text.into(), door.at.clone())),
                hops: vec![consul.gateway_hop(listener, &target.gates)],
                ..Way::straight(sends, None)
            };
            way.needs
                .extend(door.needs.iter().chain(&listener.needs).cloned());
            ways.push(Entrance {
                way,
                target: target.clone(),
            });
        }
    }
}

impl Consul {
    fn gateway_hop(&self, listener: &Listener, gates: &[Gate]) -> Hop {
        Hop {
            name: listener.title.as_str().into(),
            at: listener.at.clone(),
            identity: Some(self.service_identity(&listener.gateway)),
            gates: gates.to_vec(),
            sends: Decided::default(
                TlsOrigination::Mtls,
                "Consul's gateways use mutual TLS towards services of the mesh",
                listener.at.clone(),
            ),
            addresses: Addresses::Trusted(0),
            conditions: Vec::new(),
        }
    }

    /// The ways in from outside to a workload's port.
    pub(super) fn ways_from_gateways(
        &self,
        workload: &Workload,
        port: u16,
        meshed: bool,
    ) -> Vec<Way> {
        let registered = self.registered(workload).iter().filter(|_| meshed);
        let here = registered.filter(|one| one.is_on(port));
        let mut ways = Vec::new();
        for registration in here {
            let entrances = self.gateways.to.get(&registration.name);
            for entrance in entrances.into_iter().flatten() {
                let Some(needs) = entrance.target.needs_of(&self.index, workload) else {
                    continue;
                };
                let mut way = entrance.way.clone();
                way.service = self.service_before(registration, workload, port);
                way.needs.extend(needs);
                ways.push(way);
            }
        }
        ways
    }

    /// The Kubernetes Service that a registration stands for, with its own port.
    fn service_before(
        &self,
        registration: &Registration,
        workload: &Workload,
        port: u16,
    ) -> Option<(ServiceId, u16)> {
        let services = self.index.services_to(workload, port).into_iter();
        let mut services = services.map(|(service, port)| (service.id, port));
        services.find(|(service, _)| Some(*service) == registration.service)
    }

    /// Every service that is registered with a proxy, once.
    fn services_with_proxy(&self) -> Vec<Name> {
        let workloads = self.index.workloads().iter();
        let is_gateway = |one: &Workload| self.own(one).is_some_and(|own| own.gateway.is_some());
        let meshed = workloads.filter(|one| {
            self.member(one).membership.value != Membership::Unmeshed && !is_gateway(one)
        });
        let names = meshed
            .flat_map(|one| self.registered(one))
            .map(|one| one.name.clone());
        let names: BTreeSet<Name> = names.collect();
        names.into_iter().collect()
    }

    /// The namespace of a service that an entry of one names.
    pub(super) fn named_there(&self, own: &Arc<str>, namespace: Option<&str>, name: &str) -> Name {
        Name {
            namespace: namespace.map_or_else(|| Arc::clone(own), Into::into),
            name: name.into(),
        }
    }
}
