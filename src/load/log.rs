use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use git2::{Oid, Repository, Sort};
use regex::Regex;

use super::git::{Renewed, open};
use super::tree::Files;
use super::{Refusal, Revision};

/// A commit, as its own data say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its parents; the first is the one whose branch it continues.
    pub parents: Vec<Oid>,
    /// Who wrote it: `name <mail>`.
    pub author: String,
    /// Who committed it.
    pub committer: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Whether it carries a signature; that is not checked.
    pub signed: bool,
    /// The first line of its message.
    pub subject: String,
    /// The number of the pull or merge request that its message names.
    pub pull_request: Option<u64>,
}

/// How often commits are read before the repository is opened anew.
const MAX_READ: usize = 2_000;

/// The commits that led to a revision.
pub struct Log<'r> {
    revision: &'r Revision,
    /// What commits are read from.
    repository: Renewed,
    /// The commits whose parents a shallow clone has not got.
    cut: HashSet<Oid>,
}

impl<'r> Log<'r> {
    /// The commits that led to `revision`.
    pub fn new(revision: &'r Revision) -> Self {
        let shallow = revision.repository().commondir().join("shallow");
        let text = std::fs::read_to_string(shallow).unwrap_or_default();
        let ids = text.lines().filter_map(|line| Oid::from_str(line).ok());
        Self {
            revision,
            repository: Renewed::new(revision.repository(), MAX_READ),
            cut: ids.collect(),
        }
    }

    /// Whether a shallow clone has not got what was before this commit.
    pub fn is_cut(&self, commit: Oid) -> bool {
        self.cut.contains(&commit)
    }

    /// The commits of a branch itself, newest first: each the first parent of the one before. Other
    /// parents are branches that were merged. Without those that `without` holds, or led to it.
    ///
    /// # Errors
    /// A commit that is not there, though the clone is not shallow.
    pub fn trunk(&self, newest: Oid, without: Option<Oid>) -> Result<Vec<Oid>, Refusal> {
        let left_out = match without {
            Some(without) => self.all(without)?,
            None => HashSet::new(),
        };
        let mut trunk = Vec::new();
        let mut next = Some(newest);
        while let Some(id) = next.filter(|id| !left_out.contains(id)) {
            let parent = self.read(id, |commit| commit.parent_id(0).ok())?;
            trunk.push(id);
            next = parent.filter(|_| !self.is_cut(id));
        }
        Ok(trunk)
    }

    /// A commit and all that led to it.
    fn all(&self, commit: Oid) -> Result<HashSet<Oid>, Refusal> {
        let mut all = HashSet::new();
        let mut open = vec![commit];
        while let Some(id) = open.pop() {
            if all.insert(id) && !self.is_cut(id) {
                let parents: Vec<Oid> = self.read(id, |commit| commit.parent_ids().collect())?;
                open.extend(parents);
            }
        }
        Ok(all)
    }

    /// The commits that a merge brought: those that lead to its other parents and not to its first,
    /// newest first. Of any other commit, none.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn merged(&self, merge: &Commit) -> Result<Vec<Commit>, Refusal> {
        let [first, others @ ..] = merge.parents.as_slice() else {
            return Ok(Vec::new());
        };
        if others.is_empty() {
            return Ok(Vec::new());
        }
        if self.cut.is_empty() {
            let ids = self.reached(others, *first);
            let ids = ids.map_err(|error| lost(merge.id, &error))?;
            return ids.into_iter().map(|id| self.commit(id)).collect();
        }
        let left_out = self.all(*first)?;
        let (mut merged, mut seen) = (Vec::new(), HashSet::new());
        let mut open = others.to_vec();
        while let Some(id) = open.pop() {
            if !left_out.contains(&id) && seen.insert(id) {
                let commit = self.commit(id)?;
                open.extend(&commit.parents);
                merged.push(commit);
            }
        }
        // parents may be younger than their children, if clocks were wrong
        merged.sort_by_key(|commit| std::cmp::Reverse(commit.time));
        Ok(merged)
    }

    /// The commits that lead to some and not to another, newest first. The library knows nothing of
    /// shallow clones.
    fn reached(&self, from: &[Oid], without: Oid) -> Result<Vec<Oid>, git2::Error> {
        let repository = self.repository.get()?;
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        walk.hide(without)?;
        for &commit in from {
            walk.push(commit)?;
        }
        walk.collect()
    }

    /// What a commit says of itself.
    ///
    /// # Errors
    /// It is not there.
    pub fn commit(&self, id: Oid) -> Result<Commit, Refusal> {
        self.read(id, |commit| self.told(commit))
    }

    fn read<T>(&self, id: Oid, read: impl FnOnce(&git2::Commit<'_>) -> T) -> Result<T, Refusal> {
        let repository = self.repository.get().map_err(|error| lost(id, &error))?;
        let commit = repository.find_commit(id);
        Ok(read(&commit.map_err(|error| lost(id, &error))?))
    }

    fn told(&self, commit: &git2::Commit<'_>) -> Commit {
        let id = commit.id();
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        let subject = message.trim_start().lines().next().unwrap_or_default();
        let parents = match self.is_cut(id) {
            true => Vec::new(),
            false => commit.parent_ids().collect(),
        };
        Commit {
            id,
            tree: commit.tree_id(),
            parents,
            author: person(&commit.author()),
            committer: person(&commit.committer()),
            time: commit.time().seconds(),
            signed: commit.header_field_bytes("gpgsig").is_ok()
                || commit.header_field_bytes("gpgsig-sha256").is_ok(),
            subject: subject.trim_end().to_owned(),
            pull_request: pull_request(&message),
        }
    }

    /// Where the walk begins unless another commit is named.
    pub fn head(&self) -> Oid {
        self.revision.commit()
    }

    /// The commit that a revision names.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, rev: &str) -> Result<Oid, Refusal> {
        self.revision.named(rev)
    }
}

