//! Lines for people, before it is known where they are printed: our own words, and what the
//! repository says, which is harmless nowhere.

use super::words;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Words of ours.
    Ours(String),
    /// A name or a value out of the repository.
    Theirs(String),
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Part>);

impl Line {
    pub(super) fn ours(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Ours(text.into()));
        self
    }

    pub(super) fn theirs(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Theirs(text.into()));
        self
    }

    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Names with commas and `and`; those after the first `most` are only counted, as `what`.
    pub(super) fn names(mut self, names: &[&str], most: usize, what: &str) -> Self {
        // to count one costs as much room as to name it
        let shown = if names.len() <= most + 1 {
            names.len()
        } else {
            most
        };
        let more = names.len() - shown;
        for (i, name) in names.iter().take(shown).enumerate() {
            self = match i {
                0 => self,
                _ if more == 0 && i + 1 == shown => self.ours(" and "),
                _ => self.ours(", "),
            };
            self = self.theirs(*name);
        }
        match more {
            0 => self,
            _ => self.ours(format!(" and {more} more {what}").trim_end()),
        }
    }

    /// For a terminal.
    pub(super) fn plain(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Ours(text) => text.clone(),
                Part::Theirs(text) => words::clean(text),
            })
            .collect()
    }

    /// For Markdown.
    pub(super) fn markdown(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                // two spaces are a terminal's columns
                Part::Ours(text) => text.replace("  ", " "),
                Part::Theirs(text) => code(text),
            })
            .collect()
    }
}

/// A text as code: nothing in it is a link, a mention, HTML or the end of a list there.
pub(super) fn code(text: &str) -> String {
    let text = words::clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // a space beside a backtick keeps it from the fence; one pair of spaces is not shown
    let apart = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let space = if apart || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A name of a person or a day as it is, if nothing in it could mean anything to Markdown; else as
/// code.
pub(super) fn plain(name: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '\'' | '-');
    match name.chars().all(harmless) && !name.is_empty() {
        true => name.to_owned(),
        false => code(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_none_is_cut_for_one_name() {
        let list = |names: &[&str]| Line::default().names(names, 2, "ports").plain();
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b and 2 more ports");
    }

    #[test]
    fn nothing_gets_out_of_code() {
        assert_eq!(code("a|b <i> @ann"), "`a|b <i> @ann`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`` ` "), "``` `` `  ```");
        assert_eq!(code("a\n# b\r\u{1b}[2J"), "`a # b??[2J`");
        assert_eq!(code(""), "`  `");
    }

    #[test]
    fn people_are_called_by_their_names() {
        assert_eq!(plain("Ann O'Neil-Łuk"), "Ann O'Neil-Łuk");
        assert_eq!(plain("@ann"), "`@ann`");
        assert_eq!(plain("[x](http://x)"), "`[x](http://x)`");
        assert_eq!(plain(""), "`  `");
    }
}
