//! Labels that ask for a sidecar where no injector answers them.
//!
//! Which webhook answers which label: `istio/istio:
//! manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`.

use super::injectors::{IGNORED, INJECT, INJECTION, Injectors, REVISION};
use super::{DATAPLANE, Member};
use crate::k8s::Index;
use crate::mesh::{Refusal, Unanswered};
use crate::model::{At, Labels, Membership, Namespace, Tri, Workload};

/// Finds them; without anything in the input that shows which injectors there are nobody can tell.
pub fn find(injectors: &Injectors, index: &Index, members: &[Member]) -> Vec<Unanswered> {
    let answered = |labels: &Labels| injectors.answers(labels) != Tri::No;
    let whole = index.namespaces().filter_map(|namespace| {
        let labels = namespace.labels.as_ref()?;
        let key = asking(namespace)?;
        (!answered(labels)).then(|| Unanswered {
            at: At::new(namespace.at.resource, "/metadata/labels").join(key),
            label: format!("{key}={}", labels.get(key).map_or("", |v| &**v)),
            namespace: namespace.name.clone(),
            workloads: index.workloads_in(&namespace.name).map(|w| w.id).collect(),
            why: Refusal::NoInjector,
        })
    });
    let single = index.workloads().iter().zip(members);
    let single = single.filter_map(|(workload, member)| {
        let namespace = index.namespace(&workload.namespace)?;
        let key = asking_itself(workload, namespace)?;
        let called = injectors.called(workload, namespace).0;
        let out = member.membership.value == Membership::Unmeshed && called == Tri::No;
        out.then(|| Unanswered {
            at: workload.label_at(key),
            label: format!("{key}={}", workload.label(key).unwrap_or("")),
            namespace: workload.namespace.clone(),
            workloads: vec![workload.id],
            why: Refusal::NoInjector,
        })
    });
    whole.chain(single).collect()
}

/// The label by which a namespace asks. In ambient mode a revision means something else.
fn asking(namespace: &Namespace) -> Option<&'static str> {
    let label = |key: &str| namespace.labels.as_ref()?.get(key).map(|v| &**v);
    if label(DATAPLANE) == Some("ambient") || IGNORED.contains(&&*namespace.name) {
        return None;
    }
    match label(INJECTION) {
        Some("enabled") => Some(INJECTION),
        Some(_) => None,
        None => label(REVISION).map(|_| REVISION),
    }
}

/// The label by which a workload asks in a namespace that says nothing.
fn asking_itself(workload: &Workload, namespace: &Namespace) -> Option<&'static str> {
    let labels = namespace.labels.as_ref()?;
    let silent = !labels.contains_key(INJECTION) && !labels.contains_key(REVISION);
    let system = IGNORED.contains(&&*namespace.name);
    match workload.label(INJECT) {
        _ if !silent || system || workload.host_network => None,
        Some("false") => None,
        _ if workload.label(REVISION).is_some() => Some(REVISION),
        Some("true") => Some(INJECT),
        _ => None,
    }
}
