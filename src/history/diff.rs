use git2::Oid;

use super::entries::Teller;
use super::judge::Judge;
use super::layout::Layout;
use super::reading::Changed;
use super::walk::{Traveller, Walk};
use crate::change::Change;
use crate::load::Refusal;
use crate::model::Problem;

/// What two revisions differ in.
#[derive(Debug)]
pub struct Difference {
    /// The changes from the first to the second, with what they did.
    pub changes: Vec<Change>,
    /// What of either could not be read or judged, and rules that failed.
    pub problems: Vec<Problem>,
    /// Files that could not be read in either, and were taken as they last could be.
    pub unread: Vec<Problem>,
    /// Whether there is a mesh in either.
    pub has_mesh: bool,
}

/// Compares two revisions.
///
/// # Errors
/// What was asked for cannot be read.
pub fn difference(walk: &Walk<'_>, old: Oid, new: Oid) -> Result<Difference, Refusal> {
    let mut traveller = Traveller::new(walk, new)?;
    let after = traveller.state.clone();
    let unread = traveller.reading.problems.clone();
    traveller.turn(&walk.log.commit(old)?)?;
    let before = traveller.state.clone();
    let files = Changed::between(&before, &after);
    let mut judge = Judge::new(walk.rules, walk.environment);
    let (after, mut problems) = judge.newest(&Layout::of(after).sort_all(walk.guide));
    let before = Layout::of(before).sort_all(walk.guide);
    for problem in &before.parsed.problems {
        let mut known = problems.iter();
        if !known.any(|one| (one.kind, &one.message) == (problem.kind, &problem.message)) {
            problems.push(problem.clone());
        }
    }
    let before = judge.one(&before, &after);
    let changes = Teller::new(walk).changes(&files, &before, &after);
    problems.extend(judge.problems);
    problems.extend(unread);
    Ok(Difference {
        changes,
        problems,
        unread: traveller.reading.problems,
        has_mesh: judge.has_mesh,
    })
}
