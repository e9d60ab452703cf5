//! For people: like a log, and under each change what came of it.

use std::io;

use super::super::style::Style;
use super::super::words::{clean, day, name, short};
use super::{Options, Out, Sink, Tally, effects, written};
use crate::change::Change;
use crate::history::{Commit, Entry, Range};

/// Prints the log.
pub(super) struct Text<'a> {
    out: Out<'a>,
    options: Options,
    tally: Tally,
}

impl<'a> Text<'a> {
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
            Some(more) => writeln!(self.out, "  {more}"),
            None => Ok(()),
        }
    }
}

impl Sink for Text<'_> {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let style = Style::new(self.options.color);
        let mut text = String::new();
        let first = self.tally.changes == 0;
        if self.tally.is_next(entry) {
            self.close()?;
            if !first {
                text.push('\n');
            }
            text.push_str(&header(entry, style, self.options.verbose));
        }
        if self.tally.shows(entry, self.options) {
            text.push_str(&change(&entry.change, "  ", style, self.options.verbose));
        }
        self.out.write_all(text.as_bytes())
    }

    fn end(&mut self, range: &Range) -> io::Result<()> {
        self.close()?;
        if self.options.quiet {
            return Ok(());
        }
        if self.tally.changes > 0 {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{}", self.tally.summary(range, self.options))?;
        match shallow(range) {
            Some(line) => writeln!(self.out, "{line}"),
            None => Ok(()),
        }
    }
}

/// That older commits are not there.
pub(super) fn shallow(range: &Range) -> Option<String> {
    let oldest = range.from.as_deref().filter(|_| range.shallow)?;
    Some(format!(
        "The clone is shallow: what {} changed and what came before is not known (git fetch --unshallow brings it)",
        short(oldest)
    ))
}

/// The line of a commit, and that of the merge that brought it.
fn header(entry: &Entry, style: Style, verbose: bool) -> String {
    let commit = &entry.commit;
    let mut text = format!(
        "{}  {}  {}  {}",
        clean(day(&commit.time)),
        style.commit(&clean(short(&commit.id))),
        clean(name(&commit.author)),
        style.bold(&clean(&commit.subject)),
    );
    if let Some(number) = pull_request(commit) {
        text.push_str(&format!("  #{number}"));
    }
    text.push('\n');
    if let Some(merge) = &entry.merge {
        text.push_str(&format!(
            "  merged {}, {} \"{}\", {}\n",
            clean(day(&merge.time)),
            style.commit(&clean(short(&merge.id))),
            clean(&merge.subject),
            clean(name(&merge.author)),
        ));
    }
    if verbose {
        let signed = match commit.signed {
            true => "signed (not checked)",
            false => "not signed",
        };
        let committer = clean(&commit.committer);
        text.push_str(&format!("  committed by {committer}, {signed}\n"));
    }
    text
}

/// The pull request, where the subject does not name it anyway.
pub(super) fn pull_request(commit: &Commit) -> Option<u64> {
    let number = commit.pull_request?;
    let named = |mark: char| commit.subject.contains(&format!("{mark}{number}"));
    (!named('#') && !named('!')).then_some(number)
}

/// A change with what it did, each line after `margin`.
pub(super) fn change(of: &Change, margin: &str, style: Style, verbose: bool) -> String {
    let told = effects::tell(&of.effects, verbose);
    let within = told.environments.unwrap_or_default().plain();
    let mut text = format!("{margin}{}{within}\n", line(of, style, verbose));
    for line in &told.lines {
        text.push_str(&format!("{margin}          {}\n", line.plain()));
    }
    text
}

/// What was written, without what it did.
pub(super) fn line(of: &Change, style: Style, verbose: bool) -> String {
    let word = written::direction(of.direction);
    format!(
        "{}{}  {}",
        style.direction(of.direction, word),
        " ".repeat("stronger".len().saturating_sub(word.len())),
        written::tell(of, verbose).plain(),
    )
}
