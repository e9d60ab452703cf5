//! The hash by which code scanning knows a line again after it has moved.
//!
//! It is taken over the 100 UTF-16 units that begin with the line, blanks left out, as a
//! polynomial of base 37; equal hashes of one file are counted.

use std::collections::HashMap;

/// How many units a hash looks at.
const LENGTH: usize = 100;

/// Stands for the end of the file.
const END: u16 = 0xffff;

/// The hashes of all lines of a text, `hash:count`, the first line first.
pub(super) fn of_lines(text: &str) -> Vec<String> {
    let units = units(text);
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut hashes = Vec::new();
    let mut begins = true;
    for (at, &unit) in units.iter().enumerate() {
        if begins {
            let hash = hash(units.get(at..).unwrap_or_default());
            let count = counts.entry(hash).or_default();
            *count += 1;
            hashes.push(format!("{hash:x}:{count}"));
        }
        begins = unit == u16::from(b'\n');
    }
    hashes
}

/// The text without blanks, all line breaks alike, and its end.
fn units(text: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(text.len() + 1);
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let is = |c: u8| unit == u16::from(c);
        if is(b'\r') {
            units.push(u16::from(b'\n'));
        } else if !(is(b' ') || is(b'\t') || after_return && is(b'\n')) {
            units.push(unit);
        }
        after_return = is(b'\r');
    }
    units.push(END);
    units
}

/// Past the end there are zeros.
fn hash(from: &[u16]) -> u64 {
    let zeros = std::iter::repeat(&0);
    let units = from.iter().chain(zeros).take(LENGTH);
    units.fold(0u64, |hash, &unit| {
        hash.wrapping_mul(37).wrapping_add(u64::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_code_scanning() {
        let of = |text: &str| of_lines(text).join(" ");
        let empty = "c129715d7a2bc9a3:1";
        assert_eq!(of(""), empty);
        let three = "b9402fea0a78b904:1 1025948a6c20c989:1 183975b00836c754:1";
        let text = "kind: A\n  mode: X\n  mode: X\n";
        assert_eq!(of(text), format!("{three} {empty}"));
        assert_eq!(of(&text.replace('\n', "\r\n")), format!("{three} {empty}"));
        assert_eq!(of(&text.replace("  ", "\t")), format!("{three} {empty}"));
    }

    #[test]
    fn there_is_a_hash_for_every_line_and_equal_ones_are_counted() {
        let hashes = of_lines(&"mode: X\n".repeat(40));
        assert_eq!(hashes.len(), 41);
        assert_eq!(hashes[0], "df3f17bf007a0f92:1");
        assert_eq!(hashes[1], "df3f17bf007a0f92:2");
        assert_eq!(of_lines("\n\n  \na").len(), 4);
    }
}
