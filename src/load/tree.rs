use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use git2::{Oid, Repository, Tree};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::decode::{decode, too_large};
use super::found::{Found, Target, is_manifest};
use super::name::shown;
use crate::syntax::MAX_FILE_BYTES;

/// How many entries of trees are looked at. A few objects can describe more files than any disk
/// would hold.
const MAX_ENTRIES: usize = 1_000_000;
/// How deep directories may lie in each other.
const MAX_DIRECTORIES: usize = 512;
/// How many bytes are read in all.
const MAX_BYTES: usize = 1024 * 1024 * 1024;
/// How many links one path may lead through, and how long each may be.
const MAX_LINKS: usize = 40;
const MAX_LINK_BYTES: usize = 4096;

/// A path from the root of a repository, without dots and links unless it says so.
pub(super) type Names = Vec<Vec<u8>>;

/// The files of a commit.
pub(super) struct Files<'a> {
    repository: &'a Repository,
    root: Oid,
    left: Cell<usize>,
}

/// Something in a tree.
#[derive(Clone, Copy)]
pub(super) enum Node {
    Directory(Oid),
    File(Oid),
}

/// Where a path leads, links followed.
pub(super) enum Resolved {
    /// There is nothing; whether a link said so.
    Nowhere {
        by_link: bool,
    },
    /// Out of the repository.
    Outside,
    /// Into a submodule.
    Submodule,
    At(Names, Node),
}

/// Where to show what, and what to leave out.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) cwd: &'a Path,
    pub(super) gitignore: bool,
    pub(super) charts: bool,
}

struct Directory {
    tree: Oid,
    at: Names,
    shown: PathBuf,
    /// The ignore files that count here, the outermost first.
    ignores: Vec<Rc<Gitignore>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(repository: &'a Repository, root: Oid) -> Self {
        Self {
            repository,
            root,
            left: Cell::new(MAX_ENTRIES),
        }
    }

