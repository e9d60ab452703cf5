//! What requests an `HTTPRoute` takes, and how well it fits them.
//!
//! `linkerd/linkerd2-proxy: linkerd/http/route/src/http/match`.

use crate::mesh::linkerd::crd::{HttpMatch, ValueMatch};
use crate::model::{At, Expression, PathMatch, StringMatch, Test, When};

/// A match on the path.
#[derive(Debug, Clone)]
pub(super) enum Path {
    /// This path.
    Exact(String),
    /// This path and all below it; empty is everything.
    Below(String),
    /// What fits this.
    Fits(Expression),
}

/// One way to meet a rule.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) path: Path,
    /// The line of the path.
    pub(super) path_at: At,
    /// What is asked beside the path.
    pub(super) rest: When,
    /// How well the rest fits: headers, parameters, method.
    pub(super) rest_fit: (usize, usize, bool),
}

/// One way to meet a rule; `at` is the match.
pub(super) fn wanted(one: &HttpMatch, at: &At) -> Wanted {
    let path_at = at.join("path").join("value");
    let path = match &one.path {
        None => Path::Below("/".to_owned()),
        Some(path) => {
            let value = path.value.as_deref().unwrap_or("/");
            match path.kind.as_deref() {
                Some("Exact") => Path::Exact(value.to_owned()),
                Some("RegularExpression") => {
                    Expression::covering(value).map_or(Path::Exact(String::new()), Path::Fits)
                }
                _ => Path::Below(value.to_owned()),
            }
        }
    };
    let mut parts = headers(&one.headers, &at.join("headers"));
    for (i, parameter) in one.query_params.iter().enumerate() {
        let test = Test::AnyQuery {
            name: parameter.name.as_str().into(),
            value: value(parameter),
        };
        parts.push(When::Is(test, at.join("queryParams").join(i)));
    }
    if let Some(method) = &one.method {
        let test = Test::Method(StringMatch::Exact(method.as_str().into()));
        parts.push(When::Is(test, at.join("method")));
    }
    Wanted {
        path,
        path_at,
        rest: When::all(parts),
        rest_fit: (
            one.headers.len(),
            one.query_params.len(),
            one.method.is_some(),
        ),
    }
}

/// Headers that must all be there.
pub(super) fn headers(all: &[ValueMatch], list: &At) -> Vec<When> {
    let each = all.iter().enumerate().map(|(i, header)| {
        let test = Test::Header {
            name: header.name.to_lowercase().into(),
            value: value(header),
        };
        When::Is(test, list.join(i))
    });
    each.collect()
}

fn value(of: &ValueMatch) -> StringMatch {
    let exact = || StringMatch::Exact(of.value.as_str().into());
    match of.kind.as_deref() {
        Some("RegularExpression") => {
            Expression::covering(&of.value).map_or_else(exact, StringMatch::Fits)
        }
        _ => exact(),
    }
}

/// That the path is this.
pub(super) fn is(path: &str, at: &At) -> When {
    let test = Test::Path(PathMatch::Text(StringMatch::Exact(path.into())));
    When::Is(test, at.clone())
}

/// That the path begins with this.
pub(super) fn begins(path: String, at: &At) -> When {
    let test = Test::Path(PathMatch::Text(StringMatch::Prefix(path.into())));
    When::Is(test, at.clone())
}
