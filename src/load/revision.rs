use std::path::{Component, Path, PathBuf};

use git2::{ErrorCode, ObjectType, Oid, Repository};

use super::found::{Found, MAX_OTHER_BYTES, beside};
use super::git::open;
use super::name::shown;
use super::tree::{Files, Names, Node, Resolved, View};
use super::{Loaded, Options, discover};

/// A commit, read from git's objects: no working tree is needed, and none is looked at.
pub struct Revision {
    repository: Repository,
    /// The top of the working tree, as far as there is one.
    top: Option<PathBuf>,
    /// The current directory, from the root of the repository; nothing if it lies elsewhere.
    within: Option<Names>,
    cwd: PathBuf,
    commit: Oid,
    tree: Oid,
}

/// Why a revision is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What was asked for cannot be meant.
    Wrong(String),
    /// There is nothing.
    Empty(String),
}

impl Revision {
    /// Finds what `git rev-parse` would find in `cwd`; where `cwd` is in no repository, or in another
    /// one than the first of `paths`, in that one.
    pub fn find(rev: &str, cwd: &Path, paths: &[PathBuf]) -> Result<Self, Refusal> {
        let wrong = |error: git2::Error| {
            let message = error.message();
            Refusal::Wrong(format!("the git repository here cannot be read: {message}"))
        };
        let place = place(cwd, paths);
        let data =
            Repository::discover_path(&place, Vec::<PathBuf>::new()).map_err(
                |error| {
                    match error.code() {
                ErrorCode::NotFound => Refusal::Wrong(
                    "commits are read from a git repository, and the current directory is in none"
                        .to_owned(),
                ),
                _ => wrong(error),
            }
                },
            )?;
        let repository = open(&data).map_err(wrong)?;
        let (commit, tree) = commit(&repository, rev)?;
        let real = cwd.canonicalize().unwrap_or_else(|_| cwd.to_path_buf());
        let is_bare = data.canonicalize().is_ok_and(|data| real.starts_with(data));
        let top = discover(&place)
            .filter(|_| !is_bare)
            .map(|around| around.root);
        let within = match &top {
            Some(top) => real.strip_prefix(top).ok(),
            None => Some(Path::new("")),
        };
        Ok(Self {
            repository,
            within: within.and_then(|below| names(below, Vec::new())),
            top,
            cwd: cwd.to_path_buf(),
            commit,
            tree,
        })
    }

