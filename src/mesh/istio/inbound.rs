//! What a workload's proxy takes, and which ways lead to it from outside.

use super::Istio;
use super::authorization::Reader;
use super::crd::is_true;
use super::gateway::{Door, Entrance};
use super::membership::Plane;
use super::outbound::waypoint::Asked;
use super::proxies::Proxy;
use super::routes::routing::undefined;
use crate::mesh::Call;
use crate::model::{
    Addresses, At, Because, Decided, Gate, Hop, Inlet, InletKind, Layer, TlsAcceptance,
    TlsOrigination, Transport, Tri, Way, Workload,
};

const BYPASS_INBOUND: &str = "ambient.istio.io/bypass-inbound-capture";

impl Istio {
    /// What is in force at a port, and the ways through it.
    pub(super) fn inlets_of(
        &self,
        workload: &Workload,
        port: u16,
        protocol: &str,
    ) -> (Decided<TlsAcceptance>, Vec<Inlet>) {
        let member = self.member(workload);
        let peers = self.peer_policies();
        match member.plane {
            Plane::Ambient => {
                let tls = peers.at_node(workload, &member.revision, port);
                let inlets = self.node_inlets(workload, protocol, &tls);
                (tls, inlets)
            }
            Plane::Gateway => self.gateway_inlets(workload, port),
            Plane::Sidecar | Plane::None | Plane::Waypoint => {
                let tls = peers.acceptance(workload, &member.revision, port);
                let inlets = match self.capture(workload).inbound_bypass(port) {
                    Some(at) => vec![bypassed(protocol, Because::Configured(at))],
                    None => self.sidecar_inlets(workload, protocol, &tls),
                };
                (tls, inlets)
            }
        }
    }

    /// The ways through a sidecar.
    fn sidecar_inlets(
        &self,
        workload: &Workload,
        protocol: &str,
        tls: &Decided<TlsAcceptance>,
    ) -> Vec<Inlet> {
        let layers: &[Layer] = match protocol {
            "http" => &[Layer::Http],
            "auto" => &[Layer::Http, Layer::Tcp],
            _ => &[Layer::Tcp],
        };
        let mut inlets = Vec::new();
        for &layer in layers {
            let rules = self.ruleset(workload, Reader::Envoy(layer));
            let mut add = |kind, accepts| {
                inlets.push(Inlet {
                    kind,
                    accepts,
                    layer,
                    authorization: Some(std::sync::Arc::clone(&rules)),
                    because: tls.because.clone(),
                });
            };
            if tls.value != TlsAcceptance::Plaintext {
                add(InletKind::Proxied, Transport::Mtls);
            }
            if tls.value != TlsAcceptance::Required {
                add(InletKind::Permissive, Transport::Plaintext);
                // TLS of the application's own passes through to it
                if protocol == "tls" {
                    add(InletKind::Permissive, Transport::Tls);
                }
            }
        }
        inlets
    }

    /// The ways through the node's proxy: mutual TLS always, plaintext unless it is refused.
    /// `istio/ztunnel: src/proxy/inbound.rs`, `inbound_passthrough.rs`.
    fn node_inlets(
        &self,
        workload: &Workload,
        protocol: &str,
        tls: &Decided<TlsAcceptance>,
    ) -> Vec<Inlet> {
        let rules = self.ruleset(workload, Reader::Node);
        let inlet = |kind, accepts| Inlet {
            kind,
            accepts,
            layer: Layer::Tcp,
            authorization: Some(std::sync::Arc::clone(&rules)),
            because: tls.because.clone(),
        };
        let mut inlets = vec![inlet(InletKind::Proxied, Transport::Mtls)];
        if workload.annotation(BYPASS_INBOUND).is_some_and(is_true) {
            let because = Because::Configured(workload.annotation_at(BYPASS_INBOUND));
            inlets.push(bypassed(protocol, because));
        } else if tls.value != TlsAcceptance::Required {
            inlets.push(inlet(InletKind::Permissive, Transport::Plaintext));
            if protocol == "tls" {
                inlets.push(inlet(InletKind::Permissive, Transport::Tls));
            }
        }
        inlets
    }

    /// The ways into a gateway's own port: what its servers listen for.
    fn gateway_inlets(
        &self,
        workload: &Workload,
        port: u16,
    ) -> (Decided<TlsAcceptance>, Vec<Inlet>) {
        let mut inlets = Vec::new();
        for (of_port, sends, at) in self.served_by(workload) {
            if of_port != port {
                continue;
            }
            let accepts = match sends {
                TlsOrigination::Plaintext => Transport::Plaintext,
                TlsOrigination::ForeignTls => Transport::Tls,
                TlsOrigination::Mtls => Transport::Mtls,
            };
            inlets.push(Inlet {
                kind: InletKind::Proxied,
                accepts,
                layer: Layer::Http,
                authorization: Some(self.ruleset(workload, Reader::Envoy(Layer::Http))),
                because: Because::Configured(at),
            });
        }
        let mutual = inlets.iter().all(|inlet| inlet.accepts == Transport::Mtls);
        let because = inlets.first().map_or(
            Because::Default {
                rule: "no Gateway makes it listen there",
                near: workload.at(),
            },
            |inlet| inlet.because.clone(),
        );
        let value = match (inlets.is_empty(), mutual) {
            (false, true) => TlsAcceptance::Required,
            _ => TlsAcceptance::Plaintext,
        };
        let tls = Decided::new(value, because);
        (tls, inlets)
    }

