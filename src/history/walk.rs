//! The commits of a branch that changed something, and what was in force before and after.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use super::Range;
use super::judge::{Judge, Snapshot};
use super::layout::{Layout, Sorted};
use super::reading::{Changed, Reading, names};
use super::state::{File, State};
use crate::load::{Commit, Difference, Listing, Log, Options, Refusal, Revision};
use crate::model::Problem;
use crate::policy::Rules;
use crate::render::Guide;

/// How many commits are looked at together: enough to keep processors busy, few enough that memory
/// does not depend on how many there are.
pub(super) const TOGETHER: usize = 64;

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

/// A commit of the branch that changed something, and the files before it.
pub(super) struct Moment {
    pub commit: Commit,
    pub files: Vec<Changed>,
    pub before: State,
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
    /// How many objects of each name there are in it.
    names: HashMap<u64, usize>,
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
            names: HashMap::new(),
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
            self.set(&name, file);
        }
        self.state.problems = Arc::clone(self.listing.problems());
        Ok(())
    }

    /// Goes through commits, each the parent of the one before; those that changed what is read.
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
            let mut says_something = files.iter().any(|file| self.says_something(file));
            for file in &files {
                self.set(&file.name, file.before.clone());
            }
            says_something |= files.iter().any(|file| self.says_something(file));
            self.state.problems = problems;
            if says_something {
                moments.push(Moment {
                    commit,
                    files,
                    before: self.state.clone(),
                });
            }
        }
        self.reading.forget(&self.state);
        Ok(moments)
    }

    fn set(&mut self, name: &Arc<str>, file: Option<Arc<File>>) {
        for name in self
            .state
            .files
            .get(name)
            .iter()
            .flat_map(|file| file.names())
        {
            if let Some(count) = self.names.get_mut(&name) {
                *count -= 1;
            }
        }
        for name in file.iter().flat_map(|file| file.names()) {
            *self.names.entry(name).or_default() += 1;
        }
        self.state.set(name, file);
    }

    /// Whether anything that is read differs in a file. Where there are two objects of one name, every
    /// field tells whether they are one.
    fn says_something(&self, file: &Changed) -> bool {
        let sides = [&file.before, &file.after].into_iter().flatten();
        let mut names = sides.flat_map(|file| file.names());
        let has_twins = names.any(|name| self.names.get(&name).is_some_and(|count| *count > 1));
        file.says_something(has_twins)
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
        let (newest, mut layout) = traveller.state.sort(self.guide);
        let (mut snapshot, problems) = judge.newest(&newest);
        traveller.seen.problems = problems;
        // what cannot be read now leaves the answer open
        let unread = traveller.reading.problems.iter().cloned();
        traveller.seen.problems.extend(unread);
        traveller.seen.newest_snapshot = Arc::clone(&snapshot);
        let mut chunks = trunk.chunks(TOGETHER);
        let mut next = chunks.next().map(|commits| traveller.through(commits));
        while let Some(moments) = next.take().transpose()? {
            let mut snapshots = Vec::new();
            // commits are read by this thread alone: the others judge meanwhile
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| {
                    let sorted = sort(&moments, &mut layout, self.guide);
                    snapshots = judge.all(&sorted, &snapshot);
                });
                next = chunks.next().map(|commits| traveller.through(commits));
            });
            let moments = moments.into_iter().zip(snapshots);
            let steps: Vec<Step> = moments
                .map(|(moment, before)| Step {
                    commit: moment.commit,
                    files: moment.files,
                    before: Arc::clone(&before),
                    after: std::mem::replace(&mut snapshot, before),
                })
                .collect();
            each(&steps, &mut traveller.reading)?;
        }
        let mut seen = traveller.seen;
        seen.oldest_snapshot = snapshot;
        seen.has_mesh = judge.has_mesh;
        seen.unread = traveller.reading.problems;
        seen.problems.extend(judge.problems);
        Ok(seen)
    }
}

/// Sorts the states before some commits, which follow each other; `layout` is that of the state after
/// the first, and becomes that of the last.
fn sort(moments: &[Moment], layout: &mut Layout, guide: &Guide) -> Vec<Sorted> {
    let anew: Vec<Option<(Sorted, Layout)>> = moments
        .par_iter()
        .map(|moment| Layout::may_differ(&moment.files).then(|| moment.before.sort(guide)))
        .collect();
    let mut all = Vec::new();
    for (moment, anew) in moments.iter().zip(anew) {
        let partly = match anew {
            Some(anew) => Err(anew),
            None => layout
                .sort(&moment.before, &names(&moment.files), guide)
                .ok_or_else(|| moment.before.sort(guide)),
        };
        all.push(partly.unwrap_or_else(|(sorted, new)| {
            *layout = new;
            sorted
        }));
    }
    all
}
