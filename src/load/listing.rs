use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use git2::{Oid, Repository, Tree, TreeEntry};
use ignore::gitignore::Gitignore;

use super::found::is_manifest;
use super::git::Renewed;
use super::name::shown;
use super::tree::{Files, Kind, Names, Resolved, is_ignored, path_of};
use super::{Options, Refusal, Revision};
use crate::model::Problem;

/// The files to read of one commit, which can become those of another one at little cost.
pub struct Listing<'r> {
    revision: &'r Revision,
    paths: Vec<PathBuf>,
    options: Options,
    tree: Oid,
    files: BTreeMap<String, Oid>,
    problems: Arc<Vec<Problem>>,
    /// The directories and files that were asked for, where no link is on the way to them.
    roots: Vec<Root>,
    /// Whether trees can be compared entry by entry: what links lead to is seen only in the whole.
    is_plain: bool,
    /// What trees are read from.
    repository: Renewed,
    /// The ignore files that count in a directory.
    ignores: HashMap<Names, Vec<Rc<Gitignore>>>,
}

/// A path that was asked for.
struct Root {
    /// From the root of the repository.
    at: Names,
    /// As the user calls it.
    full: PathBuf,
}

/// A file that is not the same in two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name it is shown under.
    pub name: String,
    /// What it was; nothing if it was not there.
    pub from: Option<Oid>,
    /// What it is now.
    pub to: Option<Oid>,
}

/// Something that only a look at the whole tree can tell.
struct Intricate;

impl<'r> Listing<'r> {
    /// Nothing yet: the state before the first commit.
    pub fn empty(revision: &'r Revision, paths: &[PathBuf], options: Options) -> Self {
        Self {
            revision,
            paths: paths.to_vec(),
            options,
            tree: Oid::ZERO_SHA1,
            files: BTreeMap::new(),
            problems: Arc::default(),
            roots: Vec::new(),
            is_plain: false,
            repository: Renewed::new(revision.repository(), MAX_TURNS),
            ignores: HashMap::new(),
        }
    }

    /// What could not be read of the commit that is listed.
    pub fn problems(&self) -> &Arc<Vec<Problem>> {
        &self.problems
    }

    /// Lists another commit's tree, or none; what differs, in the order of the names.
    ///
    /// # Errors
    /// What was asked for cannot be read: it lies outside, or in another repository.
    pub fn turn(&mut self, tree: Option<Oid>) -> Result<Vec<Difference>, Refusal> {
        let tree = tree.unwrap_or(Oid::ZERO_SHA1);
        if tree == self.tree {
            return Ok(Vec::new());
        }
        if self.is_plain
            && !tree.is_zero()
            && let Ok(mut differences) = self.compare(tree)
        {
            self.tree = tree;
            differences.sort_by(|a, b| a.name.cmp(&b.name));
            for difference in &differences {
                match difference.to {
                    Some(id) => self.files.insert(difference.name.clone(), id),
                    None => self.files.remove(&difference.name),
                };
            }
            return Ok(differences);
        }
        self.whole(tree)
    }

    /// Lists a tree from scratch.
    fn whole(&mut self, tree: Oid) -> Result<Vec<Difference>, Refusal> {
        self.tree = tree;
        self.ignores.clear();
        let before = std::mem::take(&mut self.files);
        self.problems = Arc::default();
        self.is_plain = false;
        if !tree.is_zero() {
            let files = self.revision.files(tree);
            let (found, _) = self.revision.list(&files, &self.paths, &self.options)?;
            if files.is_spent() {
                // nobody looks at as much commit by commit
                let message = "a commit holds more files and directories than are looked at";
                return Err(Refusal::Wrong(message.to_owned()));
            }
            self.is_plain = !found.has_links() && self.find_roots(&files);
            let (files, problems) = found.into_parts();
            self.files = files;
            self.problems = Arc::new(problems);
        }
        Ok(differences(&before, &self.files))
    }

