//! What a line looks like, as far as that is simple.

use crate::syntax::{Value, parse};
use crate::text::{FileId, SourceFile};

/// A scalar that ends on the line on which it begins, and looks the same wherever it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scalar<'a> {
    /// Without its quotes.
    text: &'a str,
    is_quoted: bool,
}

impl<'a> Scalar<'a> {
    /// The scalar at the beginning of a text, and what follows it.
    pub(super) fn split(text: &'a str) -> Option<(Self, &'a str)> {
        let quote = text.chars().next()?;
        if matches!(quote, '"' | '\'') {
            let (inner, rest) = text.get(1..)?.split_once(quote)?;
            let is_safe = |byte: u8| is_plain(byte) || matches!(byte, b' ' | b',' | b'=');
            let scalar = Self {
                text: inner,
                is_quoted: true,
            };
            return inner.bytes().all(is_safe).then_some((scalar, rest));
        }
        let end = text.bytes().position(|byte| !is_plain(byte));
        let (inner, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let scalar = Self {
            text: inner,
            is_quoted: false,
        };
        // no sign, no dot and no colon that would mean more than a letter
        let is_safe = inner.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !inner.ends_with(':')
            && inner.len() < 1000;
        is_safe.then_some((scalar, rest))
    }

    /// Hands on what it means.
    pub(super) fn with_value<T>(self, then: impl FnOnce(Value<'_>) -> T) -> Option<T> {
        if self.is_quoted || is_surely_text(self.text) {
            return Some(then(Value::Text(self.text)));
        }
        let is_number = !self.text.starts_with('0')
            && self.text.len() < 19
            && self.text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return self
                .text
                .parse()
                .ok()
                .map(|number| then(Value::Int(number)));
        }
        let source = SourceFile::new("", self.text);
        let (documents, problems) = parse(FileId(0), &source);
        let document = documents.first().filter(|_| problems.is_empty())?;
        Some(then(document.root().value()))
    }
}

/// What means nothing but itself in a plain scalar, after its first character.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._/@:+%-".contains(&byte)
}

/// Whether it cannot be a number or a word like `true`.
fn is_surely_text(text: &str) -> bool {
    text.contains(['/', ':', '@']) || text.bytes().filter(|&byte| byte == b'.').count() > 1
}

/// Whether nothing but blanks and dashes of lists stands there.
pub(super) fn is_head(text: &str) -> bool {
    let text = text.trim_start_matches(' ');
    match text.strip_prefix("- ") {
        Some(rest) => is_head(rest),
        None => text.is_empty(),
    }
}

/// Whether it is a key without quotes.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() < 500
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
}

/// Whether it is the colon between a key and its value.
pub(super) fn is_colon(text: &str) -> bool {
    let blanks = text.strip_prefix(':');
    blanks.is_some_and(|blanks| !blanks.is_empty() && is_blank(blanks))
}

/// Whether there is nothing but blanks.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ')
}

/// Whether what follows a value is blank or a comment.
pub(super) fn is_rest(text: &str) -> bool {
    let rest = text.trim_start_matches(' ');
    rest.is_empty() || rest.len() < text.len() && is_comment(rest)
}

/// Whether it is a comment that has nothing special in it.
pub(super) fn is_comment(text: &str) -> bool {
    let is_safe = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    text.starts_with('#') && text.bytes().all(is_safe)
}

/// How far the first line with content is indented; nothing if that is not by blanks.
pub(super) fn indent(text: &str) -> Option<usize> {
    for line in text.split('\n') {
        let content = line.trim_start_matches(' ');
        match content.bytes().next() {
            None | Some(b'\r' | b'#') => {}
            Some(b'\t') => return None,
            Some(_) => return Some(line.len() - content.len()),
        }
    }
    Some(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn scalars_that_might_mean_more_are_none() {
        for text in [
            "", " a", "-1", ".5", "~", "*x", "&x 1", "!t 1", "|", ">-", "{a: 1}", "[1]", "a:", "#",
            "'it\\s'", "'open", "\"a\\n\"", "'a#b'", "'\u{e9}'", "\u{e9}", "?", "@a", "%a", "`",
        ] {
            assert_eq!(Scalar::split(text), None, "{text}");
        }
        for (text, inner, rest) in [
            ("a:1.2 # c", "a:1.2", " # c"),
            ("'a, b'#", "a, b", "#"),
            ("\"\"", "", ""),
            ("25%\r", "25%", "\r"),
            ("a#b", "a", "#b"),
        ] {
            let (scalar, after) = Scalar::split(text).unwrap();
            assert_eq!((scalar.text, after), (inner, rest));
        }
    }

    #[test]
    fn scalars_mean_what_they_mean_when_they_are_read() {
        for text in [
            "0",
            "7",
            "07",
            "0x1F",
            "1.5",
            "1.2.3",
            "1e3",
            "250m",
            "true",
            "y",
            "no",
            "a/b:1.2",
            "1:30",
            "999999999999999999",
            "9999999999999999999",
            "99999999999999999999",
            "1_000",
            "'7'",
            "\"true\"",
            "1.2e3.4",
            "'a:b, c'",
            "0b11",
            "08",
            "1@2",
            "2026-01-01T00:00:00Z",
            "1/2",
            "0e5",
            "1.",
            "1..2",
        ] {
            let source = SourceFile::new("a.yaml", format!("a: {text}\n"));
            let (documents, _) = parse(FileId(0), &source);
            let value = documents[0].root().get("a").unwrap().value();
            let (scalar, rest) = Scalar::split(text).unwrap();
            assert_eq!(scalar.with_value(|own| own == value), Some(true), "{text}");
            assert_eq!(rest, "");
        }
    }

    #[test]
    fn what_follows_a_value_is_blank_or_a_comment() {
        assert!(is_rest("") && is_rest("  ") && is_rest(" # c\t~"));
        assert!(!is_rest("#") && !is_rest("\t# c") && !is_rest(" c") && !is_rest(" # \u{e9}"));
        assert!(
            is_head("  - - ") && is_head("") && !is_head("-") && !is_head("--- ") && !is_head("? ")
        );
        assert_eq!(indent("\n\r\n    # c\n  \n  - a\n"), Some(2));
        assert_eq!(indent(" \ta"), None);
    }
}
