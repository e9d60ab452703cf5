//! Ways in through gateways: what listens, which hosts it takes, where its routes lead.
//!
//! `istio/istio: pilot/pkg/model/gateway.go`, `istio/istio: pilot/pkg/networking/core/gateway.go`.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::Istio;
use super::crd::Selecting;
use super::policy::{Object, Objects, selects};
use super::proxies::Proxy;
use super::routes::{Lead, Route, Table, common_host, covers, host_is};
use super::virtual_service::{Standing, is_for};
use crate::k8s::Index;
use crate::model::{At, Labels, Layer, ServiceId, TargetPort, TlsOrigination, When, Workload};

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
    /// What could change it and is not known.
    pub conditions: Vec<(String, At)>,
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

/// All ways in through gateways.
#[derive(Debug, Default)]
pub struct Ingress {
    /// Everything that listens.
    pub doors: Vec<Door>,
    /// What leads to each service.
    pub to: HashMap<ServiceId, Vec<Entrance>>,
    /// What leads to a service and is not understood.
    pub unjudged: HashMap<ServiceId, (String, At)>,
}

impl Ingress {
    /// Notes where the routes of a table lead that begin at a door.
    pub fn add(&mut self, istio: &Istio, door: usize, table: &Table, port: u16) {
        for lead in table.leads(istio.config.normalization) {
            let Some(service) = istio.service_of_host(&lead.target.host) else {
                continue;
            };
            let port = istio.port_of_target(&lead.target, service, port);
            let entrance = Entrance { door, lead, port };
            self.to.entry(service.id).or_default().push(entrance);
        }
    }
}

/// What a server does, in neutral words.
struct Kind {
    sends: TlsOrigination,
    /// Which of a VirtualService's routes count: `http`, `tls`, `tcp`; none where all are refused.
    routes: Option<&'static str>,
    sealed: bool,
}

impl Server {
    fn kind(&self) -> Kind {
        let tls = self.tls.as_ref();
        let kind = |sends, routes, sealed| Kind {
            sends,
            routes,
            sealed,
        };
        let ended = |routes| match tls.map_or(ServerTlsMode::Simple, |tls| tls.mode) {
            ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough => {
                kind(TlsOrigination::ForeignTls, Some("tls"), true)
            }
            ServerTlsMode::IstioMutual => kind(TlsOrigination::Mtls, Some(routes), false),
            _ => kind(TlsOrigination::ForeignTls, Some(routes), false),
        };
        match self.port.protocol.to_uppercase().as_str() {
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" | "HTTP_PROXY" => {
                let redirects = tls.is_some_and(|tls| tls.https_redirect);
                let routes = (!redirects).then_some("http");
                kind(TlsOrigination::Plaintext, routes, false)
            }
            "HTTPS" => ended("http"),
            "TLS" => ended("tcp"),
            _ => kind(TlsOrigination::Plaintext, Some("tcp"), false),
        }
    }
}

impl Istio {
    /// Works out the ways in through Istio's own gateways.
    pub(super) fn classic_gateways(&self, gateways: &Objects<Gateway>, ingress: &mut Ingress) {
        let known = self.proxies.all.iter().any(|proxy| proxy.gateway.is_none());
        // per proxy and port, what the oldest gateway speaks there: others do not get in
        let mut spoken: HashMap<(usize, u16), bool> = HashMap::new();
        for gateway in gateways.iter() {
            let serving: Vec<usize> = self.serving(gateway);
            for (number, server) in gateway.spec.servers.iter().enumerate() {
                let kind = server.kind();
                let plain = kind.sends == TlsOrigination::Plaintext && kind.routes == Some("http")
                    || kind.routes.is_none();
                let mut doors = Vec::new();
                for &proxy in &serving {
                    let same = *spoken.entry((proxy, server.port.number)).or_insert(plain);
                    if same == plain {
                        doors.extend(self.doors(proxy, server.port.number));
                    }
                }
                let at = gateway.at(&format!("/spec/servers/{number}/port"));
                if serving.is_empty() && !known {
                    doors.push(Door {
                        proxy: None,
                        entry: "a gateway leads to it".into(),
                        port: server.port.number,
                        sends: TlsOrigination::Plaintext,
                        sealed: false,
                        at: at.clone(),
                        conditions: vec![(
                            "the pods of this gateway are not in the input".to_owned(),
                            gateway.at("/spec/selector"),
                        )],
                    });
                }
                for door in doors {
                    self.open(gateway, number, door, &kind, &at, ingress);
                }
            }
        }
    }

