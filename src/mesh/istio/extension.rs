//! Objects that can change any verdict and are not looked into: what they touch is conditional.

use super::crd::{Extension, Selecting as _, TargetRef};
use super::policy::{Objects, selects};
use super::proxies::{Proxy, WAYPOINT_CLASS};
use crate::k8s::Index;
use crate::model::{At, Labels, Problem, ProblemKind, Service, Workload};
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
        "says by hand what the proxy serves",
    ),
];

/// One such object.
#[derive(Debug)]
pub struct Unread {
    /// The object.
    pub at: At,
    /// `EnvoyFilter …`, with what it can do.
    pub what: String,
    namespace: std::sync::Arc<str>,
    labels: Option<Labels>,
    targets: Vec<TargetRef>,
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
                let harmless = match kind {
                    "EnvoyFilter" => !touches_security(node),
                    "Sidecar" => node.path(&["spec", "ingress"]).is_none(),
                    _ => false,
                };
                if harmless {
                    continue;
                }
                let labels = object.spec.labels().cloned();
                let what = format!("{kind} {} {does}", index.resource(object.id).key.name);
                problems.push(Problem::at(
                    ProblemKind::NotUnderstood,
                    format!("{what}; it is not looked into, so verdicts on what it selects are conditional"),
                    object.at("/kind"),
                ));
                all.push(Unread {
                    at: object.at("/kind"),
                    what,
                    namespace: std::sync::Arc::clone(&object.namespace),
                    labels,
                    targets: object.spec.targets().into_iter().cloned().collect(),
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
                && unread.targets.is_empty()
                && selects(unread.labels.as_ref(), workload)
        })
    }

    /// What can change verdicts on calls to a workload.
    pub fn inbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.touching(workload)
            .map(|unread| (unread.what.clone(), unread.at.clone()))
            .collect()
    }

    /// What can change verdicts on calls of a workload.
    pub fn outbound(&self, workload: &Workload) -> Vec<(String, At)> {
        self.inbound(workload)
    }

    /// What can change verdicts at a proxy that is made from a `Gateway`, for a service it serves.
    pub fn at_proxy(&self, proxy: &Proxy, service: Option<&Service>) -> Vec<(String, At)> {
        let found = self.all.iter().filter(|unread| {
            unread.targets.iter().any(|target| {
                let own = proxy.gateway.as_ref().is_some_and(|named| {
                    (target.kind == "Gateway"
                        && target.name == *named.name
                        && unread.namespace == named.namespace)
                        || (target.kind == "GatewayClass"
                            && target.name == WAYPOINT_CLASS
                            && *unread.namespace == *self.root)
                });
                let served = service.is_some_and(|service| {
                    target.kind == "Service"
                        && target.name == *service.name
                        && unread.namespace == service.namespace
                });
                own || served
            })
        });
        found
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
