//! Servers: what they select, and whom they let in by themselves.

use super::rule::{by_access_policy, frame};
use super::{Selected, Selections, absent, is_open_by_default, policy};
use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::crd::{RateLimit, Selector, Server};
use crate::mesh::linkerd::inbound::server::{labels, selects};
use crate::mesh::linkerd::membership::annotation::is_external;
use crate::mesh::linkerd::object::Object;
use crate::model::{At, Ineffective, Policy, Subject};

pub(super) fn policies(linkerd: &Linkerd, selections: &Selections) -> Vec<Policy> {
    let one = |server: &Object<Server>| {
        let nothing = Selected::default();
        let selected = selections.of(server).unwrap_or(&nothing);
        let mut written = frame(server.at("/spec/accessPolicy"));
        written.rules = by_access_policy(linkerd, server).into_iter().collect();
        let audits = server.spec.access_policy.as_deref() == Some("audit");
        written.dry_run = audits.then(|| server.at("/spec/accessPolicy"));
        let mut policy = policy(server, Subject::Authorization(written), "workload");
        policy.ineffective = ineffective(linkerd, server, selected);
        policy.opens = policy.ineffective.is_some()
            && selected
                .without_port
                .iter()
                .any(|&id| is_open_by_default(linkerd, id));
        policy.selects.clone_from(&selected.workloads);
        policy.misses.clone_from(&selected.misses);
        policy
    };
    linkerd.servers.iter().map(one).collect()
}

/// The limits on how often Servers are called.
pub(super) fn limits(linkerd: &Linkerd, selections: &Selections) -> Vec<Policy> {
    let one = |object: &Object<RateLimit>| {
        let mut policy = policy(object, Subject::Routing, "target");
        let target = object.spec.target_ref.as_ref();
        let name = target.map_or("", |target| &target.name);
        match linkerd.servers.named(&object.namespace, name) {
            Some(server) => policy.selects = selections.workloads(std::iter::once(server)),
            None => {
                let at = object.at("/spec/targetRef/name");
                policy.ineffective = absent(servers_named(linkerd, name), at);
            }
        }
        policy
    };
    linkerd.rate_limits.iter().map(one).collect()
}

/// How many namespaces have a Server of a name.
pub(super) fn servers_named(linkerd: &Linkerd, name: &str) -> usize {
    let all = linkerd.servers.iter();
    all.filter(|one| *one.name == *name).count()
}

/// Why a Server is in force for nobody.
fn ineffective(
    linkerd: &Linkerd,
    server: &Object<Server>,
    selected: &Selected,
) -> Option<(Ineffective, At)> {
    let (selector, field) = selector(&server.spec)?;
    let at = server.at(field);
    if let Some(i) = selector.illegal() {
        let at = at.join("matchExpressions").join(i).join("values");
        return Some((Ineffective::SelectorIllegal, at));
    }
    if !selected.workloads.is_empty() {
        return None;
    }
    if !selected.without_port.is_empty() {
        return Some((Ineffective::PortUnknown, server.at("/spec/port")));
    }
    if !selected.misses.is_empty() {
        return None;
    }
    let fits = |workload: &crate::model::Workload| {
        let labels = labels(workload, &linkerd.config);
        selects(&server.spec, workload, &labels)
    };
    // an empty selector takes what will run in its namespace
    let narrow = selector.match_labels.iter().flatten().next().is_some();
    let external = server.spec.external_workload_selector.is_some();
    let mut others = linkerd.index.workloads().iter();
    let elsewhere = narrow && others.any(|one| is_external(one) == external && fits(one));
    let why = match elsewhere {
        true => Ineffective::WrongNamespace,
        false => Ineffective::SelectsNothing,
    };
    Some((why, at))
}

fn selector(server: &Server) -> Option<(&Selector, &'static str)> {
    let pods = server.pod_selector.as_ref();
    let external = server.external_workload_selector.as_ref();
    pods.map(|one| (one, "/spec/podSelector"))
        .or(external.map(|one| (one, "/spec/externalWorkloadSelector")))
}
