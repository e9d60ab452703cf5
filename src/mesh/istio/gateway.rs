//! Ways in through gateways: what listens, which hosts it takes, where its routes lead.
//!
//! `istio/istio: pilot/pkg/model/gateway.go`, `istio/istio: pilot/pkg/networking/core/gateway.go`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::Istio;
use super::crd::Selecting;
use super::merging::{ServerNumber, own_ports, target_of};
use super::policy::{Object, selects};
use super::routes::{Lead, Route, Table, Target, common_host, covers, host_is};
use super::scope::Known;
use super::virtual_service::{Standing, VirtualService, is_for};
use crate::model::{At, Labels, Layer, ServiceId, TlsOrigination, When, Workload};

/// `Gateway` of Istio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// The pods that serve it.
    pub selector: Labels,
    /// What they listen for.
    pub servers: Vec<Server>,
}

impl Selecting for Gateway {}

/// `servers[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The port.
    pub port: ServerPort,
    /// The hosts, each possibly with the namespaces that may serve it.
    pub hosts: Vec<String>,
    /// The address it listens at; empty is every one.
    pub bind: String,
    /// How TLS is ended.
    pub tls: Option<ServerTls>,
}

/// `port` of a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServerPort {
    /// The number.
    pub number: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `GRPC`, `HTTP2`, ….
    pub protocol: String,
}

/// `tls` of a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerTls {
    /// The mode.
    pub mode: ServerTlsMode,
    /// Whether requests are only told to come again over HTTPS.
    pub https_redirect: bool,
}

/// `tls.mode` of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServerTlsMode {
    /// It passes through, led by its server name.
    #[default]
    Passthrough,
    /// It is ended.
    Simple,
    /// It is ended, and the client shows a certificate.
    Mutual,
    /// The same, if it has one.
    OptionalMutual,
    /// The mesh's own.
    IstioMutual,
    /// It passes through to the service that its server name stands for.
    AutoPassthrough,
}

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

/// What a server does, in neutral words.
struct Kind {
    sends: TlsOrigination,
    /// Which of a VirtualService's routes count: `http`, `tls`, `tcp`.
    routes: &'static str,
    sealed: bool,
}

impl Server {
    /// Whether it takes requests without TLS.
    pub(super) fn is_http(&self) -> bool {
        let protocol = self.port.protocol.to_uppercase();
        matches!(
            protocol.as_str(),
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" | "HTTP_PROXY"
        )
    }

    fn mode(&self) -> Option<ServerTlsMode> {
        self.tls.as_ref().map(|tls| tls.mode)
    }

