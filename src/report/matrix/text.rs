//! For people: the table, then the calls, then what is missing.

use unicode_width::UnicodeWidthStr;

use super::names::Names;
use super::notes::notes;
use super::table::{Columns, layouts};
use super::told::{Told, tell};
use super::{Options, Shown, legend, mark};
use crate::matrix::{Row, State};
use crate::report::style::Style;
use crate::report::text::summary;
use crate::report::words::{clean, many};

/// The width where there is no terminal.
const WIDTH: usize = 100;

pub(super) fn text(shown: Shown<'_>, options: Options) -> String {
    let printer = Printer {
        shown,
        options,
        names: shown.names(),
        style: Style::new(options.color),
        width: options.width.unwrap_or(WIDTH).max(20),
    };
    let mut parts = printer.tables();
    parts.extend(printer.calls());
    if !options.quiet {
        let notes = notes(shown, &printer.names, options.verbose);
        let notes = notes.iter().map(|note| format!("{}\n", note.plain()));
        parts.extend(Some(notes.collect()).filter(|notes: &String| !notes.is_empty()));
        let problems = summary::problems(shown.report, printer.style);
        if options.verbose && !problems.is_empty() {
            parts.push(problems.trim_end().to_owned() + "\n");
        }
        parts.push(summary::summary(shown.report, options.verbose));
    }
    parts.join("\n")
}

struct Printer<'a> {
    shown: Shown<'a>,
    options: Options,
    names: Names,
    style: Style,
    width: usize,
}

impl Printer<'_> {
    /// The table, in as many parts as it takes, and what its marks mean.
    fn tables(&self) -> Vec<String> {
        let matrix = self.shown.matrix;
        if matrix.rows.is_empty() || matrix.environments.is_empty() {
            return Vec::new();
        }
        let layouts = layouts(&self.names.short, self.width);
        let is_split = layouts.len() > 1;
        let tables = layouts.iter().map(|columns| {
            let says = |row: &&Row<'_>| {
                let mut cells = columns.numbers.iter().filter_map(|at| row.cells.get(*at));
                !is_split || cells.any(|cell| cell.state == State::Finding)
            };
            let rows: Vec<&Row<'_>> = matrix.rows.iter().filter(says).collect();
            let rule = rows.iter().map(|row| row.rule.width()).max().unwrap_or(0);
            let rows = rows.iter().map(|row| self.row(columns, row, rule));
            columns.header(&self.names.short) + &rows.collect::<String>()
        });
        let mut tables: Vec<String> = tables.collect();
        if let Some(last) = tables.last_mut().filter(|_| !self.options.quiet) {
            last.push_str(&format!("{}\n", self.style.faint(&legend(matrix))));
        }
        tables
    }

    /// A row: its cells, what they are about, and where it is written.
    fn row(&self, columns: &Columns, row: &Row<'_>, rule: usize) -> String {
        let cells = columns.cells(|number| match row.cells.get(number) {
            Some(cell) if cell.state == State::Finding => self.style.cross(row.severity),
            Some(cell) if cell.state == State::Clear => mark(cell.state).to_owned(),
            Some(cell) => self.style.faint(mark(cell.state)),
            None => " ".to_owned(),
        });
        let severity = row.severity.name();
        let subject = clean(&row.subject);
        let after = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
        let verbose = self.options.verbose;
        let places = self
            .shown
            .places(row, &columns.numbers, &self.names, verbose);
        let places = places.plain();
        let start = columns.width() + SEVERITY + 2 + rule + 2;
        let fits = start + subject.width() + 2 + places.width() <= self.width;
        let places = match fits {
            true => format!("  {places}"),
            false => format!("\n{}{places}", " ".repeat(columns.width() + SEVERITY + 2)),
        };
        format!(
            "{cells}{}{}  {}{}  {subject}{places}\n",
            self.style.severity(row.severity),
            after(severity, SEVERITY),
            self.style.bold(row.rule),
            after(row.rule, rule),
        )
    }

    fn calls(&self) -> Option<String> {
        let told: Told = tell(self.shown, &self.names, self.options.verbose);
        let mut text = String::new();
        for heading in &told.headings {
            text.push_str(&format!("{}\n", self.style.bold(&heading.line.plain())));
            for (who, because) in &heading.calls {
                let (who, because) = (who.plain(), because.plain());
                let fits = 2 + who.width() + 3 + because.width() <= self.width;
                let between = if fits { "   " } else { "\n      " };
                text.push_str(&format!("  {who}{between}{because}\n"));
            }
            if heading.more > 0 {
                text.push_str(&format!("  and {} (-v)\n", many(heading.more, "more call")));
            }
        }
        if told.more > 0 {
            let more = many(told.more, "call");
            text.push_str(&format!("and {more} that differ otherwise (-v)\n"));
        }
        (!text.is_empty()).then_some(text)
    }
}

/// How wide the name of a severity is at most.
const SEVERITY: usize = "critical".len();