    /// Where a path from the root leads, as a working tree would have it.
    pub(super) fn resolve(&self, path: &[Vec<u8>]) -> Resolved {
        let mut ahead: Vec<Vec<u8>> = path.iter().rev().cloned().collect();
        let mut behind: Vec<(Vec<u8>, Node)> = Vec::new();
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let nowhere = Resolved::Nowhere { by_link: links > 0 };
            match name.as_slice() {
                b"" | b"." => continue,
                b".." if behind.pop().is_none() => return Resolved::Outside,
                b".." => continue,
                _ => {}
            }
            let here = behind
                .last()
                .map_or(Node::Directory(self.root), |(_, node)| *node);
            let Node::Directory(here) = here else {
                return nowhere;
            };
            let Ok(tree) = self.repository.find_tree(here) else {
                return nowhere;
            };
            if !self.spend(1 + tree.len() / 64) {
                return nowhere;
            }
            let Some(entry) = tree.get_name_bytes(&name) else {
                return nowhere;
            };
            match Kind::of(entry.filemode()) {
                Kind::Directory => behind.push((name, Node::Directory(entry.id()))),
                Kind::File => behind.push((name, Node::File(entry.id()))),
                Kind::Submodule => return Resolved::Submodule,
                Kind::Link => {
                    links += 1;
                    match self.bytes(entry.id(), MAX_LINK_BYTES) {
                        Ok(target) if target.starts_with(b"/") => return Resolved::Outside,
                        Ok(target) if links <= MAX_LINKS => {
                            ahead.extend(target.split(|&byte| byte == b'/').rev().map(Vec::from));
                        }
                        _ => return Resolved::Nowhere { by_link: true },
                    }
                }
                Kind::Other => return nowhere,
            }
        }
        let node = behind
            .last()
            .map_or(Node::Directory(self.root), |(_, node)| *node);
        Resolved::At(behind.into_iter().map(|(name, _)| name).collect(), node)
    }

    /// All that is read of a directory, which the user calls `path`.
    pub(super) fn directory(
        &self,
        path: &Path,
        at: Names,
        tree: Oid,
        view: View<'_>,
        found: &mut Found<Oid>,
    ) {
        let root = at.clone();
        let ignores = match view.gitignore {
            true => self.ignores_above(&root),
            false => Vec::new(),
        };
        let mut open = vec![Directory {
            tree,
            at,
            shown: path.to_path_buf(),
            ignores,
        }];
        while let Some(mut directory) = open.pop() {
            let name = shown(&directory.shown, view.cwd);
            if directory.at.len() > MAX_DIRECTORIES {
                let reason = format!("more than {MAX_DIRECTORIES} directories in each other");
                found.unreadable(name, reason);
                continue;
            }
            let tree = match self.repository.find_tree(directory.tree) {
                Ok(tree) => tree,
                Err(error) => {
                    found.unreadable(name, lost(&error));
                    continue;
                }
            };
            if !self.spend(1 + tree.len()) {
                let reason =
                    format!("more than {MAX_ENTRIES} files and directories; not all were read");
                found.unreadable(shown(path, view.cwd), reason);
                return;
            }
            if view.gitignore {
                directory
                    .ignores
                    .extend(self.ignore_file(&directory.at, &tree));
            }
            self.entries(&directory, &tree, &root, view, found, &mut open);
        }
    }

    fn entries(
        &self,
        directory: &Directory,
        tree: &Tree<'_>,
        root: &[Vec<u8>],
        view: View<'_>,
        found: &mut Found<Oid>,
        open: &mut Vec<Directory>,
    ) {
        for entry in tree {
            let name = entry.name_bytes();
            if name == b".git" {
                continue;
            }
            if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
                let reason = "holds an entry with a name that no file can have";
                found.unreadable(shown(&directory.shown, view.cwd), reason);
                continue;
            }
            let kind = Kind::of(entry.filemode());
            let at = [directory.at.as_slice(), &[name.to_vec()]].concat();
            if is_ignored(&directory.ignores, &at, kind == Kind::Directory) {
                continue;
            }
            let shown_path = directory.shown.join(path_of(name));
            let wanted = is_manifest(&shown_path);
            match kind {
                Kind::Directory => open.push(Directory {
                    tree: entry.id(),
                    at,
                    shown: shown_path,
                    ignores: directory.ignores.clone(),
                }),
                Kind::File if wanted => found.file(shown(&shown_path, view.cwd), entry.id()),
                Kind::File if view.charts => found.other(shown(&shown_path, view.cwd), entry.id()),
                Kind::Link => {
                    let target = self.target(&directory.at, entry.id(), root);
                    found.link(shown(&shown_path, view.cwd), wanted, target);
                }
                Kind::Submodule => found.absent(
                    shown(&shown_path, view.cwd),
                    "a submodule, which is not read: this repository holds only the id of its commit",
                ),
                Kind::Other if wanted => {
                    found.unreadable(shown(&shown_path, view.cwd), "not a regular file");
                }
                Kind::File | Kind::Other => {}
            }
        }
    }

    /// What a link in the directory `from` leads to, seen from `root`.
    fn target(&self, from: &[Vec<u8>], link: Oid, root: &[Vec<u8>]) -> Target<Oid> {
        let outside = Target::Outside {
            may_be_directory: true,
        };
        let target = match self.bytes(link, MAX_LINK_BYTES) {
            Ok(target) if target.starts_with(b"/") => return outside,
            Ok(target) => target,
            Err(_) => return Target::Nowhere,
        };
        let mut path = from.to_vec();
        path.extend(target.split(|&byte| byte == b'/').map(Vec::from));
        match self.resolve(&path) {
            Resolved::Nowhere { .. } => Target::Nowhere,
            Resolved::Outside | Resolved::Submodule => outside,
            Resolved::At(at, node) if at.starts_with(root) => match (node, at.last()) {
                (Node::File(file), Some(name)) if !is_manifest(&path_of(name)) => {
                    Target::Inside(Some(file))
                }
                _ => Target::Inside(None),
            },
            Resolved::At(_, node) => Target::Outside {
                may_be_directory: matches!(node, Node::Directory(_)),
            },
        }
    }

    /// The ignore files of the directories that a directory lies in.
    fn ignores_above(&self, at: &[Vec<u8>]) -> Vec<Rc<Gitignore>> {
        let above = (0..at.len()).filter_map(|depth| {
            let (at, _) = at.split_at(depth);
            let Resolved::At(_, Node::Directory(tree)) = self.resolve(at) else {
                return None;
            };
            self.ignore_file(at, &self.repository.find_tree(tree).ok()?)
        });
        above.collect()
    }

    /// The ignore files that count in a directory, its own among them.
    pub(super) fn ignores_in(&self, at: &[Vec<u8>]) -> Vec<Rc<Gitignore>> {
        let mut ignores = self.ignores_above(at);
        if let Resolved::At(_, Node::Directory(tree)) = self.resolve(at)
            && let Ok(tree) = self.repository.find_tree(tree)
        {
            ignores.extend(self.ignore_file(at, &tree));
        }
        ignores
    }

    fn ignore_file(&self, at: &[Vec<u8>], tree: &Tree<'_>) -> Option<Rc<Gitignore>> {
        let entry = tree.get_name_bytes(b".gitignore")?;
        // like git itself, nothing here follows a link to it
        if Kind::of(entry.filemode()) != Kind::File {
            return None;
        }
        let text = String::from_utf8(self.bytes(entry.id(), MAX_FILE_BYTES).ok()?).ok()?;
        let mut rules = GitignoreBuilder::new(rooted(at));
        for line in text.trim_start_matches('\u{feff}').lines() {
            // a line that is no pattern does not count
            let _ = rules.add_line(None, line);
        }
        rules.build().ok().map(Rc::new)
    }

    /// Whether there was more than is looked at.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    fn spend(&self, entries: usize) -> bool {
        let left = self.left.get().checked_sub(entries);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// The text of a file.
    pub(super) fn text(&self, id: Oid) -> Result<String, String> {
        self.bytes(id, MAX_FILE_BYTES).and_then(decode)
    }

    pub(super) fn bytes(&self, id: Oid, limit: usize) -> Result<Vec<u8>, String> {
        let odb = self.repository.odb().map_err(|error| lost(&error))?;
        // the size is known before anything is unpacked
        let (size, _) = odb.read_header(id).map_err(|error| lost(&error))?;
        if size > limit {
            return Err(too_large());
        }
        let blob = self
            .repository
            .find_blob(id)
            .map_err(|error| lost(&error))?;
        Ok(blob.content().to_vec())
    }

    /// The texts of files.
    pub(super) fn read(&self, files: Vec<(String, Oid)>) -> Vec<(String, Result<String, String>)> {
        let mut left = MAX_BYTES;
        let mut read = |id| {
            let text = self.text(id)?;
            left = left.checked_sub(text.len()).ok_or_else(|| {
                let most = MAX_BYTES / (1024 * 1024);
                format!("not read, because all files together are larger than {most} MiB")
            })?;
            Ok(text)
        };
        let files = files.into_iter();
        files.map(|(name, id)| (name, read(id))).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
    Submodule,
    Other,
}

impl Kind {
    pub(super) fn of(mode: i32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Directory,
            0o100_000 => Self::File,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::Other,
        }
    }
}

pub(super) fn is_ignored(ignores: &[Rc<Gitignore>], at: &[Vec<u8>], is_directory: bool) -> bool {
    let path = rooted(at);
    let innermost_first = ignores.iter().rev();
    innermost_first
        .map(|rules| rules.matched(&path, is_directory))
        .find(|matched| !matched.is_none())
        .is_some_and(|matched| matched.is_ignore())
}

/// A path from the root of the repository as ignore rules take it.
fn rooted(at: &[Vec<u8>]) -> PathBuf {
    let mut path = PathBuf::from("/");
    path.extend(at.iter().map(|name| path_of(name)));
    path
}

#[cfg(unix)]
pub(super) fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
pub(super) fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

/// Why an object cannot be read.
fn lost(error: &git2::Error) -> String {
    match error.code() {
        git2::ErrorCode::NotFound => {
            "git has not got it here, as in a partial clone; `git fetch --refetch` brings it"
                .to_owned()
        }
        _ => format!("git's data of it cannot be read: {}", error.message()),
    }
}
