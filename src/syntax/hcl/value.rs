//! What is written to what it means.

use std::borrow::Cow;

use super::scan::heredoc_header;

/// Why a text in quotes means nothing, and at which of its bytes.
pub(super) type Wrong = (usize, &'static str);

/// The text that stands in quotes: escapes resolved, `${…}` as it is.
pub(super) fn unquote(written: &str) -> Result<Cow<'_, str>, Wrong> {
    let inside = written.get(1..written.len().saturating_sub(1));
    let inside = inside.unwrap_or("");
    if !inside.contains(['\\', '\r']) {
        return Ok(Cow::Borrowed(inside));
    }
    let mut bytes = Vec::with_capacity(inside.len());
    let mut braces = 0_usize;
    let mut rest = inside;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' => {
                let at = written.len() - 1 - rest.len();
                let wrong = "HCL has no such escape; write `\\\\` for a backslash";
                let (length, mut meant) = escape(rest).ok_or((at, wrong))?;
                if braces > 0 {
                    meant = rest.as_bytes().get(..length).unwrap_or(&[]).to_vec();
                }
                bytes.extend(meant);
                length
            }
            '\r' if rest.starts_with("\r\n") => 1,
            _ => {
                let length = match c {
                    '$' if braces == 0 && rest.starts_with("${") => {
                        braces = 1;
                        2
                    }
                    '{' if braces > 0 => {
                        braces += 1;
                        1
                    }
                    '}' => {
                        braces = braces.saturating_sub(1);
                        1
                    }
                    _ => c.len_utf8(),
                };
                bytes.extend(rest.as_bytes().get(..length).unwrap_or(&[]));
                length
            }
        };
        rest = rest.get(length..).unwrap_or("");
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| (0, "its escapes make no characters"))?;
    Ok(Cow::Owned(text))
}

/// How long an escape is, and the bytes it stands for.
fn escape(text: &str) -> Option<(usize, Vec<u8>)> {
    let code = |from: usize, digits: usize, radix: u32| {
        let digits = text.get(from..from + digits)?;
        let all = digits.chars().all(|c| c.is_digit(radix));
        all.then(|| u32::from_str_radix(digits, radix).ok())?
    };
    let simple = |byte: u8| Some((2, vec![byte]));
    let character = |digits: usize| {
        let code = code(2, digits, 16).filter(|&code| code <= char::MAX as u32)?;
        // Go writes halves of a pair as this too
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        Some((2 + digits, c.to_string().into_bytes()))
    };
    let byte = |length: usize, code: Option<u32>| Some((length, vec![u8::try_from(code?).ok()?]));
    match *text.as_bytes().get(1)? {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        quoted @ (b'\\' | b'"') => simple(quoted),
        b'x' => byte(4, code(2, 2, 16)),
        b'0'..=b'7' => byte(4, code(1, 3, 8)),
        b'u' => character(4),
        b'U' => character(8),
        _ => None,
    }
}

/// The lines of a text between two marks. With a dash before the mark, the indentation of the
/// last mark is taken off each line, if all lines have it.
pub(super) fn heredoc(written: &str) -> String {
    let Some((mark, is_indented, header)) = heredoc_header(written) else {
        return String::new();
    };
    let lines = written.get(header..).unwrap_or("");
    let lines = lines.strip_suffix(mark).unwrap_or(lines);
    let lines = lines.replace("\r\n", "\n");
    if !is_indented {
        return lines;
    }
    let indentation = lines.rsplit_once('\n').map_or(&*lines, |(_, last)| last);
    if lines.split('\n').all(|line| line.starts_with(indentation)) {
        let without = |line: &str| line.get(indentation.len()..).unwrap_or("").to_owned();
        return lines
            .split('\n')
            .map(without)
            .collect::<Vec<_>>()
            .join("\n");
    }
    lines.trim_end_matches([' ', '\t']).to_owned()
}

/// A whole number: `0x` is hexadecimal, a zero in front octal. Nothing if it is none, or beyond
/// 64 bits.
pub(super) fn int(written: &str) -> Option<i64> {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", written),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// A number with a point or an exponent; nothing if it is none, or infinite.
pub(super) fn float(written: &str) -> Option<f64> {
    written.parse().ok().filter(|value: &f64| value.is_finite())
}
