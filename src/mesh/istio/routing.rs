//! VirtualServices, as far as they send a call inside the mesh somewhere else than it was meant.

use std::sync::Arc;

use serde::Deserialize;

use super::crd::Selecting;
use super::destination::resolve;
use super::policy::Objects;
use crate::k8s::Index;
use crate::model::{At, Problem, ProblemKind};
use crate::syntax::Node;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VirtualService {
    hosts: Vec<String>,
    gateways: Vec<String>,
    export_to: Vec<String>,
}

impl Selecting for VirtualService {}

/// A VirtualService that leads calls to a host elsewhere.
#[derive(Debug)]
struct Detour {
    host: String,
    namespace: Arc<str>,
    export_to: Vec<String>,
    to: String,
    at: At,
}

impl Detour {
    fn is_about(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => self.host == host,
        }
    }
}

/// All detours of an environment.
#[derive(Debug, Default)]
pub struct Detours(Vec<Detour>);

impl Detours {
    /// Finds them; each is a problem as well.
    pub fn find(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let objects: Objects<VirtualService> =
            Objects::read(index, "networking.istio.io", "VirtualService", problems);
        let mut found = Vec::new();
        for object in objects.iter() {
            let spec = &object.spec;
            let inside = spec.gateways.is_empty() || spec.gateways.iter().any(|g| g == "mesh");
            if !inside {
                continue;
            }
            let mut leads = Vec::new();
            destinations(
                index.node(object.id).get("spec"),
                object.at("/spec"),
                &mut leads,
            );
            for host in &spec.hosts {
                let host = resolve(host, &object.namespace);
                let away = leads
                    .iter()
                    .find(|(to, _)| resolve(to, &object.namespace) != host);
                let Some((to, at)) = away else { continue };
                problems.push(Problem::at(
                    ProblemKind::NotUnderstood,
                    format!("calls to {host} are routed to {to}; where they end is not worked out, so verdicts on them are conditional"),
                    at.clone(),
                ));
                found.push(Detour {
                    host,
                    namespace: Arc::clone(&object.namespace),
                    export_to: spec.export_to.clone(),
                    to: to.clone(),
                    at: at.clone(),
                });
            }
        }
        Self(found)
    }

    /// The namespaces whose clients may be led elsewhere than all others are.
    pub fn distinguished(&self, host: &str) -> Vec<Arc<str>> {
        let mut namespaces: Vec<Arc<str>> = Vec::new();
        for detour in self.0.iter().filter(|d| d.is_about(host)) {
            namespaces.push(Arc::clone(&detour.namespace));
            namespaces.extend(detour.export_to.iter().map(|to| Arc::from(to.as_str())));
        }
        namespaces
    }

    /// What may lead a call of a client to a host elsewhere.
    pub fn of_call(&self, client_namespace: &str, host: &str) -> Vec<(String, At)> {
        let visible = |d: &Detour| {
            d.export_to.is_empty()
                || d.export_to.iter().any(|to| {
                    to == "*"
                        || to == client_namespace
                        || (to == "." && *d.namespace == *client_namespace)
                })
        };
        self.0
            .iter()
            .filter(|d| d.is_about(host) && visible(d))
            .map(|d| (format!("the call may be routed to {}", d.to), d.at.clone()))
            .collect()
    }
}

/// Every `destination.host` of the routes, and everything that answers or delegates instead.
fn destinations(node: Option<Node<'_>>, at: At, found: &mut Vec<(String, At)>) {
    let Some(node) = node else { return };
    for (i, item) in node.items().enumerate() {
        destinations(Some(item), at.join(i), found);
    }
    for entry in node.entries() {
        let at = at.join(entry.key);
        match entry.key {
            "destination" => {
                if let Some(host) = entry.value.get("host").and_then(Node::as_str) {
                    found.push((host.to_owned(), at.join("host")));
                }
            }
            "delegate" => found.push(("another VirtualService".to_owned(), at)),
            // a copy is sent elsewhere, the call itself is not
            "mirror" | "mirrors" | "match" | "fault" | "headers" => {}
            _ => destinations(Some(entry.value), at, found),
        }
    }
}
