//! The commits of a branch that changed something, and what was in force before and after.

use std::path::PathBuf;
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use super::Range;
use super::judge::{Judge, Snapshot};
use super::layout::{Layout, Sorted};
use super::reading::{Changed, Reading};
use super::state::{File, State};
use crate::load::{Commit, Difference, Listing, Log, Options, Refusal, Revision};
use crate::model::Problem;
use crate::policy::Rules;
use crate::render::Guide;

/// How many commits are looked at together: enough to keep processors busy, few enough that memory
/// does not depend on how many there are.
pub(super) const TOGETHER: usize = 128;

/// What is read of a repository.
pub struct Walk<'a> {
    /// Where to begin.
    pub revision: &'a Revision,
    /// The commits that led there.
    pub log: &'a Log<'a>,
    /// What of each commit is read.
    pub paths: &'a [PathBuf],
    /// What is left out.
    pub options: Options,
    /// Only this environment.
    pub environment: Option<&'a str>,
    /// What says how files belong together, at any commit.
    pub guide: &'a Guide,
    /// What judges.
    pub rules: &'a Rules,
}

/// A commit of the branch that changed something.
pub(super) struct Step {
    pub commit: Commit,
    /// The files that differ.
    pub files: Vec<Changed>,
    pub before: Arc<Snapshot>,
    pub after: Arc<Snapshot>,
}

/// A commit of the branch that changed files.
pub(super) struct Moment {
    pub commit: Commit,
    pub files: Vec<Changed>,
    /// What could not be read before it.
    pub problems: Arc<Vec<Problem>>,
}

impl Moment {
    /// Whether anything that is read differs, apart from fields of no account.
    pub fn says_something(&self) -> bool {
        self.files.iter().any(Changed::says_something)
    }
}

/// What a whole walk saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many commits were looked at.
    pub commits: usize,
    /// The newest commit.
    pub newest: Option<Commit>,
    /// The oldest commit that was looked at.
    pub oldest: Option<Commit>,
    /// Whether a shallow clone ends at the oldest: what that one changed is not known.
    pub is_cut: bool,
    /// Files that could not be read at some commit, and were taken as they last could be.
    pub unread: Vec<Problem>,
    /// What of the newest state could not be read or judged, and rules that failed at any commit.
    pub problems: Vec<Problem>,
    /// Whether there was a mesh in any state.
    pub(super) has_mesh: bool,
    /// What is in force at the newest commit.
    pub(super) newest_snapshot: Arc<Snapshot>,
    /// What was in force before the oldest one; at it, if a shallow clone ends there.
    pub(super) oldest_snapshot: Arc<Snapshot>,
}

impl Seen {
    /// The commits that were looked at.
    pub fn range(&self) -> Range {
        let id = |commit: &Option<Commit>| commit.as_ref().map(|commit| commit.id.to_string());
        Range {
            from: id(&self.oldest),
            to: id(&self.newest),
            commits: self.commits,
            shallow: self.is_cut,
            whole: self.is_whole(),
        }
    }

    /// Whether commits were looked at, and there was a mesh at none of them.
    pub fn is_without_mesh(&self) -> bool {
        self.commits > 0 && !self.has_mesh
    }

    /// Whether there was nothing before the oldest.
    pub(super) fn is_whole(&self) -> bool {
        let mut oldest = self.oldest.iter();
        !self.is_cut && oldest.any(|commit| commit.parents.is_empty())
    }
}

/// A commit with what differs between it and its first parent.
struct Pending {
    commit: Commit,
    /// From the commit to its parent.
    differences: Vec<Difference>,
    /// What could not be read of the parent.
    problems: Arc<Vec<Problem>>,
}

/// Goes back in time.
pub(super) struct Traveller<'a> {
    walk: &'a Walk<'a>,
    listing: Listing<'a>,
    pub reading: Reading<'a>,
    pub state: State,
    /// The commit to go through next, if it was read already.
    next: Option<Commit>,
    pub seen: Seen,
}

