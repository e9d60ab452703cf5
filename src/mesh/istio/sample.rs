//! Small environments for unit tests.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::Istio;
use crate::k8s::Index;
use crate::model::{At, Problem, Workload};

/// An environment and Istio in it.
pub struct Sample {
    pub index: Arc<Index>,
    pub istio: Istio,
    pub problems: Vec<Problem>,
}

/// Compiles files; there must be something of Istio in them.
pub fn compile(files: &[(&str, &str)]) -> Sample {
    let (index, mut problems) = crate::mesh::sample::index(files);
    let istio = super::compile(&index, &mut problems).unwrap();
    Sample {
        index,
        istio,
        problems,
    }
}

/// A namespace with a sidecar in every pod, and one workload `api` in it.
pub fn workload(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: {{istio-injection: enabled}}}}\n---\n{}",
        deployment(namespace, "api")
    )
}

/// A Deployment.
pub fn deployment(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: app, image: a}}]}}\n"
    )
}

impl Sample {
    /// The workload of a name.
    pub fn workload(&self, name: &str) -> &Workload {
        let mut all = self.index.workloads().iter();
        all.find(|workload| workload.to_string() == name).unwrap()
    }

    /// An address as facts have it.
    pub fn address(&self, at: &At) -> String {
        self.index.address(at)
    }
}
