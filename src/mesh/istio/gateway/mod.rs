//! Ways in through gateways: what listens, which hosts it takes, where its routes lead.
//!
//! `istio/istio: pilot/pkg/model/gateway.go`, `istio/istio: pilot/pkg/networking/core/gateway.go`.

mod gateway_api;
mod hosts;
mod ingress;
pub mod merging;
pub mod server;

use std::borrow::Cow;
use std::collections::HashMap;

use super::Istio;
use super::outbound::scope::Known;
use super::policy::{Object, selects};
use super::routes::{Lead, Table, covers};
use crate::model::{At, ServiceId, TlsOrigination, Workload};
use merging::{ServerNumber, own_ports, target_of};
use server::{Gateway, Server, ServerTlsMode};

/// What a gateway does with what comes in at one port.
#[derive(Debug, Clone)]
pub struct Door {
    /// The proxy, if it is in the input.
    pub proxy: Option<usize>,
    /// How the outside gets to it.
    pub entry: Cow<'static, str>,
    /// Its own port, as its policies see it.
    pub port: u16,
    /// What clients send.
    pub sends: TlsOrigination,
    /// Whether their TLS passes through.
    pub sealed: bool,
    /// The line of the listener.
    pub at: At,
    /// What else has to hold for whoever comes in, and is not known.
    pub needs: Vec<(String, At)>,
}

/// A way through a gateway to a service.
#[derive(Debug)]
pub struct Entrance {
    /// Where it begins: an index into [`Ingress::doors`].
    pub door: usize,
    /// What leads to the service.
    pub lead: Lead,
    /// The service port.
    pub port: u16,
}

/// A way through a gateway to a host that is no service of the cluster.
#[derive(Debug)]
pub struct Exit {
    /// The gateway: an index into its proxies.
    pub proxy: usize,
    /// Its own port.
    pub own: u16,
    /// What clients send there.
    pub sends: TlsOrigination,
    /// The server names that it takes where TLS is sent.
    pub server_names: Vec<String>,
    /// The line of the listener.
    pub at: At,
    /// What leads to the host.
    pub lead: Lead,
    /// The port of the host.
    pub port: u16,
}

impl Exit {
    /// Why a connection is not taken, if it is not.
    pub fn refuses(&self, sent: TlsOrigination, server_name: Option<&str>) -> Option<&'static str> {
        let named = |name: &str| self.server_names.iter().any(|wide| covers(wide, name));
        match sent {
            sent if sent != self.sends => Some("the gateway takes something else there"),
            TlsOrigination::Plaintext => None,
            _ if server_name.is_some_and(named) => None,
            _ => Some("the gateway does not take the server name that it is asked for there"),
        }
    }
}

/// All ways through gateways.
#[derive(Debug, Default)]
pub struct Ingress {
    /// Everything that listens.
    pub doors: Vec<Door>,
    /// What leads to each service.
    pub to: HashMap<ServiceId, Vec<Entrance>>,
    /// What leads to a service and is not understood.
    pub unjudged: HashMap<ServiceId, (String, At)>,
    /// What leads out of the cluster.
    pub exits: Vec<Exit>,
}

impl Ingress {
    /// Notes where the routes of a table lead that begin at a door.
    pub fn add(&mut self, istio: &Istio, door: usize, table: &Table, port: u16) {
        for lead in table.leads(istio.config.normalization) {
            let Some(service) = istio.service_of_host(&lead.target.host) else {
                continue;
            };
            // there is no cluster for what is not exported to the gateway's namespace
            let proxy = self.doors.get(door).and_then(|door| door.proxy);
            let proxy = proxy.and_then(|proxy| istio.proxies.all.get(proxy));
            if proxy.is_some_and(|proxy| istio.is_exported(service, &proxy.pods) != Known::Yes) {
                continue;
            }
            let port = istio.port_of_target(&lead.target, service, port);
            let entrance = Entrance { door, lead, port };
            self.to.entry(service.id).or_default().push(entrance);
        }
    }
}

