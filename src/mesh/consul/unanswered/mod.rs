//! Requests for a proxy that bring none.
//!
//! The injector looks at the annotation of pods alone:
//! `hashicorp/consul-k8s: control-plane/connect-inject/webhook/mesh_webhook.go` (shouldInject).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Member;
use super::annotation::{self, INJECT, truth};
use super::part::is_part;
use super::settings::Config;
use crate::k8s::{Index, node_at};
use crate::mesh::{Refusal, Unanswered};
use crate::model::{At, Because, Labels, Membership, ResourceId, Workload, WorkloadId};
use crate::syntax::Node;

/// Requests by the line, and what is wrong with them.
type Requests = BTreeMap<(At, Why), (Arc<str>, Vec<WorkloadId>)>;

/// What is wrong with a request, in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Misplaced,
    Prevented(&'static str, At),
}

/// Finds them.
pub fn find(index: &Index, members: &[Member], config: &Config) -> Vec<Unanswered> {
    let mut requests = Requests::new();
    for namespace in index.namespaces().filter(|one| one.labels.is_some()) {
        // what will run there counts too
        if let Some(at) = asking(index, namespace.at.resource) {
            let found = (Arc::clone(&namespace.name), Vec::new());
            requests.insert((at, Why::Misplaced), found);
        }
    }
    for (workload, member) in index.workloads().iter().zip(members) {
        let out = member.membership.value == Membership::Unmeshed;
        if !out || workload.is_outside() || is_part(index, workload) {
            continue;
        }
        if let Some(request) = of_workload(index, workload, &member.membership.because, config) {
            let empty = || (Arc::clone(&workload.namespace), Vec::new());
            let (_, workloads) = requests.entry(request).or_insert_with(empty);
            workloads.push(workload.id);
        }
    }
    let told = |((at, why), (namespace, workloads)): ((At, Why), (Arc<str>, Vec<WorkloadId>))| {
        // nobody who is there counts on it
        let superfluous = workloads.is_empty() && index.workloads_in(&namespace).next().is_some();
        (!superfluous).then(|| Unanswered {
            label: written(index, &at),
            at,
            namespace,
            workloads,
            why: match why {
                Why::Misplaced => Refusal::Misplaced,
                Why::Prevented(what, at) => Refusal::Prevented(what, at),
            },
        })
    };
    requests.into_iter().filter_map(told).collect()
}

/// What a workload outside the mesh asks for in vain.
fn of_workload(
    index: &Index,
    workload: &Workload,
    because: &Because,
    config: &Config,
) -> Option<(At, Why)> {
    if let Some((text, at)) = annotation::of(workload, "connect-inject") {
        let asks = truth(text) == Some(true);
        let what = match because {
            by if *by == config.injects.because => "injector_off",
            Because::Configured(_) => "namespace_left_out",
            _ => "system_namespace",
        };
        return asks.then(|| (at, Why::Prevented(what, because.at().clone())));
    }
    let silent = !config.inject_by_default.value;
    let at = misplaced(index, workload).filter(|_| silent)?;
    Some((at, Why::Misplaced))
}

/// A line that asks for a proxy where no injector looks.
fn misplaced(index: &Index, workload: &Workload) -> Option<At> {
    if asks(&workload.labels) {
        return Some(workload.label_at(INJECT));
    }
    let own = (!workload.template.as_str().is_empty()).then_some(workload.resource);
    let services = index.services_of(workload.id).map(|one| one.resource);
    let namespace = index.namespace(&workload.namespace);
    let namespace = namespace.filter(|one| one.labels.is_some());
    let namespace = namespace.map(|one| one.at.resource);
    let account = index.find(
        "",
        "ServiceAccount",
        Some(&workload.namespace),
        &workload.service_account,
    );
    let around = own
        .into_iter()
        .chain(namespace)
        .chain(services)
        .chain(account);
    around.into_iter().find_map(|id| asking(index, id))
}

/// Where an object asks by its own annotations or labels.
fn asking(index: &Index, id: ResourceId) -> Option<At> {
    let object = index.resource(id);
    let both = [
        (&object.annotations, "/metadata/annotations"),
        (&object.labels, "/metadata/labels"),
    ];
    let mut asking = both.into_iter().filter(|(keys, _)| asks(keys));
    asking
        .next()
        .map(|(_, below)| At::new(id, below).join(INJECT))
}

/// Whether a proxy is asked for: in a label or annotation that nobody reads, in any words.
fn asks(keys: &Labels) -> bool {
    let value = keys.get(INJECT).map(|value| value.to_ascii_lowercase());
    value.is_some_and(|value| {
        truth(&value) == Some(true) || matches!(&*value, "enabled" | "enable" | "yes" | "on")
    })
}

/// A line as people write it: the key and its value.
fn written(index: &Index, at: &At) -> String {
    let value = node_at(index, at).and_then(Node::as_str);
    format!("{INJECT}={}", value.unwrap_or_default())
}
