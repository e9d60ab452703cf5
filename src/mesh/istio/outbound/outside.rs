//! Calls to something outside the cluster.

use super::scope::{self, Known};
use crate::mesh::Call;
use crate::mesh::istio::Istio;
use crate::mesh::istio::authorization::Reader;
use crate::mesh::istio::capture::Outbound;
use crate::mesh::istio::crd::DestinationRule;
use crate::mesh::istio::gateway::Exit;
use crate::mesh::istio::gateway::merging::target_of;
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::protocol;
use crate::mesh::istio::proxies::Proxy;
use crate::mesh::istio::routes::named::MESH;
use crate::mesh::istio::routes::routing::elsewhere;
use crate::mesh::istio::routes::virtual_route::Standing;
use crate::mesh::istio::routes::{Lead, Table};
use crate::model::{
    Addresses, Because, Decided, Gate, Hop, Layer, Outside, Service, TlsOrigination, Way, Workload,
};

impl Istio {
    /// The ways of a call to something outside the cluster.
    pub fn ways_outside(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let member = self.member(client);
        let config = self.config.of(&member.revision);
        let untouched =
            |because| Way::straight(Decided::new(TlsOrigination::Plaintext, because), None);
        if member.plane == Plane::Ambient {
            // the node's proxy passes on what it does not know of
            let passed = untouched(member.membership.because.clone());
            return vec![
                self.outside_through_waypoint(client, to, &passed)
                    .unwrap_or(passed),
            ];
        }
        match self.capture(client).outbound(to.port) {
            Outbound::Bypass(at) => return vec![untouched(Because::Configured(at))],
            Outbound::DependsOnAddress(at) => {
                let mut way = untouched(Because::Configured(at.clone()));
                let what = "whether the proxy captures the call depends on the address";
                way.conditions.push((what.to_owned(), at));
                return vec![way];
            }
            Outbound::Captured => {}
        }
        let near = &*client.namespace;
        let entry = self.service_entries.find_for(to, near, &member.revision);
        let entry = entry.filter(|entry| {
            self.sidecar_of(client).is_none_or(|sidecar| {
                let near = (near, &*entry.object.namespace);
                let host = to.host.as_deref().unwrap_or(entry.host);
                scope::knows(sidecar, near, host, to.port) == Known::Yes
            })
        });
        let Some(entry) = entry else {
            let because = config.outbound_policy.because.clone();
            return vec![self.stranger(client, untouched(because))];
        };
        let host = to.host.clone().unwrap_or_else(|| entry.host.to_owned());
        let rules = self.rules_for(client, &host, &entry.object.namespace);
        let own_tls = matches!(entry.protocol.to_uppercase().as_str(), "HTTPS" | "TLS");
        let sends = self
            .by_rule(&rules, client, to.port, None)
            .unwrap_or_else(|| {
                let sends = match own_tls {
                    true => TlsOrigination::ForeignTls,
                    false => TlsOrigination::Plaintext,
                };
                Decided::configured(sends, entry.at.clone())
            });
        let mut way = Way {
            host: Some(host.clone()),
            sealed: own_tls,
            ..Way::straight(sends, None)
        };
        way.conditions.extend(self.extensions.outbound(client));
        if entry.object.spec.location == "MESH_INTERNAL" {
            let what = "what becomes of calls to workloads of the mesh outside the cluster";
            way.conditions.push((what.to_owned(), entry.at.clone()));
        }
        match self.routes_outside(client, &host, to.port, entry.protocol) {
            Some(table) => self.routed_outside(client, &table, &rules, (&host, to.port), way),
            None => vec![way],
        }
    }

    /// The routes that a sidecar applies to calls to a host outside.
    fn routes_outside(
        &self,
        client: &Workload,
        host: &str,
        port: u16,
        protocol: &str,
    ) -> Option<Table> {
        let all = &self.virtual_services;
        let found = all.for_host(host, &client.namespace, &self.member(client).revision);
        let standing = Standing {
            gateway: MESH,
            port,
            client: Some(client),
        };
        found.into_iter().find_map(|object| {
            // a server name is the host of the request, and is read like it
            let (layer, routes) = match protocol::parse(&protocol.to_lowercase()) {
                Some("tls") => (Layer::Http, all.tls(object, standing)),
                Some("tcp") => (Layer::Tcp, all.routes(object, Layer::Tcp, standing)),
                _ => (Layer::Http, all.routes(object, Layer::Http, standing)),
            };
            (!routes.is_empty()).then(|| Table {
                layer,
                routes,
                near: object.at("/spec/hosts"),
            })
        })
    }

