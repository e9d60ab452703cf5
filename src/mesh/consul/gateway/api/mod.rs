//! API gateways: what their listeners and the routes on them lead in, from the Gateway API or from
//! entries `api-gateway`, `http-route` and `tcp-route`.
//!
//! `hashicorp/consul: agent/consul/discoverychain/gateway.go`, `gateway_httproute.go`,
//! `agent/consul/gateways/controller_gateways.go`, `agent/xds/listeners_apigateway.go`.

mod backend;
mod class;
mod entries;
mod listener;
mod objects;
mod rule;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use super::host::Hosts;
use super::jwt::Token;
use super::{Gateways, Listener};
use crate::mesh::consul::Consul;
use crate::mesh::consul::chain::{Branch, Headers, Route, Wanted, prefix_rewrite};
use crate::mesh::consul::service::Name;
use crate::model::{At, Layer, Rewrite, When};

/// A listener of an API gateway, with what attaches to it.
#[derive(Debug)]
struct Front {
    listener: Listener,
    /// Its port, as the proxy has it.
    port: u16,
    /// The host it is for; `*` is any.
    host: String,
    /// The routes of requests on it.
    http: Vec<HttpRoute>,
    /// The routes of connections on it.
    tcp: Vec<TcpRoute>,
    /// The token that counts whatever a route asks for.
    over: Option<Token>,
    /// The token for routes that ask for none.
    default: Option<Token>,
}

/// A route of requests.
#[derive(Debug, Clone)]
struct HttpRoute {
    /// Its hosts; none for all of its listeners.
    hosts: Vec<(String, At)>,
    rules: Vec<HttpRule>,
    /// Where it names its gateway.
    at: At,
    /// What has to hold for it to count.
    needs: Vec<(String, At)>,
}

/// A way to meet a rule of a route, and where it leads.
#[derive(Debug, Clone)]
struct HttpRule {
    wanted: Wanted,
    /// How narrow it is: the length of its path, its headers, its parameters.
    rank: (usize, usize, usize),
    to: Vec<Backend>,
    token: Option<Token>,
    at: At,
}

/// A service that a rule leads to.
#[derive(Debug, Clone)]
struct Backend {
    service: Name,
    /// What the path begins with afterwards.
    prefix: Option<String>,
    headers: Headers,
    token: Option<Token>,
    at: At,
}

/// A route of connections.
#[derive(Debug, Clone)]
struct TcpRoute {
    to: Vec<Backend>,
    needs: Vec<(String, At)>,
}

/// A rule, and the route that it is of.
type Met<'a> = (&'a HttpRoute, &'a HttpRule);

impl Gateways {
    /// Adds the ways in through API gateways.
    pub(super) fn add_api(&mut self, consul: &Consul) {
        for front in consul.api_of_objects() {
            self.add_front(consul, &front);
        }
        for front in consul.api_of_entries() {
            self.add_front(consul, &front);
        }
    }

    fn add_front(&mut self, consul: &Consul, front: &Front) {
        match front.listener.layer {
            Layer::Http => self.add_requests(consul, front),
            Layer::Tcp => self.add_connections(consul, front),
        }
    }

    /// A listener for connections has one route; with several it is not served.
    fn add_connections(&mut self, consul: &Consul, front: &Front) {
        let [route] = front.tcp.as_slice() else {
            return;
        };
        let [backend] = route.to.as_slice() else {
            return;
        };
        if consul.speaks(&backend.service) != "tcp" {
            return;
        }
        let mut to = consul.chains.branches(&backend.service);
        for branch in &mut to {
            branch.needs.extend(route.needs.iter().cloned());
        }
        let only = Route {
            when: When::Always,
            to,
            at: backend.at.clone(),
        };
        self.add(consul, &front.listener, &[only], None);
    }

    fn add_requests(&mut self, consul: &Consul, front: &Front) {
        let mut by_host: Vec<(String, At, Vec<Met<'_>>)> = Vec::new();
        for route in &front.http {
            for (host, at) in hosts(&front.host, route) {
                let rules = route.rules.iter().map(|rule| (route, rule));
                match by_host.iter_mut().find(|(known, ..)| *known == host) {
                    Some((.., known)) => known.extend(rules),
                    None => by_host.push((host, at, rules.collect())),
                }
            }
        }
        for (.., rules) in &mut by_host {
            // of two that are equally narrow which comes first is not known
            rules.sort_by_key(|(_, rule)| Reverse(rule.rank));
        }
        let all = by_host.iter().flat_map(|(.., rules)| rules);
        let mut tokens: Vec<Option<&Token>> = Vec::new();
        for (_, rule) in all {
            let asked = front.asks(rule);
            if !tokens.contains(&asked) {
                tokens.push(asked);
            }
        }
        for token in tokens {
            let mut table = Hosts::new(front.port);
            for (host, at, rules) in &by_host {
                let routes = rules.iter().map(|(route, rule)| {
                    let counts = front.asks(rule) == token;
                    consul.api_route(route, rule, counts)
                });
                table.add(host, at, &routes.collect::<Vec<_>>());
            }
            self.add(consul, &front.listener, &table.routes(), token);
        }
    }
}

impl Front {
    /// The token that requests of a rule need.
    fn asks<'a>(&'a self, rule: &'a HttpRule) -> Option<&'a Token> {
        let of_backend = rule.to.iter().find_map(|to| to.token.as_ref());
        let of_route = rule.token.as_ref().or(of_backend);
        self.over.as_ref().or(of_route).or(self.default.as_ref())
    }
}

impl Consul {
    /// What a service speaks.
    pub(in crate::mesh::consul) fn speaks(&self, service: &Name) -> String {
        let named = (&*service.namespace, &*service.name);
        self.entries.protocol(&self.index, named.0, named.1).0
    }

    /// A rule as a route; it leads nowhere where it does not count.
    fn api_route(&self, route: &HttpRoute, rule: &HttpRule, counts: bool) -> Route {
        let mut to = Vec::new();
        for backend in rule.to.iter().filter(|_| counts) {
            let path = backend.prefix.as_deref();
            let path = path.and_then(|prefix| prefix_rewrite(&rule.wanted, prefix));
            for branch in self.chains.branches(&backend.service) {
                let own = branch.rewrite.clone().unwrap_or_default().headers;
                let rewrite = Rewrite {
                    path: path.clone(),
                    host: None,
                    headers: [own, backend.headers.changes()].concat(),
                };
                let needs = route.needs.iter().chain(&branch.needs);
                to.push(Branch {
                    rewrite: (rewrite != Rewrite::default()).then_some(rewrite),
                    needs: needs.cloned().collect(),
                    ..branch
                });
            }
        }
        Route {
            when: rule.wanted.when.clone(),
            to,
            at: rule.at.clone(),
        }
    }
}

/// The hosts that a listener and a route have in common: a route's own count where they are the
/// listener's, or end as it does.
/// `hashicorp/consul: agent/structs/config_entry_routes.go` (FilteredHostnames).
fn hosts(listener: &str, route: &HttpRoute) -> Vec<(String, At)> {
    if route.hosts.is_empty() {
        return vec![(listener.to_owned(), route.at.clone())];
    }
    let wide = listener.contains('*');
    let rest = listener.trim_start_matches('*').trim_start_matches('.');
    let common = |host: &str| match wide {
        true => host.ends_with(rest),
        false => host == listener,
    };
    let hosts = route.hosts.iter().filter(|(host, _)| common(host));
    hosts.cloned().collect()
}
