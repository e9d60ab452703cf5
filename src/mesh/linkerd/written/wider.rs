//! What lets others in to all that a policy is about: as authorizations add up, naming whom it lets
//! in keeps nobody out then.

use crate::mesh::linkerd::authorization::Grant;
use crate::model::{StringMatch, Test, Tri, When, Wider};

/// The grants that let in whom none of `own` does; `others` are those for the same calls.
pub(super) fn than(own: &[&Grant], others: &[&Grant]) -> Vec<Wider> {
    let mut names = Vec::new();
    for grant in others {
        grant.when.each_test(&mut |test, _| {
            if let Test::Identity(value) = test {
                names.extend(witness(value));
            }
        });
    }
    // someone whom nobody names, and nobody at all
    let stranger = "meshvet-any.meshvet-any".to_owned();
    let mut callers: Vec<(Option<&str>, &'static str)> =
        vec![(None, "anyone"), (Some(&stranger), "mesh")];
    // whole namespaces before single callers
    names.sort_by_key(|(_, whom)| *whom);
    callers.extend(
        names
            .iter()
            .map(|(name, whom)| (Some(name.as_str()), *whom)),
    );
    let lets_in = |grants: &[&Grant], caller| {
        let mut all = grants.iter();
        all.any(|grant| admits(&grant.when, caller) != Tri::No)
    };
    let found = others.iter().filter_map(|grant| {
        let mut more = callers.iter().filter_map(|(caller, whom)| {
            let admitted = admits(&grant.when, *caller);
            let wider = admitted != Tri::No && !lets_in(own, *caller);
            // from some addresses, it is some
            wider.then_some(if admitted == Tri::Yes {
                *whom
            } else {
                "others"
            })
        });
        more.next().map(|whom| Wider {
            at: grant.at.clone(),
            whom,
            paths: Vec::new(),
        })
    });
    found.collect()
}

/// A name that a match takes, and whether it takes many.
fn witness(value: &StringMatch) -> Option<(String, &'static str)> {
    match value {
        StringMatch::Exact(name) => Some((name.to_string(), "others")),
        StringMatch::Suffix(rest) => Some((format!("meshvet-any{rest}"), "many")),
        StringMatch::Any | StringMatch::Prefix(_) | StringMatch::Fits(_) => None,
    }
}

/// Whether a condition lets a caller in, from wherever in the cluster.
pub(super) fn admits(when: &When, caller: Option<&str>) -> Tri {
    match when {
        When::Always => Tri::Yes,
        When::Never => Tri::No,
        When::Is(Test::Identity(value), _) => caller.is_some_and(|name| value.matches(name)).into(),
        When::Is(Test::PeerInside(_), _) => Tri::Yes,
        When::Is(..) => Tri::Unknown,
        When::All(of) => Tri::all(of.iter().map(|when| admits(when, caller))),
        When::Any(of) => Tri::any(of.iter().map(|when| admits(when, caller))),
        When::Not(inner) => admits(inner, caller).not(),
    }
}
