use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The git repository that a path lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The top directory of its working tree.
    pub root: PathBuf,
    /// The id of the commit that is checked out; `None` before the first one, and where git's
    /// data cannot be read.
    pub head: Option<String>,
}

/// Finds the repository that a path lies in.
///
/// A repository of another user counts (jobs in containers often see one), and a broken one has
/// no head: nothing here is a reason to stop.
pub fn discover(path: &Path) -> Option<Repository> {
    let path = path.canonicalize().ok()?;
    let root = path.ancestors().find(|dir| dir.join(".git").exists())?;
    Some(Repository {
        root: root.to_path_buf(),
        head: head(root),
    })
}

/// Opens a repository without its working tree, so that its owner does not matter. Objects are taken as
/// git takes them when it shows them: it is `git fsck` that hashes them anew.
pub(super) fn open(directory: &Path) -> Result<git2::Repository, git2::Error> {
    git2::opts::strict_hash_verification(false);
    git2::Repository::open_bare(directory)
}

/// A repository that is opened anew after so many uses: the library keeps all that it reads.
pub(super) struct Renewed {
    directory: PathBuf,
    most: usize,
    opened: RefCell<Option<(Rc<git2::Repository>, usize)>>,
}

impl Renewed {
    pub(super) fn new(repository: &git2::Repository, most: usize) -> Self {
        Self {
            directory: repository.path().to_path_buf(),
            most,
            opened: RefCell::default(),
        }
    }

    pub(super) fn get(&self) -> Result<Rc<git2::Repository>, git2::Error> {
        let opened = self.opened.take().filter(|(_, uses)| *uses < self.most);
        let (repository, uses) = match opened {
            Some(opened) => opened,
            None => (Rc::new(open(&self.directory)?), 0),
        };
        self.opened
            .replace(Some((Rc::clone(&repository), uses + 1)));
        Ok(repository)
    }
}

fn head(root: &Path) -> Option<String> {
    let directory = git2::Repository::discover_path(root, Vec::<PathBuf>::new()).ok()?;
    let repository = open(&directory).ok()?;
    let commit = repository.head().ok()?.peel_to_commit().ok()?;
    Some(commit.id().to_string())
}

impl Repository {
    /// The path of a file from the root of the repository; nothing if it lies elsewhere.
    pub fn path_of(&self, file: &Path) -> Option<String> {
        let file = file.canonicalize().ok()?;
        let root = self.root.canonicalize().ok()?;
        let inside = file.strip_prefix(root).ok()?;
        Some(inside.to_string_lossy().replace('\\', "/"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_repository_is_found_from_below() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        let repository = git2::Repository::init(&root).unwrap();
        let before = discover(&root.join("a/b")).unwrap();
        assert_eq!((before.root, before.head), (root.clone(), None));

        let author =
            git2::Signature::new("Ann", "ann@example.com", &git2::Time::new(0, 0)).unwrap();
        let tree = repository.index().unwrap().write_tree().unwrap();
        let tree = repository.find_tree(tree).unwrap();
        let commit = repository
            .commit(Some("HEAD"), &author, &author, "first", &tree, &[])
            .unwrap();
        let after = discover(&root.join("a/b")).unwrap();
        assert_eq!(after.head, Some(commit.to_string()));
    }

    #[test]
    fn what_is_no_repository_is_nothing_and_a_broken_one_has_no_head() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(discover(&dir.path().join("absent")), None);
        std::fs::write(dir.path().join(".git"), "gitdir: nowhere\n").unwrap();
        assert_eq!(discover(dir.path()).unwrap().head, None);
    }
}