    /// Whether requests are only told to come again over HTTPS.
    fn redirects(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.https_redirect)
    }

    fn kind(&self) -> Kind {
        let tls = self.tls.as_ref();
        let kind = |sends, routes, sealed| Kind {
            sends,
            routes,
            sealed,
        };
        let ended = |routes| match tls.map_or(ServerTlsMode::Simple, |tls| tls.mode) {
            ServerTlsMode::Passthrough => kind(TlsOrigination::ForeignTls, "tls", true),
            ServerTlsMode::AutoPassthrough => kind(TlsOrigination::Mtls, "tls", true),
            ServerTlsMode::IstioMutual => kind(TlsOrigination::Mtls, routes, false),
            _ => kind(TlsOrigination::ForeignTls, routes, false),
        };
        match self.port.protocol.to_uppercase().as_str() {
            _ if self.is_http() => kind(TlsOrigination::Plaintext, "http", false),
            "HTTPS" => ended("http"),
            "TLS" => ended("tcp"),
            _ => kind(TlsOrigination::Plaintext, "tcp", false),
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

    /// The tables of servers that are routed together: one for each host that VirtualServices have
    /// in common with them, for each server that leads somewhere under it.
    /// `istio/istio: pilot/pkg/networking/core/gateway.go` (buildGatewayHTTPRouteConfig).
    fn tables(
        &self,
        together: &[ServerNumber],
        pods: Option<&Workload>,
    ) -> Vec<(ServerNumber, Table)> {
        let servers = together
            .iter()
            .filter_map(|&one| Some((one, self.server(one)?)));
        let mut hosts = Hosts::default();
        let mut routes = "http";
        for (one, (gateway, server)) in servers {
            routes = server.kind().routes;
            let at = gateway.at(&format!("/spec/servers/{}/port", one.1));
            if routes == "tcp" {
                return vec![(one, self.streams(gateway, server, pods, &at))];
            }
            if server.mode() == Some(ServerTlsMode::AutoPassthrough) {
                return vec![(one, self.by_server_name(gateway, server, &at))];
            }
            for (object, found) in self.bound(gateway, server, routes, pods) {
                for (i, host) in object.spec.hosts.iter().enumerate() {
                    let host = super::destination::resolve(host, &object.namespace);
                    for common in hosts_in_common(server, gateway, &object.namespace, &host) {
                        let at = object.at(&format!("/spec/hosts/{i}"));
                        hosts.add(common.to_lowercase(), at, one, &found, server);
                    }
                }
            }
            for host in server.hosts.iter().filter(|_| server.redirects()) {
                hosts.add(host.to_lowercase(), at.clone(), one, &[], server);
            }
        }
        hosts.tables(routes, |one| {
            let gateway = self.gateways.nth(one.0)?;
            Some(gateway.at(&format!("/spec/servers/{}/port", one.1)))
        })
    }

    /// The table of a server that takes connections: those have no host, and the first route that
    /// a VirtualService with a host of the server has takes them all.
    /// `istio/istio: pilot/pkg/networking/core/gateway.go` (buildGatewayNetworkFiltersFromTCPRoutes).
    fn streams(
        &self,
        gateway: &Object<Gateway>,
        server: &Server,
        pods: Option<&Workload>,
        at: &At,
    ) -> Table {
        let bound = self.bound(gateway, server, "tcp", pods).into_iter();
        let bound = bound.filter(|(object, _)| {
            let near = &object.namespace;
            object.spec.hosts.iter().any(|host| {
                let host = super::destination::resolve(host, near);
                !hosts_in_common(server, gateway, near, &host).is_empty()
            })
        });
        Table {
            layer: Layer::Tcp,
            routes: bound.flat_map(|(_, routes)| routes).collect(),
            near: at.clone(),
        }
    }

    /// The VirtualServices that a server has, each with its routes there.
    fn bound<'a>(
        &'a self,
        gateway: &Object<Gateway>,
        server: &Server,
        routes: &str,
        pods: Option<&Workload>,
    ) -> Vec<(&'a Object<VirtualService>, Vec<Route>)> {
        let name = &self.index.resource(gateway.id).key.name;
        let name = format!("{}/{name}", gateway.namespace);
        let there = pods.map_or(&*gateway.namespace, |pods| &*pods.namespace);
        let standing = Standing {
            gateway: &name,
            port: server.port.number,
            client: pods,
        };
        let all = &self.virtual_services;
        let seen = all.seen_from(there).into_iter();
        seen.filter(|object| is_for(&object.spec.gateways, &object.namespace, &name))
            .map(|object| {
                let found = match routes {
                    "http" => all.routes(object, Layer::Http, standing),
                    "tls" => all.tls(object, standing),
                    _ => all.routes(object, Layer::Tcp, standing),
                };
                (object, found)
            })
            .collect()
    }

    /// Every service may be asked for by its name, with a certificate of the mesh.
    /// `istio/istio: pilot/pkg/networking/core/gateway.go` (builtAutoPassthroughFilterChains).
    fn by_server_name(&self, gateway: &Object<Gateway>, server: &Server, at: &At) -> Table {
        let mut routes = Vec::new();
        for service in self.index.services() {
            let host = super::destination::host_of(&service.namespace, &service.name);
            if hosts_in_common(server, gateway, &service.namespace, &host).is_empty() {
                continue;
            }
            let to = service.ports.iter().map(|port| Target {
                host: host.clone(),
                port: Some(port.number),
                subset: None,
                at: at.clone(),
            });
            routes.push(Route {
                when: When::Always,
                to: to.collect(),
                rewrite: None,
                at: at.clone(),
            });
        }
        Table {
            layer: Layer::Tcp,
            routes,
            near: at.clone(),
        }
    }
}

/// A route of a host, and the server it is there for.
type Served = (ServerNumber, Route);

/// What servers that are routed together do with each host, in the order in which hosts are met.
#[derive(Debug, Default)]
struct Hosts {
    all: Vec<(String, At, Vec<Served>)>,
    /// Where in `all` each host is.
    known: HashMap<String, usize>,
    /// The hosts whose requests are only told to come again over HTTPS.
    redirected: HashSet<String>,
}

