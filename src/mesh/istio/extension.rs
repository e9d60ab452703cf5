//! Objects that can change any verdict and are not looked into: what they touch is conditional.

use super::crd::Extension;
use super::crd::Selecting as _;
use super::policy::{Objects, selects};
use crate::k8s::Index;
use crate::model::{At, Labels, Problem, ProblemKind, Workload};
use crate::syntax::Node;

/// What an EnvoyFilter must mention to touch who may call, how, or what is logged.
const SECURITY_FILTERS: &[&str] = &[
    "rbac",
    "jwt_authn",
    "ext_authz",
    "transport_socket",
    "transportSocket",
    "access_log",
    "accessLog",
    "tls_context",
    "lua",
    "wasm",
];

/// The kinds that are not looked into: group, kind, what they can do.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "networking.istio.io",
        "EnvoyFilter",
        "rewrites the proxy's configuration",
    ),
    (
        "extensions.istio.io",
        "WasmPlugin",
        "runs code in the proxy",
    ),
    (
        "extensions.istio.io",
        "TrafficExtension",
        "runs code in the proxy",
    ),
    (
        "networking.istio.io",
        "Sidecar",
        "limits or redirects what the proxy serves and calls",
    ),
];

/// One such object.
#[derive(Debug)]
pub struct Unread {
    /// The object.
    pub at: At,
    /// `EnvoyFilter …`, with what it can do.
    pub what: String,
    /// Whether it is about the workload's own calls only.
    outbound_only: bool,
    namespace: std::sync::Arc<str>,
    labels: Option<Labels>,
}

/// All such objects of an environment.
#[derive(Debug, Default)]
pub struct Extensions {
    all: Vec<Unread>,
    root: String,
}

impl Extensions {
    /// Finds them; each is a problem as well.
    pub fn find(index: &Index, root: &str, problems: &mut Vec<Problem>) -> Self {
        let mut all = Vec::new();
        for &(group, kind, does) in KINDS {
            let objects: Objects<Extension> = Objects::read(index, group, kind, problems);
            for object in objects.iter() {
                let node = index.node(object.id);
                if kind == "EnvoyFilter" && !touches_security(node) {
                    continue;
                }
                let labels = object.spec.labels().cloned();
                let what = format!("{kind} {} {does}", index.resource(object.id).key.name);
                problems.push(Problem::at(
                    ProblemKind::NotUnderstood,
                    format!("{what}; it is not looked into, so verdicts on what it selects are conditional"),
                    object.at("/kind"),
                ));
                let serves = node.path(&["spec", "ingress"]).is_some();
                all.push(Unread {
                    at: object.at("/kind"),
                    what,
                    outbound_only: kind == "Sidecar" && !serves,
                    namespace: std::sync::Arc::clone(&object.namespace),
                    labels,
                });
            }
        }
        Self {
            all,
            root: root.to_owned(),
        }
    }

    fn touching(&self, workload: &Workload) -> impl Iterator<Item = &Unread> {
        self.all.iter().filter(|unread| {
            (*unread.namespace == *self.root || unread.namespace == workload.namespace)
                && selects(unread.labels.as_ref(), workload)
        })
    }

    /// What can change verdicts on calls to a workload.
    pub fn inbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.touching(workload)
            .filter(|unread| !unread.outbound_only)
            .map(|unread| (unread.what.clone(), unread.at.clone()))
            .collect()
    }

    /// What can change verdicts on calls of a workload.
    pub fn outbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.touching(workload)
            .map(|unread| (unread.what.clone(), unread.at.clone()))
            .collect()
    }
}

fn touches_security(node: Node<'_>) -> bool {
    let mention = |text: &str| SECURITY_FILTERS.iter().any(|filter| text.contains(filter));
    node.as_str().is_some_and(mention)
        || node.items().any(touches_security)
        || node
            .entries()
            .any(|entry| mention(entry.key) || touches_security(entry.value))
}
