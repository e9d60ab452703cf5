//! Istio's objects of one kind, in the order in which Istio prefers them.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Deserialize;

use super::crd::Selecting;
use super::settings::{Discovery, Revisions};
use crate::k8s::selector::{LabelIndex, is_subset};
use crate::k8s::{Index, spec};
use crate::model::{At, Labels, Problem, ResourceId, Tri, Workload};

/// One object with its spec.
#[derive(Debug)]
pub struct Object<T> {
    /// The object.
    pub id: ResourceId,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// The only control plane that reads it (`istio.io/rev`), if it says one.
    pub revision: Option<Arc<str>>,
    /// Why no control plane reads it: the selectors that leave its namespace out.
    pub unseen: Option<At>,
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
        self.unseen.is_none() && self.revision.as_ref().is_none_or(|own| **own == *revision)
    }
}

/// All objects of one kind, oldest first: `istio/istio: pilot/pkg/model/config.go`
/// (configCompareByCreationTime). Without times, the name decides, as it does for objects that
/// are applied together.
#[derive(Debug)]
pub struct Objects<T> {
    all: Vec<Object<T>>,
    by_namespace: HashMap<Arc<str>, Near>,
    /// Those that name targets.
    targeted: Vec<usize>,
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
            targeted: Vec::new(),
        }
    }
}

impl<T: for<'a> Deserialize<'a> + Default + Selecting> Objects<T> {
    /// Reads the objects of a kind; what the API server would refuse becomes a problem.
    pub fn read(index: &Index, group: &str, kind: &str, problems: &mut Vec<Problem>) -> Self
    where
        T: Send,
    {
        let read: Vec<Result<Object<T>, Problem>> = index
            .of_kind(group, kind)
            .par_iter()
            .filter_map(|&id| read_one(index, id))
            .collect();
        let (revisions, discovery) = (Revisions::find(index), Discovery::find(index));
        let mut all = Vec::with_capacity(read.len());
        for one in read {
            match one {
                Ok(mut object) => {
                    if let (Some(label), Some(known)) = (&mut object.revision, &revisions) {
                        *label = known.behind(label);
                    }
                    let unseen = |d: &&Discovery| d.sees(index, &object.namespace) == Tri::No;
                    object.unseen = discovery.as_ref().filter(unseen).map(|d| d.at.clone());
                    all.push(object);
                }
                Err(problem) => problems.push(problem),
            }
        }
        all.sort_by(|a, b| {
            let age = |object: &Object<T>| index.resource(object.id).age();
            age(a).cmp(&age(b)).then(a.id.cmp(&b.id))
        });
        let mut objects = Self {
            all,
            ..Self::default()
        };
        objects.sort_in();
        objects
    }
}

/// One object; nothing of a kind without a namespace.
fn read_one<T: for<'a> Deserialize<'a> + Default>(
    index: &Index,
    id: ResourceId,
) -> Option<Result<Object<T>, Problem>> {
    let resource = index.resource(id);
    let namespace = resource.key.namespace.clone()?;
    let spec = match spec::read(index, id) {
        Ok(spec) => spec,
        Err(problem) => return Some(Err(problem)),
    };
    let revision = resource.labels.get("istio.io/rev").cloned();
    Some(Ok(Object {
        id,
        namespace,
        revision,
        unseen: None,
        spec,
    }))
}

impl<T: Selecting> Objects<T> {
    fn sort_in(&mut self) {
        for (i, object) in self.all.iter().enumerate() {
            let near = self
                .by_namespace
                .entry(Arc::clone(&object.namespace))
                .or_default();
            near.all.push(i);
            near.by_label.add(i, object.spec.labels());
            if object.spec.has_targets() {
                self.targeted.push(i);
            }
        }
    }

    /// Keeps those for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Object<T>) -> bool) {
        self.all.retain(keep);
        self.by_namespace.clear();
        self.targeted.clear();
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

    /// One of them by its place in that order.
    pub fn nth(&self, place: usize) -> Option<&Object<T>> {
        self.all.get(place)
    }

    /// Those of a namespace, oldest first.
    pub fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &Object<T>> {
        let near = self.by_namespace.get(namespace).map(|near| &near.all);
        near.into_iter().flatten().filter_map(|&i| self.all.get(i))
    }

    /// Those of a namespace that select a workload's pods, oldest first; those without a selector
    /// among them, those with targets not.
    pub fn selecting_from(
        &self,
        namespace: &str,
        workload: &Workload,
    ) -> impl Iterator<Item = &Object<T>> {
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
    /// Those of a namespace that name something as their target, oldest first.
    pub fn targeting<'a>(
        &'a self,
        namespace: &'a str,
        (group, kind, name): (&'a str, &'a str, &'a str),
    ) -> impl Iterator<Item = &'a Object<T>> {
        let all = self.targeted.iter().filter_map(|&i| self.all.get(i));
        all.filter(move |object| {
            let mut targets = object.spec.targets().into_iter();
            *object.namespace == *namespace
                && targets.any(|t| t.group() == group && t.kind == kind && t.name == name)
        })
    }

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
