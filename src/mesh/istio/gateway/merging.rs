//! Which servers a gateway's proxy really has: several Gateways may want one port of it.
//!
//! `istio/istio: pilot/pkg/model/gateway.go` (mergeGateways, resolvePorts).

use std::collections::{BTreeMap, HashSet};

use super::server::Server;
use crate::k8s::Index;
use crate::mesh::istio::Istio;
use crate::mesh::istio::proxies::Proxy;
use crate::model::TargetPort;

/// On a Service: server numbers are ports of the pods.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

/// A server: its Gateway's place among all, and its own in it.
pub type ServerNumber = (usize, usize);

/// A port of a proxy.
pub type OwnPort = (usize, u16);

/// What the servers of one port have in common so far.
#[derive(Debug, Default)]
struct Port {
    /// Whether the server without TLS that has the port speaks HTTP, by address.
    plain: BTreeMap<String, bool>,
    /// The hosts of servers with TLS settings, by address.
    hosts: HashSet<(String, String)>,
    servers: Vec<ServerNumber>,
}

impl Port {
    /// Takes a server, unless it contradicts those that are there.
    fn take(&mut self, number: ServerNumber, server: &Server, namespace: &str) {
        let bind = &server.bind;
        if server.tls.is_some() {
            let hosts = server.hosts.iter();
            let hosts: Vec<_> = hosts
                .map(|host| (bind.clone(), sanitized(host, namespace)))
                .collect();
            if hosts.iter().any(|host| self.hosts.contains(host)) {
                return;
            }
            self.hosts.extend(hosts);
        }
        let http = server.is_http();
        match self.plain.get(bind) {
            Some(spoken) if !(*spoken && http) => return,
            Some(_) => {}
            None if http || server.tls.is_none() => {
                self.plain.insert(bind.clone(), http);
            }
            None => {}
        }
        self.servers.push(number);
    }
}

impl Istio {
    /// The servers that each port of each proxy has, the oldest Gateway's first.
    pub(super) fn merged_servers(&self) -> BTreeMap<OwnPort, Vec<ServerNumber>> {
        let mut ports: BTreeMap<OwnPort, Port> = BTreeMap::new();
        for (g, gateway) in self.gateways.iter().enumerate() {
            for proxy in self.serving(gateway) {
                let Some(pods) = self.proxies.all.get(proxy) else {
                    continue;
                };
                for (s, server) in gateway.spec.servers.iter().enumerate() {
                    for own in own_ports(&self.index, pods, server.port.number) {
                        let port = ports.entry((proxy, own)).or_default();
                        port.take((g, s), server, &gateway.namespace);
                    }
                }
            }
        }
        ports
            .into_iter()
            .map(|(own, port)| (own, port.servers))
            .collect()
    }
}

/// The ports of a proxy's pods that a server's number stands for: those that Services lead to from
/// the port of this number, else the port itself.
pub fn own_ports(index: &Index, proxy: &Proxy, number: u16) -> Vec<u16> {
    let services = proxy.services(index).filter(|service| {
        !index
            .resource(service.resource)
            .labels
            .contains_key(NO_TRANSLATION)
    });
    let mut found: Vec<u16> = services
        .flat_map(|service| &service.ports)
        .filter(|declared| declared.number == number)
        .filter_map(|declared| target_of(index, declared, proxy))
        .collect();
    found.sort_unstable();
    found.dedup();
    match found.is_empty() {
        true => vec![number],
        false => found,
    }
}

/// The port of a proxy's pods that a Service port leads to.
pub fn target_of(index: &Index, port: &crate::model::ServicePort, proxy: &Proxy) -> Option<u16> {
    match (&port.target, index.target(port, &proxy.pods)) {
        (_, Some(target)) => Some(target),
        (TargetPort::Number(number), None) => Some(*number),
        (TargetPort::Name(_), None) => None,
    }
}

/// A server's host with the one namespace it is for, if it is for one.
fn sanitized(host: &str, namespace: &str) -> String {
    match host.split_once('/') {
        Some((".", rest)) => format!("{namespace}/{rest}"),
        Some(("*", rest)) => rest.to_owned(),
        _ => host.to_owned(),
    }
}
