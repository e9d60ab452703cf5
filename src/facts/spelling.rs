//! Paths that a DENY rule refuses in one spelling and not in another.
//!
//! A proxy that does not merge slashes takes `//admin` for another path than `/admin`; many
//! applications take both for the same.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Around, Constraint, Rule};
use crate::model::{
    At, Effect, InletKind, Layer, Normalization, Ruleset, Test, Tri, When, WrittenRule,
};
use crate::reach::{ListenerPort, matches_path, normalize};

/// A text that stands in no rule.
const ANY: &str = "meshvet-any";

/// The rules of HTTP on these ports and of these proxies, each list once, where slashes are not
/// merged.
pub(super) fn literal<'a>(
    listeners: impl Iterator<Item = &'a ListenerPort>,
    of_proxies: &'a [Arc<Ruleset>],
) -> Vec<&'a Arc<Ruleset>> {
    let mut seen = HashSet::new();
    listeners
        .flat_map(|listener| listener.meshed.iter().flat_map(|l| &l.inlets))
        .filter(|inlet| inlet.layer == Layer::Http && inlet.kind != InletKind::Bypass)
        .filter_map(|inlet| inlet.authorization.as_ref())
        .chain(of_proxies)
        .filter(|rules| {
            let normalization = rules.normalization;
            normalization != Normalization::VERBATIM && !normalization.merges_slashes
        })
        .filter(|rules| seen.insert(Arc::as_ptr(rules)))
        .collect()
}

/// Notes for each path of the rules which other spelling gets past them.
pub(super) fn mark(rules: &mut [Rule], written: &[&WrittenRule], rulesets: &[&Arc<Ruleset>]) {
    for (rule, written) in rules.iter_mut().zip(written) {
        let fields = rule.operations.iter_mut().flatten();
        for field in fields.filter(|field| is_path(field)) {
            for value in &mut field.values {
                value.around = around(&value.text, &written.at, rulesets);
            }
        }
    }
}

fn is_path(field: &Constraint) -> bool {
    field.dimension == "path" && !field.negated
}

/// The spelling that gets furthest.
fn around(text: &str, rule: &At, rulesets: &[&Arc<Ruleset>]) -> Option<Around> {
    let plain = plain(text);
    let slashes = plain.match_indices('/').map(|(at, _)| at);
    let mut best: Option<Around> = None;
    for at in slashes {
        let (before, after) = plain.split_at(at);
        let path = format!("{before}/{after}");
        for rules in rulesets {
            if !is_refused_only_as(&plain, &path, rule, rules) {
                continue;
            }
            let passes = passes(&path, rules);
            if best.as_ref().is_none_or(|best| passes && !best.passes) {
                best = Some(Around {
                    path: path.replace(ANY, "x"),
                    passes,
                });
            }
        }
    }
    best
}

/// One path of a pattern.
fn plain(text: &str) -> String {
    let whole = text.replace("{**}", ANY).replace("{*}", ANY);
    match (whole.strip_prefix('*'), whole.strip_suffix('*')) {
        (Some(rest), _) if rest.starts_with('/') => format!("/{ANY}{rest}"),
        (Some(rest), _) => format!("/{rest}"),
        (None, Some(rest)) => rest.to_owned(),
        (None, None) => whole,
    }
}

/// Whether a rule is about the plain path, and no refusal about the other one.
fn is_refused_only_as(plain: &str, other: &str, rule: &At, rules: &Ruleset) -> bool {
    let normal = |path| normalize::path(path, rules.normalization);
    let (Some(plain), Some(other)) = (normal(plain), normal(other)) else {
        return false;
    };
    let refusals = || rules.rules.iter().filter(|one| one.then == Effect::Deny);
    let is_about = refusals().any(|one| one.at == *rule && by_path(&one.when, &plain) != Tri::No);
    is_about && refusals().all(|one| !speaks_of(&one.when, &other))
}

/// Whether a refusal takes a path, or every call.
fn speaks_of(when: &When, path: &str) -> bool {
    let mut names_paths = false;
    when.each_test(&mut |test, _| names_paths |= matches!(test, Test::Path(_)));
    match by_path(when, path) {
        Tri::Yes => true,
        Tri::Unknown => names_paths,
        Tri::No => false,
    }
}

/// Whether some call of a path may pass what is allowed.
fn passes(path: &str, rules: &Ruleset) -> bool {
    let Some(path) = normalize::path(path, rules.normalization) else {
        return false;
    };
    let mut allowed = rules.rules.iter().filter(|one| one.then == Effect::Allow);
    rules.otherwise == Effect::Allow || allowed.any(|one| by_path(&one.when, &path) != Tri::No)
}

/// What the path alone tells of a condition.
fn by_path(when: &When, path: &str) -> Tri {
    match when {
        When::Always => Tri::Yes,
        When::Never => Tri::No,
        When::Is(Test::Path(value), _) => Tri::from(matches_path(value, path)),
        When::Is(..) => Tri::Unknown,
        When::All(of) => Tri::all(of.iter().map(|one| by_path(one, path))),
        When::Any(of) => Tri::any(of.iter().map(|one| by_path(one, path))),
        When::Not(inner) => by_path(inner, path).not(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn one_path_of_each_pattern() {
        assert_eq!(plain("/admin"), "/admin");
        assert_eq!(plain("/admin/*"), "/admin/");
        assert_eq!(plain("*/admin"), "/meshvet-any/admin");
        assert_eq!(plain("*admin"), "/admin");
        assert_eq!(plain("/a/{*}/b"), "/a/meshvet-any/b");
    }
}