    /// Finds what was asked for; whether no link is on the way to any of it.
    fn find_roots(&mut self, files: &Files<'_>) -> bool {
        self.roots.clear();
        for path in &self.paths {
            let Some(asked) = self.revision.inside(path) else {
                return false;
            };
            match files.resolve(&asked) {
                Resolved::At(at, _) if at != asked => return false,
                Resolved::Nowhere { by_link: false } | Resolved::At(..) => {}
                _ => return false,
            }
            self.roots.push(Root {
                at: asked,
                full: self.revision.cwd().join(path),
            });
        }
        true
    }

    /// What differs between the tree that is listed and another one, in no order.
    fn compare(&mut self, tree: Oid) -> Result<Vec<Difference>, Intricate> {
        let repository = self.repository.get().map_err(|_| Intricate)?;
        let old = repository.find_tree(self.tree).map_err(|_| Intricate)?;
        let new = repository.find_tree(tree).map_err(|_| Intricate)?;
        let mut comparison = Comparison {
            listing: self,
            repository: &repository,
            at: Names::new(),
            found: Vec::new(),
            left: MAX_COMPARED,
        };
        comparison.directory(Some(&old), Some(&new))?;
        Ok(comparison.found)
    }

    /// The names that the roots ask for a file by.
    fn names_of(&mut self, at: &Names) -> Vec<String> {
        let mut names = Vec::new();
        for root in 0..self.roots.len() {
            names.extend(self.name_below(root, at));
        }
        // one file may have been asked for twice, in two ways
        names.sort();
        names.dedup();
        names
    }

    /// The name of a file, if a root asks for it.
    fn name_below(&mut self, root: usize, at: &Names) -> Option<String> {
        let Root {
            at: above, full, ..
        } = self.roots.get(root)?;
        let below = at.strip_prefix(above.as_slice())?;
        let cwd = self.revision.cwd();
        if below.is_empty() {
            return Some(shown(full, cwd));
        }
        let path: PathBuf = below.iter().map(|name| path_of(name)).collect();
        if !is_manifest(&path) {
            return None;
        }
        let name = shown(&full.join(&path), cwd);
        let depth = above.len();
        let is_left_out = self.options.gitignore && self.is_ignored(at, depth);
        (!is_left_out).then_some(name)
    }

    /// Whether ignore files leave out a file, or a directory between it and what was asked for.
    fn is_ignored(&mut self, at: &Names, depth: usize) -> bool {
        (depth + 1..=at.len()).any(|length| {
            let (part, _) = at.split_at(length);
            let directory = part.split_last().map_or(&[][..], |(_, above)| above);
            let revision = self.revision;
            let tree = self.tree;
            let rules = self
                .ignores
                .entry(directory.to_vec())
                .or_insert_with(|| revision.files(tree).ignores_in(directory));
            is_ignored(rules, part, length < at.len())
        })
    }
}

/// Two trees, compared entry by entry.
struct Comparison<'l, 'r> {
    listing: &'l mut Listing<'r>,
    repository: &'l Repository,
    /// Where it has come to.
    at: Names,
    found: Vec<Difference>,
    /// How many more entries are looked at.
    left: usize,
}

