//! Clients that no rule can tell apart.
//!
//! A class is made of workloads with the same identity, namespace, mesh and way out. Which of them a
//! listener's rules tell apart is worked out per listener, from the rules' side, so that the graph
//! grows with what rules name and not with clients × listeners.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::authorize::holds_identity;
use super::world::World;
use crate::model::{Identity, Membership, StringMatch, Test, WorkloadId};

/// A class of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// Clients that no rule can tell apart.
#[derive(Debug, Clone)]
pub struct Class {
    /// What they share apart from who and where they are: an index into [`Classes::bases`].
    pub base: usize,
    /// Their namespace.
    pub namespace: Arc<str>,
    /// Who they can prove to be.
    pub identity: Option<Identity>,
    /// The workloads; never empty.
    pub members: Vec<WorkloadId>,
}

/// All classes of an environment.
#[derive(Debug, Default)]
pub struct Classes {
    /// The classes.
    pub all: Vec<Class>,
    /// Whether the classes of each base are in a mesh.
    pub bases: Vec<Membership>,
    /// The classes of each base.
    pub of_base: Vec<Vec<ClassId>>,
    /// How many workloads each base has.
    pub sizes: Vec<usize>,
    by_namespace: HashMap<Arc<str>, Vec<ClassId>>,
    /// By the namespace of their identity, which need not be the one they run in.
    by_identity_namespace: HashMap<Arc<str>, Vec<ClassId>>,
    by_name: HashMap<Arc<str>, Vec<ClassId>>,
    /// How many have an identity.
    named: usize,
    by_account: HashMap<(Arc<str>, Arc<str>), Vec<ClassId>>,
    /// The classes that a pattern takes, once worked out.
    patterns: Mutex<HashMap<String, Arc<[ClassId]>>>,
}

impl Classes {
    /// Sorts all workloads of a world into classes.
    pub fn new(world: &World) -> Self {
        let mut classes = Self::default();
        let mut bases: HashMap<String, usize> = HashMap::new();
        let mut known: HashMap<(usize, Arc<str>, Option<Identity>), ClassId> = HashMap::new();
        for workload in world.index.workloads() {
            let membership = world.membership(workload.id).value;
            let mesh = world
                .mesh_of(workload.id)
                .filter(|_| membership != Membership::Unmeshed);
            let way_out = mesh.map_or_else(String::new, |mesh| {
                format!("{}|{}", mesh.kind(), mesh.origination_key(workload))
            });
            let limits = world.network.outbound(workload).len();
            let key = format!("{}|{limits}|{way_out}", membership.name());
            let next = bases.len();
            let base = *bases.entry(key).or_insert(next);
            if base == next {
                classes.bases.push(membership);
                classes.of_base.push(Vec::new());
                classes.sizes.push(0);
            }
            let identity = mesh.map(|mesh| mesh.identity(workload));
            let key = (base, Arc::clone(&workload.namespace), identity.clone());
            let id = *known.entry(key).or_insert_with(|| {
                let id = ClassId(classes.all.len() as u32);
                classes.all.push(Class {
                    base,
                    namespace: Arc::clone(&workload.namespace),
                    identity,
                    members: Vec::new(),
                });
                id
            });
            if let Some(class) = classes.all.get_mut(id.0 as usize) {
                class.members.push(workload.id);
            }
        }
        classes.sort_in();
        classes
    }

    fn sort_in(&mut self) {
        for (i, class) in self.all.iter().enumerate() {
            let id = ClassId(i as u32);
            if let Some(of_base) = self.of_base.get_mut(class.base) {
                of_base.push(id);
            }
            if let Some(size) = self.sizes.get_mut(class.base) {
                *size += class.members.len();
            }
            self.by_namespace
                .entry(Arc::clone(&class.namespace))
                .or_default()
                .push(id);
            if let Some(identity) = &class.identity {
                let namespace = Arc::clone(&identity.namespace);
                let near = self.by_identity_namespace.entry(namespace);
                near.or_default().push(id);
                self.named += 1;
                self.by_name
                    .entry(Arc::clone(&identity.name))
                    .or_default()
                    .push(id);
                let account = (
                    Arc::clone(&identity.namespace),
                    Arc::clone(&identity.service_account),
                );
                self.by_account.entry(account).or_default().push(id);
            }
        }
    }

    /// A class.
    ///
    /// # Panics
    /// With an id of another environment.
    #[allow(clippy::indexing_slicing)]
    pub fn get(&self, id: ClassId) -> &Class {
        &self.all[id.0 as usize]
    }

    /// The classes of a namespace.
    pub fn in_namespace(&self, namespace: &str) -> &[ClassId] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The classes that satisfy a test on identities; nothing for other tests. Tests that take
    /// everyone or nobody tell nobody apart but those without an identity, who are in other bases.
    pub(super) fn satisfying(&self, test: &Test, found: &mut BTreeSet<ClassId>) {
        match test {
            Test::Identity(StringMatch::Any) | Test::IdentityTrustDomain(StringMatch::Any) => {}
            Test::Identity(StringMatch::Exact(name)) => {
                found.extend(self.by_name.get(name).into_iter().flatten());
            }
            Test::IdentityServiceAccount { namespace, name } => {
                let account = (Arc::clone(namespace), Arc::clone(name));
                found.extend(self.by_account.get(&account).into_iter().flatten());
            }
            Test::IdentityNamespace(name) if !name.contains('*') => {
                let all = self.by_identity_namespace.get(name);
                // what takes all of them tells nobody apart
                let some = all.filter(|all| all.len() < self.named);
                found.extend(some.into_iter().flatten());
            }
            Test::Identity(_) | Test::IdentityNamespace(_) | Test::IdentityTrustDomain(_) => {
                found.extend(self.scan(test).iter());
            }
            _ => {}
        }
    }

    /// Asks every class, once per pattern. A pattern that takes all of them tells nobody apart.
    fn scan(&self, test: &Test) -> Arc<[ClassId]> {
        let key = format!("{test:?}");
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        let found = patterns.entry(key).or_insert_with(|| {
            let taken: Vec<ClassId> = self
                .all
                .iter()
                .enumerate()
                .filter(|(_, class)| holds_identity(test, class.identity.as_ref()) == Some(true))
                .map(|(i, _)| ClassId(i as u32))
                .collect();
            if taken.len() == self.named {
                Arc::from([])
            } else {
                taken.into()
            }
        });
        Arc::clone(found)
    }
}
