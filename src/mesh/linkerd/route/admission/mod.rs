//! What the API server and the admission webhook refuse of routes: it will not exist.
//!
//! `linkerd/linkerd2: policy-controller/runtime/src/admission.rs`,
//! `policy-controller/k8s/index/src/routes/{http,grpc}.rs`, `charts/linkerd-crds/templates`.

mod filter;
mod time;

use std::collections::HashSet;

use crate::k8s::Resource;
use crate::mesh::linkerd::crd::{
    GATEWAY, GrpcRoute, HttpMatch, HttpRoute, HttpRule, MethodMatch, Parent, ValueMatch, is_group,
    is_label, targets,
};
use crate::mesh::linkerd::object::{Refusal, by_schema, by_webhook};
use crate::model::Expression;

const REGEX: &str = "RegularExpression";

const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// Of an `HTTPRoute` of a group.
pub(super) fn http(resource: &Resource, route: &HttpRoute) -> Option<Refusal> {
    let group = &*resource.key.group;
    let rules = route.rules.iter().flatten().enumerate();
    let mut rules = rules.map(|(i, rule)| (format!("/spec/rules/{i}"), rule));
    frame(group, &route.parent_refs, &route.hostnames)
        .or_else(|| at_most(16, route.rules.iter().flatten().count(), "/spec/rules"))
        .or_else(|| led_out(resource, &route.parent_refs, "retry.linkerd.io/http"))
        .or_else(|| rules.find_map(|(at, rule)| http_rule(group, &at, rule)))
}

fn http_rule(group: &str, at: &str, rule: &HttpRule) -> Option<Refusal> {
    let mut matches = rule.matches.iter().flatten().enumerate();
    let most = match group {
        GATEWAY => 64,
        _ => 8,
    };
    let list = format!("{at}/matches");
    at_most(most, rule.matches.iter().flatten().count(), &list)
        .or_else(|| matches.find_map(|(i, one)| http_match(group, &format!("{list}/{i}"), one)))
        .or_else(|| filter::http(group, &rule.filters, &format!("{at}/filters")))
        .or_else(|| match group {
            GATEWAY => portless(&rule.backend_refs, &format!("{at}/backendRefs")),
            _ => time::timeouts(rule.timeouts.as_ref()?, &format!("{at}/timeouts")),
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
            None | Some("Exact" | "PathPrefix") if group == GATEWAY && is_odd(value) => by_schema(
                format!(
                    "the path {value:?} holds `//`, a `.` segment, an escaped slash or `#`, which \
                         {GATEWAY} forbids"
                ),
                at,
            ),
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
pub(super) fn grpc(resource: &Resource, route: &GrpcRoute) -> Option<Refusal> {
    let rules = route.rules.iter().flatten().enumerate();
    let mut rules = rules.map(|(i, rule)| (format!("/spec/rules/{i}"), rule));
    let framed = frame(GATEWAY, &route.parent_refs, &route.hostnames)
        .or_else(|| at_most(16, route.rules.iter().flatten().count(), "/spec/rules"))
        .or_else(|| led_out(resource, &route.parent_refs, "retry.linkerd.io/grpc"));
    framed.or_else(|| {
        rules.find_map(|(at, rule)| {
            let mut matches = rule.matches.iter().flatten().enumerate();
            let wrong = matches.find_map(|(j, one)| {
                let at = format!("{at}/matches/{j}");
                let method = one.method.as_ref();
                if let Some(refusal) = method.and_then(|one| called(one, &at)) {
                    return Some(refusal);
                }
                values(&one.headers, &format!("{at}/headers"), true)
            });
            wrong
                .or_else(|| filter::grpc(&rule.filters, &format!("{at}/filters")))
                .or_else(|| portless(&rule.backend_refs, &format!("{at}/backendRefs")))
        })
    })
}

/// What is called, by names.
fn called(method: &MethodMatch, at: &str) -> Option<Refusal> {
    let at = format!("{at}/method");
    if method.kind.as_deref() == Some(REGEX) {
        let what = "methods cannot be matched by an expression";
        return by_webhook(what, format!("{at}/type"));
    }
    let word = |text: &str, first: fn(char) -> bool| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
        text.chars().next().is_some_and(first) && text.chars().all(inner)
    };
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_service = |text: &str| {
        let text = text.strip_prefix('.').unwrap_or(text);
        text.split('.').all(|part| word(part, begins))
    };
    let (service, name) = (method.service.as_deref(), method.method.as_deref());
    if service.is_none() && name.is_none() {
        return by_schema("it names neither a service nor a method", at);
    }
    if service.is_some_and(|text| !is_service(text)) {
        return by_schema("that is no service", format!("{at}/service"));
    }
    if name.is_some_and(|text| !word(text, begins)) {
        return by_schema("that is no method", format!("{at}/method"));
    }
    None
}

/// More of something than there may be.
fn at_most(most: usize, there: usize, list: &str) -> Option<Refusal> {
    match there > most {
        true => by_schema(format!("there are {there}, and may be {most}"), list),
        false => None,
    }
}

/// The annotations of a route on a Service or an EgressNetwork.
fn led_out(resource: &Resource, parents: &[Parent], on: &str) -> Option<Refusal> {
    let mut parents = parents.iter();
    let out = parents.any(|one| one.is_service() || one.is("EgressNetwork"));
    match out {
        true => time::annotations(&resource.annotations, on),
        false => None,
    }
}

/// What a route is attached to, and its hosts.
fn frame(group: &str, parents: &[Parent], hosts: &[String]) -> Option<Refusal> {
    let many = at_most(32, parents.len(), "/spec/parentRefs");
    if let Some(refusal) = many.or_else(|| at_most(16, hosts.len(), "/spec/hostnames")) {
        return Some(refusal);
    }
    if let Some(i) = twice(parents).filter(|_| group == GATEWAY) {
        let what = "it names the same twice, without a section or a port";
        return by_schema(what, format!("/spec/parentRefs/{i}"));
    }
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

/// The second of two references that name the same.
fn twice(parents: &[Parent]) -> Option<usize> {
    let mut seen = HashSet::new();
    parents.iter().position(|one| {
        let place = (&one.group, &one.kind, &one.namespace, &one.name);
        !seen.insert((place, &one.section_name, one.port))
    })
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

/// Matches on headers or on parameters of the query.
fn values(all: &[ValueMatch], list: &str, headers: bool) -> Option<Refusal> {
    if let Some(refusal) = at_most(16, all.len(), list) {
        return Some(refusal);
    }
    let mut seen = HashSet::new();
    all.iter().enumerate().find_map(|(i, one)| {
        let at = format!("{list}/{i}");
        if !seen.insert(&one.name) {
            return by_schema(format!("{:?} stands there twice", one.name), at);
        }
        if !is_header_name(&one.name) || one.value.is_empty() {
            return by_schema("it has no name, or no value", at);
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

/// Whether a header, or here a parameter, can have a name.
fn is_header_name(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(known)
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
