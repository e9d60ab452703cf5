//! Filters of routes.

use std::collections::HashSet;

use super::{is_header_name, is_header_value};
use crate::mesh::linkerd::crd::{Filter, GATEWAY, NewPath};
use crate::mesh::linkerd::object::{Refusal, by_schema, by_webhook};

/// The filters of Linkerd's own `HTTPRoute`.
const OWN: &[&str] = &["RequestHeaderModifier", "RequestRedirect"];
/// Those of the Gateway API's.
const HTTP: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestRedirect",
    "URLRewrite",
    "RequestMirror",
    "ExtensionRef",
];
/// Those of its `GRPCRoute`.
const GRPC: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "ExtensionRef",
];

/// What is refused of the filters of an `HTTPRoute` of a group.
pub(super) fn http(group: &str, all: &[Filter], list: &str) -> Option<Refusal> {
    match group {
        GATEWAY => of_gateway(HTTP, all, list),
        _ => known(OWN, all, list).or_else(|| {
            let mut each = all.iter().enumerate();
            each.find_map(|(i, filter)| {
                let what = format!("{} says nothing", filter.kind);
                let there = bodies(filter).any(|kind| kind == filter.kind);
                (!there)
                    .then(|| by_webhook(what, format!("{list}/{i}")))
                    .flatten()
            })
        }),
    }
    .or_else(|| contents(all, list))
}

/// What is refused of the filters of a `GRPCRoute`.
pub(super) fn grpc(all: &[Filter], list: &str) -> Option<Refusal> {
    of_gateway(GRPC, all, list).or_else(|| contents(all, list))
}

fn known(kinds: &[&str], all: &[Filter], list: &str) -> Option<Refusal> {
    let i = all
        .iter()
        .position(|filter| !kinds.contains(&&*filter.kind))?;
    let kind = all.get(i).map_or("", |filter| &filter.kind);
    by_schema(
        format!("{kind:?} is no filter there"),
        format!("{list}/{i}/type"),
    )
}

/// What the Gateway API asks of filters: each says what its kind does, and none comes twice.
fn of_gateway(kinds: &[&str], all: &[Filter], list: &str) -> Option<Refusal> {
    if let Some(refusal) = known(kinds, all, list) {
        return Some(refusal);
    }
    let mut seen = HashSet::new();
    for (i, filter) in all.iter().enumerate() {
        let at = format!("{list}/{i}");
        if !bodies(filter).eq([filter.kind.as_str()]) {
            return by_schema(
                format!("{} says something else, or nothing", filter.kind),
                at,
            );
        }
        let repeatable = matches!(filter.kind.as_str(), "RequestMirror" | "ExtensionRef");
        if !seen.insert(&filter.kind) && !repeatable {
            return by_schema(format!("{} stands there twice", filter.kind), at);
        }
    }
    let has = |kind: &str| seen.iter().any(|one| *one == kind);
    match has("RequestRedirect") && has("URLRewrite") {
        true => by_schema("a redirect and a rewrite exclude each other", list),
        false => None,
    }
}

/// The kinds that a filter says something of.
fn bodies(filter: &Filter) -> impl Iterator<Item = &'static str> {
    let there = [
        (
            "RequestHeaderModifier",
            filter.request_header_modifier.is_some(),
        ),
        (
            "ResponseHeaderModifier",
            filter.response_header_modifier.is_some(),
        ),
        ("RequestRedirect", filter.request_redirect.is_some()),
        ("URLRewrite", filter.url_rewrite.is_some()),
        ("RequestMirror", filter.request_mirror.is_some()),
        ("ExtensionRef", filter.extension_ref.is_some()),
    ];
    there
        .into_iter()
        .filter(|(_, there)| *there)
        .map(|(kind, _)| kind)
}

/// What filters say.
fn contents(all: &[Filter], list: &str) -> Option<Refusal> {
    all.iter().enumerate().find_map(|(i, filter)| {
        let at = format!("{list}/{i}");
        headers(filter, &at).or_else(|| redirect(filter, &at))
    })
}

fn headers(filter: &Filter, at: &str) -> Option<Refusal> {
    let modified = [
        (&filter.request_header_modifier, "requestHeaderModifier"),
        (&filter.response_header_modifier, "responseHeaderModifier"),
    ];
    for (modifier, field) in modified {
        let Some(modifier) = modifier else {
            continue;
        };
        let at = format!("{at}/{field}");
        for line in modifier.set.iter().chain(&modifier.add) {
            if !is_header_name(&line.name) || line.value.is_empty() {
                return by_schema(format!("{:?} is no header there", line.name), at);
            }
            if !is_header_value(&line.value) {
                return by_webhook(format!("{:?} is no value of a header", line.value), at);
            }
        }
        let mut removed = modifier.remove.iter();
        if let Some(name) = removed.find(|name| !is_header_name(name)) {
            return by_webhook(format!("{name:?} is no header"), at);
        }
    }
    None
}

fn redirect(filter: &Filter, at: &str) -> Option<Refusal> {
    let redirect = filter.request_redirect.as_ref()?;
    let at = format!("{at}/requestRedirect");
    if redirect
        .status_code
        .is_some_and(|code| code != 301 && code != 302)
    {
        let what = "a redirect is 301 or 302";
        return by_schema(what, format!("{at}/statusCode"));
    }
    let text = new_path(redirect.path.as_ref()?);
    match text.is_some_and(|text| text.starts_with('/')) {
        true => None,
        false => {
            let what = "it redirects to a path that does not begin with a slash";
            by_webhook(what, format!("{at}/path"))
        }
    }
}

fn new_path(path: &NewPath) -> Option<&str> {
    let whole = path.replace_full_path.as_deref();
    whole.or(path.replace_prefix_match.as_deref())
}
