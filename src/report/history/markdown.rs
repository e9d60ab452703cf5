//! For a pull request or a report. What comes from the repository is code, so that nothing in it is a
//! link, a mention or HTML.

use std::io;

use super::super::words::{day, name, short};
use super::phrase::{code, plain};
use super::text::{pull_request, shallow};
use super::{Options, Out, Sink, Tally, effects, written};
use crate::change::{Change, Direction};
use crate::history::{Entry, Range};

/// Prints the log.
pub(super) struct Markdown<'a> {
    out: Out<'a>,
    options: Options,
    tally: Tally,
}

impl<'a> Markdown<'a> {
    pub(super) fn new(options: Options, out: Out<'a>) -> Self {
        Self {
            out,
            options,
            tally: Tally::default(),
        }
    }

    /// Says how many changes of the last commit were left out.
    fn close(&mut self) -> io::Result<()> {
        match self.tally.left_out(self.options) {
            Some(more) => writeln!(self.out, "- {more}"),
            None => Ok(()),
        }
    }
}

impl Sink for Markdown<'_> {
    fn begin(&mut self) -> io::Result<()> {
        writeln!(self.out, "## Changes of the mesh's security")
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let mut text = String::new();
        if self.tally.is_next(entry) {
            self.close()?;
            text.push_str(&header(entry));
        }
        if self.tally.shows(entry, self.options) {
            text.push_str(&change(&entry.change, self.options.verbose));
        }
        self.out.write_all(text.as_bytes())
    }

    fn end(&mut self, range: &Range) -> io::Result<()> {
        self.close()?;
        writeln!(self.out, "\n{}", self.tally.summary(range, self.options))?;
        match shallow(range) {
            Some(line) => writeln!(self.out, "\n{line}"),
            None => Ok(()),
        }
    }
}

fn header(entry: &Entry) -> String {
    let commit = &entry.commit;
    let number = pull_request(commit).map(|number| format!(", #{number}"));
    let merge = entry.merge.as_ref().map(|merge| {
        format!(
            "\n\nMerged {} with {} {} by {}",
            plain(day(&merge.time)),
            code(short(&merge.id)),
            code(&merge.subject),
            plain(name(&merge.author)),
        )
    });
    format!(
        "\n### {} {}\n\n{}, {}{}{}\n\n",
        plain(day(&commit.time)),
        code(&commit.subject),
        code(short(&commit.id)),
        plain(name(&commit.author)),
        number.unwrap_or_default(),
        merge.unwrap_or_default(),
    )
}

/// A change as an item of a list, and what it did as a list in it.
pub(super) fn change(of: &Change, verbose: bool) -> String {
    let word = match of.direction {
        Direction::Neutral => "neutral".to_owned(),
        told => format!("**{}**", written::direction(told)),
    };
    let told = effects::tell(&of.effects, verbose);
    let within = told.environments.unwrap_or_default();
    let line = written::tell(of, verbose).markdown();
    let mut text = format!("- {word} {line}{}\n", within.markdown());
    for line in &told.lines {
        text.push_str(&format!("  - {}\n", line.markdown()));
    }
    text
}
