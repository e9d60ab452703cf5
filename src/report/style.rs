//! Colours, or none.

use crate::change::Direction;
use crate::finding::Severity;

/// Whether and how words are coloured.
#[derive(Clone, Copy)]
pub(super) struct Style {
    color: bool,
}

impl Style {
    pub(super) fn new(color: bool) -> Self {
        Self { color }
    }

    /// Whether there are colours.
    pub(super) fn color(self) -> bool {
        self.color
    }

    pub(super) fn severity(self, severity: Severity) -> String {
        self.paint(code(severity), severity.name())
    }

    pub(super) fn cross(self, severity: Severity) -> String {
        self.paint(code(severity), "×")
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn help(self, text: &str) -> String {
        self.paint("36", text)
    }

    pub(super) fn commit(self, id: &str) -> String {
        self.paint("33", id)
    }

    pub(super) fn direction(self, direction: Direction, word: &str) -> String {
        match direction {
            Direction::Weaker => self.paint("31", word),
            Direction::Stronger => self.paint("32", word),
            Direction::Neutral => self.paint("2", word),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The terminal's own colours, so that they can be read on its background.
fn code(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "34",
        Severity::Info => "2",
    }
}

/// What is printed for a character of the input: one that moves the cursor, changes colours or
/// turns the direction of writing becomes a mark of the same length in bytes, so that spans stay.
pub(super) fn harmless(c: char) -> char {
    match c {
        '\t' => c,
        '\u{0}'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' => '·',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_as_long_as_what_they_stand_for() {
        for c in ['\u{1b}', '\n', '\u{9b}', '\u{202e}', '\u{2066}', '\u{feff}'] {
            assert_ne!(harmless(c), c);
            assert_eq!(harmless(c).len_utf8(), c.len_utf8(), "{c:?}");
        }
        for c in ['a', 'ü', '🦀', '\t'] {
            assert_eq!(harmless(c), c);
        }
    }
}
