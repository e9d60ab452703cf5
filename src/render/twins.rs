//! Directories that reuse the same names: most often clusters of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{base_name, below, directory};
use crate::model::{Place, Problem, ProblemKind};
use crate::text::{Sources, Span};

/// How many directories are named.
const MAX_NAMED: usize = 4;

/// For directories in which different objects have the same names, how to say that they are worlds of their
/// own; `twins` are the places of such objects, two by two.
pub fn told_apart(sources: &Sources, twins: &[(Span, Span)]) -> Vec<Problem> {
    let mut found: BTreeMap<&str, (BTreeSet<&str>, Span, usize)> = BTreeMap::new();
    for (one, other) in twins {
        let name = |span: &Span| directory(sources.get(span.file).name());
        let (first, second) = apart(name(one), name(other));
        if first == second || below(second, first).is_some() || below(first, second).is_some() {
            continue;
        }
        let (others, _, count) = found.entry(first).or_insert((BTreeSet::new(), *other, 0));
        others.insert(second);
        *count += 1;
    }
    let problem = |(first, (others, place, count)): (&str, (BTreeSet<&str>, Span, usize))| {
        let all: Vec<&str> = std::iter::once(first).chain(others).collect();
        let objects = if count == 1 { "an object" } else { "objects" };
        let lines: Vec<String> = all.iter().take(MAX_NAMED).map(|one| entry(one)).collect();
        let more = if all.len() > MAX_NAMED { ", …" } else { "" };
        let message = format!(
            "{} have {objects} of the same name; if these are worlds of their own, say so in .meshvet.yaml: environments: {{{}{more}}}",
            all.iter()
                .take(MAX_NAMED)
                .copied()
                .collect::<Vec<_>>()
                .join(" and "),
            lines.join(", ")
        );
        Problem::new(ProblemKind::DuplicateObject, message, Place::Span(place))
    };
    found.into_iter().map(problem).collect()
}

/// Two directories without what their paths end in alike: `a/x/mesh` and `b/x/mesh` differ in `a` and `b`.
fn apart<'n>(mut one: &'n str, mut other: &'n str) -> (&'n str, &'n str) {
    while one != other
        && base_name(one) == base_name(other)
        && directory(one) != directory(other)
        && directory(one) != "."
        && directory(other) != "."
    {
        (one, other) = (directory(one), directory(other));
    }
    (one, other)
}

fn entry(path: &str) -> String {
    format!("{}: {{paths: [{path}]}}", base_name(path))
}
