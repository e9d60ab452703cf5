//! Looks at the text of a policy before it is parsed.
//!
//! The parser first takes every bracket for a comprehension and then starts again, so that each
//! level of nesting doubles the work, and it follows calls and signs until the stack is full.
//! Nothing stops it once it has begun.

/// Levels of square and curly brackets that are parsed in reasonable time.
const DEEPEST: usize = 10;

/// Levels of brackets of any sort.
const DEEPEST_OF_ANY: usize = 20;

/// How much work all brackets of a file may be together: two to the power of its level for each.
const WORK: u64 = 200_000;

/// How many operators a file may have; a chain of them is as deep as it is long.
const OPERATORS: u32 = 500;

/// Says why a text may not be parsed, with line and column; nothing when it may.
pub(super) fn refuse(text: &str) -> Option<(u32, u32, &'static str)> {
    let mut guard = Guard::default();
    let mut signs = Signs::new(text);
    while let Some((line, column, sign)) = signs.next() {
        if let Some(message) = guard.refuse(sign) {
            return Some((line, column, message));
        }
    }
    None
}

#[derive(Default)]
struct Guard {
    /// Open brackets; whether each doubles the work.
    open: Vec<bool>,
    doubling: usize,
    work: u64,
    operators: u32,
}

impl Guard {
    fn refuse(&mut self, sign: char) -> Option<&'static str> {
        match sign {
            ']' | '}' | ')' => {
                if self.open.pop() == Some(true) {
                    self.doubling -= 1;
                }
                return None;
            }
            '[' | '{' => {
                self.open.push(true);
                self.doubling += 1;
                self.work += 1 << self.doubling.min(63);
            }
            '(' => self.open.push(false),
            _ => self.operators += 1,
        }
        if self.doubling > DEEPEST || self.open.len() > DEEPEST_OF_ANY {
            Some("too many brackets inside one another")
        } else if self.work > WORK {
            Some("too many brackets inside one another in this file")
        } else if self.operators > OPERATORS {
            Some("too many operators in this file")
        } else {
            None
        }
    }
}

/// The brackets and operators of a policy, outside of its strings and comments.
struct Signs<'a> {
    chars: std::str::Chars<'a>,
    line: u32,
    column: u32,
}

impl<'a> Signs<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            chars: text.chars(),
            line: 1,
            column: 0,
        }
    }

    fn next(&mut self) -> Option<(u32, u32, char)> {
        loop {
            match self.step()? {
                '#' => self.skip_to('\n'),
                '`' => self.skip_to('`'),
                '"' => self.skip_string(),
                c if "[{(]})+-*/%&|".contains(c) => return Some((self.line, self.column, c)),
                _ => {}
            }
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
        let calls = |n: usize| format!("x := {}1{}", "f(".repeat(n), ")".repeat(n));
        assert_eq!(refuse(&calls(20)), None);
        assert!(refuse(&calls(21)).is_some());
    }

    #[test]
    fn brackets_that_are_closed_count_no_more() {
        assert_eq!(refuse(&"x := f([{1}])\n".repeat(100)), None);
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

    #[test]
    fn long_chains_of_operators_are_refused() {
        assert!(refuse(&format!("x := {}1", "-".repeat(501))).is_some());
        assert_eq!(refuse(&format!("x := 1{}", "+1".repeat(500))), None);
    }
}
