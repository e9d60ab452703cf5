use std::collections::BTreeMap;

use git2::Oid;

use super::judge::Snapshot;
use super::walk::{Seen, Walk};
use super::{Commit, Point};
use crate::finding::Severity;
use crate::load::{self, Refusal};

/// How many findings there were after each commit that changed their number, and after the last,
/// oldest first.
///
/// # Errors
/// What was asked for cannot be read.
pub fn trend(walk: &Walk<'_>, trunk: &[Oid]) -> Result<(Vec<Point>, Seen), Refusal> {
    let mut points: Vec<Point> = Vec::new();
    let seen = walk.steps(trunk, |steps, _| {
        for step in steps {
            let after = counts(&step.after);
            if counts(&step.before) != after {
                points.push(point(&step.commit, after));
            }
        }
        Ok(())
    })?;
    let ends = [
        (0, &seen.newest, &seen.newest_snapshot),
        (points.len() + 1, &seen.oldest, &seen.oldest_snapshot),
    ];
    for (at, commit, snapshot) in ends {
        let commit = commit.as_ref();
        let is_known = |commit: &load::Commit| {
            let id = commit.id.to_string();
            points.iter().any(|point| point.commit == id)
        };
        if let Some(commit) = commit.filter(|commit| !is_known(commit)) {
            let at = at.min(points.len());
            points.insert(at, point(commit, counts(snapshot)));
        }
    }
    points.reverse();
    Ok((points, seen))
}

fn point(commit: &load::Commit, counts: [usize; 5]) -> Point {
    let Commit { id, time, .. } = Commit::from(commit);
    Point {
        time,
        commit: id,
        counts,
    }
}

/// How many findings there are of each severity, the worst first. What several environments have at
/// one line counts once, as it does in a scan.
fn counts(snapshot: &Snapshot) -> [usize; 5] {
    let mut worst = BTreeMap::new();
    for held in snapshot.environments.values() {
        let mut here: BTreeMap<_, usize> = BTreeMap::new();
        for finding in held.in_force.findings() {
            let key = (finding.rule, finding.at);
            let number = here.entry(key).or_default();
            *number += 1;
            let severity = worst.entry((key, *number)).or_insert(finding.severity);
            *severity = finding.severity.max(*severity);
        }
    }
    Severity::WORST_FIRST.map(|severity| worst.values().filter(|one| **one == severity).count())
}
