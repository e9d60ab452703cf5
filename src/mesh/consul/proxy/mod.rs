//! What is set for the proxy of a workload, and rules judge by its name.

mod escape;
mod exposed;
mod misplaced;
mod raw;

use super::Consul;
use super::annotation;
use super::entry::Kind;
use crate::k8s::node_at;
use crate::model::{At, Because, Decided, Membership, Setting, Workload};
use crate::syntax::Node;

/// A setting that a line makes.
fn setting(name: &'static str, value: impl Into<String>, at: At) -> Setting {
    Setting {
        name,
        value: value.into(),
        because: Because::Configured(at),
    }
}

impl Consul {
    /// What is set for the proxy of a workload.
    pub(super) fn settings_of(&self, workload: &Workload) -> Vec<Setting> {
        if let Some(nameless) = self.nameless(workload) {
            let meshed = self.member(workload).membership.value == Membership::Meshed;
            let counts = meshed && !workload.dormant;
            let never = counts.then(|| setting("never_starts", nameless.what, nameless.at.clone()));
            return never.into_iter().collect();
        }
        let mut all = self.raw_configuration(workload);
        all.extend(self.exposed_paths(workload));
        let Decided { value, because, .. } = self.is_transparent(workload);
        if let Some(own) = self.own(workload) {
            let reached = !value && !own.native && own.gateway.is_none();
            let node = Setting {
                name: "redirection",
                value: "node".to_owned(),
                because,
            };
            all.extend(reached.then_some(node));
            return all;
        }
        all.extend(self.misplaced_annotations(workload));
        if value {
            all.extend(self.skipped_outbound(workload));
            all.extend(self.escapes(workload));
        } else {
            all.push(Setting {
                name: "redirection",
                value: "off".to_owned(),
                because,
            });
            all.extend(self.bound_to_loopback(workload));
        }
        all
    }

    /// What is set for the proxy of every workload.
    pub(super) fn settings_of_all(&self) -> Vec<Setting> {
        let defaults = self.entries.only(Kind::ProxyDefaults);
        let config = defaults.and_then(|entry| entry.fields(&self.index)?.get("config"));
        config.iter().flat_map(raw::of_written).collect()
    }

    /// Calls that are kept from the proxy by where they go.
    fn skipped_outbound(&self, workload: &Workload) -> Vec<Setting> {
        let listed = |list: &str, name: &'static str| -> Vec<Setting> {
            let items = annotation::items(workload, list).into_iter();
            items.map(|(text, at)| setting(name, text, at)).collect()
        };
        let mut all = listed(
            "transparent-proxy-exclude-outbound-ports",
            "skipped_outbound_port",
        );
        all.extend(listed(
            "transparent-proxy-exclude-outbound-cidrs",
            "skipped_outbound_network",
        ));
        all
    }

    /// Ports of services on which the application listens for its own pod alone, as far as what it is
    /// started with says so.
    fn bound_to_loopback(&self, workload: &Workload) -> Vec<Setting> {
        let mut all = Vec::new();
        for port in self.registered(workload) {
            let Some(port) = &port.port else { continue };
            let places = self.started_with(workload).into_iter();
            let mut bound = places.filter(|(text, _)| is_loopback(text, port.value));
            if let Some((_, at)) = bound.next() {
                let id = format!("{workload}:{}", port.value);
                all.push(setting("bound_to_loopback", id, at));
            }
        }
        all
    }

    /// Arguments and variables of a workload's containers.
    fn started_with<'a>(&'a self, workload: &Workload) -> Vec<(&'a str, At)> {
        let mut all = Vec::new();
        for container in &workload.containers {
            let at = At {
                resource: workload.resource,
                pointer: container.at.clone(),
            };
            for field in ["command", "args"] {
                let list = at.join(field);
                let items = node_at(&self.index, &list)
                    .into_iter()
                    .flat_map(Node::items);
                let texts = items.enumerate();
                all.extend(
                    texts.filter_map(|(place, node)| Some((node.as_str()?, list.join(place)))),
                );
            }
            let list = at.join("env");
            let variables = node_at(&self.index, &list)
                .into_iter()
                .flat_map(Node::items);
            for (place, node) in variables.enumerate() {
                if let Some(text) = node.get("value").and_then(Node::as_str) {
                    all.push((text, list.join(place).join("value")));
                }
            }
        }
        all
    }
}

/// Whether a text is an address of the pod's own with a port: `127.0.0.1:8080`, `--bind=localhost:8080`.
fn is_loopback(text: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].into_iter().any(|host| {
        let address = format!("{host}:{port}");
        let last = text.rsplit(['=', ' ']).next().unwrap_or(text);
        last == address
    })
}