impl Istio {
    /// Works out the ways in through Istio's own gateways.
    pub(super) fn classic_gateways(&self, ingress: &mut Ingress) {
        for ((proxy, own), servers) in self.merged_servers() {
            let doors = self.doors_at(proxy, own);
            let place = Some((proxy, own));
            let is_http = |one| self.server(one).is_some_and(|(_, server)| server.is_http());
            // requests without TLS are routed by what all servers of the port say
            let (together, apart) = servers.into_iter().partition(|&one| is_http(one));
            let apart: Vec<ServerNumber> = apart;
            for one in apart {
                self.open(&[one], &doors, place, ingress);
            }
            self.open(&together, &doors, place, ingress);
        }
        if self.proxies.all.iter().any(|proxy| proxy.gateway.is_none()) {
            return;
        }
        for (g, gateway) in self.gateways.iter().enumerate() {
            if !self.serving(gateway).is_empty() {
                continue;
            }
            for (s, server) in gateway.spec.servers.iter().enumerate() {
                self.open(&[(g, s)], &[absent(gateway, server)], None, ingress);
            }
        }
    }

    fn server(&self, (gateway, server): ServerNumber) -> Option<(&Object<Gateway>, &Server)> {
        let gateway = self.gateways.nth(gateway)?;
        Some((gateway, gateway.spec.servers.get(server)?))
    }

    /// What a gateway's pods listen for: their own port, what clients send, the line.
    pub(super) fn served_by(&self, workload: &Workload) -> Vec<(u16, TlsOrigination, At)> {
        let mut served = Vec::new();
        let all = self.proxies.all.iter().enumerate();
        let Some((number, proxy)) = all.into_iter().find(|(_, p)| p.pods.id == workload.id) else {
            return served;
        };
        let own_ports = |port: u16| own_ports(&self.index, proxy, port);
        for gateway in self.gateways.iter() {
            if !self.serving(gateway).contains(&number) {
                continue;
            }
            for (i, server) in gateway.spec.servers.iter().enumerate() {
                let at = gateway.at(&format!("/spec/servers/{i}/port"));
                let own = own_ports(server.port.number).into_iter();
                served.extend(own.map(|port| (port, server.kind().sends, at.clone())));
            }
        }
        if let Some(gateway) = self.proxies.gateway(proxy) {
            for (i, listener) in gateway.spec.listeners.iter().enumerate() {
                let sends = match listener.protocol.as_str() {
                    "HTTP" | "TCP" => TlsOrigination::Plaintext,
                    _ => TlsOrigination::ForeignTls,
                };
                let at = gateway.at(&format!("/spec/listeners/{i}"));
                let own = own_ports(listener.port).into_iter();
                served.extend(own.map(|port| (port, sends, at.clone())));
            }
        }
        served
    }

    /// The proxies that serve a gateway.
    pub(super) fn serving(&self, gateway: &Object<Gateway>) -> Vec<usize> {
        let labels = &gateway.spec.selector;
        let proxies = self.proxies.all.iter().enumerate();
        let fit = proxies.filter(|(_, proxy)| {
            let member = self.member(&proxy.pods);
            member.plane == super::membership::Plane::Gateway
                && selects(Some(labels), &proxy.pods)
                && gateway.is_read_by(&member.revision)
        });
        fit.map(|(i, _)| i).collect()
    }

    /// How the outside gets to what a proxy listens for under a number, if it does.
    pub(super) fn doors(&self, number: usize, port: u16) -> Vec<Door> {
        let Some(proxy) = self.proxies.all.get(number) else {
            return Vec::new();
        };
        let own = own_ports(&self.index, proxy, port).into_iter();
        own.flat_map(|own| self.doors_at(number, own)).collect()
    }

