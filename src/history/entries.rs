use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use super::judge::{Held, Snapshot};
use super::origin::{Origins, fields};
use super::reading::{Changed, Reading, short};
use super::walk::{Seen, Step, Walk};
use super::{Commit, Entry};
use crate::change::{self, Change, EdgeChange, Effects, Felt, FieldChange, InForce, Written};
use crate::finding::ResourceRef;
use crate::load::{self, Refusal, is_below};
use crate::model::{Place, Problem, ProblemKind};

/// Which changes are told.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of files in these directories, or of these files; of all, if none is named.
    pub paths: Vec<String>,
    /// Those of these objects: `kind/namespace/name`, `namespace/name`, a kind or a name.
    pub resources: Vec<String>,
    /// Those that concern calls from the first to the second; a port may be left out.
    pub between: Option<(String, String)>,
}

/// Tells the changes that commits made, newest first.
///
/// # Errors
/// What was asked for cannot be read, or `each` says so.
pub fn entries(
    walk: &Walk<'_>,
    trunk: &[Oid],
    filter: &Filter,
    mut each: impl FnMut(Entry) -> Result<(), Refusal>,
) -> Result<Seen, Refusal> {
    let mut teller = Teller::new(walk);
    let mut are_there = filter.between.is_none();
    let mut seen = walk.steps(trunk, |steps, reading| {
        for (step, changes) in steps.iter().zip(teller.all_changes(steps)) {
            are_there = are_there || filter.has_both(&step.before) || filter.has_both(&step.after);
            let mut entries: Vec<Entry> = Vec::new();
            for change in changes {
                let is_part = walk.environment.is_none()
                    || is_part(&change, &step.before)
                    || is_part(&change, &step.after);
                if is_part && filter.wants(&change) {
                    entries.push(teller.entry(&step.commit, change, reading)?);
                }
            }
            // a merge brings what several wrote: each commit by itself
            let first = |entry: &Entry| {
                let mut all = entries.iter();
                all.position(|one| one.commit.id == entry.commit.id)
            };
            let order: Vec<_> = entries.iter().map(first).collect();
            let mut order: Vec<_> = order.into_iter().zip(entries).collect();
            order.sort_by_key(|(first, _)| *first);
            for (_, entry) in order {
                each(entry)?;
            }
        }
        Ok(())
    })?;
    seen.unread.extend(teller.unjudged());
    are_there = are_there || trunk.is_empty() || filter.has_both(&seen.newest_snapshot);
    match &filter.between {
        Some((from, to)) if !are_there => Err(never_together(from, to)),
        _ => Ok(seen),
    }
}

/// The answer where one of two is not there, or is called otherwise.
pub(super) fn never_together(from: &str, to: &str) -> Refusal {
    Refusal::Wrong(format!(
        "{from} and {to} were never there together: workloads are named as `meshvet can` takes them (namespace/name), ports behind them (namespace/name:8080)"
    ))
}

/// Tells of steps, newest first, what changed and who wrote it.
pub(super) struct Teller<'a> {
    walk: &'a Walk<'a>,
    origins: Origins<'a>,
    /// Environments in which there was a mesh later on. What happens in one is told from the first
    /// commit on until there is no mesh in it any more.
    followed: BTreeSet<Arc<str>>,
    /// Environments that could not be judged at some commits, as they were once they could again.
    gaps: BTreeMap<Arc<str>, Held>,
    /// Those that could not, for people.
    unjudged: Vec<Problem>,
    /// The last merge, and what it brought.
    merged: Option<(Oid, Vec<load::Commit>)>,
}

/// An environment on both sides of a change.
type Sides = (Option<Held>, Option<Held>);

impl<'a> Teller<'a> {
    pub fn new(walk: &'a Walk<'a>) -> Self {
        Self {
            walk,
            origins: Origins::new(walk),
            followed: BTreeSet::new(),
            gaps: BTreeMap::new(),
            unjudged: Vec::new(),
            merged: None,
        }
    }

