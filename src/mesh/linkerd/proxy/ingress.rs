//! Proxies that go by the host that a request names, or by a header of it, and not by the address.
//!
//! `website: reference/proxy-configuration.md`, `linkerd/linkerd2-proxy: linkerd/app/outbound/src/ingress.rs`.

use super::Linkerd;
use crate::k8s::Index;
use crate::model::{Because, Setting, Workload};
use crate::syntax::{Node, Value};

/// The header that says where a request goes.
const HEADER: &str = "l5d-dst-override";

/// Objects by which an ingress sets headers on many routes: group, kind.
const SETTERS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("traefik.io", "Middleware"),
    ("traefik.containo.us", "Middleware"),
    ("configuration.konghq.com", "KongPlugin"),
    ("configuration.konghq.com", "KongClusterPlugin"),
    ("getambassador.io", "Module"),
];

/// Objects with routes, each of which has to set it by itself.
const ROUTES: &[(&str, &str)] = &[
    ("networking.k8s.io", "Ingress"),
    ("projectcontour.io", "HTTPProxy"),
    ("getambassador.io", "Mapping"),
];

impl Linkerd {
    /// What is known of such a proxy: `named` where the input shows who sets the header, `own` where
    /// the workload itself asks to be one, `exposed` where a Service lets the outside in to it, and
    /// otherwise `inherited` from its namespace.
    pub(super) fn by_host(&self, workload: &Workload) -> Option<Setting> {
        let at = self.member(workload).ingress.clone()?;
        let own = at.resource == workload.resource;
        let mut services = self.index.services_of(workload.id);
        let exposed = services.any(|service| service.exposed.is_some());
        let value = match self.sets_host {
            true => "named",
            false if own => "own",
            false if exposed => "exposed",
            false => "inherited",
        };
        Some(Setting {
            name: "ingress_mode",
            value: value.to_owned(),
            because: Because::Configured(at),
        })
    }
}

/// Whether the input shows that requests from outside get the header from their ingress, and so
/// cannot bring one of their own.
pub fn sets_host(index: &Index) -> bool {
    let of_kinds = |kinds: &'static [(&str, &str)]| {
        let ids = kinds
            .iter()
            .flat_map(|(group, kind)| index.of_kind(group, kind));
        ids.map(|&id| mentions(index.node(id)))
    };
    let mut routes = of_kinds(ROUTES).peekable();
    of_kinds(SETTERS).any(|sets| sets) || (routes.peek().is_some() && routes.all(|sets| sets))
}

/// Whether a text in a document, or a key of it, is about the header.
fn mentions(node: Node<'_>) -> bool {
    let about = |text: &str| text.to_ascii_lowercase().contains(HEADER);
    match node.value() {
        Value::Text(text) => about(text),
        _ => {
            node.items().any(mentions)
                || node
                    .entries()
                    .any(|entry| about(entry.key) || mentions(entry.value))
        }
    }
}
