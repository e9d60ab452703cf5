use std::collections::HashMap;

use super::{Finding, Related};
use crate::text::Sources;

/// Findings, with the files they are in.
pub struct Earlier<'a> {
    /// The findings.
    pub findings: &'a [Finding],
    /// The files.
    pub sources: &'a Sources,
}

/// Those findings that `before` has not, or not as bad, or in fewer environments or places. `sources`
/// are the files that they are in.
pub fn newer(findings: Vec<Finding>, sources: &Sources, before: &Earlier<'_>) -> Vec<Finding> {
    let known: HashMap<&str, &Finding> = before
        .findings
        .iter()
        .map(|finding| (&*finding.fingerprint, finding))
        .collect();
    let is_new = |finding: &Finding| {
        known
            .get(&*finding.fingerprint)
            .is_none_or(|known| says_more((finding, sources), (known, before.sources)))
    };
    let findings = findings.into_iter();
    findings.filter(is_new).collect()
}

fn says_more(
    (finding, sources): (&Finding, &Sources),
    (known, known_sources): (&Finding, &Sources),
) -> bool {
    let mut environments = finding.environments.iter();
    let before = places(&known.related, known_sources);
    let mut after = places(&finding.related, sources).into_iter();
    finding.severity > known.severity
        || environments.any(|name| !known.environments.contains(name))
        || after.any(|(place, count)| before.get(&place).is_none_or(|known| count > *known))
}

/// An object, a field of it without places in lists, and what tells its items apart: the text there.
type Place<'a> = (String, String, &'a str);

/// How often each place is named; which item of a list it is does not count.
fn places<'a>(related: &[Related], sources: &'a Sources) -> HashMap<Place<'a>, usize> {
    let mut places = HashMap::new();
    for one in related {
        let resource = one.site.resource.as_ref();
        let resource = resource.map_or_else(|| one.at.clone(), ToString::to_string);
        let is_in_list = one.site.steps().any(|step| step.is_none());
        let span = one.site.span.filter(|_| is_in_list);
        let text = span.map_or("", |span| sources.slice(span));
        let steps: Vec<&str> = one.site.steps().flatten().collect();
        let place = (resource, steps.join("/"), text);
        *places.entry(place).or_default() += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::group::tests::finding;
    use super::super::{ResourceRef, Severity, Site};
    use super::*;

    fn one(fingerprint: &str, fields: &[&str]) -> Finding {
        let mut one = finding("mtls/permissive", "a");
        one.fingerprint = fingerprint.into();
        let resource = ResourceRef {
            kind: Arc::from("Deployment"),
            group: Arc::from("apps"),
            namespace: None,
            name: Arc::from("web"),
        };
        let related = fields.iter().map(|field| Related {
            message: "takes plaintext".into(),
            at: (*field).into(),
            site: Site {
                resource: Some(resource.clone()),
                field: (*field).into(),
                ..Site::default()
            },
        });
        one.related = related.collect();
        one
    }

    fn is_new(finding: Finding, before: &[Finding]) -> bool {
        let sources = Sources::default();
        let before = Earlier {
            findings: before,
            sources: &sources,
        };
        !newer(vec![finding], &sources, &before).is_empty()
    }

    #[test]
    fn what_was_there_is_not_new() {
        let before = [one("a", &["/ports/0"])];
        assert!(!is_new(one("a", &["/ports/0"]), &before));
        assert!(!is_new(one("a", &["/ports/1"]), &before));
        assert!(!is_new(one("a", &[]), &before));
        assert!(is_new(one("b", &["/ports/0"]), &before));
    }

    #[test]
    fn another_key_is_another_place_though_it_is_a_number() {
        let port = |number: &str| {
            let mut one = one("a", &[number]);
            one.related[0].site.keys = vec![1];
            one
        };
        let before = [port("/ports/8080")];
        assert!(!is_new(port("/ports/8080"), &before));
        assert!(is_new(port("/ports/9090"), &before));
    }

    #[test]
    fn what_was_less_is_new() {
        let before = [one("a", &["/ports/0"])];
        assert!(is_new(one("a", &["/ports/0", "/ports/1"]), &before));
        assert!(is_new(one("a", &["/metadata/name"]), &before));
        let mut worse = one("a", &[]);
        worse.severity = Severity::Critical;
        assert!(is_new(worse, &before));
        let mut wider = one("a", &[]);
        wider.environments.push("staging".into());
        assert!(is_new(wider, &before));
    }
}
