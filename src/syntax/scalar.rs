//! What a scalar means to the YAML reader of Kubernetes tools.

/// A scalar, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// The text as it stands.
    Text,
    /// A number that JSON, and so the API server, does not have.
    NotFinite,
}

/// Resolves a scalar that stands there without quotes and without a tag.
pub(super) fn resolve(text: &str) -> Resolved {
    match text.as_bytes().first() {
        None => Resolved::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            word(text)
        }
        Some(b'.') => dot(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        _ => Resolved::Text,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        _ => Resolved::Text,
    }
}

fn dot(text: &str) -> Resolved {
    match text {
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" => Resolved::NotFinite,
        _ if has_stray_underscore(text) => Resolved::Text,
        _ => float(&text.replace('_', "")),
    }
}

/// Whether an underscore stands elsewhere than between digits.
fn has_stray_underscore(text: &str) -> bool {
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| text.as_bytes().get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    text.match_indices('_')
        .any(|(at, _)| !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1)))
}

fn number(text: &str) -> Resolved {
    if matches!(
        text,
        "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF"
    ) {
        return Resolved::NotFinite;
    }
    let plain = text.replace('_', "");
    integer(&plain).unwrap_or_else(|| float(&plain))
}

/// A whole number in any base that Go knows: `0x1F`, `0o17`, `017`, `0b11`, `31`.
fn integer(plain: &str) -> Option<Resolved> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, plain.get(1..)?),
        b'+' => (false, plain.get(1..)?),
        _ => (false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // a second sign would be taken by the conversion below
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let value = 0_i64.checked_sub_unsigned(magnitude)?;
        return Some(Resolved::Int(value));
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Resolved::Int(value)),
        // Go reads large numbers as unsigned, and then refuses a sign
        Err(_) if !plain.starts_with('+') => Some(Resolved::UInt(magnitude)),
        Err(_) => None,
    }
}

/// A number with a point or an exponent, or one too large for 64 bits.
fn float(plain: &str) -> Resolved {
    if !looks_like_float(plain) {
        return Resolved::Text;
    }
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() => Resolved::Float(value),
        _ => Resolved::Text,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn looks_like_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, part)) => {
            all_digits(whole) && all_digits(part) && !(whole.is_empty() && part.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    mantissa_fits && exponent_fits
}

/// A float's value as a whole number, if it is one and keeps its value.
pub(super) fn whole(value: f64) -> Option<i64> {
    // 2^63 itself no longer fits
    let fits = value.fract() == 0.0
        && (-9.223_372_036_854_776e18..9.223_372_036_854_776e18).contains(&value);
    fits.then_some(value as i64)
}

/// How a float is written when it is a key.
pub(super) fn float_key(value: f64) -> String {
    let value = value as f32;
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if !(-4..6).contains(&exponent) => {
                let sign = if exponent < 0 { '-' } else { '+' };
                format!("{mantissa}e{sign}{:02}", exponent.abs())
            }
            _ => value.to_string(),
        },
        None => scientific,
    }
}

/// The bytes of a `!!binary` value as text; `None` if they are not base64.
pub(super) fn binary(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let symbols: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let groups = symbols.len() / 4;
    for (at, group) in symbols.chunks(4).enumerate() {
        let padding = group.iter().rev().take_while(|&&b| b == b'=').count();
        if padding > 2 || (padding > 0 && at + 1 < groups) {
            return None;
        }
        let mut bits = 0_u32;
        for &symbol in group.iter().take(4 - padding) {
            bits = bits << 6 | u32::from(sextet(symbol)?);
        }
        bits <<= 6 * padding;
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend([a, b, c].into_iter().take(3 - padding));
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn sextet(symbol: u8) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol - b'A'),
        b'a'..=b'z' => Some(symbol - b'a' + 26),
        b'0'..=b'9' => Some(symbol - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Resolved::{Bool, Float, Int, NotFinite, Null, Text, UInt};
    use super::*;

    #[test]
    fn words_are_those_of_yaml_1_1() {
        for word in ["y", "Y", "yes", "on", "On", "true", "TRUE"] {
            assert_eq!(resolve(word), Bool(true), "{word}");
        }
        for word in ["n", "N", "no", "off", "OFF", "false"] {
            assert_eq!(resolve(word), Bool(false), "{word}");
        }
        for word in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(word), Null, "{word}");
        }
        for word in ["yEs", "oN", "tRUE", "nULL", "nothing", "STRICT", "<<"] {
            assert_eq!(resolve(word), Text, "{word}");
        }
    }

    #[test]
    fn whole_numbers_have_the_bases_of_go() {
        for (text, value) in [
            ("0", 0),
            ("0644", 420),
            ("0o644", 420),
            ("0x1F", 31),
            ("0b11", 3),
            ("-0b11", -3),
            ("1_000", 1000),
            ("+5", 5),
            ("-7", -7),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(resolve(text), Int(value), "{text}");
        }
        assert_eq!(
            resolve("12345678901234567890"),
            UInt(12_345_678_901_234_567_890)
        );
    }

    #[test]
    fn what_is_no_whole_number_may_be_a_float() {
        for (text, value) in [
            ("08", 8.0),
            ("1.5", 1.5),
            ("1.", 1.0),
            (".5", 0.5),
            (".2_5", 0.25),
            ("-.5", -0.5),
            ("1e3", 1000.0),
            ("123456789012345678901", 123_456_789_012_345_678_901.0),
            ("+12345678901234567890", 12_345_678_901_234_567_890.0),
        ] {
            assert_eq!(resolve(text), Float(value), "{text}");
        }
    }

    #[test]
    fn the_rest_stays_text() {
        for text in [
            "1:30",
            "2024-01-02",
            "2001-12-14t21:59:43.10-05:00",
            "1.2.3.4",
            "0x",
            "0xZZ",
            "+",
            "-",
            "--5",
            "+-5",
            ".",
            "1e",
            "1e400",
            "5m",
            "10.0.0.0/8",
            "0b12",
            "1.5.0",
            ".1_",
            "._1",
            "infinity",
            "-inf",
        ] {
            assert_eq!(resolve(text), Text, "{text}");
        }
    }

    #[test]
    fn infinities_are_not_finite() {
        for text in [".inf", "-.Inf", "+.INF", ".NaN"] {
            assert_eq!(resolve(text), NotFinite, "{text}");
        }
    }

    #[test]
    fn floats_as_keys_are_written_as_go_does() {
        for (value, text) in [
            (1.5, "1.5"),
            (8.0, "8"),
            (1e6, "1e+06"),
            (123_456.0, "123456"),
            (0.000_01, "1e-05"),
            (0.000_1, "0.0001"),
        ] {
            assert_eq!(float_key(value), text);
        }
    }

    #[test]
    fn whole_floats_are_found_out() {
        assert_eq!(whole(8080.0), Some(8080));
        assert_eq!(whole(8080.5), None);
        assert_eq!(whole(9.3e18), None);
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(binary("aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(binary("aGVs\nbG8h").as_deref(), Some("hello!"));
        assert_eq!(binary("aA=="), Some("h".to_owned()));
        for bad in ["a", "a===", "aA==aA==", "a-b="] {
            assert_eq!(binary(bad), None, "{bad}");
        }
    }
}
