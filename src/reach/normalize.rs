//! A request target as a proxy sees it before it compares it.
//!
//! What each mode does was observed in a real Envoy; `istio/istio:
//! pilot/pkg/networking/core/listener_builder.go` chooses among its settings.

use crate::model::Normalization;

/// Methods that Envoy's HTTP/1 parser takes.
pub const METHODS: &[&str] = &[
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "CONNECT",
    "TRACE",
    "COPY",
    "LOCK",
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "BIND",
    "REBIND",
    "UNBIND",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
    "MERGE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "PURGE",
    "MKCALENDAR",
    "LINK",
    "UNLINK",
    "SOURCE",
];

/// Whether a proxy takes a method at all.
pub fn takes_method(method: &str, mode: Normalization) -> bool {
    mode == Normalization::Verbatim || METHODS.contains(&method)
}

/// What follows `?` in a target.
pub fn query(target: &str) -> &str {
    let target = target.split('#').next().unwrap_or(target);
    target.split_once('?').map_or("", |(_, query)| query)
}

/// The path that policies see; nothing where the proxy answers 400 before it asks them.
pub fn path(target: &str, mode: Normalization) -> Option<String> {
    if !target.bytes().all(|b| (0x21..0x7f).contains(&b)) {
        return None;
    }
    let target = absolute(target).unwrap_or(target);
    if !target.starts_with('/') {
        return None;
    }
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    if matches!(mode, Normalization::None | Normalization::Verbatim) {
        return Some(path.to_owned());
    }
    if path.contains("%00") {
        return None;
    }
    let mut path = decode_unreserved(path);
    if mode == Normalization::DecodeAndMergeSlashes {
        for slash in ["%2f", "%2F", "%5c", "%5C"] {
            path = path.replace(slash, "/");
        }
    }
    let mut path = remove_dot_segments(&path.replace('\\', "/"));
    if mode != Normalization::Base {
        while path.contains("//") {
            path = path.replace("//", "/");
        }
    }
    Some(encode_unusual(&path))
}

/// `http://host/path` → `/path`.
fn absolute(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !known {
        return None;
    }
    Some(rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"))
}

/// One round of decoding, of characters that need no escape.
fn decode_unreserved(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let byte = escape
            .get(1..3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') => {
                out.push(c);
                rest = escape.get(3..).unwrap_or("");
            }
            _ => {
                out.push('%');
                rest = escape.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

/// RFC 3986, section 5.2.4, on a path that begins with a slash.
fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Characters that Envoy writes as escapes.
fn encode_unusual(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '^' | '`' | '<' | '>' | '|' | '{' | '}' | '"') {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::model::Normalization::{
        self, Base, DecodeAndMergeSlashes, MergeSlashes, None as Off,
    };

    fn check(mode: Normalization, cases: &[(&str, Option<&str>)]) {
        for (target, expected) in cases {
            assert_eq!(
                path(target, mode).as_deref(),
                *expected,
                "{target} under {mode:?}"
            );
        }
    }

    #[test]
    fn nothing_changes_without_normalization() {
        check(
            Off,
            &[
                ("/a/../b?x=1", Some("/a/../b")),
                ("/%61", Some("/%61")),
                ("/%00", Some("/%00")),
            ],
        );
    }

    #[test]
    fn dots_and_escapes_but_not_slashes() {
        check(
            Base,
            &[
                ("/x/../admin", Some("/admin")),
                ("/%61dmin", Some("/admin")),
                ("/x/..//v1", Some("//v1")),
                ("//admin", Some("//admin")),
                ("/a/.", Some("/a/")),
                ("/../..", Some("/")),
                ("/a\\b", Some("/a/b")),
                ("/v%2531", Some("/v%2531")),
                ("/%2Fv", Some("/%2Fv")),
                ("/%c3", Some("/%c3")),
                ("/a|b", Some("/a%7Cb")),
                ("/a[b]", Some("/a[b]")),
                ("/a#f?x", Some("/a")),
                ("http://h/p?q", Some("/p")),
            ],
        );
    }

    #[test]
    fn slashes_are_merged_and_decoded_where_asked() {
        check(
            MergeSlashes,
            &[
                ("//a///b", Some("/a/b")),
                ("/x%2f..%2fv1", Some("/x%2f..%2fv1")),
            ],
        );
        check(
            DecodeAndMergeSlashes,
            &[("/x%2f..%2fv1", Some("/v1")), ("/x%5c..%5cv1", Some("/v1"))],
        );
    }

    #[test]
    fn what_the_proxy_refuses_by_itself() {
        check(
            Base,
            &[
                ("\\a", None),
                ("/%00", None),
                ("/é", None),
                ("/a\tb", None),
                ("*", None),
                ("", None),
            ],
        );
    }
}