impl<'a> Traveller<'a> {
    /// Stands at a commit.
    pub fn new(walk: &'a Walk<'a>, newest: Oid) -> Result<Self, Refusal> {
        Self::knowing(walk, newest, std::iter::empty())
    }

    /// Stands at a commit, and knows some files, each with its name and id.
    pub fn knowing(
        walk: &'a Walk<'a>,
        newest: Oid,
        known: impl Iterator<Item = (String, Oid, Arc<File>)>,
    ) -> Result<Self, Refusal> {
        let mut traveller = Self {
            walk,
            listing: Listing::empty(walk.revision, walk.paths, walk.options),
            reading: Reading::new(walk.revision, walk.log),
            state: State::default(),
            next: None,
            seen: Seen::default(),
        };
        traveller.reading.learn(known);
        let newest = walk.log.commit(newest)?;
        traveller.turn(&newest)?;
        traveller.seen.newest = Some(newest);
        Ok(traveller)
    }

    /// Goes to another commit at once.
    pub fn turn(&mut self, commit: &Commit) -> Result<(), Refusal> {
        let differences = self.listing.turn(Some(commit.tree))?;
        self.reading.ahead(differences.iter(), &self.state);
        for (name, file) in self.reading.files(&differences, commit.id) {
            self.state.set(&name, file);
        }
        self.state.problems = Arc::clone(self.listing.problems());
        Ok(())
    }

    /// Goes through commits, each the parent of the one before; those that changed a file that is read.
    pub fn through(&mut self, commits: &[Oid]) -> Result<Vec<Moment>, Refusal> {
        let pending = self.pending(commits)?;
        let differences = pending.iter().flat_map(|pending| &pending.differences);
        self.reading.ahead(differences, &self.state);
        let mut moments = Vec::new();
        for Pending {
            commit,
            differences,
            problems,
        } in pending
        {
            let parent = commit.parents.first().copied().unwrap_or(commit.id);
            let files = self.reading.files(&differences, parent);
            let files: Vec<Changed> = files
                .into_iter()
                .map(|(name, before)| Changed {
                    after: self.state.files.get(&name).cloned(),
                    before,
                    name,
                })
                .collect();
            self.state.go_back(&files, &problems);
            if !files.is_empty() {
                moments.push(Moment {
                    commit,
                    files,
                    problems,
                });
            }
        }
        self.reading.forget(&self.state);
        Ok(moments)
    }

    /// Commits with what differs between each and its first parent.
    fn pending(&mut self, commits: &[Oid]) -> Result<Vec<Pending>, Refusal> {
        let log = self.walk.log;
        let mut pending = Vec::new();
        for &id in commits {
            let commit = match self.next.take().filter(|next| next.id == id) {
                Some(next) => next,
                None => log.commit(id)?,
            };
            self.seen.commits += 1;
            self.seen.oldest = Some(commit.clone());
            if log.is_cut(id) {
                self.seen.is_cut = true;
                break;
            }
            let parent = commit.parents.first();
            let parent = parent.map(|&parent| log.commit(parent)).transpose()?;
            // the listing goes back in time
            let tree = parent.as_ref().map(|parent| parent.tree);
            let differences = self.listing.turn(tree)?;
            self.next = parent;
            pending.push(Pending {
                commit,
                differences,
                problems: Arc::clone(self.listing.problems()),
            });
        }
        Ok(pending)
    }
}

