//! Small environments for unit tests.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::Linkerd;
use super::membership::Member;
use crate::k8s::Index;
use crate::model::{At, Workload};

/// An environment and Linkerd in it.
pub struct Sample {
    pub index: Arc<Index>,
    pub linkerd: Linkerd,
}

/// Compiles files; there must be something of Linkerd in them.
pub fn compile(files: &[(&str, &str)]) -> Sample {
    let (index, mut problems) = crate::mesh::sample::index(files);
    let linkerd = super::compile(&index, &mut problems).unwrap();
    Sample { index, linkerd }
}

/// A namespace; `metadata` are more fields, each with a comma before it.
pub fn namespace(name: &str, metadata: &str) -> String {
    format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}{metadata}}}\n")
}

/// A Deployment; `metadata` and `spec` are fields of its pod template.
pub fn deployment(namespace: &str, name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  \
         template:\n    metadata: {{{metadata}}}\n    spec: {{{spec}}}\n"
    )
}

/// The containers of an application.
pub const APP: &str = "containers: [{name: app, image: a, ports: [{containerPort: 8080}]}]";

/// What a control plane is installed with.
pub fn settings(values: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: linkerd-config, namespace: linkerd}}\ndata:\n  \
         values: |\n    {}\n",
        values.replace('\n', "\n    ")
    )
}

impl Sample {
    /// The workload of a name.
    pub fn workload(&self, name: &str) -> &Workload {
        let mut all = self.index.workloads().iter();
        all.find(|workload| workload.to_string() == name).unwrap()
    }

    /// How a workload takes part.
    pub fn member(&self, name: &str) -> &Member {
        self.linkerd.member(self.workload(name))
    }

    /// An address as facts have it.
    pub fn address(&self, at: &At) -> String {
        self.index.address(at)
    }
}
