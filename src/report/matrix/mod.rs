//! Environments side by side: one table of findings, and the calls that only some let through.

mod csv;
mod items;
mod json;
mod markdown;
mod names;
mod notes;
mod places;
mod table;
mod text;
mod told;

use std::io;

use clap::ValueEnum;

use super::Report;
use super::phrase::Line;
use super::words::many;
use crate::finding::Finding;
use crate::matrix::{Column, Matrix, Row, State};

use names::Names;

/// The formats of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: a table
    Text,
    /// For programs: one document, whose form has a version
    Json,
    /// For a pull request
    Markdown,
    /// For a spreadsheet: the table alone
    Csv,
}

/// How a report is to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Colours of a terminal (text).
    pub color: bool,
    /// All names and places, however long the lists (text, Markdown).
    pub verbose: bool,
    /// The table and the calls and nothing else (text).
    pub quiet: bool,
    /// How many columns the terminal has; nothing where it is none (text).
    pub width: Option<usize>,
}

/// A matrix, and the scan that it was made of.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The matrix.
    pub matrix: &'a Matrix<'a>,
    /// The scan.
    pub report: &'a Report<'a>,
}

/// Writes a matrix.
///
/// # Errors
/// Those of the writer.
pub fn write(
    format: Format,
    shown: Shown<'_>,
    options: Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match format {
        Format::Text => text::text(shown, options),
        Format::Json => json::text(shown)?,
        Format::Markdown => markdown::text(shown, options),
        Format::Csv => csv::text(shown),
    };
    out.write_all(text.as_bytes())
}

impl Shown<'_> {
    /// `file:line` of a finding, or its address.
    fn place(&self, finding: &Finding) -> String {
        self.report.line_of(finding.site.span, &finding.at)
    }

    /// The places of a row's findings in some environments: `base/policy.yaml:8`, or one for each
    /// environment that has another.
    fn places(&self, row: &Row<'_>, of: &[usize], names: &Names, verbose: bool) -> Line {
        let place = |&number: &usize| {
            let finding = row.cells.get(number)?.finding?;
            Some((self.place(finding), number))
        };
        let places = names.grouped(of.iter().filter_map(place));
        if let [place] = places.as_slice() {
            return Line::default().theirs(place.text());
        }
        let most = shown_of(places.len(), verbose);
        let mut line = Line::default();
        for (count, place) in places.iter().take(most).enumerate() {
            line = line.ours(if count > 0 { " · " } else { "" });
            line = line.then(names.list(&place.of(), verbose));
            line = line.ours(": ").theirs(place.text());
        }
        match places.len().saturating_sub(most) {
            0 => line,
            more => line.ours(format!(" · and {}", many(more, "more place"))),
        }
    }

    /// The names of environments for people, with a `?` behind those that are not judged in full.
    fn names(&self) -> Names {
        let names = self.matrix.environments.iter();
        let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
        let mut names = Names::new(&names);
        for (number, _) in self.unjudged() {
            names.doubt(number);
        }
        names
    }

    /// The environments of which not all could be judged.
    fn unjudged(&self) -> impl Iterator<Item = (usize, &Column)> {
        let columns = self.matrix.environments.iter().enumerate();
        columns.filter(|(_, column)| column.unjudged > 0)
    }
}

/// How many places of a list are shown: one more costs as much room as to count it.
fn shown_of(places: usize, verbose: bool) -> usize {
    match verbose || places == PLACES + 1 {
        true => places,
        false => PLACES,
    }
}

/// How many places of a list are shown.
const PLACES: usize = 3;

/// What stands in a cell.
fn mark(state: State) -> &'static str {
    match state {
        State::Finding => "×",
        State::Clear => " ",
        State::Unknown => "?",
        State::Absent => "-",
    }
}

/// What the marks mean, as far as they occur.
fn legend(matrix: &Matrix<'_>) -> String {
    let all = [
        (State::Finding, "× found"),
        (State::Clear, "blank: not found"),
        (State::Unknown, "? could not be judged"),
        (State::Absent, "- no such object"),
    ];
    let occurs = |state: State| {
        let mut cells = matrix.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell.state == state)
    };
    let shown = all.into_iter().filter(|(state, _)| occurs(*state));
    let shown: Vec<&str> = shown.map(|(_, text)| text).collect();
    shown.join(" · ")
}
