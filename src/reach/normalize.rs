//! A request target as a proxy sees it before it compares it.
//!
//! What each mode does was observed in a real Envoy; `istio/istio:
//! pilot/pkg/networking/core/listener_builder.go` chooses among its settings.

use std::borrow::Cow;

use crate::model::{EscapedSlashes, HeaderLine, Normalization, Underscores};

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
    mode.any_method || METHODS.contains(&method)
}

/// The header lines that policies see, names in lower case; nothing where the proxy refuses them.
pub fn headers(lines: &[HeaderLine], mode: Normalization) -> Option<Vec<HeaderLine>> {
    let mut seen = Vec::with_capacity(lines.len());
    for line in lines {
        let keep = !line.name.contains('_') || mode.underscores == Underscores::Keep;
        if !keep && mode.underscores == Underscores::Refuse {
            return None;
        }
        if keep {
            seen.push(HeaderLine {
                name: line.name.to_lowercase(),
                value: line.value.trim_matches([' ', '\t']).to_owned(),
            });
        }
    }
    Some(seen)
}

/// What follows `?` in a target.
pub fn query(target: &str) -> &str {
    let target = target.split('#').next().unwrap_or(target);
    target.split_once('?').map_or("", |(_, query)| query)
}

/// The path that policies see; nothing where the proxy answers by itself before it asks them.
pub fn path(target: &str, mode: Normalization) -> Option<String> {
    if !target.bytes().all(|b| (0x21..0x7f).contains(&b)) {
        return None;
    }
    let target = absolute(target).unwrap_or(target);
    if !target.starts_with('/') || (mode.refuses_fragments && target.contains('#')) {
        return None;
    }
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let written = target.get(..end).unwrap_or(target);
    let decoded = match mode.escaped_slashes {
        EscapedSlashes::Keep => Cow::Borrowed(written),
        EscapedSlashes::Decode => decode_slashes(written),
        EscapedSlashes::Refuse | EscapedSlashes::Redirect => {
            Some(decode_slashes(written)).filter(|decoded| *decoded == written)?
        }
    };
    let mut path = match mode.resolves_paths {
        true => resolve(&decoded)?,
        false => decoded.into_owned(),
    };
    while mode.merges_slashes && path.contains("//") {
        path = path.replace("//", "/");
    }
    Some(path)
}

/// What RFC 3986 takes for the same, written one way; nothing where a proxy refuses it.
fn resolve(path: &str) -> Option<String> {
    if path.contains("%00") {
        return None;
    }
    let path = decode_unreserved(path).replace('\\', "/");
    Some(encode_unusual(&remove_dot_segments(&path)))
}

fn decode_slashes(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let escapes = [("%2f", "/"), ("%2F", "/"), ("%5c", "\\"), ("%5C", "\\")];
    let decode = |path: String, (escape, meant)| path.replace(escape, meant);
    Cow::Owned(escapes.into_iter().fold(path.to_owned(), decode))
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
    use super::{headers, path};
    use crate::model::{EscapedSlashes, HeaderLine, Normalization, Underscores};

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
            Normalization::NONE,
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
            Normalization::BASE,
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
            Normalization::MERGE_SLASHES,
            &[
                ("//a///b", Some("/a/b")),
                ("/x%2f..%2fv1", Some("/x%2f..%2fv1")),
            ],
        );
        check(
            Normalization::DECODE_AND_MERGE_SLASHES,
            &[
                ("/x%2f..%2fv1", Some("/v1")),
                ("/x%5c..%5cv1", Some("/v1")),
                ("/x%2F%2Fv1", Some("/x/v1")),
                ("/x%252Fv1", Some("/x%252Fv1")),
            ],
        );
        let decode = Normalization {
            escaped_slashes: EscapedSlashes::Decode,
            ..Normalization::BASE
        };
        check(
            decode,
            &[
                ("/x%2F..%2fv1//a", Some("/v1//a")),
                ("/x%5C..%5cv1%2F%2Fa", Some("/v1//a")),
                // slashes come first: what is decoded after them is none
                ("/x%2%66v1", Some("/x%2fv1")),
            ],
        );
        let unresolved = Normalization {
            resolves_paths: false,
            ..decode
        };
        check(unresolved, &[("/x%5C..%2F%61", Some("/x\\../%61"))]);
        let merged = Normalization {
            merges_slashes: true,
            ..Normalization::NONE
        };
        check(merged, &[("//a//../%61", Some("/a/../%61"))]);
    }

    #[test]
    fn escaped_slashes_may_be_refused() {
        for escaped_slashes in [EscapedSlashes::Refuse, EscapedSlashes::Redirect] {
            let refuse = Normalization {
                escaped_slashes,
                ..Normalization::BASE
            };
            check(
                refuse,
                &[
                    ("/a%2fb", None),
                    ("/a%2Fb", None),
                    ("/a%5cb", None),
                    ("/a%5Cb", None),
                    ("/a%252fb", Some("/a%252fb")),
                    ("/a/%62?x=%2f", Some("/a/b")),
                ],
            );
        }
    }

    #[test]
    fn headers_are_trimmed_and_those_with_underscores_may_be_refused() {
        let line = |name: &str, value: &str| HeaderLine {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let written = [line("X-Team", " a b\t"), line("X_Team", "a")];
        let seen = |underscores| {
            let mode = Normalization {
                underscores,
                ..Normalization::NONE
            };
            headers(&written, mode)
        };
        let plain = line("x-team", "a b");
        let both = vec![plain.clone(), line("x_team", "a")];
        assert_eq!(seen(Underscores::Keep), Some(both));
        assert_eq!(seen(Underscores::Drop), Some(vec![plain]));
        assert_eq!(seen(Underscores::Refuse), None);
    }

    #[test]
    fn what_the_proxy_refuses_by_itself() {
        let strict = Normalization {
            refuses_fragments: true,
            ..Normalization::NONE
        };
        check(
            strict,
            &[("/a#b", None), ("/a?b#c", None), ("/a?b", Some("/a"))],
        );
        check(
            Normalization::BASE,
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
