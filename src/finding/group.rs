use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::text::{Sources, Span};

use super::{Finding, Related, fingerprint};

/// One finding per rule and address: results of a rule that name the same address are one, with
/// the related places of all of them. The first message stays, and the worst severity.
pub fn by_address(findings: Vec<Finding>) -> Vec<Finding> {
    merge(findings, |finding| {
        (finding.rule.clone(), finding.at.clone())
    })
}

/// The findings of a run, from those of each environment (after [`by_address`]): what several
/// environments have at the same line is one finding that names them. In the order of files and
/// lines, each with its fingerprint.
pub fn collect(environments: Vec<Vec<Finding>>, sources: &Sources) -> Vec<Finding> {
    let keyed = environments.into_iter().flat_map(with_ordinals);
    let mut findings = merge_keyed(keyed);
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    fingerprint::assign(&mut findings, sources);
    findings
}

/// What makes findings of two environments the same: an overlay may rename the object, so the
/// line counts and not the address. Several findings of one environment may share a line (fields
/// that nobody wrote); their number among those keeps them apart.
type SharedKey = (Arc<str>, Result<Span, String>, usize);

fn with_ordinals(findings: Vec<Finding>) -> Vec<(SharedKey, Finding)> {
    let mut seen: HashMap<(Arc<str>, Span), usize> = HashMap::new();
    let keyed = findings.into_iter().map(|finding| {
        let rule = finding.rule.clone();
        let key = match finding.site.span {
            Some(span) => {
                let count = seen.entry((rule.clone(), span)).or_default();
                *count += 1;
                (rule, Ok(span), *count)
            }
            None => (rule, Err(finding.at.clone()), 0),
        };
        (key, finding)
    });
    keyed.collect()
}

fn merge<K: Eq + std::hash::Hash>(
    findings: Vec<Finding>,
    key: impl Fn(&Finding) -> K,
) -> Vec<Finding> {
    merge_keyed(findings.into_iter().map(|f| (key(&f), f)))
}

fn merge_keyed<K: Eq + std::hash::Hash>(
    findings: impl Iterator<Item = (K, Finding)>,
) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    let mut index: HashMap<K, usize> = HashMap::new();
    for (key, finding) in findings {
        match index.entry(key) {
            Entry::Vacant(vacant) => {
                vacant.insert(merged.len());
                merged.push(finding);
            }
            Entry::Occupied(occupied) => {
                if let Some(first) = merged.get_mut(*occupied.get()) {
                    absorb(first, finding);
                }
            }
        }
    }
    merged
}

fn absorb(first: &mut Finding, other: Finding) {
    first.severity = first.severity.max(other.severity);
    for environment in other.environments {
        if !first.environments.contains(&environment) {
            first.environments.push(environment);
        }
    }
    for related in other.related {
        if !first.related.iter().any(|known| same(known, &related)) {
            first.related.push(related);
        }
    }
}

fn same(a: &Related, b: &Related) -> bool {
    let place = match (a.site.span, b.site.span) {
        (Some(a), Some(b)) => a == b,
        _ => a.at == b.at,
    };
    place && a.message == b.message
}

/// Files and lines first; what has no line comes last, by address.
fn order(finding: &Finding) -> (bool, Option<Span>, &str, &str, &str) {
    let span = finding.site.span;
    let at = if span.is_some() { "" } else { &finding.at };
    (span.is_none(), span, at, &finding.rule, &finding.message)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Severity, Site};
    use super::*;
    use crate::text::{FileId, SourceFile};

    pub(in super::super) fn finding(rule: &str, at: &str) -> Finding {
        Finding {
            rule: rule.into(),
            severity: Severity::High,
            message: "takes plaintext".into(),
            remediation: "set STRICT".into(),
            at: at.into(),
            site: Site::default(),
            related: Vec::new(),
            environments: vec!["prod".into()],
            controls: [].into(),
            introduced: None,
            fingerprint: String::new(),
        }
    }

    fn related(message: &str) -> Related {
        Related {
            message: message.into(),
            at: message.into(),
            site: Site::default(),
        }
    }

    fn placed(rule: &str, at: &str, environment: &str, start: u32) -> Finding {
        let mut finding = finding(rule, at);
        finding.environments = vec![environment.into()];
        finding.site.span = Some(Span {
            file: FileId(0),
            start,
            end: start + 1,
        });
        finding
    }

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("a.yaml", "0123456789"));
        sources
    }

    #[test]
    fn one_address_is_one_finding_with_all_its_places() {
        let mut first = finding("r", "a");
        first.related = vec![related("port 1")];
        let mut second = finding("r", "a");
        second.related = vec![related("port 1"), related("port 2")];
        second.severity = Severity::Critical;
        let merged = by_address(vec![first, second, finding("r", "b"), finding("s", "a")]);
        assert_eq!(merged.len(), 3);
        assert_eq!(merged[0].related, [related("port 1"), related("port 2")]);
        assert_eq!(merged[0].severity, Severity::Critical);
        assert_eq!(merged[0].environments, ["prod"]);
    }

    #[test]
    fn environments_that_share_a_line_share_the_finding() {
        let prod = vec![placed("r", "prod/x", "prod", 3)];
        let test = vec![placed("r", "test/x", "test", 3)];
        let found = collect(vec![prod, test], &sources());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].environments, ["prod", "test"]);
    }

    #[test]
    fn two_addresses_on_one_line_stay_two() {
        let both = |env| vec![placed("r", "x#/a", env, 3), placed("r", "x#/b", env, 3)];
        let found = collect(vec![both("prod"), both("test")], &sources());
        let at: Vec<_> = found.iter().map(|f| f.at.as_str()).collect();
        assert_eq!(at, ["x#/a", "x#/b"]);
        assert!(found.iter().all(|f| f.environments.len() == 2));
    }

    #[test]
    fn order_is_line_then_rule_and_what_has_no_line_is_last() {
        let nowhere = finding("a", "cluster");
        let found = vec![
            nowhere,
            placed("b", "x", "prod", 5),
            placed("a", "x", "prod", 5),
            placed("c", "x", "prod", 1),
        ];
        let found = collect(vec![found], &sources());
        let rules: Vec<_> = found.iter().map(|f| &*f.rule).collect();
        assert_eq!(rules, ["c", "a", "b", "a"]);
    }
}
