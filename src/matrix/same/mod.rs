//! Which objects of several environments are the same one.
//!
//! Those of the same kind, namespace and name. Overlays often put one base into namespaces of their own,
//! or give its objects a prefix: then those that are made of the same lines are the same, and namespaces
//! in which the same workloads run.

mod merged;
mod namespaces;
mod pattern;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::Object;
use crate::change::InForce;
use crate::finding::ResourceRef;
use crate::text::FileId;

use merged::Merged;
use namespaces::Namespaces;
use pattern::pattern;

/// A name that environments have different names for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// How it is called in the matrix.
    pub name: Arc<str>,
    /// How it is called in each environment; nothing where it is not there.
    pub names: Vec<Option<Arc<str>>>,
}

/// Where an object begins.
type Place = (FileId, u32);

/// What an object is found by: its kind with the group, its namespace and its name.
type Key = (Arc<str>, Arc<str>, Option<usize>, Arc<str>);

/// How an object is called.
struct Named {
    namespace: Option<usize>,
    /// The name in each environment that has it.
    names: BTreeMap<usize, Arc<str>>,
}

/// Which objects are the same one.
pub(super) struct Same {
    namespaces: Namespaces,
    objects: HashMap<Key, usize>,
    merged: Merged,
    names: Vec<Named>,
    /// Of each environment, which one each workload is.
    workloads: Vec<Vec<Option<usize>>>,
}

impl Same {
    /// Compares the objects of environments.
    pub fn new(states: &[&InForce], objects: &[&[Object]]) -> Self {
        let mut same = Self {
            namespaces: Namespaces::new(states, objects),
            objects: HashMap::new(),
            merged: Merged::default(),
            names: Vec::new(),
            workloads: Vec::new(),
        };
        let mut at: BTreeMap<Place, BTreeMap<usize, BTreeSet<usize>>> = BTreeMap::new();
        for (number, objects) in objects.iter().enumerate() {
            for (place, object) in *objects {
                let key = same.add(number, object);
                let of = at.entry(*place).or_default().entry(number);
                of.or_default().insert(key);
            }
        }
        for keys in at.into_values() {
            same.merge(&keys);
        }
        same.settle();
        for (number, state) in states.iter().enumerate() {
            let workloads = same.of_state(number, state);
            same.workloads.push(workloads);
        }
        same
    }

    fn key(&self, object: &ResourceRef) -> Key {
        let (kind, group) = (Arc::clone(&object.kind), Arc::clone(&object.group));
        // a namespace is what it holds
        let named = is_namespace(object).then(|| self.namespaces.of(&object.name));
        if let Some(Some(namespace)) = named {
            return (kind, group, Some(namespace), Arc::from(""));
        }
        let namespace = object.namespace.as_ref();
        let namespace = namespace.and_then(|name| self.namespaces.of(name));
        (kind, group, namespace, Arc::clone(&object.name))
    }

    fn add(&mut self, number: usize, object: &ResourceRef) -> usize {
        let key = self.key(object);
        let namespace = key.2.filter(|_| !is_namespace(object));
        let next = self.names.len();
        let at = *self.objects.entry(key).or_insert(next);
        if at == next {
            self.merged.add();
            self.names.push(Named {
                namespace,
                names: BTreeMap::new(),
            });
        }
        self.merged.is_in(at, number);
        if let Some(named) = self.names.get_mut(at) {
            named.names.insert(number, Arc::clone(&object.name));
        }
        at
    }

    /// Objects that are made of the same lines, unless an environment has several of them.
    fn merge(&mut self, keys: &BTreeMap<usize, BTreeSet<usize>>) {
        if keys.values().any(|keys| keys.len() > 1) {
            return;
        }
        let mut keys = keys.values().flatten();
        if let Some(first) = keys.next() {
            keys.for_each(|other| self.merged.merge(*first, *other));
        }
    }

    /// Gives each object the names of all that it was merged with.
    fn settle(&mut self) {
        for key in 0..self.names.len() {
            let root = self.merged.root(key);
            let names = match self.names.get(key) {
                Some(named) if root != key => named.names.clone(),
                _ => continue,
            };
            if let Some(all) = self.names.get_mut(root) {
                all.names.extend(names);
            }
        }
    }

