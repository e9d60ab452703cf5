//! Ways in through the Gateway API: listeners and the routes that attach to them; and routes that
//! attach to services.
//!
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`.

use std::sync::Arc;

use super::Ingress;
use super::hosts::{host_tables, put};
use crate::mesh::istio::Istio;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::proxies::{GATEWAY_API, Gateway, Listener};
use crate::mesh::istio::routes::api_route::{ApiRoute, Ranked, in_order};
use crate::mesh::istio::routes::{Table, common_host};
use crate::model::{At, Layer, Service, TlsOrigination, Tri};

impl Istio {
    /// Works out the ways in through the Gateway API.
    pub fn api_gateways(&self, ingress: &mut Ingress) {
        for (number, proxy) in self.proxies.all.iter().enumerate() {
            if self.member(&proxy.pods).plane != crate::mesh::istio::membership::Plane::Gateway {
                continue;
            }
            let Some(gateway) = self.proxies.gateway(proxy) else {
                continue;
            };
            for (l, listener) in gateway.spec.listeners.iter().enumerate() {
                for mut door in self.doors(number, listener.port) {
                    door.at = gateway.at(&format!("/spec/listeners/{l}"));
                    let tls = listener.tls.as_ref().and_then(|tls| tls.mode.as_deref());
                    door.sealed = listener.protocol == "TLS" && tls == Some("Passthrough");
                    let plain = matches!(listener.protocol.as_str(), "HTTP" | "TCP");
                    door.sends = match plain {
                        true => TlsOrigination::Plaintext,
                        false => TlsOrigination::ForeignTls,
                    };
                    let (at, slot) = (door.at.clone(), ingress.doors.len());
                    let sealed = door.sealed;
                    ingress.doors.push(door);
                    for table in self.listener_tables(gateway, listener, sealed, &at) {
                        ingress.add(self, slot, &table, listener.port);
                    }
                }
            }
        }
        self.foreign_gateways(ingress);
    }

    /// The tables of a listener: one for each host that it and routes have in common.
    fn listener_tables(
        &self,
        gateway: &Object<Gateway>,
        listener: &Listener,
        sealed: bool,
        near: &At,
    ) -> Vec<Table> {
        let mut tables = Vec::new();
        for of_kind in &self.api_routes.kinds {
            let kind = of_kind.kind;
            let fits = of_kind.protocols.contains(&listener.protocol.as_str());
            let ended_tls = kind == "TLSRoute" && !sealed;
            if !fits || ended_tls || (kind == "TCPRoute" && sealed) {
                continue;
            }
            let mut by_host: Vec<(String, At, Vec<Ranked>)> = Vec::new();
            for object in of_kind.objects.iter() {
                if !self.attaches(gateway, listener, kind, object) {
                    continue;
                }
                let found = self.api_routes.routes(kind, object);
                for host in hosts_of(listener, object) {
                    put(&mut by_host, host, found.iter().cloned());
                }
            }
            let by_host = by_host.into_iter();
            let by_host = by_host.map(|(host, at, routes)| (host, at, in_order(routes)));
            tables.extend(host_tables(by_host.collect(), of_kind.routes, near));
        }
        tables
    }

    /// Whether a route attaches to a listener.
    fn attaches(
        &self,
        gateway: &Object<Gateway>,
        listener: &Listener,
        kind: &str,
        object: &Object<ApiRoute>,
    ) -> bool {
        let name = &self.index.resource(gateway.id).key.name;
        let kinds = &listener.allowed_routes.kinds;
        let allowed = kinds.is_empty() || kinds.iter().any(|k| k.kind == kind);
        let labels = self
            .index
            .namespace(&object.namespace)
            .and_then(|n| n.labels.as_ref());
        let from = &listener.allowed_routes.namespaces;
        let admitted = from.admit(&gateway.namespace, &object.namespace, labels) != Tri::No;
        let mut parents = object.spec.parent_refs.iter();
        allowed
            && admitted
            && parents.any(|parent| {
                let group = parent.group.as_deref().unwrap_or(GATEWAY_API);
                let kind = parent.kind.as_deref().unwrap_or("Gateway");
                let namespace = parent.namespace.as_deref().unwrap_or(&object.namespace);
                let section = parent.section_name.as_deref();
                group == GATEWAY_API
                    && kind == "Gateway"
                    && parent.name == **name
                    && namespace == &*gateway.namespace
                    && section.is_none_or(|section| section == listener.name)
                    && parent.port.is_none_or(|port| port == listener.port)
            })
    }

    /// Routes that attach to gateways of other products: where they lead, somebody may come in.
    fn foreign_gateways(&self, ingress: &mut Ingress) {
        for gateway in self.proxies.gateways.iter() {
            if !self.proxies.is_foreign(gateway) {
                continue;
            }
            let at = gateway.at("/spec/gatewayClassName");
            for listener in &gateway.spec.listeners {
                for table in self.listener_tables(gateway, listener, false, &at) {
                    for lead in table.leads(self.config.normalization) {
                        if let Some(service) = self.service_of_host(&lead.target.host) {
                            let what =
                                "a gateway that another product makes leads to it".to_owned();
                            let unjudged = (what, at.clone());
                            ingress.unjudged.entry(service.id).or_insert(unjudged);
                        }
                    }
                }
            }
        }
    }

    /// The routes that attach to a service itself, for clients of a namespace.
    pub fn service_routes(
        &self,
        service: &Service,
        port: u16,
        layer: Layer,
        client: &str,
    ) -> Option<Table> {
        let mut all = Vec::new();
        let mut near = None;
        let read = match layer {
            Layer::Http => "http",
            Layer::Tcp => "tcp",
        };
        let kinds = self.api_routes.kinds.iter();
        for of_kind in kinds.filter(|of_kind| of_kind.routes == read) {
            for object in of_kind.objects.iter() {
                // next to the service it counts for everyone, elsewhere for clients beside it
                let concerned =
                    object.namespace == service.namespace || *object.namespace == *client;
                let mut parents = object.spec.parent_refs.iter();
                let attached = parents.any(|parent| {
                    let namespace = parent.namespace.as_deref().unwrap_or(&object.namespace);
                    parent.kind.as_deref() == Some("Service")
                        && parent.group.as_deref().unwrap_or("").is_empty()
                        && parent.name == *service.name
                        && namespace == &*service.namespace
                        && parent.port.is_none_or(|p| p == port)
                });
                if concerned && attached {
                    near.get_or_insert_with(|| object.at("/spec/parentRefs"));
                    all.extend(self.api_routes.routes(of_kind.kind, object));
                }
            }
        }
        Some(Table {
            layer,
            routes: in_order(all),
            near: near?,
        })
    }

    /// The namespaces whose routes to a service count for clients beside them only.
    pub fn routing_namespaces(&self, service: &Service) -> Vec<Arc<str>> {
        let objects = self
            .api_routes
            .kinds
            .iter()
            .flat_map(|of_kind| of_kind.objects.iter());
        let near = objects.filter(|object| {
            let mut parents = object.spec.parent_refs.iter();
            parents.any(|p| p.kind.as_deref() == Some("Service") && p.name == *service.name)
        });
        near.map(|object| Arc::clone(&object.namespace)).collect()
    }
}

/// The hosts that a listener and a route have in common.
fn hosts_of(listener: &Listener, object: &Object<ApiRoute>) -> Vec<(String, At)> {
    let own = listener
        .hostname
        .as_deref()
        .filter(|h| !h.is_empty())
        .unwrap_or("*");
    if object.spec.hostnames.is_empty() {
        return vec![(own.to_owned(), object.at("/spec/parentRefs"))];
    }
    let hosts = object.spec.hostnames.iter().enumerate();
    hosts
        .filter_map(|(i, host)| {
            let common = common_host(own, host)?.to_owned();
            Some((common, object.at(&format!("/spec/hostnames/{i}"))))
        })
        .collect()
}
