//! What a route of a service-router asks of a request, and what it makes of the path.
//!
//! `hashicorp/consul: agent/xds/routes.go` (makeRouteMatchForDiscoveryRoute).

use crate::mesh::consul::written::Written;
use crate::model::{At, Expression, PathMatch, PathRewrite, StringMatch, Test, When};

/// What a route asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// All of it.
    pub when: When,
    /// The path, if that is a text.
    pub path: Path,
}

/// Which paths a route takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// This one.
    Exact(String),
    /// Those that begin with this text, which need not end with a segment.
    Prefix(String),
    /// Those that fit an expression.
    Fits,
}

/// How a value is compared; the name of the field that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// All of it.
    Exact,
    /// Its beginning.
    Prefix,
    /// Its end.
    Suffix,
    /// A part of it.
    Contains,
    /// An expression it fits as a whole.
    Regex,
    /// That it is there.
    Present,
}

impl Wanted {
    /// What a route of a service-router asks for.
    pub fn of_router(route: &Written<'_>) -> Self {
        let Some(http) = route.path(&["match", "http"]) else {
            return Self::everything();
        };
        let any_case = http.is_on("caseInsensitive");
        let mut all = Vec::new();
        let mut path = Path::Prefix("/".to_owned());
        let kinds = [
            ("pathExact", How::Exact),
            ("pathPrefix", How::Prefix),
            ("pathRegex", How::Regex),
        ];
        for (key, how) in kinds {
            if let Some(text) = http.text(key) {
                all.push(path_is(how, text, any_case, &http.field(key)));
                path = path_of(how, text);
                break;
            }
        }
        for header in http.each("header") {
            let name = header.text("name").unwrap_or_default();
            let found = kind_of(&header);
            let inverted = header.is_on("invert");
            if let Some((how, value)) = found {
                let any_case = header.is_on("ignoreCase");
                let is = header_is(name, how, &value, any_case, header.at());
                all.push(if inverted {
                    without(name, how, is, header.at())
                } else {
                    is
                });
            }
        }
        for parameter in http.each("queryParam") {
            let name = parameter.text("name").unwrap_or_default();
            if let Some((how, value)) = kind_of(&parameter) {
                all.push(parameter_is(name, how, &value, parameter.at()));
            }
        }
        let methods = http.texts("methods").into_iter();
        let methods: Vec<When> = methods.map(|(method, at)| method_is(method, &at)).collect();
        if !methods.is_empty() {
            all.push(When::any(methods));
        }
        Self {
            when: When::all(all),
            path,
        }
    }

    /// What asks for nothing.
    pub fn everything() -> Self {
        Self {
            when: When::Always,
            path: Path::Prefix("/".to_owned()),
        }
    }
}

/// The field by which something is compared, and its value.
fn kind_of(written: &Written<'_>) -> Option<(How, String)> {
    let kinds = [
        ("exact", How::Exact),
        ("regex", How::Regex),
        ("prefix", How::Prefix),
        ("suffix", How::Suffix),
        ("contains", How::Contains),
    ];
    let mut kinds = kinds.into_iter();
    let found = kinds.find_map(|(key, how)| Some((how, written.text(key)?.to_owned())));
    found.or_else(|| {
        written
            .is_on("present")
            .then(|| (How::Present, String::new()))
    })
}

/// A path with how it is compared.
pub fn path_of(how: How, text: &str) -> Path {
    match how {
        How::Exact => Path::Exact(text.to_owned()),
        How::Prefix => Path::Prefix(text.to_owned()),
        _ => Path::Fits,
    }
}

/// That the path is one.
pub fn path_is(how: How, text: &str, any_case: bool, at: &At) -> When {
    if how == How::Prefix && text == "/" {
        return When::Always;
    }
    match value(how, text, any_case) {
        Some(value) => When::Is(Test::Path(PathMatch::Text(value)), at.clone()),
        None => open("whether the path fits this expression".to_owned(), at),
    }
}

/// That a header is one.
pub fn header_is(name: &str, how: How, text: &str, any_case: bool, at: &At) -> When {
    match value(how, text, any_case) {
        Some(value) => {
            let name = name.to_lowercase().into();
            When::Is(Test::Header { name, value }, at.clone())
        }
        None => open(format!("whether the header {name} fits this"), at),
    }
}

/// The opposite for a header: without it only presence is denied.
fn without(name: &str, how: How, is: When, at: &At) -> When {
    match how {
        How::Present => is.not(),
        _ => When::all(vec![header_is(name, How::Present, "", false, at), is.not()]),
    }
}

/// That a parameter of the query is one.
pub fn parameter_is(name: &str, how: How, text: &str, at: &At) -> When {
    match value(how, text, false) {
        Some(value) => {
            let name = name.into();
            When::Is(Test::Query { name, value }, at.clone())
        }
        None => open(
            format!("whether the query's {name} fits this expression"),
            at,
        ),
    }
}

/// That the method is one; Consul stores them in capitals.
pub fn method_is(method: &str, at: &At) -> When {
    let method = StringMatch::Exact(method.to_uppercase().into());
    When::Is(Test::Method(method), at.clone())
}

fn open(what: String, at: &At) -> When {
    When::Is(Test::Unknowable(what.into()), at.clone())
}

fn value(how: How, text: &str, any_case: bool) -> Option<StringMatch> {
    match how {
        How::Present => Some(StringMatch::Any),
        How::Exact if any_case => Expression::any_case(text, false).map(StringMatch::Fits),
        How::Prefix if any_case => Expression::any_case(text, true).map(StringMatch::Fits),
        How::Exact => Some(StringMatch::Exact(text.into())),
        How::Prefix => Some(StringMatch::Prefix(text.into())),
        How::Suffix if !any_case => Some(StringMatch::Suffix(text.into())),
        How::Regex if !any_case => Expression::whole(text).map(StringMatch::Fits),
        How::Regex => Expression::whole(&format!("(?i:{text})")).map(StringMatch::Fits),
        How::Suffix | How::Contains => None,
    }
}

/// What `prefixRewrite` makes of the paths that a route takes: a path is replaced as a whole, of a
/// beginning its text.
pub fn prefix_rewrite(wanted: &Wanted, to: &str) -> Option<PathRewrite> {
    match &wanted.path {
        Path::Exact(_) => Some(PathRewrite::Whole(to.into())),
        Path::Prefix(from) => Some(PathRewrite::Prefix {
            from: from.as_str().into(),
            to: to.into(),
        }),
        Path::Fits => None,
    }
}
