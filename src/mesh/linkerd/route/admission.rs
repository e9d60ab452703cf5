//! What the API server and the admission webhook refuse of routes: it will not exist.
//!
//! `linkerd/linkerd2: policy-controller/runtime/src/admission.rs`,
//! `policy-controller/k8s/index/src/routes/{http,grpc}.rs`, `charts/linkerd-crds/templates`.

use std::collections::HashSet;

use crate::mesh::linkerd::crd::{
    Filter, GATEWAY, GrpcRoute, HttpMatch, HttpRoute, HttpRule, NewPath, Parent, Timeouts,
    ValueMatch, is_group, is_label, targets,
};
use crate::mesh::linkerd::object::{Refusal, by_schema, by_webhook};
use crate::model::Expression;

const REGEX: &str = "RegularExpression";

const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// Of an `HTTPRoute` of a group.
pub(super) fn http(group: &str, route: &HttpRoute) -> Option<Refusal> {
    let rules = route.rules.iter().flatten().enumerate();
    let mut rules = rules.map(|(i, rule)| (format!("/spec/rules/{i}"), rule));
    frame(&route.parent_refs, &route.hostnames)
        .or_else(|| rules.find_map(|(at, rule)| http_rule(group, &at, rule)))
}

fn http_rule(group: &str, at: &str, rule: &HttpRule) -> Option<Refusal> {
    let mut matches = rule.matches.iter().flatten().enumerate();
    matches
        .find_map(|(i, one)| http_match(group, &format!("{at}/matches/{i}"), one))
        .or_else(|| filters(&rule.filters, &format!("{at}/filters")))
        .or_else(|| match group {
            GATEWAY => portless(&rule.backend_refs, &format!("{at}/backendRefs")),
            _ => timeouts(rule.timeouts.as_ref()?, &format!("{at}/timeouts")),
        })
}

fn http_match(group: &str, at: &str, one: &HttpMatch) -> Option<Refusal> {
    let path = one.path.as_ref().and_then(|path| {
        let value = path.value.as_deref().unwrap_or("/");
        let at = format!("{at}/path/value");
        match path.kind.as_deref() {
            Some(REGEX) => bad_regex(value, at),
            None | Some("Exact" | "PathPrefix") if !value.starts_with('/') => by_webhook(
                format!("the path {value:?} does not begin with a slash"),
                at,
            ),
            None | Some("Exact" | "PathPrefix") if group == GATEWAY && is_odd(value) => {
                by_schema(format!("the path {value:?} is not in its plain form"), at)
            }
            None | Some("Exact" | "PathPrefix") => None,
            Some(kind) => by_schema(format!("{kind:?} is no kind of match on a path"), at),
        }
    });
    let method = one.method.as_deref();
    let method = method.filter(|method| !METHODS.contains(method));
    path.or_else(|| {
        by_schema(
            format!("{:?} is no method", method?),
            format!("{at}/method"),
        )
    })
    .or_else(|| values(&one.headers, &format!("{at}/headers"), true))
    .or_else(|| values(&one.query_params, &format!("{at}/queryParams"), false))
}

/// Whether the schema of the Gateway API takes no such path.
fn is_odd(path: &str) -> bool {
    let parts = ["//", "/./", "/../", "%2f", "%2F", "#"];
    parts.iter().any(|part| path.contains(part)) || path.ends_with("/.") || path.ends_with("/..")
}

/// Of a `GRPCRoute`.
pub(super) fn grpc(route: &GrpcRoute) -> Option<Refusal> {
    let rules = route.rules.iter().flatten().enumerate();
    let mut rules = rules.map(|(i, rule)| (format!("/spec/rules/{i}"), rule));
    frame(&route.parent_refs, &route.hostnames).or_else(|| {
        rules.find_map(|(at, rule)| {
            let mut matches = rule.matches.iter().flatten().enumerate();
            let wrong = matches.find_map(|(j, one)| {
                let at = format!("{at}/matches/{j}");
                let method = one.method.as_ref();
                if method.is_some_and(|method| method.kind.as_deref() == Some(REGEX)) {
                    let what = "methods cannot be matched by an expression";
                    return by_webhook(what, format!("{at}/method/type"));
                }
                values(&one.headers, &format!("{at}/headers"), true)
            });
            wrong
                .or_else(|| filters(&rule.filters, &format!("{at}/filters")))
                .or_else(|| portless(&rule.backend_refs, &format!("{at}/backendRefs")))
        })
    })
}

