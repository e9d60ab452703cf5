//! Terminating gateways: calls from the mesh to services outside it.
//!
//! The caller's proxy sends mutual TLS to the gateway, with the name of the service; the gateway asks
//! the intentions of that service, and sends on in plaintext, or in TLS where it has a CA for it.
//!
//! `hashicorp/consul: agent/xds/listeners.go` (makeTerminatingGatewayListener), `agent/xds/clusters.go`
//! (injectGatewayServiceAddons, injectGatewayDestinationAddons).

mod destination;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::door::registration;
use crate::mesh::Call;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, Kind, is_http};
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{
    Addresses, At, Because, Decided, Gate, Hop, Layer, TlsOrigination, Way, Workload,
};

/// A service that a terminating gateway leads to.
struct Linked {
    /// The gateway's name.
    gateway: Arc<str>,
    /// The service.
    service: Name,
    /// The line that links it.
    at: At,
    /// What the gateway sends to it.
    sends: Decided<TlsOrigination>,
    /// What has to hold, and is not known.
    needs: Vec<(String, At)>,
    /// Why the gateway is not there, if it is not.
    absent: Option<At>,
}

impl Consul {
    /// The ways of a call to a service without a proxy that a terminating gateway leads to, by an
    /// upstream of the client's proxy or because the client is told of it; none where there is none.
    pub(in crate::mesh::consul) fn ways_by_terminating(
        &self,
        client: &Workload,
        call: &Call<'_>,
    ) -> Vec<Way> {
        let outside = self.own(call.workload).is_some() && !call.meshed;
        let mut registered = self.registered(call.workload).iter();
        let Some(target) = registered.find(|one| outside && one.is_on(call.port)) else {
            return Vec::new();
        };
        let upstreams = self.upstreams(client);
        let leading = self
            .chains
            .leading_to(&self.index, &target.name, call.workload);
        let mut ways = Vec::new();
        for one in leading {
            let upstream = upstreams
                .iter()
                .find(|upstream| upstream.service == one.dialled);
            let because = upstream.map(|upstream| Because::Configured(upstream.at.clone()));
            let Some(because) = because.or_else(|| self.virtual_address(client, &one.dialled))
            else {
                continue;
            };
            for mut way in self.ways_to(&target.name, because) {
                way.gates.clone_from(&one.gates);
                way.needs.extend(one.needs.iter().cloned());
                ways.push(way);
            }
        }
        ways
    }

    /// Why calls to the virtual address of a service get to the client's proxy and on, if they do.
    fn virtual_address(&self, client: &Workload, service: &Name) -> Option<Because> {
        let own = self.registered(client).first()?;
        let told = self.untold(&own.name, service).is_none();
        (self.is_transparent(client).value && told).then(|| Because::Default {
            rule: "Consul's proxies use mutual TLS to services that they are told of",
            near: client.at(),
        })
    }

    /// The ways to a service through the gateways that lead to it, for a caller whose proxy leads calls
    /// there because of a line.
    fn ways_to(&self, service: &Name, because: Because) -> Vec<Way> {
        let linked = self.linked(service).into_iter();
        let ways = linked.map(|linked| {
            let sends = Decided::new(TlsOrigination::Mtls, because.clone());
            Way {
                hops: vec![self.hop_out(&linked)],
                needs: linked.needs,
                ends: linked.absent.map(|at| {
                    let text = "no such terminating gateway runs";
                    (text.into(), Because::Configured(at))
                }),
                ..Way::straight(sends, None)
            }
        });
        ways.collect()
    }

    /// The gateways that lead to a service; where one names it, what the same says of all does not
    /// count.
    fn linked(&self, service: &Name) -> Vec<Linked> {
        let mut found = Vec::new();
        for entry in self.entries.of(Kind::TerminatingGateway) {
            let Some(fields) = entry.fields(&self.index) else {
                continue;
            };
            let services = fields.each("services");
            let named = |wanted: &str| {
                let mut services = services.iter();
                services.find(|one| {
                    let namespace = one.text("namespace").unwrap_or(&entry.namespace);
                    one.text("name") == Some(wanted) && namespace == &*service.namespace
                })
            };
            if let Some(link) = named(&service.name).or_else(|| named("*")) {
                found.push(self.link(entry, &fields, link, service));
            }
        }
        found
    }

    fn link(
        &self,
        entry: &Entry,
        fields: &Written<'_>,
        link: &Written<'_>,
        service: &Name,
    ) -> Linked {
        // an object may name the gateway that it deploys
        let named = fields.path(&["deployment", "gatewayName"]);
        let gateway: Arc<str> = match named.as_ref().and_then(Written::as_text) {
            Some(name) => name.into(),
            None => Arc::clone(&entry.name),
        };
        let deploys = fields.path(&["deployment", "enabledDeployment"]);
        let deploys = deploys.and_then(|it| it.as_flag()) == Some(true);
        let mut made = self.config.gateways.iter();
        let runs = deploys
            || made.any(|one| one.kind == "terminating" && one.name == gateway)
            || !self
                .gateway_pods("terminating-gateway", &gateway)
                .is_empty()
            || registration(&self.index, "terminating-gateway", &gateway).is_some();
        let known = runs || self.knows_gateways();
        let what = "whether the terminating gateway runs, which is not in the input";
        Linked {
            service: service.clone(),
            at: link.field("name"),
            sends: match link.get("caFile").filter(|it| it.as_text().is_some()) {
                Some(file) => Decided::configured(TlsOrigination::ForeignTls, file.at().clone()),
                None => Decided::default(
                    TlsOrigination::Plaintext,
                    "a terminating gateway uses TLS to services that it has a CA for only",
                    link.field("name"),
                ),
            },
            needs: match known {
                true => Vec::new(),
                false => vec![(what.to_owned(), entry.named.clone())],
            },
            absent: (known && !runs).then(|| entry.named.clone()),
            gateway,
        }
    }

    fn hop_out(&self, linked: &Linked) -> Hop {
        let layer = match is_http(&self.speaks(&linked.service)) {
            true => Layer::Http,
            false => Layer::Tcp,
        };
        Hop {
            name: format!("the terminating gateway {}", linked.gateway).into(),
            at: linked.at.clone(),
            identity: None,
            gates: vec![Gate {
                routes: false,
                rules: Arc::new(self.authorization(&linked.service, layer)),
                layer,
                port: 0,
                rewrite: None,
            }],
            sends: linked.sends.clone(),
            addresses: Addresses::Trusted(0),
            conditions: Vec::new(),
        }
    }
}
