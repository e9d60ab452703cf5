//! Switches of the control plane that are environment variables of istiod.
//!
//! `istio/istio: pilot/pkg/features`; `istio/istio: manifests/charts/istio-control/istio-discovery/templates/deployment.yaml`.

use std::collections::BTreeMap;

use super::reader::{Reader, node_at};
use crate::k8s::Index;
use crate::model::At;
use crate::syntax::{Node, Value};

/// The variables that are written, the ones of the Deployment before those it is made from.
#[derive(Debug, Default)]
pub(super) struct Flags(BTreeMap<String, (bool, At)>);

impl Flags {
    /// A switch, where it is written.
    pub(super) fn get(&self, name: &str) -> Option<(bool, At)> {
        self.0.get(name).cloned()
    }

    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let mut flags = Self::default();
        flags.of_deployments(reader.index);
        for values in ["pilot", ""] {
            let path: Vec<&str> = [values, "env"]
                .into_iter()
                .filter(|s| !s.is_empty())
                .collect();
            if let Some((env, at)) = reader.find_value(&path) {
                for entry in env.entries() {
                    flags.add(entry.key, entry.value, at.join(entry.key));
                }
            }
        }
        flags
    }

    fn of_deployments(&mut self, index: &Index) {
        for workload in index.workloads() {
            let named = &*workload.name == "istiod" || workload.label("app") == Some("istiod");
            if !named || &*workload.kind != "Deployment" {
                continue;
            }
            for container in &workload.containers {
                let at = At {
                    resource: workload.resource,
                    pointer: container.at.clone(),
                };
                self.list(index, &at.join("env"));
            }
        }
    }

    /// `[{name, value}]`.
    fn list(&mut self, index: &Index, at: &At) {
        let Some(list) = node_at(index, at) else {
            return;
        };
        for (i, variable) in list.items().enumerate() {
            let name = variable.get("name").and_then(Node::as_str);
            if let (Some(name), Some(value)) = (name, variable.get("value")) {
                self.add(name, value, at.join(i).join("value"));
            }
        }
    }

    /// The first one that is written counts; what is no truth value is none.
    fn add(&mut self, name: &str, value: Node<'_>, at: At) {
        if let Some(value) = truth(value) {
            self.0.entry(name.to_owned()).or_insert((value, at));
        }
    }
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