    /// How the outside gets to a port of a proxy's pods, if it does.
    fn doors_at(&self, number: usize, own: u16) -> Vec<Door> {
        let Some(proxy) = self.proxies.all.get(number) else {
            return Vec::new();
        };
        let door = |text: &'static str, at: At| Door {
            proxy: Some(number),
            entry: text.into(),
            port: own,
            sends: TlsOrigination::Plaintext,
            sealed: false,
            at,
            needs: Vec::new(),
        };
        let mut doors = Vec::new();
        if let Some(at) = &proxy.open {
            let text = "a load balancer is made for this gateway";
            doors.push(door(text, at.clone()));
        }
        for service in proxy.services(&self.index) {
            let Some((_, at)) = &service.exposed else {
                continue;
            };
            let mut ports = service.ports.iter();
            if ports.any(|declared| target_of(&self.index, declared, proxy) == Some(own)) {
                let text = "the gateway's Service is open to the outside";
                doors.push(door(text, at.clone()));
            }
        }
        let ports = proxy.pods.containers.iter().flat_map(|c| &c.ports);
        let mut published = ports.filter(|p| p.number == own && p.host_port.is_some());
        if proxy.pods.host_network {
            let at = proxy.pods.template_at("/spec/hostNetwork");
            doors.push(door("the gateway listens on the node itself", at));
        } else if let Some(declared) = published.next() {
            let at = At {
                resource: proxy.pods.resource,
                pointer: declared.at.join("hostPort"),
            };
            doors.push(door("a port of the node leads to the gateway", at));
        }
        doors
    }

    /// Notes everything that the routes behind servers lead to that are routed together.
    fn open(
        &self,
        together: &[ServerNumber],
        doors: &[Door],
        place: Option<(usize, u16)>,
        ingress: &mut Ingress,
    ) {
        let proxy = place.and_then(|(proxy, _)| self.proxies.all.get(proxy));
        let pods = proxy.map(|proxy| &proxy.pods);
        let mut slots: HashMap<ServerNumber, Vec<usize>> = HashMap::new();
        for &one in together {
            let Some((gateway, server)) = self.server(one) else {
                continue;
            };
            for door in doors {
                slots.entry(one).or_default().push(ingress.doors.len());
                ingress.doors.push(door_of(gateway, server, one.1, door));
            }
        }
        for (one, table) in self.tables(together, pods) {
            let number = self.server(one).map_or(0, |(_, server)| server.port.number);
            for &slot in slots.get(&one).into_iter().flatten() {
                ingress.add(self, slot, &table, number);
            }
            if let Some(place) = place {
                ingress.exits.extend(self.exits(place, one, &table));
            }
        }
    }

    /// What of a table leads out of the cluster.
    fn exits(&self, place: (usize, u16), one: ServerNumber, table: &Table) -> Vec<Exit> {
        let Some((gateway, server)) = self.server(one) else {
            return Vec::new();
        };
        let names = server.hosts.iter();
        let names = names.map(|host| host.split_once('/').map_or(&**host, |(_, name)| name));
        let server_names: Vec<String> = names.map(str::to_lowercase).collect();
        let leads = table.leads(self.config.normalization).into_iter();
        leads
            .filter(|lead| self.service_of_host(&lead.target.host).is_none())
            .map(|lead| Exit {
                proxy: place.0,
                own: place.1,
                sends: server.kind().sends,
                server_names: server_names.clone(),
                at: gateway.at(&format!("/spec/servers/{}/port", one.1)),
                port: lead.target.port.unwrap_or(server.port.number),
                lead,
            })
            .collect()
    }
}

/// A way in to a server.
fn door_of(gateway: &Object<Gateway>, server: &Server, number: usize, door: &Door) -> Door {
    let kind = server.kind();
    let here = format!("/spec/servers/{number}");
    let mut door = Door {
        sends: kind.sends,
        sealed: kind.sealed,
        at: gateway.at(&format!("{here}/port")),
        ..door.clone()
    };
    if server.mode() == Some(ServerTlsMode::Mutual) && kind.sends == TlsOrigination::ForeignTls {
        let at = gateway.at(&format!("{here}/tls/mode"));
        let what = "the client has to show a certificate that the gateway accepts";
        door.needs.push((what.to_owned(), at));
    }
    door
}

/// A way in to a gateway whose pods are not in the input.
fn absent(gateway: &Object<Gateway>, server: &Server) -> Door {
    let at = gateway.at("/spec/selector");
    let what = "the pods of this gateway are not in the input";
    Door {
        proxy: None,
        entry: "a gateway leads to it".into(),
        port: server.port.number,
        sends: TlsOrigination::Plaintext,
        sealed: false,
        at: at.clone(),
        needs: vec![(what.to_owned(), at)],
    }
}
