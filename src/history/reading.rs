//! The files of commits, each read and parsed once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use super::state::{File, State};
use crate::load::{Commit, Difference, Log, Reader, Revision};
use crate::model::{Place, Problem, ProblemKind};

/// How many files that are not in force at present are kept, in case a commit brings them back.
const KEPT: usize = 2_000;

/// A file that a commit changed, made or removed.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub name: Arc<str>,
    pub before: Option<Arc<File>>,
    pub after: Option<Arc<File>>,
}

impl Changed {
    /// The files of two states that are not the same, by name.
    pub fn between(before: &State, after: &State) -> Vec<Self> {
        let names: BTreeSet<&Arc<str>> = before.files.keys().chain(after.files.keys()).collect();
        let changed = names.into_iter().map(|name| Self {
            name: Arc::clone(name),
            before: before.files.get(name).cloned(),
            after: after.files.get(name).cloned(),
        });
        let is_same = |file: &Self| match (&file.before, &file.after) {
            (Some(before), Some(after)) => Arc::ptr_eq(before, after),
            _ => false,
        };
        changed.filter(|file| !is_same(file)).collect()
    }

    /// Whether the file came or went.
    pub fn is_one_sided(&self) -> bool {
        self.before.is_none() || self.after.is_none()
    }

    /// Whether anything that is read differs, apart from fields of no account.
    pub fn says_something(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => !before.agrees(after),
            (before, after) => {
                let there = before.as_ref().or(after.as_ref());
                there.is_some_and(|file| !file.is_empty())
            }
        }
    }
}

type Key = (String, Oid);

/// Reads files, and knows those that it read lately.
pub(super) struct Reading<'a> {
    revision: &'a Revision,
    log: &'a Log<'a>,
    reader: Reader,
    known: HashMap<Key, Arc<File>>,
    /// Files that could not be read at some commit.
    pub problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub fn new(revision: &'a Revision, log: &'a Log<'a>) -> Self {
        Self {
            revision,
            log,
            reader: Reader::new(revision),
            known: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Takes files that were read elsewhere, each with its name and id.
    pub fn learn(&mut self, files: impl Iterator<Item = (String, Oid, Arc<File>)>) {
        let files = files.map(|(name, id, file)| ((name, id), file));
        self.known.extend(files);
    }

    /// Reads on all processors what will be asked for, newest first; `state` is the one that comes
    /// after.
    pub fn ahead<'d>(&mut self, differences: impl Iterator<Item = &'d Difference>, state: &State) {
        let mut wanted: BTreeMap<&str, Vec<Oid>> = BTreeMap::new();
        for difference in differences {
            let versions = wanted.entry(&difference.name).or_default();
            versions.extend(difference.to);
        }
        let (reader, known) = (&self.reader, &self.known);
        let read = |(name, versions): (&str, Vec<Oid>)| {
            let mut last = state.files.get(name).cloned();
            let mut files: HashMap<Key, Arc<File>> = HashMap::new();
            for id in versions {
                let key = (name.to_owned(), id);
                let file = known.get(&key).or_else(|| files.get(&key)).cloned();
                let file = file.unwrap_or_else(|| parse(reader, &key, last.as_ref()));
                last = Some(Arc::clone(&file));
                files.insert(key, file);
            }
            files
        };
        let wanted: Vec<_> = wanted.into_iter().collect();
        let read: Vec<_> = wanted.into_par_iter().map(read).collect();
        self.known.extend(read.into_iter().flatten());
    }

    /// The files that a listing was turned to, which is that of `commit`. One that cannot be read is
    /// taken as it was in the newest commit before in which it could.
    pub fn files(
        &mut self,
        differences: &[Difference],
        commit: Oid,
    ) -> Vec<(Arc<str>, Option<Arc<File>>)> {
        let mut files = Vec::new();
        for difference in differences {
            let file = difference.to.map(|id| {
                let key = (difference.name.clone(), id);
                let file = self.known(&key);
                match file.unread() {
                    None => file,
                    Some(reason) => self.as_it_was(&key, &file, reason, commit),
                }
            });
            files.push((Arc::from(difference.name.as_str()), file));
        }
        files
    }

    /// A file as it is, whether it can be read or not.
    pub fn file(&mut self, name: &str, id: Oid) -> Arc<File> {
        self.known(&(name.to_owned(), id))
    }

    fn known(&mut self, key: &Key) -> Arc<File> {
        if let Some(file) = self.known.get(key) {
            return Arc::clone(file);
        }
        let file = parse(&self.reader, key, None);
        self.known.insert(key.clone(), Arc::clone(&file));
        file
    }

    /// What is not read is not applied either: what could be read last stays in force.
    fn as_it_was(&mut self, key: &Key, file: &Arc<File>, reason: &str, commit: Oid) -> Arc<File> {
        let (name, _) = key;
        let older = self.older(key, commit);
        let since = match &older {
            Some((_, when)) => {
                format!("taken as it was in {}, when it could be read", short(*when))
            }
            None => "what of it can be read is taken".to_owned(),
        };
        let message = format!("{name} at {}: {reason}; {since}", short(commit));
        self.problems.push(Problem::new(
            ProblemKind::UnreadableManifest,
            message,
            Place::Path(name.clone()),
        ));
        older.map_or_else(|| Arc::clone(file), |(file, _)| file)
    }

    /// The newest version of a file before the one at `commit` that can be read, and the commit.
    fn older(&mut self, (name, id): &Key, commit: Oid) -> Option<(Arc<File>, Oid)> {
        let mut tried = HashSet::from([*id]);
        let mut next = Some(commit);
        while let Some(id) = next {
            let commit: Commit = self.log.commit(id).ok()?;
            next = commit.parents.first().copied();
            let blob = self.revision.file_at(commit.tree, Path::new(name))?;
            if !tried.insert(blob) {
                continue;
            }
            let file = self.known(&(name.clone(), blob));
            if file.unread().is_none() {
                return Some((file, id));
            }
        }
        None
    }

    /// Forgets files that are not in force at present, once there are many.
    pub fn forget(&mut self, state: &State) {
        if self.known.len() < state.files.len() + KEPT {
            return;
        }
        self.known.retain(|(name, _), file| {
            let current = state.files.get(name.as_str());
            current.is_some_and(|current| Arc::ptr_eq(current, file))
        });
    }
}

/// Reads a file; one that says what `last` does need not be parsed.
fn parse(reader: &Reader, (name, id): &Key, last: Option<&Arc<File>>) -> Arc<File> {
    let name: Arc<str> = name.as_str().into();
    Arc::new(match reader.text(*id) {
        Ok(text) => {
            let like = last.and_then(|last| File::like(last, &text));
            like.unwrap_or_else(|| File::parse(&name, text))
        }
        Err(reason) => File::unreadable(&name, reason),
    })
}

/// A commit as people name it.
pub(super) fn short(id: Oid) -> String {
    id.to_string().chars().take(7).collect()
}