    /// The ways from outside to a workload's port.
    pub(super) fn ways_from_gateways(
        &self,
        workload: &Workload,
        port: u16,
        meshed: bool,
    ) -> Vec<Way> {
        let mut ways = Vec::new();
        for (service, service_port) in self.index.services_to(workload, port) {
            let call = Call {
                service: Some((service.id, service_port)),
                workload,
                port,
                meshed,
            };
            let entrances = self.ingress.to.get(&service.id).into_iter().flatten();
            for entrance in entrances.filter(|e| e.port == service_port) {
                let Some(door) = self.ingress.doors.get(entrance.door) else {
                    continue;
                };
                let proxy = door.proxy.and_then(|proxy| self.proxies.all.get(proxy));
                let to = &entrance.lead.target;
                let has = proxy.map_or(Tri::Unknown, |proxy| {
                    self.subset_has(&proxy.pods, to, service, workload)
                });
                if has == Tri::No {
                    continue;
                }
                let mut found = self.way_in(door, entrance, &call);
                for way in found.iter_mut().filter(|_| to.subset.is_some()) {
                    way.needs.extend(undefined(to, has));
                }
                ways.extend(found);
            }
        }
        ways
    }

    fn way_in(&self, door: &Door, entrance: &Entrance, call: &Call<'_>) -> Vec<Way> {
        let proxy = door.proxy.and_then(|proxy| self.proxies.all.get(proxy));
        let hop = match proxy {
            Some(proxy) => self.gateway_hop(proxy, door, entrance, call),
            None => self.absent_hop(door, entrance, call),
        };
        let mut way = Way::straight(
            Decided::configured(door.sends, door.at.clone()),
            call.service,
        );
        way.entry = Some((door.entry.clone(), door.at.clone()));
        way.sealed = door.sealed;
        way.needs.clone_from(&door.needs);
        if door.sends == TlsOrigination::Mtls {
            let text = "the gateway takes the mesh's own mutual TLS only";
            way.ends = Some((text.into(), Because::Configured(door.at.clone())));
        }
        way.hops.push(hop);
        let service = call.service.map(|(service, _)| self.index.service(service));
        if let Some(service) = service.filter(|service| self.ingress_uses_waypoint(service))
            && let Asked::Passes(waypoint) = self.waypoint_of_service(service)
        {
            if let Some(hop) = way.hops.last_mut() {
                hop.sends = Decided::new(
                    TlsOrigination::Mtls,
                    Because::Configured(waypoint.at.clone()),
                );
            }
            return self.through_waypoint(waypoint, call, &way);
        }
        vec![way]
    }

    fn gateway_hop(&self, proxy: &Proxy, door: &Door, entrance: &Entrance, call: &Call<'_>) -> Hop {
        let layer = entrance.lead.gate.layer;
        // TLS that passes through is led by its server name, and is a stream to all other rules
        let layer = if door.sealed { Layer::Tcp } else { layer };
        let rules = self.ruleset(&proxy.pods, Reader::Envoy(layer));
        let asked = Gate {
            routes: false,
            rules,
            layer,
            port: door.port,
            rewrite: None,
        };
        let member = self.member(&proxy.pods);
        let config = self.config.of(&member.revision);
        let trusted = config.trusted_proxies(&self.index, &proxy.pods);
        let mut conditions = self.extensions.inbound(&proxy.pods);
        conditions.extend(self.contested(&proxy.pods));
        Hop {
            name: proxy.title(Plane::Gateway).into(),
            at: door.at.clone(),
            identity: Some(self.identity_of(&proxy.pods)),
            gates: vec![asked, entrance.lead.gate.clone()],
            sends: self.leg(&proxy.pods, call, entrance.lead.target.subset.as_deref()),
            addresses: Addresses::Trusted(trusted),
            conditions,
        }
    }

    /// A gateway whose pods are not in the input: what it sends is taken to be the usual.
    fn absent_hop(&self, door: &Door, entrance: &Entrance, call: &Call<'_>) -> Hop {
        let (value, what) = match call.meshed {
            true => (
                TlsOrigination::Mtls,
                "the gateway uses mutual TLS by itself",
            ),
            false => (
                TlsOrigination::Plaintext,
                "the gateway calls it in plaintext",
            ),
        };
        Hop {
            name: "a gateway".into(),
            at: door.at.clone(),
            identity: None,
            gates: vec![entrance.lead.gate.clone()],
            sends: Decided::assumed(value, what, door.at.clone()),
            addresses: Addresses::Trusted(0),
            conditions: Vec::new(),
        }
    }

    /// A way in that may be there and is not understood.
    pub(super) fn doubtful_way_in(&self, workload: &Workload, port: u16) -> Option<(String, At)> {
        let mut services = self.index.services_to(workload, port).into_iter();
        services.find_map(|(service, _)| self.ingress.unjudged.get(&service.id).cloned())
    }
}

/// The way past the proxy to the application.
fn bypassed(protocol: &str, because: Because) -> Inlet {
    Inlet {
        kind: InletKind::Bypass,
        accepts: if protocol == "tls" {
            Transport::Tls
        } else {
            Transport::Plaintext
        },
        layer: if protocol == "http" {
            Layer::Http
        } else {
            Layer::Tcp
        },
        authorization: None,
        because,
    }
}
