//! The callers of a port that may be compared.

use std::collections::BTreeSet;

use super::Reach;

/// The workloads that are in several environments with a port, the one that is called among them.
#[derive(Default)]
pub(super) struct Compared {
    pub all: BTreeSet<usize>,
    pub meshed: BTreeSet<usize>,
    pub unmeshed: BTreeSet<usize>,
}

impl Compared {
    /// Who some callers of `server` are.
    pub fn reach(&self, callers: &[usize], server: usize) -> Reach {
        let are = |all: &BTreeSet<usize>| {
            let others = all.len() - usize::from(all.contains(&server));
            others == callers.len() && callers.iter().all(|key| all.contains(key))
        };
        match callers.len() {
            // two are named
            0..3 => Reach::Some,
            _ if are(&self.all) => Reach::Any,
            _ if are(&self.meshed) => Reach::Meshed,
            _ if are(&self.unmeshed) => Reach::Unmeshed,
            _ => Reach::Some,
        }
    }
}
