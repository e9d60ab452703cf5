//! What a finding has to do with: a rule points at a workload, and what made it vulnerable is written
//! elsewhere. What changed for that workload is known by then.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cause::Fields;
use crate::change::Written;
use crate::change::felt::Felt;
use crate::change::force::Places;

/// An environment, places in it, and the changes that what they decided was led to.
type Noted = (Arc<str>, Arc<Places>, BTreeSet<usize>);

/// Changes, by environment and object.
type Objects = HashMap<(Arc<str>, Written), BTreeSet<usize>>;

/// The changes that what is felt was led to, by the objects that it is about.
#[derive(Default)]
pub(super) struct Links {
    /// Noted as it comes: many calls share their places.
    noted: HashMap<*const Places, Noted>,
    /// Made from what is noted when first asked for.
    objects: Option<Objects>,
}

impl Links {
    pub fn add(&mut self, felt: &Felt, caused: &Fields) {
        if felt.is_finding() {
            return;
        }
        for side in [&felt.before, &felt.after] {
            for places in [&side.fate, &side.server].into_iter().flatten() {
                let noted = self.noted.entry(Arc::as_ptr(places)).or_insert_with(|| {
                    let environment = Arc::clone(felt.environment());
                    (environment, Arc::clone(places), BTreeSet::new())
                });
                noted.2.extend(caused.iter());
            }
        }
    }

    /// The changes of what a finding is about.
    pub fn of(&mut self, felt: &Felt) -> Vec<usize> {
        if !felt.is_finding() {
            return Vec::new();
        }
        let noted = &self.noted;
        let objects = self
            .objects
            .get_or_insert_with(|| by_object(noted.values()));
        let environment = felt.environment();
        let about = [&felt.before.fate, &felt.after.fate].into_iter().flatten();
        let mut about = about.flat_map(|places| &places.decided);
        let found = about.find_map(|at| objects.get(&(Arc::clone(environment), at.object())));
        found.into_iter().flatten().copied().collect()
    }
}

fn by_object<'a>(noted: impl Iterator<Item = &'a Noted>) -> Objects {
    let mut objects = Objects::new();
    for (environment, places, caused) in noted {
        for at in places.decided.iter().chain(&places.object) {
            let key = (Arc::clone(environment), at.object());
            objects.entry(key).or_default().extend(caused);
        }
    }
    objects
}
