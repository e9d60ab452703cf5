//! Requests that permissions are about, one compared with another.

use std::collections::BTreeSet;

use crate::mesh::consul::Consul;
use crate::mesh::consul::written::Written;
use crate::model::At;

/// What a permission asks of requests; nothing where it asks nothing.
pub(super) fn http<'a>(consul: &'a Consul, permission: &At) -> Option<Written<'a>> {
    let own = consul.index.node(permission.resource).document().consul();
    let written = match own.is_some() {
        true => Written::own(&consul.index, permission.clone()),
        false => Written::object(&consul.index, permission.clone()),
    };
    written?.get("http")
}

/// A path that is asked for, and in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path<'a> {
    Any,
    Exact(&'a str),
    Prefix(&'a str),
    Regex(&'a str),
}

/// The path that a permission asks for.
pub(super) fn path<'a>(http: &Written<'a>) -> Path<'a> {
    let exact = http.text("pathExact").map(Path::Exact);
    let prefix = || http.text("pathPrefix").map(Path::Prefix);
    let regex = || http.text("pathRegex").map(Path::Regex);
    exact.or_else(prefix).or_else(regex).unwrap_or(Path::Any)
}

/// Whether one permission takes, by what it asks of requests, all that another takes. Where that
/// cannot be told from how they are written, it does not.
pub(super) fn covers(one: Option<&Written<'_>>, other: Option<&Written<'_>>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return one.is_none();
    };
    let paths = match (path(one), path(other)) {
        (Path::Any, _) => true,
        (Path::Prefix(start), Path::Exact(path) | Path::Prefix(path)) => path.starts_with(start),
        (one, other) => one == other,
    };
    let (own, others) = (methods(one), methods(other));
    let methods = own.is_empty() || (!others.is_empty() && others.is_subset(&own));
    let others = headers(other);
    paths && methods && headers(one).iter().all(|one| others.contains(one))
}

fn methods(http: &Written<'_>) -> BTreeSet<String> {
    let all = http.texts("methods").into_iter();
    all.map(|(method, _)| method.to_uppercase()).collect()
}

/// A header as it is looked at.
#[derive(Debug, PartialEq, Eq)]
struct Header<'a> {
    name: String,
    way: Option<(&'static str, &'a str)>,
    inverted: bool,
    any_case: bool,
}

fn headers<'a>(http: &Written<'a>) -> Vec<Header<'a>> {
    let one = |header: Written<'a>| Header {
        name: header.text("name").unwrap_or("").to_lowercase(),
        way: value(&header).map(|(way, text, _)| (way, text)),
        inverted: header.is_on("invert"),
        any_case: header.is_on("ignoreCase"),
    };
    http.each("header").into_iter().map(one).collect()
}

/// The value that a header is compared with, and in which way; nothing where it only has to be there.
pub(super) fn value<'a>(header: &Written<'a>) -> Option<(&'static str, &'a str, At)> {
    ["exact", "prefix", "suffix", "contains", "regex"]
        .into_iter()
        .find_map(|key| Some((key, header.text(key)?, header.field(key))))
}

/// Inverted headers of a permission that calls have to have nonetheless, by name and place.
pub(super) fn needed<'a>(http: &Written<'a>) -> Vec<(&'a str, At)> {
    let all = http.each("header").into_iter();
    let inverted = all.filter(|header| header.is_on("invert") && value(header).is_some());
    inverted
        .map(|header| (header.text("name").unwrap_or(""), header.at().clone()))
        .collect()
}

/// Whether a permission is about calls that leave a header out.
pub(super) fn takes_absent(http: &Written<'_>, name: &str) -> bool {
    http.each("header").iter().any(|header| {
        header
            .text("name")
            .is_some_and(|own| own.eq_ignore_ascii_case(name))
            && header.is_on("invert")
            && value(header).is_none()
    })
}
