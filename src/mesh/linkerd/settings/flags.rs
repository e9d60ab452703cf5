//! Settings in the command lines of the control plane's own pods.
//!
//! `linkerd/linkerd2: charts/linkerd-control-plane/templates/destination.yaml`.

use std::sync::Arc;

use crate::k8s::Index;
use crate::model::{At, Container, Workload};

/// The pods that hold the controllers of policy and discovery.
const DESTINATION: &str = "linkerd-destination";
/// The pods that give others their proxy.
const INJECTOR: &str = "linkerd-proxy-injector";

/// A namespace with the line that names it.
pub(super) type Place = (Arc<str>, At);

/// A setting that a command line says.
#[derive(Debug)]
pub(super) struct Flag {
    /// The field of the chart's values that it is made from.
    pub(super) field: &'static [&'static str],
    pub(super) text: String,
    pub(super) at: At,
}

/// Container, flag, and the field of the chart's values.
const FLAGS: &[(&str, &str, &[&str])] = &[
    ("policy", "cluster-networks", &["clusterNetworks"]),
    ("policy", "identity-domain", &["identityTrustDomain"]),
    (
        "policy",
        "default-policy",
        &["proxy", "defaultInboundPolicy"],
    ),
    ("policy", "log-level", &["policyController", "logLevel"]),
    ("policy", "default-opaque-ports", &["proxy", "opaquePorts"]),
    (
        "policy",
        "global-egress-network-namespace",
        &["egress", "globalEgressNetworkNamespace"],
    ),
    (
        "policy",
        "probe-networks",
        &["policyController", "probeNetworks"],
    ),
    ("proxy-injector", "log-level", &["controllerLogLevel"]),
    ("destination", "log-level", &["controllerLogLevel"]),
];

/// All settings that command lines say.
pub(super) fn all(index: &Index) -> Vec<Flag> {
    let mut found = Vec::new();
    for &(container, flag, field) in FLAGS {
        for workload in [INJECTOR, DESTINATION]
            .into_iter()
            .flat_map(|name| deployments(index, name))
        {
            let own = container_of(workload, container);
            let written = own.and_then(|own| argument(index, workload, own, flag));
            found.extend(written.map(|(text, at)| Flag { field, text, at }));
        }
    }
    found
}

/// The namespace of the control plane: what its controller is told, else where that runs.
pub(super) fn namespace(index: &Index) -> Option<Place> {
    let workload = deployments(index, DESTINATION).next()?;
    let policy = container_of(workload, "policy")?;
    let told = argument(index, workload, policy, "control-plane-namespace");
    let resource = index.resource(workload.resource);
    let own = At::new(workload.resource, "/metadata/namespace");
    match told {
        Some((text, at)) => Some((text.into(), at)),
        None if resource.namespace_assumed => None,
        None => Some((workload.namespace.clone(), own)),
    }
}

fn deployments<'a>(index: &'a Index, name: &'a str) -> impl Iterator<Item = &'a Workload> {
    let all = index.workloads().iter();
    all.filter(move |w| &*w.name == name && &*w.kind == "Deployment")
}

fn container_of<'a>(workload: &'a Workload, name: &str) -> Option<&'a Container> {
    workload.containers.iter().find(|one| &*one.name == name)
}

/// The value of a flag of a container: `--flag=value`, `-flag=value`, or the argument behind it.
pub fn argument(
    index: &Index,
    workload: &Workload,
    container: &Container,
    flag: &str,
) -> Option<(String, At)> {
    let list = At {
        resource: workload.resource,
        pointer: container.at.join("args"),
    };
    let node = crate::k8s::node_at(index, &list)?;
    let texts: Vec<&str> = node.items().map(|n| n.as_str().unwrap_or("")).collect();
    texts.iter().enumerate().find_map(|(i, text)| {
        let bare = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
        match bare.strip_prefix(flag)? {
            "" => Some(((*texts.get(i + 1)?).to_owned(), list.join(i + 1))),
            rest => Some((rest.strip_prefix('=')?.to_owned(), list.join(i))),
        }
    })
}
