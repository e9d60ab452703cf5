//! Bytes from the world: the only modules that read files, standard input or git.

mod decode;
mod dir;
mod found;
mod git;
mod helm;
mod listing;
mod log;
mod name;
mod revision;
mod stdin;
mod surroundings;
mod tree;

pub use dir::{Options, load};
pub use git::{Repository, discover};
pub use git2::Oid;
pub use helm::Helm;
pub use listing::{Difference, Listing, is_below};
pub use log::{Commit, Log, Reader, blob_id};
pub use name::shown;
pub use revision::{Refusal, Revision};
pub use stdin::{STDIN_NAME, read};
pub use surroundings::{Surroundings, surroundings};

use std::path::PathBuf;

use crate::model::{Place, Problem, ProblemKind};
use crate::render::Beside;
use crate::text::Sources;

/// What was read.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The files, in the order of their names.
    pub sources: Sources,
    /// What could not be read, in the order of the names.
    pub problems: Vec<Problem>,
    /// Paths the user named that are not there.
    pub missing: Vec<PathBuf>,
    /// What else there is in the directories of charts, if that was asked for.
    pub beside: Beside,
}

/// A file that could not be read.
fn unreadable(name: &str, message: impl Into<String>) -> Problem {
    let place = Place::Path(name.to_owned());
    Problem::new(ProblemKind::UnreadableManifest, message, place)
}