    /// The changes of steps that follow each other, with what they did.
    pub fn all_changes(&mut self, steps: &[Step]) -> Vec<Vec<Change>> {
        let sides: Vec<_> = steps
            .iter()
            .map(|step| self.sides(Some(step.commit.id), &step.before, &step.after))
            .collect();
        let both = steps.par_iter().zip(sides);
        both.map(|(step, sides)| changes(&step.files, &step.before, &step.after, sides))
            .collect()
    }

    /// The changes from one state to another.
    pub fn changes(
        &mut self,
        files: &[Changed],
        before: &Snapshot,
        after: &Snapshot,
    ) -> Vec<Change> {
        let sides = self.sides(None, before, after);
        changes(files, before, after, sides)
    }

    /// The environments of two states of which is told what happened in them.
    ///
    /// One that cannot be judged did not go. What changed until it can be again is told of the commit
    /// since which it cannot; what takes its place meanwhile is not told.
    fn sides(&mut self, commit: Option<Oid>, before: &Snapshot, after: &Snapshot) -> Vec<Sides> {
        let states = [before, after].into_iter();
        let all = states.flat_map(|snapshot| &snapshot.environments);
        let mut names = BTreeSet::new();
        for (name, held) in all {
            names.insert(Arc::clone(name));
            if held.in_force.is_meshed() {
                self.followed.insert(Arc::clone(name));
            }
        }
        names.retain(|name| self.followed.contains(name));
        let has_gap = names
            .iter()
            .any(|name| before.may_hide(name) || after.may_hide(name));
        let mut sides = Vec::new();
        for name in names {
            let held = |snapshot: &Snapshot| snapshot.environments.get(&name).cloned();
            match (held(before), held(after)) {
                (None, Some(after)) if before.may_hide(&name) => {
                    self.gaps.insert(name, after);
                }
                (before, None) if after.may_hide(&name) => {
                    let since =
                        commit.map_or_else(String::new, |id| format!(" since {}", short(id)));
                    let message = format!(
                        "{name} could not be judged{since}; what changed until it could be again is told there"
                    );
                    let place = Place::Path(name.to_string());
                    let problem = Problem::new(ProblemKind::NotUnderstood, message, place);
                    self.unjudged.push(problem);
                    if let Some(after) = self.gaps.remove(&name) {
                        sides.push((before, Some(after)));
                    }
                }
                (Some(before), Some(after)) => sides.push((Some(before), Some(after))),
                one if !has_gap => sides.push(one),
                _ => {}
            }
        }
        sides
    }

    /// What could not be judged at some commits.
    pub fn unjudged(self) -> Vec<Problem> {
        self.unjudged
    }

    /// A change of a commit of the branch, with the one that wrote it if that was merged.
    pub fn entry(
        &mut self,
        commit: &load::Commit,
        change: Change,
        reading: &mut Reading<'_>,
    ) -> Result<Entry, Refusal> {
        let (commit, merge) = self.origin(commit, &change.field, reading)?;
        Ok(Entry {
            commit,
            merge,
            change,
        })
    }

    /// The commit that somebody wrote a change in, and the merge that brought it, if one did.
    pub fn origin(
        &mut self,
        commit: &load::Commit,
        change: &FieldChange,
        reading: &mut Reading<'_>,
    ) -> Result<(Commit, Option<Commit>), Refusal> {
        if self.merged.as_ref().is_none_or(|(id, _)| *id != commit.id) {
            self.origins.forget();
            self.merged = Some((commit.id, self.walk.log.merged(commit)?));
        }
        let merged = self.merged.as_ref().map_or(&[][..], |(_, merged)| merged);
        let origin = self.origins.of(commit, merged, change, reading)?;
        let commit = Commit::from(commit);
        Ok(match origin {
            None => (commit, None),
            Some(origin) => {
                let origin = Commit {
                    pull_request: origin.pull_request.or(commit.pull_request),
                    ..Commit::from(&origin)
                };
                (origin, Some(commit))
            }
        })
    }
}

