//! Linkerd's objects of one kind.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::k8s::{Index, Resource, spec};
use crate::model::{At, Problem, ProblemKind, ResourceId};

/// One object with its spec.
#[derive(Debug)]
pub struct Object<T> {
    /// The object.
    pub id: ResourceId,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its spec.
    pub spec: T,
}

impl<T> Object<T> {
    /// A field of it; the pointer as it is written.
    pub fn at(&self, pointer: &str) -> At {
        At::new(self.id, pointer)
    }
}

/// Why the admission webhook refuses an object, and the field.
pub type Refusal = (String, String);

/// The objects of one kind, by namespace, in the order in which Linkerd prefers them.
#[derive(Debug)]
pub struct Objects<T> {
    all: Vec<Object<T>>,
    by_namespace: HashMap<Arc<str>, Vec<usize>>,
    by_name: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl<T: for<'a> Deserialize<'a> + Default> Objects<T> {
    /// Reads the objects of a kind. What the API server or the admission webhook would refuse is a
    /// problem, and not among them. `older` orders them; `refusal` may drop what the API server drops.
    pub fn read(
        index: &Index,
        (group, kind): (&str, &str),
        older: impl Fn(&Resource) -> Age<'_>,
        refusal: impl Fn(&Resource, &mut T) -> Option<Refusal>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut all = Vec::new();
        for &id in index.of_kind(group, kind) {
            let resource = index.resource(id);
            let Some(namespace) = resource.key.namespace.clone() else {
                continue;
            };
            let mut spec = match spec::read::<T>(index, id) {
                Ok(spec) => spec,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            if let Some((reason, field)) = refusal(resource, &mut spec) {
                problems.push(Problem::at(
                    ProblemKind::Rejected,
                    format!(
                        "Linkerd's admission webhook refuses this {kind}, so it is not in force: {reason}"
                    ),
                    At::new(id, field),
                ));
                continue;
            }
            all.push(Object {
                id,
                namespace,
                name: Arc::clone(&resource.key.name),
                spec,
            });
        }
        all.sort_by(|a, b| older(index.resource(a.id)).cmp(&older(index.resource(b.id))));
        let mut by_namespace: HashMap<_, Vec<usize>> = HashMap::new();
        let mut by_name = HashMap::new();
        for (i, object) in all.iter().enumerate() {
            let near = by_namespace.entry(Arc::clone(&object.namespace));
            near.or_default().push(i);
            by_name.insert((Arc::clone(&object.namespace), Arc::clone(&object.name)), i);
        }
        Self {
            all,
            by_namespace,
            by_name,
        }
    }
}

/// What orders objects of one kind: whether the time counts last, the time, the name, the group.
pub type Age<'a> = (bool, &'a str, &'a str, &'a str);

/// Older objects first; those without a time before all others.
pub fn timeless_first(resource: &Resource) -> Age<'_> {
    let created = resource.created.as_deref().unwrap_or("");
    (false, created, &resource.key.name, &resource.key.group)
}

/// Older objects first; those without a time behind all others.
pub fn timeless_last(resource: &Resource) -> Age<'_> {
    let created = resource.created.as_deref();
    let (name, group) = (&resource.key.name, &resource.key.group);
    (created.is_none(), created.unwrap_or(""), name, group)
}

impl<T> Objects<T> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Object<T>> {
        self.all.iter()
    }

    /// One of them by its place in that order.
    pub fn nth(&self, place: usize) -> Option<&Object<T>> {
        self.all.get(place)
    }

    /// Those of a namespace.
    pub fn of(&self, namespace: &str) -> impl Iterator<Item = &Object<T>> {
        let near = self.by_namespace.get(namespace);
        near.into_iter().flatten().filter_map(|&i| self.all.get(i))
    }

    /// The one of a name.
    pub fn named(&self, namespace: &str, name: &str) -> Option<&Object<T>> {
        let key = (Arc::from(namespace), Arc::from(name));
        self.all.get(*self.by_name.get(&key)?)
    }
}

impl<T> IntoIterator for Objects<T> {
    type Item = Object<T>;
    type IntoIter = std::vec::IntoIter<Object<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}
