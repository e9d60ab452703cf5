//! Which of a listener's hosts a request is for.
//!
//! `hashicorp/consul: agent/xds/routes.go` (generateUpstreamIngressDomains); the order in which hosts
//! are looked for is Envoy's (`envoyproxy/envoy: api/envoy/config/route/v3/route_components.proto`,
//! VirtualHost.domains).

use std::cmp::Reverse;

use crate::mesh::consul::chain::Route;
use crate::model::{At, StringMatch, Test, When};

/// The hosts of a listener, each with the routes that requests for it take.
#[derive(Debug)]
pub struct Hosts {
    port: u16,
    all: Vec<(String, At, Vec<Route>)>,
}

impl Hosts {
    /// Those of a listener on a port.
    pub fn new(port: u16) -> Self {
        Self {
            port,
            all: Vec::new(),
        }
    }

    /// Adds routes for a host, after those that it has.
    pub fn add(&mut self, host: &str, at: &At, routes: &[Route]) {
        let host = host.to_lowercase();
        match self.all.iter_mut().find(|(known, ..)| *known == host) {
            Some((.., known)) => known.extend(routes.iter().cloned()),
            None => self.all.push((host, at.clone(), routes.to_vec())),
        }
    }

    /// All routes, in the order in which a request is compared with them. What no route of its host
    /// takes goes nowhere.
    pub fn routes(mut self) -> Vec<Route> {
        self.all.sort_by_key(|(host, ..)| rank(host));
        let mut found = Vec::new();
        for (host, at, routes) in &self.all {
            let here = is_for(host, self.port, at);
            found.extend(routes.iter().map(|route| Route {
                when: When::all(vec![here.clone(), route.when.clone()]),
                ..route.clone()
            }));
            let complete = routes
                .iter()
                .any(|route| matches!(route.when, When::Always));
            if !complete {
                found.push(Route {
                    when: here,
                    to: Vec::new(),
                    at: at.clone(),
                });
            }
        }
        found
    }
}

/// Whole hosts come first, then the longest ending, then the longest beginning, then any host.
fn rank(host: &str) -> (u8, Reverse<usize>) {
    let sort = match (host, host.starts_with('*'), host.ends_with('*')) {
        ("*", ..) => 3,
        (_, true, _) => 1,
        (_, _, true) => 2,
        _ => 0,
    };
    (sort, Reverse(host.len()))
}

/// That a request is for a host, which it may name with the listener's port.
fn is_for(host: &str, port: u16, at: &At) -> When {
    let is = |value| When::Is(Test::Host(value), at.clone());
    let bare = !host.contains(':');
    match rank(host).0 {
        3 => When::Always,
        2 => is(StringMatch::Prefix(host.trim_end_matches('*').into())),
        sort => {
            let text = host.trim_start_matches('*');
            let value = |text: String| match sort {
                1 => StringMatch::Suffix(text.into()),
                _ => StringMatch::Exact(text.into()),
            };
            let with_port = bare.then(|| is(value(format!("{text}:{port}"))));
            let either = [Some(is(value(text.to_owned()))), with_port];
            When::any(either.into_iter().flatten().collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn what_is_narrower_comes_first() {
        let mut hosts = [
            "*",
            "web.ingress.*",
            "*.example",
            "*.web.example",
            "web.example",
        ];
        hosts.sort_by_key(|host| rank(host));
        let expected = [
            "web.example",
            "*.web.example",
            "*.example",
            "web.ingress.*",
            "*",
        ];
        assert_eq!(hosts, expected);
    }
}