/// What a route is attached to, and its hosts.
fn frame(parents: &[Parent], hosts: &[String]) -> Option<Refusal> {
    let strange = |one: &Parent| one.group.as_deref().is_some_and(|group| !is_group(group));
    if let Some(i) = parents.iter().position(strange) {
        let what = "groups are written in lower case";
        return by_schema(what, format!("/spec/parentRefs/{i}/group"));
    }
    let mut hosts = hosts.iter().enumerate();
    let host = hosts.find_map(|(i, host)| {
        let labels = host.strip_prefix("*.").unwrap_or(host);
        let fits = labels.split('.').all(is_label);
        let what = format!("{host:?} is no host in lower case, with or without `*.` before it");
        let at = format!("/spec/hostnames/{i}");
        (!fits).then(|| by_schema(what, at)).flatten()
    });
    host.or_else(|| egress_without_port(parents))
}

/// Of any route.
pub fn egress_without_port(parents: &[Parent]) -> Option<Refusal> {
    let bad = |parent: &Parent| parent.is("EgressNetwork") && parent.port.is_none();
    let i = parents.iter().position(bad)?;
    let what = "it names an EgressNetwork without a port";
    by_webhook(what, format!("/spec/parentRefs/{i}"))
}

/// A Service that a route leads to without a port.
fn portless(backends: &[Parent], list: &str) -> Option<Refusal> {
    let bad = |one: &Parent| {
        let kind = one.kind.as_deref().unwrap_or("Service");
        targets(one.group.as_deref(), kind, "", "Service") && one.port.unwrap_or(0) == 0
    };
    let i = backends.iter().position(bad)?;
    by_schema(
        "it leads to a Service without a port",
        format!("{list}/{i}"),
    )
}

/// What becomes of requests.
fn filters(all: &[Filter], list: &str) -> Option<Refusal> {
    all.iter().enumerate().find_map(|(i, filter)| {
        let at = format!("{list}/{i}");
        let modified = [
            (&filter.request_header_modifier, "requestHeaderModifier"),
            (&filter.response_header_modifier, "responseHeaderModifier"),
        ];
        for (modifier, name) in modified {
            let lines = modifier
                .iter()
                .flat_map(|one| one.set.iter().chain(&one.add));
            let mut bad = lines.filter(|line| !is_header_value(&line.value));
            if let Some(line) = bad.next() {
                let what = format!("{:?} is no value of a header", line.value);
                return by_webhook(what, format!("{at}/{name}"));
            }
        }
        let path = filter.request_redirect.as_ref()?.path.as_ref()?;
        let text = new_path(path);
        let absolute = text.is_some_and(|text| text.starts_with('/'));
        let what = "it redirects to a path that does not begin with a slash";
        let at = format!("{at}/requestRedirect/path");
        (!absolute).then(|| by_webhook(what, at)).flatten()
    })
}

fn new_path(path: &NewPath) -> Option<&str> {
    let whole = path.replace_full_path.as_deref();
    whole.or(path.replace_prefix_match.as_deref())
}

/// How long a request may take: one try not longer than all of it.
fn timeouts(timeouts: &Timeouts, at: &str) -> Option<Refusal> {
    let read = |text: &Option<String>| text.as_deref().map(milliseconds);
    let (all, one) = (read(&timeouts.request), read(&timeouts.backend_request));
    if all == Some(None) || one == Some(None) {
        return by_webhook("a time is a number with its unit, and not negative", at);
    }
    let (all, one) = (all.flatten()?, one.flatten()?);
    let what = "one try may take longer than the whole request";
    let late = one > all && all > 0;
    late.then(|| by_webhook(what, format!("{at}/backendRequest")))
        .flatten()
}

/// A time as the Gateway API writes it: `1h2m3s4ms`.
fn milliseconds(text: &str) -> Option<u64> {
    let mut sum = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.len()
            - after
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (unit, after) = after.split_at_checked(letters)?;
        let factor = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        sum += number.parse::<u64>().ok()?.checked_mul(factor)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// Matches on headers or on parameters of the query.
fn values(all: &[ValueMatch], list: &str, headers: bool) -> Option<Refusal> {
    let mut seen = HashSet::new();
    all.iter().enumerate().find_map(|(i, one)| {
        let at = format!("{list}/{i}");
        if !seen.insert(&one.name) {
            return by_schema(format!("{:?} stands there twice", one.name), at);
        }
        if one.kind.as_deref() == Some(REGEX) {
            return bad_regex(&one.value, format!("{at}/value"));
        }
        let what = format!("{:?} is no value of a header", one.value);
        let odd = headers && !is_header_value(&one.value);
        odd.then(|| by_webhook(what, format!("{at}/value")))
            .flatten()
    })
}

/// Whether a header can have a value as it is written here.
fn is_header_value(text: &str) -> bool {
    text.bytes()
        .all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t')
}

fn bad_regex(text: &str, at: String) -> Option<Refusal> {
    let what = format!("{text:?} is no regular expression");
    match Expression::covering(text) {
        Some(_) => None,
        None => by_webhook(what, at),
    }
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn times() {
        assert_eq!(milliseconds("1h2m3s4ms"), Some(3_723_004));
        assert_eq!(milliseconds("0s"), Some(0));
        for text in ["", "-1s", "1", "s", "1x"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
