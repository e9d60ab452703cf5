//! What the admission webhook refuses of routes: it will not exist.
//!
//! `linkerd/linkerd2: policy-controller/runtime/src/admission.rs`,
//! `policy-controller/k8s/index/src/routes/{http,grpc}.rs`.

use crate::mesh::linkerd::crd::{GrpcRoute, HttpMatch, HttpRoute, Parent, ValueMatch};
use crate::mesh::linkerd::object::Refusal;
use crate::model::Expression;

const REGEX: &str = "RegularExpression";

/// Of an `HTTPRoute`.
pub(super) fn http(route: &HttpRoute) -> Option<Refusal> {
    let rules = route.rules.iter().flatten().enumerate();
    let mut matches = rules.flat_map(|(i, rule)| {
        let all = rule.matches.iter().flatten().enumerate();
        all.map(move |(j, one)| (format!("/spec/rules/{i}/matches/{j}"), one))
    });
    egress_without_port(&route.parent_refs)
        .or_else(|| matches.find_map(|(at, one)| http_match(&at, one)))
}

fn http_match(at: &str, one: &HttpMatch) -> Option<Refusal> {
    let path = one.path.as_ref().and_then(|path| {
        let value = path.value.as_deref().unwrap_or("/");
        let at = format!("{at}/path/value");
        match path.kind.as_deref() {
            Some(REGEX) => bad_regex(value, at),
            _ if value.starts_with('/') => None,
            _ => Some((
                format!("the path {value:?} does not begin with a slash"),
                at,
            )),
        }
    });
    path.or_else(|| values(&one.headers, &format!("{at}/headers")))
        .or_else(|| values(&one.query_params, &format!("{at}/queryParams")))
}

/// Of a `GRPCRoute`.
pub(super) fn grpc(route: &GrpcRoute) -> Option<Refusal> {
    let rules = route.rules.iter().flatten().enumerate();
    let mut matches = rules.flat_map(|(i, rule)| {
        let all = rule.matches.iter().flatten().enumerate();
        all.map(move |(j, one)| (format!("/spec/rules/{i}/matches/{j}"), one))
    });
    egress_without_port(&route.parent_refs).or_else(|| {
        matches.find_map(|(at, one)| {
            let method = one.method.as_ref();
            if method.is_some_and(|method| method.kind.as_deref() == Some(REGEX)) {
                let what = "methods cannot be matched by an expression";
                return Some((what.to_owned(), format!("{at}/method/type")));
            }
            values(&one.headers, &format!("{at}/headers"))
        })
    })
}

/// Of any route.
pub fn egress_without_port(parents: &[Parent]) -> Option<Refusal> {
    let bad = |parent: &Parent| parent.is("EgressNetwork") && parent.port.is_none();
    let i = parents.iter().position(bad)?;
    let what = "it names an EgressNetwork without a port";
    Some((what.to_owned(), format!("/spec/parentRefs/{i}")))
}

fn values(all: &[ValueMatch], list: &str) -> Option<Refusal> {
    let mut bad = all.iter().enumerate().filter_map(|(i, one)| {
        let regex = one.kind.as_deref() == Some(REGEX);
        let at = format!("{list}/{i}/value");
        regex.then(|| bad_regex(&one.value, at)).flatten()
    });
    bad.next()
}

fn bad_regex(text: &str, at: String) -> Option<Refusal> {
    let what = format!("{text:?} is no regular expression");
    Expression::covering(text).is_none().then_some((what, at))
}
