//! What changed, told: the log of commits, two states side by side, since when a call gets through, a
//! trend. Entries of the log are printed one at a time, as they come.

mod allowed;
mod diff;
mod effects;
mod json;
mod markdown;
mod text;
mod trend;
mod written;

use std::io;

use super::phrase;
use super::words::many;
use crate::change::{Direction, FieldChange, Side};
use crate::history::{Entry, Range};

pub use allowed::{AllowedFormat, write_allowed};
pub use diff::{DiffFormat, TwoStates, write_diff};
pub use trend::{TrendFormat, write_trend};

/// The formats of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one document.
    Json,
    /// For programs: a line for each change.
    Jsonl,
    /// For a pull request or a report.
    Markdown,
}

/// How a report is to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Colours of a terminal (text).
    pub color: bool,
    /// Everything that a change did, however long the list (text, Markdown).
    pub verbose: bool,
    /// The changes and nothing else (text).
    pub quiet: bool,
    /// Only some changes were asked for.
    pub filtered: bool,
}

/// Where a report goes.
type Out<'a> = &'a mut (dyn io::Write + Send);

/// Takes the log, newest change first, and keeps none of it.
pub trait Sink: Send {
    /// Before the first change.
    ///
    /// # Errors
    /// Those of the writer.
    fn begin(&mut self) -> io::Result<()>;

    /// The next change; changes of one commit follow each other.
    ///
    /// # Errors
    /// Those of the writer.
    fn entry(&mut self, entry: &Entry) -> io::Result<()>;

    /// After the last change.
    ///
    /// # Errors
    /// Those of the writer.
    fn end(&mut self, range: &Range) -> io::Result<()>;
}

/// Prints the log in a format.
pub fn sink<'a>(format: Format, options: Options, out: Out<'a>) -> Box<dyn Sink + 'a> {
    match format {
        Format::Text => Box::new(text::Text::new(options, out)),
        Format::Json => Box::new(json::Document { out, entries: 0 }),
        Format::Jsonl => Box::new(json::Lines { out }),
        Format::Markdown => Box::new(markdown::Markdown::new(options, out)),
    }
}

/// Where an object was that moved.
fn moved_from(field: &FieldChange) -> Option<&Side> {
    let is_object = field.field.is_empty() && field.after.is_some();
    field.before.as_ref().filter(|_| is_object)
}

/// What was told so far.
#[derive(Default)]
struct Tally {
    /// The commit of the last change, and the merge that brought it.
    last: Option<(String, Option<String>)>,
    commits: usize,
    changes: usize,
    weaker: usize,
    stronger: usize,
    /// Neutral changes of the last commit.
    neutral: usize,
}

/// How many neutral changes of a commit are shown; a repository may begin with hundreds.
const NEUTRAL: usize = 20;

/// How many neutral changes are left out.
fn more_neutral(count: usize) -> String {
    let more = many(count, "more neutral change");
    format!("and {more} (-v shows them)")
}

impl Tally {
    /// Whether a change is the first of its commit.
    fn is_next(&self, entry: &Entry) -> bool {
        let merge = entry.merge.as_ref();
        let same = |(commit, with): &(String, Option<String>)| {
            *commit == entry.commit.id && with.as_deref() == merge.map(|merge| &*merge.id)
        };
        !self.last.as_ref().is_some_and(same)
    }

    fn count(&mut self, entry: &Entry) {
        if self.is_next(entry) {
            let merge = entry.merge.as_ref().map(|merge| merge.id.clone());
            self.last = Some((entry.commit.id.clone(), merge));
            self.commits += 1;
        }
        self.changes += 1;
        self.weaker += usize::from(entry.change.direction == Direction::Weaker);
        self.stronger += usize::from(entry.change.direction == Direction::Stronger);
    }

    /// Counts a change; whether it is shown.
    fn shows(&mut self, entry: &Entry, options: Options) -> bool {
        self.count(entry);
        let is_neutral = entry.change.direction == Direction::Neutral;
        self.neutral += usize::from(is_neutral);
        !is_neutral || self.neutral <= NEUTRAL || options.verbose
    }

    /// After the last change of a commit: how many of them were left out, if any.
    fn left_out(&mut self, options: Options) -> Option<String> {
        let neutral = std::mem::take(&mut self.neutral);
        let hidden = neutral.saturating_sub(NEUTRAL);
        let is_told = hidden > 0 && !options.verbose;
        is_told.then(|| more_neutral(hidden))
    }

    /// `3 changes in 2 commits: 1 weaker, 2 neutral · 17 commits looked at`.
    fn summary(&self, range: &Range, options: Options) -> String {
        let looked = many(range.commits, "commit");
        if range.commits == 0 {
            return "There was no commit to look at".to_owned();
        }
        if self.changes == 0 {
            return match options.filtered {
                true => format!("No such change in {looked}"),
                false => format!("No change of the mesh's security in {looked}"),
            };
        }
        let neutral = self.changes - self.weaker - self.stronger;
        let each = [
            (self.weaker, "weaker"),
            (self.stronger, "stronger"),
            (neutral, "neutral"),
        ];
        let each = each.into_iter().filter(|(count, _)| *count > 0);
        let each: Vec<String> = each
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!(
            "{} in {}: {} · {looked} looked at",
            many(self.changes, "change"),
            many(self.commits, "commit"),
            each.join(", "),
        )
    }
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests;
