use std::collections::BTreeSet;

use git2::Oid;

use super::entries::{Teller, is_between, never_together};
use super::judge::Snapshot;
use super::walk::{Seen, Walk};
use super::{Allowed, Commit, Period};
use crate::change::{EdgeState, Effects};
use crate::load::Refusal;

/// Tells since when, and by which commits, one may call another: `from` as `namespace/name` or
/// `external`, `to` with a port or without.
///
/// # Errors
/// What was asked for cannot be read, the two were never there together, or they are in several
/// environments.
pub fn allowed(
    walk: &Walk<'_>,
    trunk: &[Oid],
    from: &str,
    to: &str,
) -> Result<(Allowed, Seen), Refusal> {
    let mut teller = Teller::new(walk);
    let mut periods: Vec<Period> = Vec::new();
    let mut until: Option<Commit> = None;
    let mut seen = walk.steps(trunk, |steps, reading| {
        for (step, changes) in steps.iter().zip(teller.all_changes(steps)) {
            let after = state(&step.after, from, to)?;
            if state(&step.before, from, to)? == after {
                continue;
            }
            let mut because = Vec::new();
            let changes = changes.into_iter();
            for change in changes.filter(|change| concerns(&change.effects, from, to)) {
                because.push(teller.entry(&step.commit, change, reading)?);
            }
            let commit = Commit::from(&step.commit);
            periods.push(Period {
                state: after,
                until: until.replace(commit.clone()),
                from: commit,
                because,
            });
        }
        Ok(())
    })?;
    seen.unread.extend(teller.unjudged());
    // before the first commit of all there was nothing to tell
    let oldest = seen.oldest.as_ref().map(Commit::from);
    let rest = state(&seen.oldest_snapshot, from, to)?;
    let began = seen.is_whole() && rest.is_none() && until == oldest;
    if let Some(oldest) = oldest.filter(|_| !began) {
        periods.push(Period {
            state: rest,
            from: oldest,
            until,
            because: Vec::new(),
        });
    }
    if periods.iter().all(|period| period.state.is_none()) {
        return Err(never_together(from, to));
    }
    let allowed = Allowed {
        from: from.to_owned(),
        to: to.to_owned(),
        periods,
        range: seen.range(),
    };
    Ok((allowed, seen))
}

/// How a call fares in the one environment in which both are.
fn state(snapshot: &Snapshot, from: &str, to: &str) -> Result<Option<EdgeState>, Refusal> {
    let all = snapshot.environments.iter();
    let found = all.filter_map(|(name, held)| Some((name, held.in_force.edge(from, to)?)));
    let found: Vec<_> = found.collect();
    match found.as_slice() {
        [] => Ok(None),
        [(_, state)] => Ok(Some(*state)),
        several => {
            let names: BTreeSet<&str> = several.iter().map(|(name, _)| &***name).collect();
            let names: Vec<&str> = names.into_iter().collect();
            Err(Refusal::Wrong(format!(
                "{from} and {to} are in several environments: say --environment {}",
                names.join(" or --environment ")
            )))
        }
    }
}

fn concerns(effects: &Effects, from: &str, to: &str) -> bool {
    effects.calls().any(|edge| is_between(edge, from, to))
}
