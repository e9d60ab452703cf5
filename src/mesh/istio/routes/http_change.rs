//! What a route of a VirtualService makes of a request: `rewrite` and `headers`.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go` (applyHTTPRouteDestination,
//! TranslateHeadersOperations).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::{Expression, HeaderChange, PathRewrite, Rewrite, names_host};

/// `rewrite`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WrittenRewrite {
    uri: Option<String>,
    authority: Option<String>,
    uri_regex_rewrite: Option<RegexRewrite>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RegexRewrite {
    r#match: String,
    rewrite: String,
}

/// `headers`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Headers {
    request: Operations,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Operations {
    set: BTreeMap<String, String>,
    add: BTreeMap<String, String>,
    remove: Vec<String>,
}

/// What becomes of a request that a match with this prefix took.
pub fn rewrite(
    written: Option<&WrittenRewrite>,
    headers: &[&Headers],
    prefix: Option<&str>,
) -> Option<Rewrite> {
    let mut host = written.and_then(|written| written.authority.as_deref());
    for operations in headers.iter().map(|headers| &headers.request) {
        let mut all = operations.set.iter().chain(&operations.add);
        let authority = all.find(|(name, _)| names_host(name));
        host = host.or(authority.map(|(_, value)| value.as_str()));
    }
    let rewrite = Rewrite {
        path: written.and_then(|written| path(written, prefix)),
        host: host.map(Into::into),
        headers: changes(headers),
    };
    (rewrite != Rewrite::default()).then_some(rewrite)
}

fn path(written: &WrittenRewrite, prefix: Option<&str>) -> Option<PathRewrite> {
    match (&written.uri, &written.uri_regex_rewrite, prefix) {
        (_, Some(regex), _) => Some(match Expression::part(&regex.r#match) {
            Some(expression) => PathRewrite::Fits {
                expression,
                to: regex.rewrite.as_str().into(),
            },
            None => PathRewrite::Unknowable,
        }),
        (Some(uri), None, Some(prefix)) => Some(PathRewrite::Prefix {
            from: prefix.into(),
            to: uri.as_str().into(),
        }),
        (Some(uri), None, None) => Some(PathRewrite::Whole(uri.as_str().into())),
        (None, None, _) => None,
    }
}

/// What is removed comes first.
fn changes(headers: &[&Headers]) -> Vec<HeaderChange> {
    let all = || headers.iter().map(|headers| &headers.request);
    let removed = all().flat_map(|operations| &operations.remove);
    let mut changes: Vec<HeaderChange> = removed.map(|name| HeaderChange::remove(name)).collect();
    for operations in all() {
        let plain = |(name, _): &(&String, &String)| !names_host(name);
        let set = operations.set.iter().filter(plain);
        changes.extend(set.map(|(name, value)| HeaderChange::set(name, value)));
        let add = operations.add.iter().filter(plain);
        changes.extend(add.map(|(name, value)| HeaderChange::add(name, value)));
    }
    changes
}
