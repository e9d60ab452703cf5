//! Looks at the text of a policy before it is parsed.
//!
//! The parser first takes every bracket for a comprehension and then starts again, so that each
//! level of nesting doubles the work. Nothing stops it once it has begun.

/// Levels of brackets that are parsed in reasonable time.
const DEEPEST: u32 = 10;

/// How much work all brackets of a file may be together: two to the power of its level for each.
const WORK: u64 = 200_000;

/// Says why a text may not be parsed, with line and column; nothing when it may.
pub(super) fn refuse(text: &str) -> Option<(u32, u32, String)> {
    let mut depth = 0u32;
    let mut work = 0u64;
    for (line, column, bracket) in Brackets::new(text) {
        if matches!(bracket, ']' | '}') {
            depth = depth.saturating_sub(1);
            continue;
        }
        depth += 1;
        if depth > DEEPEST {
            let message = format!("more than {DEEPEST} brackets inside one another");
            return Some((line, column, message));
        }
        work += 1 << depth;
        if work > WORK {
            let message = "too many brackets inside one another in this file";
            return Some((line, column, message.to_owned()));
        }
    }
    None
}

/// The square and curly brackets of a policy, outside of its strings and comments.
struct Brackets<'a> {
    chars: std::str::Chars<'a>,
    line: u32,
    column: u32,
}

impl<'a> Brackets<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            chars: text.chars(),
            line: 1,
            column: 0,
        }
    }

    fn step(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        if next == '\n' {
            self.line += 1;
            self.column = 0;
        } else {
            self.column += 1;
        }
        Some(next)
    }

    fn skip_to(&mut self, end: char) {
        while self.step().is_some_and(|c| c != end) {}
    }

    /// A string ends at its quote or, being wrong, at the end of the line.
    fn skip_string(&mut self) {
        while let Some(c) = self.step() {
            match c {
                '"' | '\n' => return,
                '\\' => _ = self.step(),
                _ => {}
            }
        }
    }
}

impl Iterator for Brackets<'_> {
    type Item = (u32, u32, char);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step()? {
                '#' => self.skip_to('\n'),
                '`' => self.skip_to('`'),
                '"' => self.skip_string(),
                c @ ('[' | '{' | ']' | '}') => return Some((self.line, self.column, c)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_where_it_begins() {
        let deep = format!("package a\nx := {}1{}", "[".repeat(11), "]".repeat(11));
        let refused = refuse(&deep).map(|(line, column, _)| (line, column));
        assert_eq!(refused, Some((2, 16)));
        let fine = format!("x := {}1{}", "[{".repeat(5), "}]".repeat(5));
        assert_eq!(refuse(&fine), None);
    }

    #[test]
    fn strings_and_comments_do_not_count() {
        let many = "[".repeat(50);
        for text in [
            format!("x := \"{many}\""),
            format!("x := \"\\\"{many}\""),
            format!("x := `{many}`"),
            format!("# \" {many}\nx := 1"),
        ] {
            assert_eq!(refuse(&text), None, "{text}");
        }
    }

    #[test]
    fn much_nesting_is_refused_though_none_is_too_deep() {
        let one = format!("x := {}1{}\n", "[".repeat(9), "]".repeat(9));
        assert_eq!(refuse(&one), None);
        assert!(refuse(&one.repeat(500)).is_some());
    }
}