fn lost(id: Oid, error: &git2::Error) -> Refusal {
    let reason = match error.code() {
        git2::ErrorCode::NotFound => {
            "git has not got it here, as in a partial clone; `git fetch --refetch` brings it"
        }
        _ => error.message(),
    };
    Refusal::Wrong(format!("the commit {id} cannot be read: {reason}"))
}

/// `name <mail>`.
fn person(signature: &git2::Signature<'_>) -> String {
    let name = String::from_utf8_lossy(signature.name_bytes());
    let mail = String::from_utf8_lossy(signature.email_bytes());
    format!("{name} <{mail}>")
}

/// How forges write the number into a message: GitHub's merges and squashes, GitLab, Bitbucket, Azure.
static PULL_REQUEST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)\A(?:Merge pull request #(\d+)\b|Merged PR (\d+):|Merged in .*\(pull request #(\d+)\)|.*\(#(\d+)\)\s*$)|^See merge request \S*!(\d+)\s*$",
    )
    .ok()
});

fn pull_request(message: &str) -> Option<u64> {
    let found = PULL_REQUEST.as_ref()?.captures(message.trim_start())?;
    let number = found.iter().skip(1).flatten().next()?;
    number.as_str().parse().ok()
}

/// The id under which git would keep a text.
pub fn blob_id(text: &str) -> Oid {
    Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap_or(Oid::ZERO_SHA1)
}

/// Reads files of a repository on several threads.
pub struct Reader {
    path: std::path::PathBuf,
    free: Mutex<Vec<Repository>>,
}

impl Reader {
    /// Reads the files of `revision`'s repository.
    pub fn new(revision: &Revision) -> Self {
        Self {
            path: revision.repository().path().to_path_buf(),
            free: Mutex::default(),
        }
    }

    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read, for a person.
    pub fn text(&self, id: Oid) -> Result<String, String> {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let known = free().pop();
        let repository = match known {
            Some(repository) => repository,
            None => open(&self.path).map_err(|error| {
                let message = error.message();
                format!("the git repository cannot be read: {message}")
            })?,
        };
        let text = Files::new(&repository, Oid::ZERO_SHA1).text(id);
        free().push(repository);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_requests_are_found_as_forges_write_them() {
        for (message, number) in [
            (
                "Merge pull request #12 from ann/strict\n\npayments: STRICT",
                Some(12),
            ),
            ("payments: STRICT (#7)\n\nbody", Some(7)),
            ("Revert \"x (#5)\" (#6)", Some(6)),
            ("Merged PR 31: payments", Some(31)),
            ("Merged in strict (pull request #4)\n", Some(4)),
            (
                "Merge branch 'a' into 'main'\n\nPay\n\nSee merge request ops/mesh!99",
                Some(99),
            ),
            ("payments: see #12", None),
            ("(#3) payments", None),
            ("payments\n\nbody (#8)", None),
            ("", None),
        ] {
            assert_eq!(pull_request(message), number, "{message}");
        }
    }
}
