//! Things that turn out to be one, unless an environment has several of them.

use std::collections::BTreeSet;

/// Numbers that may be merged.
#[derive(Debug, Default)]
pub(super) struct Merged {
    parents: Vec<usize>,
    /// The environments that each root is in.
    of: Vec<BTreeSet<usize>>,
}

impl Merged {
    /// The next number.
    pub fn add(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.of.push(BTreeSet::new());
        self.parents.len() - 1
    }

    /// What a number stands for now.
    pub fn root(&self, of: usize) -> usize {
        let mut at = of;
        while let Some(&parent) = self.parents.get(at) {
            if parent == at {
                break;
            }
            at = parent;
        }
        at
    }

    /// Says that a number is in an environment.
    pub fn is_in(&mut self, number: usize, environment: usize) {
        let root = self.root(number);
        if let Some(of) = self.of.get_mut(root) {
            of.insert(environment);
        }
    }

    /// Merges two numbers, if no environment has both.
    pub fn merge(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        let (first, second) = (one.min(other), one.max(other));
        let (Some(a), Some(b)) = (self.of.get(first), self.of.get(second)) else {
            return;
        };
        if first == second || !a.is_disjoint(b) {
            return;
        }
        let both = a | b;
        if let (Some(of), Some(parent)) = (self.of.get_mut(first), self.parents.get_mut(second)) {
            *of = both;
            *parent = first;
        }
    }
}
