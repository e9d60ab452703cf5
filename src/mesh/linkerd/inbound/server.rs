//! Which Server is in force on a port, if any.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/index.rs` (Pod::reindex_servers).

use std::collections::HashMap;
use std::sync::Arc;

use crate::k8s::selector::LabelIndex;
use crate::k8s::{Index, Resource};
use crate::mesh::linkerd::crd::{POLICY, Port, SERVER_VERSIONS, Selector, Server};
use crate::mesh::linkerd::membership::CONTROL_PLANE;
use crate::mesh::linkerd::membership::annotation::is_external;
use crate::mesh::linkerd::object::{Objects, Refusal, by_schema, by_webhook, timeless_first};
use crate::mesh::linkerd::settings::{Config, DefaultPolicy};
use crate::model::{At, Labels, Problem, ProblemKind, Protocol, Workload};

/// The port that proxies take calls of other proxies on, and its name.
pub const INBOUND: (u16, &str) = (4143, "linkerd-proxy");
/// The port on which the proxy tells about itself, and its name.
pub const ADMIN: (u16, &str) = (4191, "linkerd-admin");
/// The port on which the proxy is told what to show of its calls.
pub const CONTROL: u16 = 4190;

/// Fields that only later versions have, and the first of these.
const LATER: [(&str, &str); 2] = [
    ("accessPolicy", "v1beta3"),
    ("externalWorkloadSelector", "v1beta2"),
];

/// Whether a version of `Server` has a field.
fn has(version: &str, field: &str) -> bool {
    let place = |wanted: &str| SERVER_VERSIONS.iter().position(|one| *one == wanted);
    let since = LATER.iter().find(|(one, _)| *one == field);
    since.is_none_or(|(_, since)| place(version) >= place(since))
}

/// Reads all Servers. A field that the version of an object does not have is dropped.
pub fn read(index: &Index, problems: &mut Vec<Problem>) -> Objects<Server> {
    let kind = (POLICY, "Server");
    let servers = Objects::read(index, kind, timeless_first, admit, problems);
    for server in servers.iter() {
        let version = &index.resource(server.id).version;
        for (field, since) in LATER.iter().filter(|(field, _)| !has(version, field)) {
            let spec = index.node(server.id).get("spec");
            if spec.is_some_and(|spec| spec.get(field).is_some()) {
                problems.push(Problem::at(
                    ProblemKind::UnknownField,
                    format!(
                        "Server {version} has no field {field:?}: the API server drops it, so it has no \
                         effect; it needs {since}"
                    ),
                    At::new(server.id, format!("/spec/{field}")),
                ));
            }
        }
    }
    servers
}

/// Drops what a version does not have, and says why what is left is refused.
fn admit(resource: &Resource, server: &mut Server) -> Option<Refusal> {
    let version = &resource.version;
    if !has(version, "accessPolicy") {
        server.access_policy = None;
    }
    if !has(version, "externalWorkloadSelector") {
        server.external_workload_selector = None;
    }
    let policy = server.access_policy.as_deref();
    if let Some(policy) = policy.filter(|policy| DefaultPolicy::parse(policy).is_none()) {
        return by_webhook(
            format!("{policy:?} is no access policy"),
            "/spec/accessPolicy",
        );
    }
    let selectors = [&server.pod_selector, &server.external_workload_selector];
    if selectors.iter().filter(|one| one.is_some()).count() != 1 {
        let what = "it has to select either pods or external workloads";
        return by_schema(what, "/spec/podSelector");
    }
    let pods = server.pod_selector.as_ref();
    let both = |one: &Selector| one.match_labels.is_some() == one.match_expressions.is_some();
    if &**version == "v1alpha1" && pods.is_some_and(both) {
        let what = "in this version it has to select by labels or by expressions";
        return by_schema(what, "/spec/podSelector");
    }
    let what = "it needs the name or the number of a port";
    match server.port {
        Port::Number(0) => by_schema(what, "/spec/port"),
        _ => None,
    }
}

/// The labels of a workload's pods, with those that the injector adds.
/// `linkerd/linkerd2: pkg/inject/inject.go` (populateMeta).
pub fn labels(workload: &Workload, config: &Config) -> Labels {
    let mut labels = workload.labels.clone();
    if is_external(workload) {
        return labels;
    }
    labels.insert(
        CONTROL_PLANE.into(),
        Arc::clone(&config.control_plane.value),
    );
    let namespace = Arc::clone(&workload.namespace);
    labels.insert("linkerd.io/workload-ns".into(), namespace);
    let owner = match &*workload.kind {
        "Deployment" => "deployment",
        "StatefulSet" => "statefulset",
        "DaemonSet" => "daemonset",
        "ReplicaSet" => "replicaset",
        "ReplicationController" => "replicationcontroller",
        "Job" => "job",
        _ => return labels,
    };
    let key = format!("linkerd.io/proxy-{owner}");
    labels.insert(key.into(), Arc::clone(&workload.name));
    labels
}

/// Whether a Server selects a workload, by its labels with those that are added.
pub fn selects(server: &Server, workload: &Workload, labels: &Labels) -> bool {
    let selector = match is_external(workload) {
        true => &server.external_workload_selector,
        false => &server.pod_selector,
    };
    selector.as_ref().is_some_and(|one| one.matches(labels))
}

/// Whether a Server means a port of a workload.
pub fn means(server: &Server, workload: &Workload, port: u16) -> bool {
    match &server.port {
        Port::Number(number) => *number == port,
        Port::Name(name) => named(workload, name).any(|number| number == port),
    }
}

/// The ports of a name, those of the proxy among them.
pub fn named<'a>(workload: &'a Workload, name: &'a str) -> impl Iterator<Item = u16> + 'a {
    let declared = workload.containers.iter().flat_map(|one| &one.ports);
    let declared = declared
        .filter(|port| port.protocol == Protocol::Tcp && port.name.as_deref() == Some(name))
        .map(|port| port.number);
    let own = [INBOUND, ADMIN]
        .into_iter()
        .filter(|_| !is_external(workload));
    declared.chain(own.filter(move |one| one.1 == name).map(|one| one.0))
}

/// The Servers that select each workload, by their places in the order in which they count.
pub fn selecting(index: &Index, servers: &Objects<Server>, config: &Config) -> Vec<Vec<usize>> {
    let mut near: HashMap<&str, LabelIndex> = HashMap::new();
    for (i, server) in servers.iter().enumerate() {
        let spec = &server.spec;
        let selector = spec.pod_selector.as_ref();
        let selector = selector.or(spec.external_workload_selector.as_ref());
        let labels = selector.and_then(|one| one.match_labels.as_ref());
        let of_namespace = near.entry(&*server.namespace).or_default();
        of_namespace.add(i, labels.filter(|labels| !labels.is_empty()));
    }
    let of = |workload: &Workload| -> Vec<usize> {
        let Some(near) = near.get(&*workload.namespace) else {
            return Vec::new();
        };
        let labels = labels(workload, config);
        let takes = |i: &usize| {
            let server = servers.nth(*i);
            server.is_some_and(|server| selects(&server.spec, workload, &labels))
        };
        near.candidates(&labels).into_iter().filter(takes).collect()
    };
    index.workloads().iter().map(of).collect()
}
