//! The environments of states: of each state, only those are put together anew that a change may have to
//! do with.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::parts::{Made, Parts, Signature};
use super::reading::Changed;
use super::state::{File, State};
use crate::model::{Place, Problem};
use crate::render::{Guide, is_kustomization, paths};
use crate::scan::Parsed;
use crate::text::Sources;

/// A state, sorted into environments.
#[derive(Default)]
pub(super) struct Sorted {
    pub sources: Sources,
    /// The environments that are to be looked at, with their documents.
    pub parsed: Parsed,
    pub signatures: Vec<Signature>,
    /// All other environments, which are as they were.
    pub others: Vec<(Arc<str>, Signature)>,
    /// The directories with something in them that is not understood: an environment of one of these
    /// that is not there may only not have been judged.
    pub unjudged: Arc<BTreeSet<String>>,
}

/// A state, and which of its files make up which environment.
#[derive(Default)]
pub(super) struct Layout {
    state: State,
    /// The files that were otherwise when it was last sorted, and how; nothing if it never was.
    since: Option<BTreeMap<Arc<str>, Option<Arc<File>>>>,
    environments: Vec<(Arc<Parts>, Signature)>,
    unjudged: Arc<BTreeSet<String>>,
    /// The files of kustomizations that are not built: if one of these changes, they may be.
    unbuilt: HashSet<Arc<str>>,
    /// Whether two objects had one name: then every field tells whether something is as it was.
    to_the_last: bool,
    /// Whether objects or the configuration say what is applied together: then any file may have to do
    /// with any other one.
    has_orders: bool,
    /// Whether nothing but kustomizations says what belongs together, and each was built: what they do
    /// not name has nothing to do with them.
    is_named: bool,
}