    /// What a gateway's pods listen for: their own port, what clients send, the line.
    pub(super) fn served_by(&self, workload: &Workload) -> Vec<(u16, TlsOrigination, At)> {
        let mut served = Vec::new();
        let all = self.proxies.all.iter().enumerate();
        let Some((number, proxy)) = all.into_iter().find(|(_, p)| p.pods.id == workload.id) else {
            return served;
        };
        let own_ports = |port: u16| {
            let declared = proxy.services(&self.index).flat_map(|s| &s.ports);
            let targets = declared
                .filter(move |declared| declared.number == port)
                .filter_map(|declared| target_of(&self.index, declared, proxy));
            std::iter::once(port).chain(targets).collect::<Vec<u16>>()
        };
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
    fn serving(&self, gateway: &Object<Gateway>) -> Vec<usize> {
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

    /// How the outside gets to a port of a proxy, if it does.
    pub(super) fn doors(&self, number: usize, port: u16) -> Vec<Door> {
        let Some(proxy) = self.proxies.all.get(number) else {
            return Vec::new();
        };
        let door = |text: &'static str, at: At, own: u16| Door {
            proxy: Some(number),
            entry: text.into(),
            port: own,
            sends: TlsOrigination::Plaintext,
            sealed: false,
            at,
            conditions: Vec::new(),
        };
        let mut doors = Vec::new();
        if let Some(at) = &proxy.open {
            doors.push(door(
                "a load balancer is made for this gateway",
                at.clone(),
                port,
            ));
        }
        for service in proxy.services(&self.index) {
            let Some((_, at)) = &service.exposed else {
                continue;
            };
            for declared in &service.ports {
                let target = target_of(&self.index, declared, proxy);
                if declared.number == port || target == Some(port) {
                    let own = target.unwrap_or(port);
                    doors.push(door(
                        "the gateway's Service is open to the outside",
                        at.clone(),
                        own,
                    ));
                }
            }
        }
        let ports = proxy.pods.containers.iter().flat_map(|c| &c.ports);
        let mut published = ports.filter(|p| p.number == port && p.host_port.is_some());
        if proxy.pods.host_network {
            let at = proxy.pods.template_at("/spec/hostNetwork");
            doors.push(door("the gateway listens on the node itself", at, port));
        } else if let Some(declared) = published.next() {
            let at = At {
                resource: proxy.pods.resource,
                pointer: declared.at.join("hostPort"),
            };
            doors.push(door("a port of the node leads to the gateway", at, port));
        }
        doors
    }

    /// Notes everything that the routes behind a server lead to.
    fn open(
        &self,
        gateway: &Object<Gateway>,
        number: usize,
        mut door: Door,
        kind: &Kind,
        at: &At,
        ingress: &mut Ingress,
    ) {
        let Some(server) = gateway.spec.servers.get(number) else {
            return;
        };
        door.sends = kind.sends;
        door.sealed = kind.sealed;
        door.at = at.clone();
        if let Some(tls) = &server.tls
            && tls.mode == ServerTlsMode::Mutual
            && kind.sends == TlsOrigination::ForeignTls
        {
            let at = gateway.at(&format!("/spec/servers/{number}/tls/mode"));
            let what = "the client has to show a certificate that the gateway accepts";
            door.conditions.push((what.to_owned(), at));
        }
        let slot = ingress.doors.len();
        ingress.doors.push(door);
        let Some(routes) = kind.routes else {
            return;
        };
        if server
            .tls
            .as_ref()
            .is_some_and(|tls| tls.mode == ServerTlsMode::AutoPassthrough)
        {
            self.auto_passthrough(gateway, server, at, ingress);
            return;
        }
        for table in self.tables(gateway, server, slot, routes, ingress, at) {
            ingress.add(self, slot, &table, server.port.number);
        }
    }

    /// The tables of a server: one for each host that it and VirtualServices have in common.
    fn tables(
        &self,
        gateway: &Object<Gateway>,
        server: &Server,
        door: usize,
        routes: &str,
        ingress: &Ingress,
        at: &At,
    ) -> Vec<Table> {
        let name = format!(
            "{}/{}",
            gateway.namespace,
            self.index.resource(gateway.id).key.name
        );
        let proxy = ingress.doors.get(door).and_then(|door| door.proxy);
        let there = proxy
            .and_then(|proxy| self.proxies.all.get(proxy))
            .map_or(&*gateway.namespace, |proxy| &*proxy.pods.namespace);
        let standing = Standing {
            gateway: &name,
            port: server.port.number,
            client: None,
        };
        let mut by_host: Vec<(String, At, Vec<Route>)> = Vec::new();
        for object in self.virtual_services.iter() {
            let spec = &object.spec;
            let bound = is_for(&spec.gateways, &object.namespace, &name);
            if !bound || !self.virtual_services.is_visible(object, there) {
                continue;
            }
            let found = match routes {
                "http" => self.virtual_services.routes(object, Layer::Http, standing),
                "tls" => self.virtual_services.tls(object, standing),
                _ => self.virtual_services.routes(object, Layer::Tcp, standing),
            };
            for (i, host) in spec.hosts.iter().enumerate() {
                let host = super::destination::resolve(host, &object.namespace);
                for common in hosts_in_common(server, gateway, &object.namespace, &host) {
                    let at = object.at(&format!("/spec/hosts/{i}"));
                    match by_host.iter_mut().find(|(known, ..)| *known == common) {
                        Some((_, _, known)) => known.extend(found.iter().cloned()),
                        None => by_host.push((common, at, found.clone())),
                    }
                }
            }
        }
        host_tables(by_host, routes, at)
    }

    /// Every service may be asked for by its name.
    fn auto_passthrough(
        &self,
        gateway: &Object<Gateway>,
        server: &Server,
        at: &At,
        ingress: &mut Ingress,
    ) {
        for service in self.index.services() {
            let host = super::destination::host_of(&service.namespace, &service.name);
            let common = hosts_in_common(server, gateway, &service.namespace, &host);
            if !common.is_empty() {
                let what = "its server name leads here by itself (AUTO_PASSTHROUGH), for whoever has a \
                            certificate of the mesh";
                let unjudged = (what.to_owned(), at.clone());
                ingress.unjudged.entry(service.id).or_insert(unjudged);
            }
        }
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
        let narrower = names
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

/// The port of a proxy's pods that a Service port leads to.
fn target_of(index: &Index, port: &crate::model::ServicePort, proxy: &Proxy) -> Option<u16> {
    match (&port.target, index.target(port, &proxy.pods)) {
        (_, Some(target)) => Some(target),
        (TargetPort::Number(number), None) => Some(*number),
        (TargetPort::Name(_), None) => None,
    }
}
