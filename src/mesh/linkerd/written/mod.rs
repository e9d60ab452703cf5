//! Linkerd's policies in neutral words: what each is about, and why some are in force for nobody.

mod authorizations;
mod routes;
mod rule;
mod servers;
mod wider;

use std::collections::HashMap;
use std::sync::Arc;

use super::Linkerd;
use super::crd::Server;
use super::inbound::server;
use super::membership::annotation::Annotations;
use super::object::Object;
use crate::model::{
    At, Ineffective, Membership, Policy, ResourceId, Subject, Target, Workload, WorkloadId,
};

/// All policies.
pub(super) fn policies(linkerd: &Linkerd) -> Vec<Policy> {
    let selections = Selections::find(linkerd);
    let mut all = servers::policies(linkerd, &selections);
    all.extend(authorizations::policies(linkerd, &selections));
    all.extend(authorizations::of_servers(linkerd, &selections));
    all.extend(routes::policies(linkerd, &selections));
    all.extend(servers::limits(linkerd, &selections));
    all
}

/// What Servers select.
#[derive(Default)]
struct Selections {
    servers: HashMap<ResourceId, Selected>,
}

/// What one Server selects.
#[derive(Default)]
struct Selected {
    /// Workloads of the mesh with the port.
    workloads: Vec<WorkloadId>,
    /// Workloads of the mesh without it.
    without_port: Vec<WorkloadId>,
    /// Workloads outside the mesh.
    misses: Vec<WorkloadId>,
}

impl Selections {
    /// Works them out from the workloads' side.
    fn find(linkerd: &Linkerd) -> Self {
        let mut found = Self::default();
        for workload in linkerd.index.workloads() {
            let out = linkerd.member(workload).membership.value == Membership::Unmeshed;
            for one in linkerd.servers_of(workload) {
                let selected = found.servers.entry(one.id).or_default();
                let list = match (out, has_port(linkerd, &one.spec, workload)) {
                    (true, _) => &mut selected.misses,
                    (false, true) => &mut selected.workloads,
                    (false, false) => &mut selected.without_port,
                };
                list.push(workload.id);
            }
        }
        found
    }

    fn of(&self, server: &Object<Server>) -> Option<&Selected> {
        self.servers.get(&server.id)
    }

    /// The workloads of the mesh that some Servers select, each once.
    fn workloads<'a>(&self, servers: impl Iterator<Item = &'a Object<Server>>) -> Vec<WorkloadId> {
        let selected = servers.filter_map(|server| self.of(server));
        let mut all: Vec<_> = selected
            .flat_map(|one| one.workloads.iter().copied())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Whether a workload has the port that a Server means: by name; a number may go undeclared, unless a
/// Service shows that it is its own port and leads elsewhere.
fn has_port(linkerd: &Linkerd, server: &Server, workload: &Workload) -> bool {
    use super::crd::Port;
    let number = match &server.port {
        Port::Name(name) => return server::named(workload, name).next().is_some(),
        Port::Number(number) => *number,
    };
    let mut declared = workload.containers.iter().flat_map(|one| &one.ports);
    if declared.any(|port| port.number == number) {
        return true;
    }
    let mut services = linkerd.index.services_of(workload.id);
    let mistaken = services.any(|service| {
        let mut ports = service.ports.iter().filter(|port| port.number == number);
        ports.any(|port| linkerd.index.target(port, workload) != Some(number))
    });
    !mistaken
}

/// Whether calls without an identity get to a workload where no Server is in force.
fn is_open_by_default(linkerd: &Linkerd, id: WorkloadId) -> bool {
    let workload = linkerd.index.workload(id);
    let policy = linkerd.default_policy(&Annotations::of(&linkerd.index, workload));
    policy.value.takes_anyone()
}

/// The frame of a policy.
fn policy<T>(object: &Object<T>, subject: Subject, scope: &'static str) -> Policy {
    Policy {
        at: object.at(""),
        subject,
        namespace: Arc::clone(&object.namespace),
        name: Arc::clone(&object.name),
        scope,
        selects: Vec::new(),
        targets: Vec::<Target>::new(),
        misses: Vec::new(),
        ineffective: None,
        opens: false,
    }
}

/// Why something that is named is not there: it is in exactly one other namespace, or nowhere.
fn absent(elsewhere: usize, at: At) -> Option<(Ineffective, At)> {
    let why = match elsewhere {
        1 => Ineffective::WrongNamespace,
        _ => Ineffective::TargetMissing,
    };
    Some((why, at))
}
