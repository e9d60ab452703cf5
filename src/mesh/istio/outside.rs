//! Calls to something outside the cluster.

use super::Istio;
use super::capture::Outbound;
use super::membership::Plane;
use super::origination::sent;
use super::protocol;
use super::routes::Table;
use super::routing::elsewhere;
use super::scope::{self, Known};
use super::virtual_service::{MESH, Standing};
use crate::model::{Because, Decided, Layer, Outside, TlsOrigination, Way, Workload};

impl Istio {
    /// The ways of a call to something outside the cluster.
    pub(super) fn ways_outside(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let member = self.member(client);
        let config = self.config.of(&member.revision);
        let untouched = |because| Way::straight(sent(TlsOrigination::Plaintext, because), None);
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
            Some(table) => self.routed_outside(&table, &host, to.port, way),
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

    /// What routes make of a way to a host outside.
    fn routed_outside(&self, table: &Table, host: &str, port: u16, way: Way) -> Vec<Way> {
        let mut ways = Vec::new();
        for lead in table.leads(self.config.normalization) {
            let to = &lead.target;
            let mut led = way.clone();
            led.gates.push(lead.gate.clone());
            if to.host == host && to.port.unwrap_or(port) == port {
                ways.push(led);
                continue;
            }
            let through = self.proxies.all.iter().any(|proxy| {
                let service = self.service_of_host(&to.host);
                let mut own = proxy.services(&self.index);
                service.is_some_and(|service| own.any(|own| own.id == service.id))
            });
            if through || self.service_of_host(&to.host).is_none() {
                let what = "a route leads the call through a gateway or to another host";
                led.needs.push((what.to_owned(), to.at.clone()));
                ways.push(led);
            }
        }
        match ways.is_empty() {
            true => vec![elsewhere(table, way.sends, None)],
            false => ways,
        }
    }
}
