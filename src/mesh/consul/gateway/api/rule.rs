//! Rules of routes of requests, in the notation of the Gateway API and in Consul's own.
//!
//! `hashicorp/consul-k8s: control-plane/api-gateway/common/translation.go` (translateHTTPMatch,
//! translateHTTPFilters), `hashicorp/consul: agent/consul/discoverychain/gateway_httproute.go`.

use super::HttpRule;
use super::backend::Filters;
use crate::mesh::consul::chain::request::{
    How, header_is, method_is, parameter_is, path_is, path_of,
};
use crate::mesh::consul::chain::{Path, Wanted};
use crate::mesh::consul::written::Written;
use crate::model::When;

/// How a notation names what it says.
struct Notation {
    /// How it names a way to compare.
    how: &'static str,
    parameters: &'static str,
}

fn notation(written: &Written<'_>) -> Notation {
    match written.is_own() {
        true => Notation {
            how: "match",
            parameters: "query",
        },
        false => Notation {
            how: "type",
            parameters: "queryParams",
        },
    }
}

/// The ways to meet a rule, each with how narrow it is; one that takes everything where none is
/// written.
pub fn rules(rule: &Written<'_>, filters: &Filters) -> Vec<HttpRule> {
    let matches = rule.each("matches");
    let made = |wanted, rank, at| HttpRule {
        wanted,
        rank,
        to: filters.to.clone(),
        token: filters.token.clone(),
        at,
    };
    if matches.is_empty() {
        return vec![made(Wanted::everything(), (1, 0, 0), rule.at().clone())];
    }
    let each = matches.iter().map(|one| {
        let (wanted, rank) = wanted(one);
        made(wanted, rank, one.at().clone())
    });
    each.collect()
}

/// What a match asks for. A beginning of a path is one as text: it need not end with a segment.
fn wanted(one: &Written<'_>) -> (Wanted, (usize, usize, usize)) {
    let words = notation(one);
    let how = |written: &Written<'_>| how(written.text(words.how));
    let mut all = Vec::new();
    let path = one.get("path");
    let (kind, text) = match &path {
        Some(path) => {
            let kind = path
                .text(words.how)
                .map_or(How::Prefix, |text| self::how(Some(text)));
            (kind, path.text("value").unwrap_or("/"))
        }
        None => (How::Prefix, "/"),
    };
    let place = path
        .as_ref()
        .map_or_else(|| one.at().clone(), |path| path.field("value"));
    all.push(path_is(kind, text, false, &place));
    let headers = one.each("headers");
    for header in &headers {
        let name = header.text("name").unwrap_or_default();
        let value = header.text("value").unwrap_or_default();
        all.push(header_is(name, how(header), value, false, header.at()));
    }
    let parameters = one.each(words.parameters);
    for parameter in &parameters {
        let name = parameter.text("name").unwrap_or_default();
        let value = parameter.text("value").unwrap_or_default();
        all.push(parameter_is(name, how(parameter), value, parameter.at()));
    }
    if let Some(method) = one.text("method") {
        all.push(method_is(method, &one.field("method")));
    }
    let path: Path = path_of(kind, text);
    let wanted = Wanted {
        when: When::all(all),
        path,
    };
    (wanted, (text.len(), headers.len(), parameters.len()))
}

/// A way to compare, in either notation; all of a value where none is named.
fn how(text: Option<&str>) -> How {
    match text.unwrap_or("Exact").to_lowercase().as_str() {
        "prefix" | "pathprefix" => How::Prefix,
        "suffix" => How::Suffix,
        "present" => How::Present,
        "regex" | "regularexpression" => How::Regex,
        _ => How::Exact,
    }
}
