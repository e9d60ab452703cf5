//! What a gateway does with each host: the tables of its servers.

use std::collections::{HashMap, HashSet};

use super::merging::ServerNumber;
use super::server::{Gateway, Server, ServerTlsMode};
use crate::mesh::istio::Istio;
use crate::mesh::istio::outbound::destination;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::routes::named::is_for;
use crate::mesh::istio::routes::virtual_route::{Standing, VirtualService};
use crate::mesh::istio::routes::{Route, Table, Target, common_host, covers, host_is};
use crate::model::{At, Layer, When, Workload};

impl Istio {
    /// The tables of servers that are routed together: one for each host that VirtualServices have
    /// in common with them, for each server that leads somewhere under it.
    /// `istio/istio: pilot/pkg/networking/core/gateway.go` (buildGatewayHTTPRouteConfig).
    pub fn tables(
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
                    let host = destination::resolve(host, &object.namespace);
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
                let host = destination::resolve(host, near);
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
            let host = destination::host_of(&service.namespace, &service.name);
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

/// Puts something to what is known of its host; `at` is shown for a host that is met first.
pub fn put<T>(
    by_host: &mut Vec<(String, At, Vec<T>)>,
    (host, at): (String, At),
    found: impl IntoIterator<Item = T>,
) {
    match by_host.iter_mut().find(|(known, ..)| *known == host) {
        Some((_, _, known)) => known.extend(found),
        None => by_host.push((host, at, found.into_iter().collect())),
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
