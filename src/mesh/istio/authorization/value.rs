//! Values of authorization rules: what stands out in them.

use std::sync::Arc;

use super::fields::{Attribute, is_literal_star};
use super::principal::TrustDomains;
use crate::model::{At, WrittenValue};

/// A value as facts have it; `own` is the namespace of its policy.
pub fn written(
    attribute: &Attribute,
    value: &str,
    at: At,
    domains: &TrustDomains,
    own: &str,
) -> WrittenValue {
    let any = match attribute {
        Attribute::PeerAddress | Attribute::ClientAddress => value.ends_with("/0"),
        Attribute::Principal => is_any_principal(value, domains),
        Attribute::Path => matches!(value, "*" | "/*" | "/{**}"),
        _ => value == "*",
    };
    // `namespaces` and `trustDomains` take stars anywhere
    let globs = matches!(attribute, Attribute::Namespace | Attribute::TrustDomain);
    let template = value.contains("{*}") || value.contains("{**}");
    WrittenValue {
        any,
        literal_star: !globs && !template && is_literal_star(value),
        account: account(attribute, value, own),
        namespace: (*attribute == Attribute::Namespace && !value.contains('*'))
            .then(|| value.into()),
        malformed: malformed(attribute, value, domains),
        also: match attribute {
            Attribute::Principal => domains.beside(value),
            _ => Vec::new(),
        },
        text: value.into(),
        stands_for: None,
        outside: false,
        at,
    }
}

/// Whether a principal takes every identity of the mesh. Names that are cut short are compared as
/// they are: `cluster.local` stands for another trust domain in whole names only.
fn is_any_principal(value: &str, domains: &TrustDomains) -> bool {
    let rest = domains
        .0
        .iter()
        .find_map(|domain| value.strip_prefix(domain.as_str()));
    value == "*" || matches!(rest, Some("*" | "/*" | "/ns/*"))
}

/// The one identity that a value names.
fn account(attribute: &Attribute, value: &str, own: &str) -> Option<(Arc<str>, Arc<str>)> {
    match attribute {
        Attribute::Principal if !value.contains('*') => {
            match value.split('/').collect::<Vec<_>>().as_slice() {
                [_, "ns", namespace, "sa", name] => Some(((*namespace).into(), (*name).into())),
                _ => None,
            }
        }
        Attribute::ServiceAccount => {
            let (namespace, name) = value.split_once('/').unwrap_or((own, value));
            Some((namespace.into(), name.into()))
        }
        _ => None,
    }
}

/// What is wrong with a principal that no workload can have.
fn malformed(attribute: &Attribute, value: &str, domains: &TrustDomains) -> Option<String> {
    if *attribute != Attribute::Principal {
        return None;
    }
    if value.contains("://") {
        return Some("principals are written without spiffe://".to_owned());
    }
    if value.contains('*') {
        let whole = value.split('/').count() == 5;
        let cut_short = value.starts_with("cluster.local/") && !whole;
        let ours = domains.0.iter().any(|domain| domain == "cluster.local");
        return (cut_short && !ours).then(|| {
            let ours = domains.0.join(", ");
            format!("only in a whole principal does cluster.local stand for this mesh's trust domain ({ours})")
        });
    }
    match value.split('/').collect::<Vec<_>>().as_slice() {
        [domain, "ns", _, "sa", _] => {
            let ours = *domain == "cluster.local" || domains.0.iter().any(|d| d == domain);
            (!ours).then(|| {
                format!(
                    "the trust domain {domain:?} is not this mesh's ({})",
                    domains.0.join(", ")
                )
            })
        }
        _ => Some("a principal is <trust domain>/ns/<namespace>/sa/<service account>".to_owned()),
    }
}