/// What differs between two states, with what it did in some environments.
fn changes(
    files: &[Changed],
    before: &Snapshot,
    after: &Snapshot,
    sides: Vec<Sides>,
) -> Vec<Change> {
    let felt = sides.into_par_iter();
    let felt = felt.flat_map_iter(|(before, after)| difference(before, after));
    let (before, after) = (in_force(before), in_force(after));
    change::attribute(fields(files), felt.collect(), &before, &after)
}

fn in_force(snapshot: &Snapshot) -> Vec<&InForce> {
    let held = snapshot.environments.values();
    held.map(|held| &*held.in_force).collect()
}

fn difference(before: Option<Held>, after: Option<Held>) -> Vec<Felt> {
    let (before, after) = (
        before.map(|held| held.in_force),
        after.map(|held| held.in_force),
    );
    if let (Some(before), Some(after)) = (&before, &after)
        && Arc::ptr_eq(before, after)
    {
        return Vec::new();
    }
    change::compare(before.as_deref(), after.as_deref())
}

/// Whether a change has to do with an environment that was judged: it did something there, or its
/// object is part of it. What is no object, such as a list of files, may be part of any there is.
fn is_part(change: &Change, snapshot: &Snapshot) -> bool {
    let mut sides = [&change.field.before, &change.field.after]
        .into_iter()
        .flatten();
    let is_there = |at: &Written| {
        let mut held = snapshot.environments.values();
        held.any(|held| held.in_force.resource(at).is_some())
    };
    let is_no_object = change.field.resource.is_none();
    change.effects != Effects::default()
        || (is_no_object && !snapshot.environments.is_empty())
        || sides.any(|side| is_there(&side.at))
}

impl Filter {
    /// Whether a call from the first to the second can be asked about.
    fn has_both(&self, snapshot: &Snapshot) -> bool {
        let between = self.between.as_ref();
        between.is_some_and(|(from, to)| {
            let mut held = snapshot.environments.values();
            held.any(|held| held.in_force.edge(from, to).is_some())
        })
    }

    fn wants(&self, change: &Change) -> bool {
        let field = &change.field;
        let sides = [&field.before, &field.after];
        let mut files = sides.into_iter().flatten().map(|side| &side.at.file);
        let is_in = |file: &Arc<str>| self.paths.iter().any(|path| is_below(file, path));
        let is_named = |resource: &ResourceRef| {
            let mut named = self.resources.iter();
            named.any(|text| names(text, resource))
        };
        let concerns = |(from, to): &(String, String)| {
            let mut calls = change.effects.calls();
            calls.any(|edge| is_between(edge, from, to))
        };
        (self.paths.is_empty() || files.any(is_in))
            && (self.resources.is_empty() || field.resource.as_ref().is_some_and(is_named))
            && self.between.as_ref().is_none_or(concerns)
    }
}

/// Whether a text names an object.
fn names(text: &str, resource: &ResourceRef) -> bool {
    let name = &*resource.name;
    let kind = resource.kind.to_lowercase();
    let is_kind = |text: &str| {
        let text = text.to_lowercase();
        let group = resource.group.to_lowercase();
        text == kind || text == format!("{kind}.{group}")
    };
    let namespace = resource.namespace.as_deref();
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [one] => is_kind(one) || *one == name,
        [first, second] => *second == name && (Some(*first) == namespace || is_kind(first)),
        [first, second, third] => is_kind(first) && Some(*second) == namespace && *third == name,
        _ => false,
    }
}

/// Whether an edge leads from one to the other; what is called may be named without its port.
pub(super) fn is_between(edge: &EdgeChange, from: &str, to: &str) -> bool {
    let is_called = &*edge.to == to
        || edge
            .to
            .rsplit_once(':')
            .is_some_and(|(to_all, _)| to_all == to);
    &*edge.from == from && is_called
}