impl Layout {
    /// Of a state that is not sorted yet.
    pub fn of(state: State) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }

    /// Of another state that is not sorted yet, which is much like its own.
    pub fn like(&self, state: State) -> Self {
        Self {
            to_the_last: self.to_the_last,
            ..Self::of(state)
        }
    }

    /// Its state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Goes to the state in which files are as they were before.
    pub fn go_back(&mut self, files: &[Changed], problems: &Arc<Vec<Problem>>) {
        if let Some(since) = &mut self.since {
            for file in files {
                let sorted = || self.state.files.get(&file.name).cloned();
                since.entry(Arc::clone(&file.name)).or_insert_with(sorted);
            }
        }
        self.state.go_back(files, problems);
    }

    /// Whether its state is surely sorted as a whole once these files changed.
    pub fn takes_all(&self, files: &[Changed]) -> bool {
        match self.has_orders {
            true => files.iter().any(|file| self.is_told(file)),
            false => !self.is_named && Self::may_differ(files),
        }
    }

    /// Whether what changed in a file may say something.
    fn is_told(&self, file: &Changed) -> bool {
        self.to_the_last || file.is_one_sided() || file.says_something()
    }

    /// Whether two objects may have one name: then a change of any field may say something.
    pub fn may_have_twins(&self) -> bool {
        self.to_the_last || self.since.is_none()
    }

    /// Whether files can have come into another environment, or gone out of one.
    fn may_differ(files: &[Changed]) -> bool {
        files.iter().any(|file| match (&file.before, &file.after) {
            (Some(before), Some(after)) => {
                let are_plain = before.is_plain() && after.is_plain();
                file.says_something() && !(are_plain && before.has_same_names(after))
            }
            _ => true,
        })
    }

    /// Sorts its state into environments: those of them that may be otherwise than when it was last sorted.
    /// Nothing if none is.
    pub fn sort(&mut self, guide: &Guide) -> Option<Sorted> {
        let Some(since) = self.since.replace(BTreeMap::new()) else {
            return Some(self.sort_all(guide));
        };
        let changed = since.into_iter().map(|(name, before)| Changed {
            after: self.state.files.get(&name).cloned(),
            before,
            name,
        });
        let changed: Vec<Changed> = changed.filter(|file| self.is_told(file)).collect();
        if changed.is_empty() {
            return None;
        }
        let by_others = self.sort_some(false, &changed, guide);
        let some = by_others.or_else(|| self.sort_some(true, &changed, guide));
        Some(some.unwrap_or_else(|| self.sort_all(guide)))
    }

    /// Sorts all documents.
    pub fn sort_all(&mut self, guide: &Guide) -> Sorted {
        let by_others = match self.to_the_last {
            true => None,
            false => self.sort_all_to(false, guide),
        };
        let all = by_others.or_else(|| self.sort_all_to(true, guide));
        all.unwrap_or_default()
    }

    /// Nothing if that is to be done to the last field.
    fn sort_all_to(&mut self, to_the_last: bool, guide: &Guide) -> Option<Sorted> {
        let mut made = Made::to(to_the_last);
        for file in self.state.files.values() {
            made.add(file);
        }
        let mut parsed = made.sort(guide);
        parsed.problems.extend(self.state.problems.iter().cloned());
        let (signatures, has_twins) = made.signatures(&parsed)?;
        let unjudged = parsed.problems.iter();
        let unjudged = unjudged.filter_map(|problem| directory(problem, &made.sources));
        let parts = Parts::all(&parsed, &made.sources);
        let unbuilt = parsed.unbuilt.iter();
        let unbuilt = unbuilt.map(|&file| made.sources.get(file).name().into());
        let mut files = self.state.files.values();
        let config = guide.config.as_ref();
        self.unjudged = Arc::new(unjudged.collect());
        self.unbuilt = unbuilt.collect();
        self.has_orders = config.is_some_and(|config| !config.environments.is_empty())
            || files.clone().any(|file| file.has_orders());
        self.is_named = self.unjudged.is_empty()
            && !self.has_orders
            && !files.any(|file| file.is_about_others());
        self.to_the_last = has_twins;
        self.environments = parts.into_iter().zip(signatures.iter().copied()).collect();
        self.since = Some(BTreeMap::new());
        Some(Sorted {
            sources: made.sources,
            parsed,
            signatures,
            others: Vec::new(),
            unjudged: Arc::clone(&self.unjudged),
        })
    }

    /// Sorts the documents of environments that files belong to which changed. Nothing if that is to be done
    /// to the last field, or takes a look at all of the state.
    fn sort_some(
        &mut self,
        to_the_last: bool,
        changed: &[Changed],
        guide: &Guide,
    ) -> Option<Sorted> {
        let is_unbuilt = |file: &Changed| self.unbuilt.contains(&file.name);
        if self.has_orders || changed.iter().any(is_unbuilt) {
            return None;
        }
        let is_concerned = |parts: &Parts| changed.iter().any(|file| parts.has(&file.name));
        let all = self.environments.iter().enumerate();
        let concerned = all.filter(|(_, (parts, _))| is_concerned(parts));
        let mut concerned: BTreeMap<usize, Arc<Parts>> = concerned
            .map(|(one, (parts, _))| (one, Arc::clone(parts)))
            .collect();
        let parts: Vec<&Parts> = concerned.values().map(Arc::as_ref).collect();
        let mut made = Made::to(to_the_last);
        let may_differ = Self::may_differ(changed);
        let parsed = if may_differ {
            self.anew(&mut made, &parts, changed, guide)?
        } else if parts.iter().all(|parts| parts.is_whole()) {
            made.whole_files(&parts, &self.state)?
        } else {
            made.built(&parts, &[], &self.state, guide)?
        };
        let known = parts.iter().map(|parts| &*parts.name);
        let found = parsed.environments.iter().map(|one| &*one.name);
        if !known.eq(found) {
            return None;
        }
        if may_differ {
            let new = Parts::all(&parsed, &made.sources);
            concerned = concerned.into_keys().zip(new).collect();
        }
        let (signatures, _) = made.signatures(&parsed)?;
        let all = self.environments.iter().enumerate();
        let others = all.filter(|(one, _)| !concerned.contains_key(one));
        let others = others.map(|(_, (parts, signature))| (Arc::clone(&parts.name), *signature));
        let sorted = Sorted {
            others: others.collect(),
            unjudged: Arc::clone(&self.unjudged),
            sources: made.sources,
            parsed,
            signatures,
        };
        for ((one, parts), signature) in concerned.into_iter().zip(&sorted.signatures) {
            *self.environments.get_mut(one)? = (parts, *signature);
        }
        self.to_the_last |= to_the_last;
        Some(sorted)
    }

    /// Environments of kustomizations whose files came or went. Nothing if that may have to do with any
    /// other one.
    fn anew(
        &self,
        made: &mut Made,
        parts: &[&Parts],
        changed: &[Changed],
        guide: &Guide,
    ) -> Option<Parsed> {
        let was_used = |file: &Changed| {
            file.before.is_none() || parts.iter().any(|parts| parts.has(&file.name))
        };
        let is_known = |file: &Changed| {
            let mut sides = [&file.before, &file.after].into_iter().flatten();
            let comes_or_goes = is_kustomization(&file.name) && file.is_one_sided();
            was_used(file) && !comes_or_goes && !sides.any(|file| file.is_about_others())
        };
        if !self.is_named || !self.state.problems.is_empty() || !changed.iter().all(is_known) {
            return None;
        }
        let parsed = made.built(parts, changed, &self.state, guide)?;
        let mut problems = parsed.problems.iter();
        let are_all_judged = !problems.any(|problem| problem.kind.is_incomplete());
        are_all_judged.then_some(parsed)
    }
}

/// The directory of the file in which something is not understood.
fn directory(problem: &Problem, sources: &Sources) -> Option<String> {
    if !problem.kind.is_incomplete() {
        return None;
    }
    let file = match &problem.place {
        Place::File(file) => sources.get(*file).name(),
        Place::Span(span) => sources.get(span.file).name(),
        Place::Path(name) => name,
        Place::Nowhere | Place::At(_) => return None,
    };
    Some(paths::directory(file).to_owned())
}

#[cfg(test)]
mod tests;