impl Hosts {
    fn add(&mut self, host: String, at: At, one: ServerNumber, found: &[Route], server: &Server) {
        if server.redirects() {
            self.redirected.insert(host.clone());
        }
        let next = self.all.len();
        let place = *self.known.entry(host.clone()).or_insert(next);
        if place == next {
            self.all.push((host, at, Vec::new()));
        }
        if let Some((.., served)) = self.all.get_mut(place) {
            served.extend(found.iter().map(|route| (one, route.clone())));
        }
    }

    /// The tables of each server: what others lead to is none of its business.
    fn tables(
        mut self,
        routes: &str,
        near: impl Fn(ServerNumber) -> Option<At>,
    ) -> Vec<(ServerNumber, Table)> {
        for (host, _, served) in &mut self.all {
            // what takes everything comes last
            served.sort_by_key(|(_, route)| matches!(route.when, When::Always));
            if self.redirected.contains(host) {
                served.iter_mut().for_each(|(_, route)| route.to.clear());
            }
        }
        let bare = self.all.iter().map(|(host, at, served)| {
            let routes = served.iter().map(|(_, route)| route.clone());
            (host.clone(), at.clone(), routes.collect())
        });
        let Some(somewhere) = self.all.first().map(|(_, at, _)| at.clone()) else {
            return Vec::new();
        };
        let tables = host_tables(bare.collect(), routes, &somewhere).into_iter();
        let mut found = Vec::new();
        for (table, (.., served)) in tables.zip(&self.all) {
            let mut leading: Vec<ServerNumber> = served
                .iter()
                .filter(|(_, route)| !route.to.is_empty())
                .map(|(one, _)| *one)
                .collect();
            leading.sort_unstable();
            leading.dedup();
            for one in leading {
                let mut table = table.clone();
                table.near = near(one).unwrap_or(table.near);
                // in front are those that narrower hosts have
                let own = table.routes.len().saturating_sub(served.len());
                let routes = table.routes.iter_mut().skip(own);
                for (route, (of, _)) in routes.zip(served) {
                    if *of != one {
                        route.to.clear();
                    }
                }
                found.push((one, table));
            }
        }
        found
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

/// One table a host; what a more specific host takes is none of a wider one's business.
pub fn host_tables(by_host: Vec<(String, At, Vec<Route>)>, routes: &str, near: &At) -> Vec<Table> {
    let names: Vec<(String, At)> = by_host
        .iter()
        .map(|(host, at, _)| (host.clone(), at.clone()))
        .collect();
    let streams = routes == "tcp";
    let table = |(host, at, found): (String, At, Vec<Route>)| {
        // one without a star has nothing narrower than itself
        let others = if host.starts_with('*') {
            &names[..]
        } else {
            &[]
        };
        let narrower = others
            .iter()
            .filter(|(other, _)| *other != host && covers(&host, other));
        let mut all: Vec<Route> = Vec::new();
        if !streams {
            all.extend(narrower.map(|(other, at)| Route {
                when: host_is(other, at),
                to: Vec::new(),
                rewrite: None,
                at: at.clone(),
            }));
        }
        let is_host = match streams {
            true => When::Always,
            false => host_is(&host, &at),
        };
        all.extend(found.into_iter().map(|route| Route {
            when: When::all(vec![is_host.clone(), route.when.clone()]),
            ..route
        }));
        Table {
            // a server name is the host of the request, and is read like it
            layer: if streams { Layer::Tcp } else { Layer::Http },
            routes: all,
            near: near.clone(),
        }
    };
    by_host.into_iter().map(table).collect()
}

/// The hosts that a server and a host have in common: what lies in a namespace counts only where
/// the server's host lets that namespace in.
/// `istio/istio: pilot/pkg/networking/core/gateway.go` (pickMatchingGatewayHosts).
fn hosts_in_common(
    server: &Server,
    gateway: &Object<Gateway>,
    namespace: &str,
    host: &str,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for written in &server.hosts {
        let (admits, of_server) = match written.split_once('/') {
            Some((".", rest)) => (*gateway.namespace == *namespace, rest),
            Some(("*", rest)) => (true, rest),
            Some((only, rest)) => (only == namespace, rest),
            None => (true, written.as_str()),
        };
        if let Some(common) = common_host(of_server, host).filter(|_| admits)
            && !found.iter().any(|known| known == common)
        {
            found.push(common.to_owned());
        }
    }
    found
}
