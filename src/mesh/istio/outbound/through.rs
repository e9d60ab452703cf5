//! Calls that pass a waypoint.
//!
//! `istio/istio: pilot/pkg/networking/core/waypoint.go`.

use super::waypoint::Asked;
use crate::mesh::istio::Istio;
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::protocol;
use crate::mesh::istio::proxies::Proxy;
use crate::mesh::istio::routes::routing::elsewhere;
use crate::mesh::{Before, Call};
use crate::model::{Addresses, Decided, Gate, Hop, Layer, TlsOrigination, Way, Workload};

impl Istio {
    pub(super) fn ambient_ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let service = call.service.map(|(service, _)| self.index.service(service));
        // a service without an address of its own leads to its pods
        let addressed = service.filter(|service| !service.headless);
        let waypoint = match addressed {
            Some(service) => self.waypoint_of_service(service),
            None => self.waypoint_of_workload(call.workload),
        };
        match waypoint {
            Asked::Passes(proxy) => {
                let because = self.member(client).membership.because.clone();
                let sends = Decided::new(TlsOrigination::Mtls, because);
                let there = Call {
                    service: call.service.filter(|_| addressed.is_some()),
                    ..*call
                };
                self.through_waypoint(proxy, &there, &Way::straight(sends, call.service))
            }
            Asked::None | Asked::Missing(..) => {
                vec![Way::straight(self.leg(client, call, None), call.service)]
            }
        }
    }

    /// A way, continued through a waypoint.
    pub fn through_waypoint(&self, proxy: &Proxy, call: &Call<'_>, so_far: &Way) -> Vec<Way> {
        let layer = self.waypoint_layer(call);
        let service = call.service.map(|(service, _)| self.index.service(service));
        let rules = self.waypoint_rules(proxy, service, layer);
        let asked = Gate {
            routes: false,
            rules,
            layer,
            port: call.service.map_or(call.port, |(_, port)| port),
            rewrite: None,
        };
        let mut conditions = self.extensions.at_proxy(proxy, service);
        conditions.extend(service.and_then(|service| self.other_waypoint(service)));
        let hop = |gates: Vec<Gate>, sends| Hop {
            name: proxy.title(Plane::Waypoint).into(),
            at: proxy.at.clone(),
            identity: Some(self.identity_of(&proxy.pods)),
            gates: self.layer_before(proxy).into_iter().chain(gates).collect(),
            sends,
            addresses: Addresses::Last,
            conditions: conditions.clone(),
        };
        let continued = |hop: Hop, service| {
            let mut way = so_far.clone();
            way.hops.push(hop);
            way.service = service;
            way
        };
        let table = call.service.zip(service).and_then(|((_, port), service)| {
            Some((self.routes_to(&proxy.pods, service, port)?, port))
        });
        let Some((table, port)) = table else {
            let sends = self.waypoint_leg(proxy, call);
            return vec![continued(hop(vec![asked], sends), call.service)];
        };
        let mut ways = Vec::new();
        for led in self.leads_to(&proxy.pods, &table, call, port) {
            let there = Call {
                service: Some(led.service),
                ..*call
            };
            let sends = self.waypoint_leg(proxy, &there);
            let hop = hop(vec![asked.clone(), led.gate], sends);
            let mut way = continued(hop, Some(led.service));
            way.needs.extend(led.needs);
            ways.push(way);
        }
        if ways.is_empty() {
            ways.push(elsewhere(&table, so_far.sends.clone(), call.service));
        }
        ways
    }

    fn waypoint_layer(&self, call: &Call<'_>) -> Layer {
        let declared = call.service.and_then(|(service, port)| {
            let ports = &self.index.service(service).ports;
            ports.iter().find(|p| p.number == port)
        });
        match declared.map(protocol::of_service_port) {
            Some("tcp" | "tls") => Layer::Tcp,
            _ => Layer::Http,
        }
    }

    /// The waypoints before a workload in ambient mode.
    pub fn waypoints_before(&self, workload: &Workload, port: u16) -> Vec<Before> {
        let mut found = Vec::new();
        for (service, port) in self.index.services_to(workload, port) {
            if let Asked::Passes(proxy) = self.waypoint_of_service(service) {
                let call = Call {
                    service: Some((service.id, port)),
                    workload,
                    port,
                    meshed: true,
                };
                let layer = self.waypoint_layer(&call);
                found.push(Before {
                    name: proxy.title(Plane::Waypoint).into(),
                    at: self.use_of_waypoint(service),
                    rules: self.waypoint_rules(proxy, Some(service), layer),
                });
            }
        }
        found
    }
}
