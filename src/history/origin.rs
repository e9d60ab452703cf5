//! Who wrote what a merge brought.

use std::collections::HashMap;

use git2::Oid;
use rayon::prelude::*;

use super::reading::{Changed, Reading};
use super::state::File;
use super::walk::Walk;
use crate::change::{self, FieldChange};
use crate::finding::looks_like_place;
use crate::load::{Commit, Listing, Refusal};

/// Finds the commits on merged branches that made changes.
pub(super) struct Origins<'a> {
    walk: &'a Walk<'a>,
    listing: Listing<'a>,
    /// What commits changed, each compared with one of its parents.
    changes: HashMap<(Option<Oid>, Oid), Vec<FieldChange>>,
}

impl<'a> Origins<'a> {
    pub fn new(walk: &'a Walk<'a>) -> Self {
        Self {
            walk,
            listing: Listing::empty(walk.revision, walk.paths, walk.options),
            changes: HashMap::new(),
        }
    }

    /// The commit of a merged branch that last made a change which a merge brought; nothing if the
    /// merge itself did.
    pub fn of(
        &mut self,
        merge: &Commit,
        merged: &[Commit],
        change: &FieldChange,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Commit>, Refusal> {
        let mut best: Option<(Likeness, &Commit)> = None;
        for commit in merged.iter().filter(|commit| !is_merge(commit)) {
            let parent = commit.parents.first().copied();
            let alike = self.likeness(parent, commit, change, reading)?;
            if let Some(alike) = alike
                && best.as_ref().is_none_or(|(known, _)| alike > *known)
            {
                best = Some((alike, commit));
            }
        }
        if best
            .as_ref()
            .is_none_or(|(alike, _)| *alike == Likeness::Field)
        {
            // what nobody wrote like this may be what somebody made of two sides
            let merges = merged.iter().filter(|commit| is_merge(commit));
            for one in std::iter::once(merge)
                .filter(|_| best.is_some())
                .chain(merges)
            {
                if self.is_by_hand(one, change, reading)? {
                    return Ok((one.id != merge.id).then(|| one.clone()));
                }
            }
        }
        Ok(best.map(|(_, commit)| commit.clone()))
    }

    /// Whether a merge says something that is on none of its sides.
    fn is_by_hand(
        &mut self,
        merge: &Commit,
        change: &FieldChange,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Refusal> {
        for parent in &merge.parents {
            let alike = self.likeness(Some(*parent), merge, change, reading)?;
            if alike.is_none_or(|alike| alike == Likeness::Field) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How much what a commit changed is a change.
    fn likeness(
        &mut self,
        parent: Option<Oid>,
        commit: &Commit,
        change: &FieldChange,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Likeness>, Refusal> {
        let key = (parent, commit.id);
        if !self.changes.contains_key(&key) {
            let changes = self.compare(parent, commit, reading)?;
            self.changes.insert(key, changes);
        }
        let changes = self.changes.get(&key).into_iter().flatten();
        Ok(changes.filter_map(|own| likeness(own, change)).max())
    }

    fn compare(
        &mut self,
        parent: Option<Oid>,
        commit: &Commit,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<FieldChange>, Refusal> {
        let parent = parent.map(|id| self.walk.log.commit(id)).transpose()?;
        self.listing
            .turn(parent.as_ref().map(|parent| parent.tree))?;
        let differences = self.listing.turn(Some(commit.tree))?;
        let files: Vec<Changed> = differences
            .iter()
            .map(|difference| Changed {
                name: difference.name.as_str().into(),
                before: difference.from.map(|id| reading.file(&difference.name, id)),
                after: difference.to.map(|id| reading.file(&difference.name, id)),
            })
            .collect();
        Ok(fields(&files))
    }

    /// Forgets what the commits of the last merge changed.
    pub fn forget(&mut self) {
        self.changes.clear();
    }
}

/// Whether a commit has several parents.
fn is_merge(commit: &Commit) -> bool {
    commit.parents.len() > 1
}

/// The fields that differ in files; those of no account are left out where nothing else in their file
/// differs.
pub(super) fn fields(files: &[Changed]) -> Vec<FieldChange> {
    let files: Vec<&Changed> = files.iter().filter(|file| file.says_something()).collect();
    let views = |side: fn(&Changed) -> Option<&File>| -> Vec<_> {
        // some are parsed only now
        let files = files.par_iter().filter_map(|file| side(file));
        files.map(File::view).collect()
    };
    let before = views(|file| file.before.as_deref());
    let after = views(|file| file.after.as_deref());
    change::fields(&before, &after)
}

/// How much the change of a commit is the one that a merge brought, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// The same field of an object, but for the places in lists.
    Field,
    /// To the same value.
    Value,
    /// The very same field to the same value.
    Same,
}

fn likeness(own: &FieldChange, brought: &FieldChange) -> Option<Likeness> {
    let file = |change: &FieldChange| {
        let side = change.after.as_ref().or(change.before.as_ref());
        side.map(|side| side.at.file.clone())
    };
    let is_same_object = match (&own.resource, &brought.resource) {
        // what sets the namespace may not be looked at in the commit alone
        (Some(own), Some(brought)) => {
            (&own.kind, &own.group, &own.name) == (&brought.kind, &brought.group, &brought.name)
                && (own.namespace.is_none() || own.namespace == brought.namespace)
        }
        (None, None) => file(own) == file(brought),
        _ => false,
    };
    if !is_same_object || without_places(&own.field) != without_places(&brought.field) {
        return None;
    }
    let value = |change: &FieldChange| change.after.as_ref().map(|side| side.value.clone());
    let is_same_value = value(own) == value(brought);
    Some(match (own.field == brought.field, is_same_value) {
        (true, true) => Likeness::Same,
        (_, true) => Likeness::Value,
        (_, false) => Likeness::Field,
    })
}

/// Fields whose keys whoever writes them chooses: a number below is no place in a list.
const MAPPINGS: [&str; 9] = [
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "portLevelMtls",
    "selector",
    "stringData",
];

/// A field without the places in lists.
fn without_places(field: &str) -> Vec<&str> {
    let around = std::iter::once("").chain(field.split('/'));
    let steps = field.split('/').zip(around);
    let steps = steps.filter(|(step, around)| !looks_like_place(step) || MAPPINGS.contains(around));
    steps.map(|(step, _)| step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_place_in_a_list() {
        let port = without_places("/spec/portLevelMtls/8080/mode");
        assert_ne!(port, without_places("/spec/portLevelMtls/9090/mode"));
        let rule = without_places("/spec/rules/0/to/1");
        assert_eq!(rule, without_places("/spec/rules/2/to/0"));
    }
}