    /// What routes make of a way to a host outside, for which a client has rules.
    fn routed_outside(
        &self,
        client: &Workload,
        table: &Table,
        rules: &[&Object<DestinationRule>],
        (host, port): (&str, u16),
        way: Way,
    ) -> Vec<Way> {
        let mut ways = Vec::new();
        for lead in table.leads(self.config.normalization) {
            let to = &lead.target;
            let mut led = way.clone();
            led.gates.push(lead.gate.clone());
            if to.host == host {
                let said =
                    self.by_rule(rules, client, to.port.unwrap_or(port), to.subset.as_deref());
                led.sends = said.unwrap_or(led.sends);
                ways.push(led);
            } else if let Some(service) = self.service_of_host(&to.host) {
                let port = self.port_of_target(to, service, port);
                let through = self.through_gateways(client, &lead, (service, port), host, &led);
                if through.is_empty() && self.index.workloads_of(service.id).next().is_none() {
                    let what = "the pods of the gateway that it is led to are not in the input";
                    led.needs.push((what.to_owned(), to.at.clone()));
                    ways.push(led);
                }
                ways.extend(through);
            } else {
                let what = "a route leads the call to another host";
                led.needs.push((what.to_owned(), to.at.clone()));
                ways.push(led);
            }
        }
        match ways.is_empty() {
            true => vec![elsewhere(table, way.sends, None)],
            false => ways,
        }
    }

    /// The ways through the gateways behind a service to a host outside.
    fn through_gateways(
        &self,
        client: &Workload,
        lead: &Lead,
        (service, port): (&Service, u16),
        host: &str,
        so_far: &Way,
    ) -> Vec<Way> {
        let declared = service
            .ports
            .iter()
            .find(|declared| declared.number == port);
        let mut ways = Vec::new();
        for (number, proxy) in self.proxies.all.iter().enumerate() {
            let mut services = proxy.services(&self.index);
            if !services.any(|own| own.id == service.id) {
                continue;
            }
            if proxy.gateway.is_some() {
                let what =
                    "what a Gateway of the Gateway API leads out of the cluster is not looked into";
                let mut way = so_far.clone();
                way.needs.push((what.to_owned(), lead.target.at.clone()));
                ways.push(way);
                continue;
            }
            let own = declared.and_then(|declared| target_of(&self.index, declared, proxy));
            let call = Call {
                service: Some((service.id, port)),
                workload: &proxy.pods,
                port: own.unwrap_or(port),
                meshed: true,
            };
            let subset = lead.target.subset.as_deref();
            let mut sends = self.leg(client, &call, subset);
            if so_far.sealed && sends.value == TlsOrigination::Plaintext {
                sends.value = TlsOrigination::ForeignTls;
            }
            let server_name = match sends.value {
                TlsOrigination::Mtls => Some(self.server_name(client, (service.id, port), subset)),
                _ => so_far.sealed.then(|| host.to_owned()),
            };
            let exits = self.ingress.exits.iter();
            for exit in exits.filter(|exit| {
                exit.proxy == number && Some(exit.own) == own && exit.lead.target.host == host
            }) {
                let mut way = Way {
                    sends: sends.clone(),
                    server_name: server_name.clone(),
                    ..so_far.clone()
                };
                if let Some(text) = exit.refuses(sends.value, server_name.as_deref()) {
                    way.ends = Some((text.into(), Because::Configured(exit.at.clone())));
                }
                way.hops
                    .push(self.exit_hop(proxy, exit, host, so_far.sealed));
                ways.push(way);
            }
        }
        ways
    }

    /// A gateway that calls to a host outside pass.
    fn exit_hop(&self, proxy: &Proxy, exit: &Exit, host: &str, sealed: bool) -> Hop {
        let layer = match sealed {
            true => Layer::Tcp,
            false => exit.lead.gate.layer,
        };
        let asked = Gate {
            routes: false,
            rules: self.ruleset(&proxy.pods, Reader::Envoy(layer)),
            layer,
            port: exit.own,
            rewrite: None,
        };
        let rules = self.rules_for(&proxy.pods, host, &proxy.pods.namespace);
        let subset = exit.lead.target.subset.as_deref();
        let said = self.by_rule(&rules, &proxy.pods, exit.port, subset);
        let untouched = match sealed {
            true => TlsOrigination::ForeignTls,
            false => TlsOrigination::Plaintext,
        };
        Hop {
            name: proxy.title(Plane::Gateway).into(),
            at: exit.at.clone(),
            identity: Some(self.identity_of(&proxy.pods)),
            gates: vec![asked, exit.lead.gate.clone()],
            sends: said
                .unwrap_or_else(|| Decided::configured(untouched, exit.lead.target.at.clone())),
            addresses: Addresses::Last,
            conditions: self.extensions.inbound(&proxy.pods),
        }
    }
}
