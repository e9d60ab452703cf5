//! Change over time: the commits of a git repository, what each changed in force, and who wrote what a
//! finding points at.

mod allowed;
mod diff;
mod ends;
mod entries;
mod introduced;

mod judge;
mod layout;
mod origin;
mod parts;
mod reading;
mod state;
mod trend;
mod walk;

use crate::change::{Change, EdgeState};
use crate::finding::Introduced;
use crate::load;

pub use allowed::allowed;
pub use diff::{Difference, difference};
pub use ends::Ends;
pub use entries::{Filter, entries};
pub use introduced::introduced;

pub use trend::trend;
pub use walk::{Seen, Walk};

/// A change with the commit that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The commit that somebody wrote the change in.
    pub commit: Commit,
    /// The merge that brought that commit, where it did not itself change the branch that is looked at.
    pub merge: Option<Commit>,
    /// The change.
    pub change: Change,
}

/// A commit, as its own data say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// Who wrote it: `name <mail>`.
    pub author: String,
    /// Who committed it: `name <mail>`.
    pub committer: String,
    /// When it was committed, RFC 3339 in UTC: `2026-03-02T09:14:00Z`.
    pub time: String,
    /// Whether it carries a signature; that is not checked.
    pub signed: bool,
    /// The first line of its message.
    pub subject: String,
    /// The number of the pull or merge request that its message names.
    pub pull_request: Option<u64>,
}

impl From<&load::Commit> for Commit {
    fn from(commit: &load::Commit) -> Self {
        Self {
            id: commit.id.to_string(),
            author: commit.author.clone(),
            committer: commit.committer.clone(),
            time: ends::written(commit.time),
            signed: commit.signed,
            subject: commit.subject.clone(),
            pull_request: commit.pull_request,
        }
    }
}

impl From<Commit> for Introduced {
    fn from(commit: Commit) -> Self {
        Self::Commit {
            commit: commit.id,
            author: commit.author,
            time: commit.time,
            subject: commit.subject,
        }
    }
}

/// Which commits were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// The full id of the oldest; nothing if there was none.
    pub from: Option<String>,
    /// The full id of the newest.
    pub to: Option<String>,
    /// How many there were.
    pub commits: usize,
    /// Whether there are older ones that this clone does not have.
    pub shallow: bool,
    /// Whether it goes back to a commit without a parent: there was nothing before.
    pub whole: bool,
}

/// A commit with the findings of its state, for a trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When it was committed, RFC 3339 in UTC.
    pub time: String,
    /// Its full id.
    pub commit: String,
    /// How many findings there are of each severity, in the order of
    /// [`crate::finding::Severity::WORST_FIRST`].
    pub counts: [usize; 5],
}

/// Since when a call gets through, or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// Who calls, as it was asked.
    pub from: String,
    /// What is called.
    pub to: String,
    /// How it was, newest first; the first is what holds at the end of the range. Never two alike
    /// in a row.
    pub periods: Vec<Period>,
    /// The commits that were looked at.
    pub range: Range,
}

/// A time in which a call always fared alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// How it fared; nothing while one of the two was not there.
    pub state: Option<EdgeState>,
    /// The commit it began with. For the oldest period this is the oldest commit of the range: unless
    /// the range is whole, it may have been so before.
    pub from: Commit,
    /// The commit that ended it; nothing for the last.
    pub until: Option<Commit>,
    /// The changes it began with; none for the oldest period unless the range is whole.
    pub because: Vec<Entry>,
}