impl Comparison<'_, '_> {
    /// Compares what two trees say of one directory.
    fn directory(
        &mut self,
        old: Option<&Tree<'_>>,
        new: Option<&Tree<'_>>,
    ) -> Result<(), Intricate> {
        if self.at.len() > MAX_DEPTH {
            return Err(Intricate);
        }
        let (mut i, mut j) = (0, 0);
        loop {
            let a = old.and_then(|tree| tree.get(i));
            let b = new.and_then(|tree| tree.get(j));
            let order = match (&a, &b) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => compare_names(a, b),
            };
            self.left = self.left.checked_sub(1).ok_or(Intricate)?;
            i += usize::from(order.is_le());
            j += usize::from(order.is_ge());
            let a = a.filter(|_| order.is_le());
            let b = b.filter(|_| order.is_ge());
            let is_same = matches!((&a, &b), (Some(a), Some(b))
                if a.id() == b.id() && a.filemode() == b.filemode());
            if !is_same {
                self.entry(a.as_ref(), b.as_ref())?;
            }
        }
    }

    /// One name that two trees say different things of.
    fn entry(
        &mut self,
        old: Option<&TreeEntry<'_>>,
        new: Option<&TreeEntry<'_>>,
    ) -> Result<(), Intricate> {
        let Some(name) = old.or(new).map(|entry| entry.name_bytes().to_vec()) else {
            return Ok(());
        };
        if name == b".git" {
            return Ok(());
        }
        // several names that are no text are shown as one
        let is_text = std::str::from_utf8(&name).is_ok();
        // ignore files above what was asked for count as well
        let is_ignore_file = name == b".gitignore";
        let is_odd = matches!(name.as_slice(), b"" | b"." | b"..") || name.contains(&b'/');
        if is_odd || !is_text || is_ignore_file {
            return Err(Intricate);
        }
        self.at.push(name);
        let result = self.named(old, new);
        self.at.pop();
        result
    }

    fn named(
        &mut self,
        old: Option<&TreeEntry<'_>>,
        new: Option<&TreeEntry<'_>>,
    ) -> Result<(), Intricate> {
        let at = &self.at;
        let is_near = |root: &Root| root.at.starts_with(at) || at.starts_with(&root.at);
        if !self.listing.roots.iter().any(is_near) {
            return Ok(());
        }
        let kind = |entry: &TreeEntry<'_>| Kind::of(entry.filemode());
        match (old.map(kind), new.map(kind)) {
            (None | Some(Kind::Directory), None | Some(Kind::Directory)) => {
                let repository = self.repository;
                let tree = |entry: &TreeEntry<'_>| repository.find_tree(entry.id()).ok();
                let trees = (old.and_then(tree), new.and_then(tree));
                if (old.is_some(), new.is_some()) != (trees.0.is_some(), trees.1.is_some()) {
                    return Err(Intricate);
                }
                self.directory(trees.0.as_ref(), trees.1.as_ref())
            }
            (None | Some(Kind::File), None | Some(Kind::File)) => {
                let (from, to) = (old.map(TreeEntry::id), new.map(TreeEntry::id));
                let names = self.listing.names_of(&self.at).into_iter();
                self.found
                    .extend(names.map(|name| Difference { name, from, to }));
                Ok(())
            }
            _ => Err(Intricate),
        }
    }
}

/// How many entries of two trees are compared before the whole is looked at, which knows when to stop: a
/// few objects can describe more files than any disk would hold.
const MAX_COMPARED: usize = 100_000;

/// How often a repository is read before it is opened anew.
const MAX_TURNS: usize = 256;

/// How deep directories may lie in each other.
const MAX_DEPTH: usize = 512;

/// The order of entries in a tree: a directory counts as if its name ended in `/`.
fn compare_names(a: &TreeEntry<'_>, b: &TreeEntry<'_>) -> Ordering {
    let tail = |entry: &TreeEntry<'_>| match Kind::of(entry.filemode()) {
        Kind::Directory => &b"/"[..],
        _ => &b""[..],
    };
    let (tail_a, tail_b) = (tail(a), tail(b));
    let a = a.name_bytes().iter().chain(tail_a);
    a.cmp(b.name_bytes().iter().chain(tail_b))
}

fn differences(before: &BTreeMap<String, Oid>, after: &BTreeMap<String, Oid>) -> Vec<Difference> {
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    let gone = gone.map(|(name, id)| Difference {
        name: name.clone(),
        from: Some(*id),
        to: None,
    });
    let there = after.iter().map(|(name, id)| Difference {
        name: name.clone(),
        from: before.get(name).copied(),
        to: Some(*id),
    });
    let mut all: Vec<_> = gone
        .chain(there.filter(|difference| difference.from != difference.to))
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The path of a file's name in a listing, for filters.
pub fn is_below(name: &str, directory: &str) -> bool {
    let directory = shown(Path::new(directory), Path::new(""));
    directory == "."
        || name
            .strip_prefix(&directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