    /// The file that a tree has under a path, links followed.
    pub fn file_at(&self, tree: Oid, path: &Path) -> Option<Oid> {
        let at = self.inside(path)?;
        match self.files(tree).resolve(&at) {
            Resolved::At(_, Node::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The commit that another name stands for in the same repository.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, rev: &str) -> Result<Oid, Refusal> {
        commit(&self.repository, rev).map(|(commit, _)| commit)
    }

    /// The full id of the commit.
    pub fn id(&self) -> String {
        self.commit.to_string()
    }

    /// The current directory from the root of the repository.
    pub fn within(&self) -> PathBuf {
        let name = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
        self.within.iter().flatten().map(name).collect()
    }

    /// Reads files and directories as [`super::load`] does, with the names it gives them.
    pub fn load(&self, paths: &[PathBuf], options: &Options) -> Result<Loaded, Refusal> {
        let files = self.files(self.tree);
        let (mut found, missing) = self.list(&files, paths, options)?;
        let (others, links) = found.beside();
        let mut loaded = found.read(missing, |wanted| files.read(wanted));
        let others = others.into_iter();
        let others = others.map(|(name, id)| (name, files.bytes(id, MAX_OTHER_BYTES)));
        loaded.beside = beside(others, links, &loaded.problems);
        Ok(loaded)
    }

    pub(super) fn files(&self, tree: Oid) -> Files<'_> {
        Files::new(&self.repository, tree)
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(super) fn commit(&self) -> Oid {
        self.commit
    }

    /// The current directory from the root of the repository; nothing if it lies elsewhere.
    pub(super) fn below_top(&self) -> Option<PathBuf> {
        self.within.as_ref().map(|_| self.within())
    }

    /// The top of the working tree.
    pub(super) fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// The directory of the commit that a path is or lies in, from the root of the repository.
    pub(super) fn directory_at(&self, path: &Path) -> Option<PathBuf> {
        let mut steps = self.inside(path)?;
        if let Resolved::At(_, Node::File(_)) = self.files(self.tree).resolve(&steps) {
            steps.pop();
        }
        let steps = steps.iter().map(|step| String::from_utf8_lossy(step));
        Some(steps.map(|step| step.into_owned()).collect())
    }

    /// The text of a file of the commit, from the root of the repository, links followed; nothing if there
    /// is none.
    pub(super) fn text_at(&self, path: &Path) -> Option<Result<String, String>> {
        let mut around = names(path, Vec::new())?;
        let name = around.pop()?;
        let files = self.files(self.tree);
        // the directory may be there by a link, and the file not at all
        let Resolved::At(mut steps, _) = files.resolve(&around) else {
            return None;
        };
        steps.push(name);
        match files.resolve(&steps) {
            Resolved::At(_, Node::File(file)) => {
                let read = files.read(vec![(String::new(), file)]);
                read.into_iter().next().map(|(_, text)| text)
            }
            Resolved::Nowhere { by_link: false } | Resolved::At(..) => None,
            _ => Some(Err(
                "it is a link that leads nowhere or out of the repository".to_owned(),
            )),
        }
    }

    pub(super) fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// What there is to read, and which paths are not there.
    pub(super) fn list(
        &self,
        files: &Files<'_>,
        paths: &[PathBuf],
        options: &Options,
    ) -> Result<(Found<Oid>, Vec<PathBuf>), Refusal> {
        let mut found = Found::default();
        let mut missing = Vec::new();
        let view = View {
            cwd: &self.cwd,
            gitignore: options.gitignore,
            charts: options.charts,
        };
        for path in paths {
            let asked = self.inside(path).ok_or_else(|| {
                let path = path.display();
                Refusal::Wrong(format!("{path} lies outside the git repository"))
            })?;
            let full = self.cwd.join(path);
            let name = shown(&full, &self.cwd);
            match files.resolve(&asked) {
                Resolved::Nowhere { by_link: false } => missing.push(path.clone()),
                Resolved::Nowhere { by_link: true } => {
                    found.unreadable(name, "a link that leads nowhere");
                }
                Resolved::Outside => {
                    let reason = "a link that leads out of the repository, which is not followed";
                    found.unreadable(name, reason);
                }
                Resolved::Submodule => {
                    return Err(Refusal::Empty(format!(
                        "{} is in a submodule, a repository of its own: run meshvet there",
                        path.display()
                    )));
                }
                Resolved::At(at, Node::Directory(tree)) => {
                    files.directory(&full, at, tree, view, &mut found);
                }
                Resolved::At(at, Node::File(file)) => {
                    found.named(name, file, self.leads_out(files, &asked, &at));
                }
            }
        }
        Ok((found, missing))
    }

    /// Whether a link in the current directory leads out of it.
    fn leads_out(&self, files: &Files<'_>, asked: &Names, at: &Names) -> bool {
        if asked == at {
            return false;
        }
        let parent = asked.split_last().map(|(_, parent)| files.resolve(parent));
        match parent {
            Some(Resolved::At(parent, _)) => self
                .within
                .as_ref()
                .is_some_and(|within| parent.starts_with(within) && !at.starts_with(within)),
            _ => true,
        }
    }

    /// A path from the root of the repository, dots resolved by their text as git does; nothing
    /// if it lies outside.
    pub(super) fn inside(&self, path: &Path) -> Option<Names> {
        let path = match &self.within {
            Some(within) if !path.has_root() => return names(path, within.clone()),
            _ => self.cwd.join(path),
        };
        let top = self.top.as_ref()?;
        let is_top = |above: &&Path| above.canonicalize().is_ok_and(|above| above == *top);
        let above = path.ancestors().find(is_top)?;
        names(path.strip_prefix(above).ok()?, Vec::new())
    }
}

/// Where to look for a repository.
fn place(cwd: &Path, paths: &[PathBuf]) -> PathBuf {
    let first = paths.first().map(|path| cwd.join(path));
    let root = |path: &Path| discover(path).map(|around| around.root);
    match first.filter(|first| first.exists()) {
        Some(first) => match (root(cwd), root(&first)) {
            (Some(own), Some(named)) if own != named && !named.starts_with(&own) => first,
            (None, Some(_)) => first,
            // a bare repository has no root
            (None, None) if git2::Repository::discover_path(cwd, [PathBuf::new()]).is_err() => {
                first
            }
            _ => cwd.to_path_buf(),
        },
        None => cwd.to_path_buf(),
    }
}

/// A relative path that starts at `from`; nothing if it leads above the root.
fn names(path: &Path, mut from: Names) -> Option<Names> {
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(from.pop()?),
            Component::Normal(name) => from.push(name.as_encoded_bytes().to_vec()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(from)
}

/// A commit and its tree.
fn commit(repository: &Repository, rev: &str) -> Result<(Oid, Oid), Refusal> {
    let object = repository
        .revparse_single(rev)
        .map_err(|error| unknown(repository, rev, &error))?;
    match object.peel_to_commit() {
        Ok(commit) => Ok((commit.id(), commit.tree_id())),
        Err(_) => {
            let kind = match object.as_tag() {
                Some(tag) => tag.peel().ok().and_then(|object| object.kind()),
                None => object.kind(),
            };
            let kind = match kind {
                Some(ObjectType::Tree) => "a directory",
                Some(ObjectType::Blob) => "a file",
                _ => "something else",
            };
            Err(Refusal::Wrong(format!(
                "the revision {rev:?} names {kind}, not a commit: give the commit, and the path after it"
            )))
        }
    }
}

fn unknown(repository: &Repository, rev: &str, error: &git2::Error) -> Refusal {
    let is_unborn = || {
        let head = repository.head().err();
        head.is_some_and(|error| error.code() == ErrorCode::UnbornBranch)
    };
    if (rev.starts_with("HEAD") || rev.starts_with('@')) && is_unborn() {
        return Refusal::Empty("there is no commit yet".to_owned());
    }
    let message = match error.code() {
        ErrorCode::Ambiguous => {
            format!("the revision {rev:?} is ambiguous: several objects begin like this")
        }
        _ if repository.is_shallow() => format!(
            "there is no revision {rev:?} here: the clone is shallow, so its history is cut off (`git fetch --unshallow` brings the rest)"
        ),
        ErrorCode::NotFound => format!("there is no revision {rev:?}"),
        _ => format!("{rev:?} cannot be read as a revision: {}", error.message()),
    };
    Refusal::Wrong(message)
}
