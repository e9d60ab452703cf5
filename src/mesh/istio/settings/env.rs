//! Environment variables of istiod, among them the switches of the control plane.
//!
//! `istio/istio: pilot/pkg/features`,
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/deployment.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::{DEFAULT, Sources};
use super::profile;
use crate::k8s::{Index, node_at};
use crate::model::{At, Workload};
use crate::syntax::{Node, Value};

/// The switches that are written.
#[derive(Debug, Default)]
pub(super) struct Flags {
    written: BTreeMap<String, (bool, At)>,
    profile: Option<(String, At)>,
}

impl Flags {
    pub(super) fn read(index: &Index, sources: &Sources) -> Self {
        let variables = variables(index, sources).into_iter();
        Self {
            written: variables
                .filter_map(|(name, (value, at))| Some((name, (truth(value)?, at))))
                .collect(),
            profile: sources.profile.clone(),
        }
    }

    /// A switch, where it is written.
    pub(super) fn get(&self, name: &str) -> Option<(bool, At)> {
        let of_profile = || {
            let (profile, at) = self.profile.as_ref()?;
            profile::switches_on(profile, name).then(|| (true, at.clone()))
        };
        self.written.get(name).cloned().or_else(of_profile)
    }
}

/// The variables that are written for a control plane: those of its Deployment before those that
/// it is made from.
pub(super) fn variables<'a>(
    index: &'a Index,
    sources: &Sources,
) -> BTreeMap<String, (Node<'a>, At)> {
    let mut found = BTreeMap::new();
    let revision = sources.revision.as_deref().unwrap_or(DEFAULT);
    let mut lists = Vec::new();
    for workload in deployments(index).filter(|w| *revision_of(w) == *revision) {
        lists.extend(workload.containers.iter().map(|container| At {
            resource: workload.resource,
            pointer: container.at.join("env"),
        }));
    }
    for at in lists.iter().chain(&sources.variables) {
        let list = node_at(index, at);
        for (i, variable) in list.into_iter().flat_map(Node::items).enumerate() {
            let name = variable.get("name").and_then(Node::as_str);
            if let (Some(name), Some(value)) = (name, variable.get("value")) {
                let place = at.join(i).join("value");
                found.entry(name.to_owned()).or_insert((value, place));
            }
        }
    }
    for values in &sources.values {
        for at in [values.join("pilot").join("env"), values.join("env")] {
            let map = node_at(index, &at);
            for entry in map.into_iter().flat_map(Node::entries) {
                let place = at.join(entry.key);
                let name = entry.key.to_owned();
                found.entry(name).or_insert((entry.value, place));
            }
        }
    }
    found
}

/// The Deployments of control planes.
fn deployments(index: &Index) -> impl Iterator<Item = &Workload> {
    index.workloads().iter().filter(|workload| {
        let named = &*workload.name == "istiod" || workload.label("app") == Some("istiod");
        named && &*workload.kind == "Deployment"
    })
}

/// The revisions whose Deployments are in the input.
pub(super) fn revisions(index: &Index) -> impl Iterator<Item = Arc<str>> + '_ {
    deployments(index).map(revision_of)
}

fn revision_of(workload: &Workload) -> Arc<str> {
    let named = workload.name.strip_prefix("istiod-");
    let labelled = workload.label("istio.io/rev");
    labelled.or(named).unwrap_or(DEFAULT).into()
}

/// As Go reads it (`strconv.ParseBool`).
fn truth(node: Node<'_>) -> Option<bool> {
    match node.value() {
        Value::Bool(value) => Some(value),
        Value::Int(1) => Some(true),
        Value::Int(0) => Some(false),
        Value::Text("1" | "t" | "T" | "true" | "TRUE" | "True") => Some(true),
        Value::Text("0" | "f" | "F" | "false" | "FALSE" | "False") => Some(false),
        _ => None,
    }
}
