//! Requests for a proxy that bring none.
//!
//! What is a request and what is not: `linkerd/linkerd2: pkg/inject/report.go`
//! (disabledByAnnotation), `pkg/inject/inject.go` (populateMeta); the injector looks at pods and at
//! their namespace alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::k8s::Index;
use crate::mesh::linkerd::membership::annotation::{Annotations, INJECT, misplaced};
use crate::mesh::linkerd::membership::obstacle::{self, Obstacle};
use crate::mesh::linkerd::membership::own::is_part;
use crate::mesh::linkerd::membership::{Blocked, Member, is_request, is_template};
use crate::mesh::linkerd::settings::Config;
use crate::mesh::{Refusal, Unanswered};
use crate::model::{At, Because, Membership, ResourceId, Workload, WorkloadId};

/// Values by which nobody asks for a proxy, though they are none that Linkerd knows.
const REFUSALS: &[&str] = &[
    "false", "no", "off", "none", "disable", "disabled", "never", "0",
];

/// What is found at one line.
type Found = (Arc<str>, Vec<WorkloadId>);

/// Requests by the line, and what is wrong with them.
type Requests = BTreeMap<(At, Why), Found>;

/// What is wrong with a request, in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Misplaced,
    Value,
    Prevented(&'static str, At),
}

/// Finds them.
pub fn find(index: &Index, members: &[Member], config: &Config) -> Vec<Unanswered> {
    let mut requests = Requests::new();
    for namespace in index.namespaces().filter(|one| one.labels.is_some()) {
        let id = namespace.at.resource;
        // what will run there counts too
        for (at, why) in at_namespace(index, id) {
            requests.insert((at, why), (Arc::clone(&namespace.name), Vec::new()));
        }
    }
    for (workload, member) in index.workloads().iter().zip(members) {
        if is_part(index, workload, config) {
            continue;
        }
        if let Some(request) = of_workload(index, workload, member, config) {
            let empty = || (Arc::clone(&workload.namespace), Vec::new());
            let (_, workloads) = requests.entry(request).or_insert_with(empty);
            workloads.push(workload.id);
        }
    }
    let told = |((at, why), (namespace, workloads)): ((At, Why), Found)| {
        // nobody who is there counts on it
        let superfluous = workloads.is_empty() && index.workloads_in(&namespace).next().is_some();
        (!superfluous).then(|| Unanswered {
            label: written(index, &at),
            at,
            namespace,
            workloads,
            why: match why {
                Why::Misplaced => Refusal::Misplaced,
                Why::Value => Refusal::InvalidValue,
                Why::Prevented(what, at) => Refusal::Prevented(what, at),
            },
        })
    };
    requests.into_iter().filter_map(told).collect()
}

/// What a namespace asks for in vain, whatever runs there.
fn at_namespace(index: &Index, id: ResourceId) -> Vec<(At, Why)> {
    let object = index.resource(id);
    let annotation = object.annotations.get(INJECT).map(|value| &**value);
    let label = object.labels.get(INJECT).filter(|value| is_request(value));
    let place = |below: &str| At::new(id, below).join(INJECT);
    let invalid = annotation.filter(|value| is_invalid(value));
    let mut found = Vec::new();
    if annotation.is_none() && label.is_some() {
        found.push((place("/metadata/labels"), Why::Misplaced));
    }
    if invalid.is_some() {
        found.push((place("/metadata/annotations"), Why::Value));
    }
    found
}

/// Whether a value is meant to ask for a proxy, and is none that does.
fn is_invalid(value: &str) -> bool {
    let known = matches!(value, "" | "enabled" | "ingress" | "disabled") || is_template(value);
    !known && !REFUSALS.contains(&&*value.trim().to_ascii_lowercase())
}

/// What a workload asks for in vain.
fn of_workload(
    index: &Index,
    workload: &Workload,
    member: &Member,
    config: &Config,
) -> Option<(At, Why)> {
    let membership = &member.membership;
    if membership.value != Membership::Unmeshed {
        return None;
    }
    let Some(asks) = &member.asks else {
        let silent = matches!(membership.because, Because::Default { .. });
        let free = silent && obstacle::of(index, workload, config).is_none();
        let at = misplaced(index, workload, INJECT, &is_request).filter(|_| free)?;
        return Some((at, Why::Misplaced));
    };
    match member.blocked? {
        Blocked::Value => {
            let value = crate::k8s::node_at(index, asks).and_then(crate::syntax::Node::as_str);
            let own = Annotations::of(index, workload).own(INJECT);
            let asks_itself = own.is_some_and(|(value, _)| is_request(value));
            let meant = value.is_none_or(is_invalid) || asks_itself;
            meant.then(|| (asks.clone(), Why::Value))
        }
        // what runs already only has to be started anew
        Blocked::Prevented(Obstacle::Started) => None,
        Blocked::Prevented(obstacle) => {
            let by = membership.because.at().clone();
            Some((asks.clone(), Why::Prevented(obstacle.name(), by)))
        }
    }
}

/// A line as people write it: the key and its value.
fn written(index: &Index, at: &At) -> String {
    let value = crate::k8s::node_at(index, at).and_then(crate::syntax::Node::as_str);
    format!("{INJECT}={}", value.unwrap_or_default())
}

#[cfg(test)]
mod tests;
