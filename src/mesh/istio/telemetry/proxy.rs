//! Which Telemetries count for a proxy.
//!
//! `istio/istio: pilot/pkg/model/telemetry.go` (applicableTelemetries),
//! `istio/istio: pilot/pkg/model/policyattachment.go` (ShouldAttachPolicy).

use crate::mesh::istio::crd::{LogMatch, LogMode, Selecting as _, TargetRef, Telemetry};
use crate::mesh::istio::membership::GATEWAY_NAME;
use crate::mesh::istio::policy::{Object, Objects, selects};
use crate::mesh::istio::proxies::{GATEWAY_API, WAYPOINT_CLASS};
use crate::mesh::istio::settings::MeshConfig;
use crate::model::{At, Workload};

/// A proxy, as Telemetry sees it.
#[derive(Debug, Clone, Copy)]
pub enum Proxy<'a> {
    /// The proxy of a workload.
    Sidecar(&'a Workload),
    /// A proxy that lets calls in, or out.
    Gateway(&'a Workload),
    /// A proxy in front of a service in ambient mode.
    Waypoint(Waypoint<'a>),
}

/// A waypoint, and what it serves.
#[derive(Debug, Clone, Copy)]
pub struct Waypoint<'a> {
    /// The `Gateway` that it is an instance of: namespace and name.
    pub gateway: (&'a str, &'a str),
    /// What it serves at the moment: kind (`Service`, `ServiceEntry`), namespace and name.
    pub serves: Option<(&'a str, &'a str, &'a str)>,
    /// What to point at where nothing is written.
    pub near: &'a At,
}

/// The direction of a call, as the proxy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Out.
    Client,
    /// In.
    Server,
}

impl Direction {
    /// Whether an entry with this `match` is about it.
    pub fn fits(self, entry: Option<&LogMatch>) -> bool {
        match entry.map_or(LogMode::default(), |one| one.mode) {
            LogMode::ClientAndServer => true,
            LogMode::Client => self == Self::Client,
            LogMode::Server => self == Self::Server,
        }
    }
}

impl<'a> Proxy<'a> {
    /// The directions it knows.
    pub fn directions(&self) -> &'static [Direction] {
        match self {
            Self::Sidecar(_) => &[Direction::Server, Direction::Client],
            Self::Gateway(_) => &[Direction::Client],
            Self::Waypoint(_) => &[Direction::Server],
        }
    }

    /// What to point at where nothing is written.
    pub fn near(&self) -> At {
        match self {
            Self::Sidecar(workload) | Self::Gateway(workload) => workload.at(),
            Self::Waypoint(waypoint) => waypoint.near.clone(),
        }
    }

    /// The namespaces whose Telemetries count: its own, and that of what it serves.
    fn namespaces(&self) -> (&'a str, &'a str) {
        match self {
            Self::Sidecar(workload) | Self::Gateway(workload) => {
                (&workload.namespace, &workload.namespace)
            }
            Self::Waypoint(waypoint) => {
                let own = waypoint.gateway.0;
                (
                    own,
                    waypoint.serves.map_or(own, |(_, namespace, _)| namespace),
                )
            }
        }
    }
}

/// The Telemetries that count for a proxy, what counts least first: of the root and of its
/// namespaces the oldest that is about all proxies, then all that are about this one.
pub fn applicable<'a>(
    all: &'a Objects<Telemetry>,
    proxy: &Proxy<'_>,
    config: &MeshConfig,
    root: &str,
    revision: &str,
) -> Vec<&'a Object<Telemetry>> {
    let read = |t: &&Object<Telemetry>| t.is_read_by(revision);
    let whole = |namespace: &str| {
        all.of_namespace(namespace)
            .filter(read)
            .find(|t| t.spec.labels().is_none() && !t.spec.has_targets())
    };
    let (own, last) = proxy.namespaces();
    let mut namespaces = vec![root, own, last];
    namespaces.dedup();
    if root == last && own != root {
        namespaces.truncate(2);
    }
    let mut found: Vec<_> = namespaces.into_iter().filter_map(whole).collect();
    let narrow = |t: &&Object<Telemetry>| t.spec.labels().is_some() || t.spec.has_targets();
    match proxy {
        Proxy::Sidecar(workload) => {
            found.extend(
                all.selecting_from(last, workload)
                    .filter(read)
                    .filter(narrow),
            );
        }
        _ => {
            let near = all.of_namespace(last).filter(read).filter(narrow);
            found.extend(near.filter(|t| attaches(t, proxy, config, root)));
        }
    }
    found
}

/// Whether a Telemetry with a selector or targets is about a gateway or a waypoint.
fn attaches(
    telemetry: &Object<Telemetry>,
    proxy: &Proxy<'_>,
    config: &MeshConfig,
    root: &str,
) -> bool {
    let namespace = &*telemetry.namespace;
    let targets = targets(&telemetry.spec);
    match proxy {
        Proxy::Sidecar(workload) => {
            targets.is_empty() && selects(telemetry.spec.labels(), workload)
        }
        Proxy::Gateway(workload) => match workload.label(GATEWAY_NAME) {
            None => targets.is_empty() && selects(telemetry.spec.labels(), workload),
            Some(_) if targets.is_empty() => {
                let flag = config.flag("ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY");
                flag.is_none_or(|(on, _)| on) && selects(telemetry.spec.labels(), workload)
            }
            Some(name) => {
                let own = (&*workload.namespace, name);
                targets.iter().any(|t| names_gateway(t, namespace, own))
            }
        },
        Proxy::Waypoint(waypoint) => targets.iter().any(|target| {
            let served = waypoint.serves.is_some_and(|(kind, of, name)| {
                let group = if kind == "Service" {
                    ""
                } else {
                    "networking.istio.io"
                };
                is(target, group, kind) && of == namespace && target.name == name
            });
            let class = is(target, GATEWAY_API, "GatewayClass")
                && target.name == WAYPOINT_CLASS
                && namespace == root;
            served || class || names_gateway(target, namespace, waypoint.gateway)
        }),
    }
}

/// The targets of a Telemetry; the list counts before the deprecated form.
fn targets(spec: &Telemetry) -> Vec<&TargetRef> {
    match spec.target_refs.as_slice() {
        [] => spec.target_ref.iter().collect(),
        list => list.iter().collect(),
    }
}

fn is(target: &TargetRef, group: &str, kind: &str) -> bool {
    target.group() == group && target.kind == kind
}

/// Whether a target of a policy in `namespace` is this gateway; one in another namespace never is.
fn names_gateway(target: &TargetRef, namespace: &str, gateway: (&str, &str)) -> bool {
    is(target, GATEWAY_API, "Gateway")
        && (target.namespace.is_empty() || target.namespace == namespace)
        && (namespace, &*target.name) == gateway
}