    fn of_state(&mut self, number: usize, state: &InForce) -> Vec<Option<usize>> {
        let mut seen = HashSet::new();
        let mut keys = Vec::new();
        for object in state.workloads() {
            let key = self.add(number, object);
            let key = self.merged.root(key);
            // of two in one environment, the first
            keys.push(seen.insert(key).then_some(key));
        }
        keys
    }

    /// Which one an object is.
    pub fn object(&self, object: &ResourceRef) -> Option<usize> {
        self.objects
            .get(&self.key(object))
            .map(|key| self.merged.root(*key))
    }

    /// Whether an object is in an environment.
    pub fn is_in(&self, object: usize, number: usize) -> bool {
        let named = self.names.get(object);
        named.is_some_and(|named| named.names.contains_key(&number))
    }

    /// `namespace/name`, with a `*` for what differs between environments.
    pub fn name(&self, object: usize) -> Arc<str> {
        let Some(Named { namespace, names }) = self.names.get(object) else {
            return Arc::from("");
        };
        let name = pattern(names.values().map(|name| &**name));
        match namespace.and_then(|namespace| self.namespaces.name(namespace)) {
            Some(namespace) => format!("{namespace}/{name}").into(),
            None => name.into(),
        }
    }

    /// Of each environment, which one each workload is.
    pub fn workloads(&self) -> &[Vec<Option<usize>>] {
        &self.workloads
    }

    /// How many workloads are in one environment only.
    pub fn alone(&self) -> usize {
        let mut count: HashMap<usize, usize> = HashMap::new();
        for key in self.workloads.iter().flatten().flatten() {
            *count.entry(*key).or_default() += 1;
        }
        count.into_values().filter(|count| *count == 1).count()
    }

    /// Namespaces that environments have different names for.
    pub fn into_alike(self) -> Vec<Alike> {
        let number = self.workloads.len();
        self.namespaces.into_alike(number)
    }
}

fn is_namespace(object: &ResourceRef) -> bool {
    object.group.is_empty() && &*object.kind == "Namespace" && object.namespace.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(at: u32, name: &str) -> Object {
        let name = ResourceRef {
            kind: "Deployment".into(),
            group: "apps".into(),
            namespace: None,
            name: name.into(),
        };
        ((FileId(0), at), name)
    }

    /// The names of all objects, each with the environments it is in.
    fn named(environments: &[&[Object]]) -> Vec<String> {
        let same = Same::new(&[], environments);
        let objects = environments.iter().flat_map(|objects| *objects);
        let mut all: Vec<usize> = objects
            .filter_map(|(_, object)| same.object(object))
            .collect();
        all.sort_unstable();
        all.dedup();
        let in_all = |object: &usize| {
            let numbers = 0..environments.len();
            let of: Vec<_> = numbers.filter(|at| same.is_in(*object, *at)).collect();
            format!("{} {of:?}", same.name(*object))
        };
        all.iter().map(in_all).collect()
    }

    #[test]
    fn what_is_made_of_the_same_lines_is_the_same_whatever_its_prefix() {
        let (dev, prod) = ([object(1, "dev-web")], [object(1, "prod-web")]);
        assert_eq!(named(&[&dev, &prod]), ["*-web [0, 1]"]);
        // one that is called alike is the same, too
        let other = [object(7, "prod-web")];
        assert_eq!(named(&[&dev, &prod, &other]), ["*-web [0, 1, 2]"]);
    }

    #[test]
    fn what_an_environment_has_twice_is_not_guessed() {
        let twice = [object(1, "a-web"), object(1, "b-web")];
        let once = [object(1, "c-web")];
        let names = ["a-web [0]", "b-web [0]", "c-web [1]"];
        assert_eq!(named(&[&twice, &once]), names);
        assert_eq!(
            named(&[&[object(1, "a")], &[object(1, "b"), object(2, "a")]]),
            ["a [0, 1]", "b [1]"]
        );
    }
}
