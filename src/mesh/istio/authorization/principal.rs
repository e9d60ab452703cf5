//! Identities as authorization policies write them.
//!
//! `istio/istio: pilot/pkg/security/trustdomain/bundle.go`,
//! `istio/istio: pilot/pkg/security/authz/model/generator.go`, and what a real Envoy answered.

use std::sync::Arc;

use crate::model::{StringMatch, Test};

/// Istio's usual text match: a star in front, behind, or alone; no other star means anything.
pub fn text(value: &str) -> StringMatch {
    if value == "*" {
        return StringMatch::Any;
    }
    if let Some(rest) = value.strip_prefix('*') {
        return StringMatch::Suffix(rest.into());
    }
    match value.strip_suffix('*') {
        Some(rest) => StringMatch::Prefix(rest.into()),
        None => StringMatch::Exact(value.into()),
    }
}

/// The mesh's trust domains: its own, then its aliases.
#[derive(Debug, Clone)]
pub struct TrustDomains(pub Vec<String>);

impl TrustDomains {
    /// The values that stand for a principal: `cluster.local` and every trust domain of the mesh
    /// mean all of them. Only names of five parts are looked into.
    pub fn expand_principal(&self, principal: &str) -> Vec<String> {
        let parts: Vec<&str> = principal.split('/').collect();
        let [domain, rest @ ..] = parts.as_slice() else {
            return vec![principal.to_owned()];
        };
        let is_ours = *domain == "cluster.local" || self.0.iter().any(|ours| fits(domain, ours));
        if parts.len() != 5 || *domain == "*" || !is_ours {
            return vec![principal.to_owned()];
        }
        let rest = rest.join("/");
        let mut values: Vec<String> = Vec::new();
        for ours in &self.0 {
            let kept = domain
                .strip_prefix('*')
                .is_some_and(|suffix| ours.ends_with(suffix));
            let value = if kept {
                principal.to_owned()
            } else {
                format!("{ours}/{rest}")
            };
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The trust domains that a principal takes although the star in its own does not fit them.
    pub fn beside(&self, principal: &str) -> Vec<Arc<str>> {
        let Some((domain, _)) = principal.split_once('/').filter(|(d, _)| d.contains('*')) else {
            return Vec::new();
        };
        let expanded = self.expand_principal(principal);
        let added = expanded.iter().filter(|value| *value != principal);
        let added = added.filter_map(|value| value.split('/').next());
        added
            .filter(|ours| !fits(domain, ours))
            .map(Into::into)
            .collect()
    }

    /// The values that stand for a trust domain; `cluster.local` is no other name of ours here.
    pub fn expand_domain(&self, domain: &str) -> Vec<String> {
        let mut values = vec![domain.to_owned()];
        if self.0.iter().any(|ours| ours == domain) {
            values.extend(self.0.iter().filter(|ours| *ours != domain).cloned());
        }
        values
    }
}

/// Whether a trust domain as written, possibly with one star, takes one of ours.
fn fits(written: &str, ours: &str) -> bool {
    text(written).matches(ours)
}

/// `requestPrincipals`: issuer and subject around the last slash.
pub fn request_principal(value: &str) -> Test {
    let exact = |text: &str| StringMatch::Exact(text.into());
    let (issuer, subject) = if value == "*" {
        (StringMatch::Any, StringMatch::Any)
    } else if let Some(rest) = value.strip_prefix('*') {
        match rest.rsplit_once('/') {
            Some(("", subject)) => (StringMatch::Any, exact(subject)),
            Some((issuer, subject)) => (StringMatch::Suffix(issuer.into()), exact(subject)),
            None => (StringMatch::Any, StringMatch::Suffix(rest.into())),
        }
    } else if let Some(rest) = value.strip_suffix('*') {
        match rest.rsplit_once('/') {
            Some((issuer, "")) => (exact(issuer), StringMatch::Any),
            Some((issuer, subject)) => (exact(issuer), StringMatch::Prefix(subject.into())),
            None => (StringMatch::Prefix(rest.into()), StringMatch::Any),
        }
    } else {
        match value.rsplit_once('/') {
            Some((issuer, subject)) => (exact(issuer), exact(subject)),
            None => (exact(value), exact("")),
        }
    };
    Test::TokenPrincipal { issuer, subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_count_at_one_end_only() {
        assert_eq!(text("*"), StringMatch::Any);
        assert_eq!(text("*x*"), StringMatch::Suffix("x*".into()));
        assert_eq!(text("a*b"), StringMatch::Exact("a*b".into()));
        assert_eq!(text("a*"), StringMatch::Prefix("a".into()));
    }

    #[test]
    fn our_trust_domains_stand_for_one_another() {
        let ours = TrustDomains(vec!["td1".into(), "foobar".into()]);
        let expand = |p| ours.expand_principal(p);
        assert_eq!(
            expand("cluster.local/ns/a/sa/b"),
            ["td1/ns/a/sa/b", "foobar/ns/a/sa/b"]
        );
        assert_eq!(
            expand("foobar/ns/a/sa/b"),
            ["td1/ns/a/sa/b", "foobar/ns/a/sa/b"]
        );
        assert_eq!(
            expand("*bar/ns/a/sa/b"),
            ["td1/ns/a/sa/b", "*bar/ns/a/sa/b"]
        );
        let beside = |p| {
            ours.beside(p)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(beside("*bar/ns/a/sa/b"), ["td1"]);
        assert!(beside("*/ns/a/sa/b").is_empty());
        assert!(beside("td1/ns/a/sa/b").is_empty());
        assert!(beside("*bar/ns/a/*").is_empty());
        assert_eq!(expand("other/ns/a/sa/b"), ["other/ns/a/sa/b"]);
        assert_eq!(expand("*/ns/a/sa/b"), ["*/ns/a/sa/b"]);
        assert_eq!(expand("cluster.local/ns/a/*"), ["cluster.local/ns/a/*"]);
    }

    #[test]
    fn request_principals_split_at_the_last_slash() {
        let of = |value: &str| match request_principal(value) {
            Test::TokenPrincipal { issuer, subject } => (issuer, subject),
            other => unreachable!("{other:?}"),
        };
        let exact = |t: &str| StringMatch::Exact(t.into());
        assert_eq!(of("https://a/b"), (exact("https://a"), exact("b")));
        assert_eq!(of("x"), (exact("x"), exact("")));
        assert_eq!(of("x/*"), (exact("x"), StringMatch::Any));
        assert_eq!(
            of("x*"),
            (StringMatch::Prefix("x".into()), StringMatch::Any)
        );
        assert_eq!(
            of("*x"),
            (StringMatch::Any, StringMatch::Suffix("x".into()))
        );
        assert_eq!(of("*/*"), (StringMatch::Any, exact("*")));
        assert_eq!(of("*x/y*"), (StringMatch::Suffix("x".into()), exact("y*")));
        assert_eq!(of("x/y*"), (exact("x"), StringMatch::Prefix("y".into())));
    }
}