impl Walk<'_> {
    /// Goes through commits of the trunk, newest first, and tells the steps that changed something,
    /// several at a time.
    ///
    /// # Errors
    /// What was asked for cannot be read.
    pub(super) fn steps(
        &self,
        trunk: &[Oid],
        mut each: impl FnMut(&[Step], &mut Reading<'_>) -> Result<(), Refusal>,
    ) -> Result<Seen, Refusal> {
        let Some(&newest) = trunk.first() else {
            return Ok(Seen::default());
        };
        let mut traveller = Traveller::new(self, newest)?;
        let mut judge = Judge::new(self.rules, self.environment);
        let mut layout = Layout::of(traveller.state.clone());
        let (mut snapshot, problems) = judge.newest(&layout.sort_all(self.guide));
        traveller.seen.problems = problems;
        // what cannot be read now leaves the answer open
        let unread = traveller.reading.problems.iter().cloned();
        traveller.seen.problems.extend(unread);
        traveller.seen.newest_snapshot = Arc::clone(&snapshot);
        let mut chunks = trunk.chunks(TOGETHER);
        let mut next = chunks.next().map(|commits| traveller.through(commits));
        let mut told: Vec<Step> = Vec::new();
        while let Some(moments) = next.take().transpose()? {
            let mut steps = Vec::new();
            let mut result = Ok(());
            // commits are read and told by this thread alone: the others judge meanwhile
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| {
                    let sorted = sort(&moments, &mut layout, self.guide);
                    let snapshots = judge.all(&sorted, &snapshot);
                    steps = stepped(moments, snapshots, &mut snapshot);
                });
                result = each(&told, &mut traveller.reading);
                next = chunks.next().map(|commits| traveller.through(commits));
            });
            result?;
            told = steps;
        }
        each(&told, &mut traveller.reading)?;
        let mut seen = traveller.seen;
        seen.oldest_snapshot = snapshot;
        seen.has_mesh = judge.has_mesh;
        seen.unread = traveller.reading.problems;
        seen.problems.extend(judge.problems);
        Ok(seen)
    }
}

/// Sorts the states before some commits, which follow each other; nothing for one that is as the one after
/// it. `layout` is that of the state after the first, and becomes that of the last.
fn sort(moments: &[Moment], layout: &mut Layout, guide: &Guide) -> Vec<Option<Sorted>> {
    let whole = whole(moments, layout, guide);
    let sort = |(moment, whole): (&Moment, Option<(Sorted, Layout)>)| match whole {
        Some((sorted, new)) => {
            *layout = new;
            Some(sorted)
        }
        None => {
            layout.go_back(&moment.files, &moment.problems);
            layout.sort(guide)
        }
    };
    moments.iter().zip(whole).map(sort).collect()
}

/// Of the states before some commits, which follow each other, sorts those side by side that are surely
/// sorted as a whole. `layout` is that of the state after the first.
pub(super) fn whole(
    moments: &[Moment],
    layout: &Layout,
    guide: &Guide,
) -> Vec<Option<(Sorted, Layout)>> {
    let takes_all = |moment: &Moment| layout.takes_all(&moment.files);
    if !moments.iter().any(takes_all) {
        return moments.iter().map(|_| None).collect();
    }
    let mut state = layout.state().clone();
    let states = moments.iter().map(|moment| {
        state.go_back(&moment.files, &moment.problems);
        takes_all(moment).then(|| state.clone())
    });
    let states: Vec<Option<State>> = states.collect();
    let sort = |state: State| {
        let mut layout = layout.like(state);
        (layout.sort_all(guide), layout)
    };
    states
        .into_par_iter()
        .map(|state| state.map(sort))
        .collect()
}

/// The steps of commits, of which those that neither say nor changed anything are left out. `snapshot` is
/// what is in force after the first, and becomes what was before the last.
fn stepped(
    moments: Vec<Moment>,
    snapshots: Vec<Option<Arc<Snapshot>>>,
    snapshot: &mut Arc<Snapshot>,
) -> Vec<Step> {
    let step = |(moment, before): (Moment, Option<Arc<Snapshot>>)| {
        if before.is_none() && !moment.says_something() {
            return None;
        }
        let before = before.unwrap_or_else(|| Arc::clone(snapshot));
        Some(Step {
            commit: moment.commit,
            files: moment.files,
            before: Arc::clone(&before),
            after: std::mem::replace(snapshot, before),
        })
    };
    moments
        .into_iter()
        .zip(snapshots)
        .filter_map(step)
        .collect()
}
