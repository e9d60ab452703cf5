//! Istio's objects of one kind, in the order in which Istio prefers them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::crd::Selecting;
use crate::k8s::Index;
use crate::k8s::selector::{LabelIndex, is_subset};
use crate::model::{At, Labels, Problem, ProblemKind, ResourceId, Workload};

/// One object with its spec.
#[derive(Debug)]
pub struct Object<T> {
    /// The object.
    pub id: ResourceId,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// The only control plane that reads it (`istio.io/rev`), if it says one.
    pub revision: Option<Arc<str>>,
    /// Its spec.
    pub spec: T,
}

impl<T> Object<T> {
    /// A field of it; the pointer as it is written.
    pub fn at(&self, pointer: &str) -> At {
        At::new(self.id, pointer)
    }

    /// Whether the control plane of a revision reads it.
    /// `istio/istio: pkg/config/model.go` (LabelsInRevision).
    pub fn is_read_by(&self, revision: &str) -> bool {
        self.revision.as_ref().is_none_or(|own| **own == *revision)
    }
}

/// All objects of one kind, oldest first: `istio/istio: pilot/pkg/model/config.go`
/// (configCompareByCreationTime). Without times, the name decides, as it does for objects that
/// are applied together.
#[derive(Debug)]
pub struct Objects<T> {
    all: Vec<Object<T>>,
    by_namespace: HashMap<Arc<str>, Near>,
}

/// The objects of one namespace.
#[derive(Debug, Default)]
struct Near {
    all: Vec<usize>,
    by_label: LabelIndex,
}

impl<T> Default for Objects<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            by_namespace: HashMap::new(),
        }
    }
}

impl<T: for<'a> Deserialize<'a> + Default + Selecting> Objects<T> {
    /// Reads the objects of a kind; what the API server would refuse becomes a problem.
    pub fn read(index: &Index, group: &str, kind: &str, problems: &mut Vec<Problem>) -> Self {
        let mut all = Vec::new();
        for &id in index.of_kind(group, kind) {
            let resource = index.resource(id);
            let spec = match index.node(id).get("spec") {
                None => T::default(),
                Some(node) if node.is_null() => T::default(),
                Some(node) => match crate::syntax::from_node(node) {
                    Ok(spec) => spec,
                    Err(error) => {
                        let at = At::new(id, format!("/spec{}", error.pointer));
                        problems.push(Problem::at(
                            ProblemKind::Rejected,
                            format!(
                                "the API server refuses this {kind}, so it is not in force: {}",
                                error.message
                            ),
                            at,
                        ));
                        continue;
                    }
                },
            };
            let Some(namespace) = resource.key.namespace.clone() else { continue };
            let revision = resource.labels.get("istio.io/rev").cloned();
            all.push(Object { id, namespace, revision, spec });
        }
        all.sort_by_key(|object| {
            let (created, name, namespace) = index.resource(object.id).age();
            (created.to_owned(), name.to_owned(), namespace.to_owned(), object.id)
        });
        let mut objects = Self { all, by_namespace: HashMap::new() };
        objects.sort_in();
        objects
    }
}

impl<T: Selecting> Objects<T> {
    fn sort_in(&mut self) {
        for (i, object) in self.all.iter().enumerate() {
            let near = self.by_namespace.entry(Arc::clone(&object.namespace)).or_default();
            near.all.push(i);
            near.by_label.add(i, object.spec.labels());
        }
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Object<T>) -> bool) {
        self.all.retain(keep);
        self.by_namespace.clear();
        self.sort_in();
    }

    /// All of them, oldest first.
    pub fn into_vec(self) -> Vec<Object<T>> {
        self.all
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Object<T>> {
        self.all.iter()
    }

    /// Those of a namespace, oldest first.
    pub fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &Object<T>> {
        let near = self.by_namespace.get(namespace).map(|near| &near.all);
        near.into_iter().flatten().filter_map(|&i| self.all.get(i))
    }

    /// Those of a namespace that select a workload's pods, oldest first; those without a selector
    /// among them, those with targets not.
    pub fn selecting_from(&self, namespace: &str, workload: &Workload) -> impl Iterator<Item = &Object<T>> {
        let near = self.by_namespace.get(namespace);
        let candidates = near.map(|near| near.by_label.candidates(&workload.labels));
        candidates
            .into_iter()
            .flatten()
            .filter_map(|i| self.all.get(i))
            .filter(|object| !object.spec.has_targets() && selects(object.spec.labels(), workload))
    }
}

impl<T: Selecting> Objects<T> {
    /// The policies that select a workload with a sidecar: those of the root namespace, then those
    /// of its own. A policy with targets is ignored by sidecars, whatever else it says.
    /// `istio/istio: pilot/pkg/model/policyattachment.go` (ShouldAttachPolicy).
    pub fn selecting(&self, workload: &Workload, root: &str, revision: &str) -> Vec<&Object<T>> {
        let mut found: Vec<&Object<T>> = self.selecting_from(root, workload).collect();
        if &*workload.namespace != root {
            found.extend(self.selecting_from(&workload.namespace, workload));
        }
        found.retain(|object| object.is_read_by(revision));
        found
    }
}

/// Whether labels (none: everything) select a workload's pods.
pub fn selects(labels: Option<&Labels>, workload: &Workload) -> bool {
    labels.is_none_or(|labels| is_subset(labels, &workload.labels))
}
