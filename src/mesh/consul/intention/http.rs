//! Which requests a permission is about.
//!
//! `hashicorp/consul: agent/xds/rbac.go` (convertPermission); how headers are compared was observed in
//! a real Envoy.

use std::sync::Arc;

use crate::mesh::consul::written::Written;
use crate::model::{At, Expression, PathMatch, StringMatch, Test, When};

/// All that it asks of a request.
pub fn criteria(http: &Written<'_>) -> When {
    let mut all: Vec<When> = path(http).into_iter().collect();
    all.extend(http.each("header").iter().map(header));
    let methods = http.texts("methods");
    if !methods.is_empty() {
        let one = |(method, at): (&str, At)| {
            let method = StringMatch::Exact(method.to_uppercase().into());
            When::Is(Test::Method(method), at)
        };
        all.push(When::any(methods.into_iter().map(one).collect()));
    }
    When::all(all)
}

fn path(http: &Written<'_>) -> Option<When> {
    let (text, field) = ["pathExact", "pathPrefix", "pathRegex"]
        .into_iter()
        .find_map(|key| Some((http.text(key)?, key)))?;
    let at = http.field(field);
    let value = match field {
        "pathExact" => StringMatch::Exact(text.into()),
        "pathPrefix" => StringMatch::Prefix(text.into()),
        _ => match Expression::whole(text) {
            Some(expression) => StringMatch::Fits(expression),
            None => return Some(unreadable(text, at)),
        },
    };
    Some(When::Is(Test::Path(PathMatch::Text(value)), at))
}

fn unreadable(text: &str, at: At) -> When {
    let what = format!("whether it fits {text:?}, which is no expression");
    When::Is(Test::Unknowable(what.into()), at)
}

fn header(header: &Written<'_>) -> When {
    let name: Arc<str> = header.text("name").unwrap_or("").to_lowercase().into();
    let is = |value, at| {
        let name = Arc::clone(&name);
        let test = match &*name {
            "host" | ":authority" => Test::Authority(value),
            _ => Test::Header { name, value },
        };
        When::Is(test, at)
    };
    let inverted = header.is_on("invert");
    let present = is(StringMatch::Any, header.field("name"));
    let found = ["exact", "prefix", "suffix", "contains", "regex"]
        .into_iter()
        .find_map(|key| Some((key, header.text(key)?, header.field(key))));
    let Some((way, text, at)) = found else {
        return match inverted {
            true => present.not(),
            false => present,
        };
    };
    let Some(value) = value(way, text, header.is_on("ignoreCase")) else {
        return unreadable(text, at);
    };
    let fits = is(value, at);
    // a header that is not there is not another one
    match inverted {
        true => When::all(vec![present, fits.not()]),
        false => fits,
    }
}

/// What the value of a header is compared with.
fn value(way: &str, text: &str, any_case: bool) -> Option<StringMatch> {
    let literal = regex::escape(text);
    let rest = "(?s:.*)";
    let case = if any_case { "(?i)" } else { "" };
    Some(match (way, any_case) {
        ("exact", false) => StringMatch::Exact(text.into()),
        ("prefix", false) => StringMatch::Prefix(text.into()),
        ("suffix", false) => StringMatch::Suffix(text.into()),
        ("exact", true) => fits(&format!("{case}{literal}"))?,
        ("prefix", true) => fits(&format!("{case}{literal}{rest}"))?,
        ("suffix", true) => fits(&format!("{case}{rest}{literal}"))?,
        ("contains", _) => fits(&format!("{case}{rest}{literal}{rest}"))?,
        _ => fits(text)?,
    })
}

fn fits(expression: &str) -> Option<StringMatch> {
    Expression::whole(expression).map(StringMatch::Fits)
}
