//! References to workloads, as people write them.

use crate::k8s::Index;
use crate::model::{Workload, WorkloadId};
use crate::reach::World;

/// `shop/cart`, `deployment/shop/cart`; `web` outside Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    kind: Option<String>,
    namespace: String,
    name: String,
}

impl Reference {
    /// Reads a reference; nothing if it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [""] => None,
            [name] => Some(Self {
                kind: None,
                namespace: String::new(),
                name: (*name).to_owned(),
            }),
            // outside Kubernetes there are no namespaces
            ["", _] | [_, "", _] => None,
            [namespace, name] => Some(Self {
                kind: None,
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
            }),
            [kind, namespace, name] => Some(Self {
                kind: Some((*kind).to_lowercase()),
                namespace: (*namespace).to_owned(),
                name: (*name).to_owned(),
            }),
            _ => None,
        }
    }

    fn is(&self, workload: &Workload) -> bool {
        *workload.namespace == self.namespace
            && *workload.name == self.name
            && self
                .kind
                .as_ref()
                .is_none_or(|kind| workload.kind.to_lowercase() == *kind)
    }
}

/// The workloads that a reference names: one, several versions of one, or none.
///
/// # Errors
/// A sentence that says what is wrong and what to write instead.
pub fn find_workload(index: &Index, text: &str) -> Result<Vec<WorkloadId>, String> {
    let Some(reference) = Reference::parse(text) else {
        return Err(format!("{text:?} is no workload: write namespace/name"));
    };
    let found: Vec<&Workload> = index
        .workloads_in(&reference.namespace)
        .filter(|w| reference.is(w))
        .collect();
    let Some(first) = found.first() else {
        let near: Vec<String> = index
            .workloads()
            .iter()
            .filter(|w| *w.name == reference.name || *w.namespace == reference.namespace)
            .take(3)
            .map(ToString::to_string)
            .collect();
        let hint = match near.is_empty() {
            false => format!("; there is {}", near.join(", ")),
            true if reference.namespace.is_empty() => {
                "; one in Kubernetes is written namespace/name".to_owned()
            }
            true => String::new(),
        };
        return Err(format!("there is no workload {text}{hint}"));
    };
    if found.iter().any(|other| other.kind != first.kind) {
        let kinds: Vec<String> = found
            .iter()
            .map(|w| format!("{}/{w}", w.kind.to_lowercase()))
            .collect();
        return Err(format!("{text} may be {}: write which", kinds.join(" or ")));
    }
    Ok(found.iter().map(|w| w.id).collect())
}

/// The services outside Kubernetes of this name.
///
/// # Errors
/// A sentence that says that there is none.
pub fn find_service(index: &Index, name: &str) -> Result<Vec<WorkloadId>, String> {
    let named = |workload: &&Workload| *workload.name == *name;
    let found: Vec<WorkloadId> = index
        .workloads_in("")
        .filter(named)
        .map(|workload| workload.id)
        .collect();
    match found.is_empty() {
        true => Err(format!("there is no service {name} outside Kubernetes")),
        false => Ok(found),
    }
}

/// The pod's port that a port number means: one that the pod is known to listen on, else the target
/// of a service port of that number, else the number itself (a pod may listen on more than it says).
///
/// # Errors
/// A sentence, where it is a service port that leads to several ports.
pub fn service_or_pod_port(world: &World, workload: &Workload, port: u16) -> Result<u16, String> {
    let known = world.ports(workload);
    if known.iter().any(|(number, _)| *number == port) {
        return Ok(port);
    }
    let mut targets: Vec<u16> = world
        .index
        .services_of(workload.id)
        .flat_map(|service| &service.ports)
        .filter(|declared| declared.number == port)
        .filter_map(|declared| world.index.target(declared, workload))
        .collect();
    targets.sort_unstable();
    targets.dedup();
    match targets.as_slice() {
        [] => Ok(port),
        [only] => Ok(*only),
        several => {
            let known: Vec<String> = several.iter().map(ToString::to_string).collect();
            Err(format!(
                "port {port} of {workload}'s services leads to {}: write which",
                known.join(" and ")
            ))
        }
    }
}
