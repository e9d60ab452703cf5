//! What a scan says, in one file for each format. A format prints; it changes nothing.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::Duration;

use crate::finding::{Finding, Severity};
use crate::model::ProblemKind;
use crate::policy::Rules;
use crate::text::{LineCol, Sources, Span};

/// Everything a report may speak of.
#[derive(Debug)]
pub struct Report<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The findings, in the order they are to be printed.
    pub findings: &'a [Finding],
    /// How many findings were suppressed and are not among them.
    pub suppressed: usize,
    /// What could not be read or judged.
    pub problems: &'a [ProblemLine],
    /// What was scanned.
    pub scan: &'a ScanSummary,
    /// The rules that judged.
    pub rules: &'a Rules,
}

/// What was scanned.
#[derive(Debug, Clone, Default)]
pub struct ScanSummary {
    /// Where the input came from: `directory`, `git`, `stdin`, `cluster`.
    pub origin: String,
    /// The path it was read from, as it is to be printed.
    pub root: String,
    /// The git revision, where it was read from one or lies in one.
    pub revision: Option<String>,
    /// The environments, in the order they were judged.
    pub environments: Vec<String>,
    /// How many files were read.
    pub files: usize,
    /// How many objects there are of each mesh and of Kubernetes itself, by their printed names.
    pub objects: Vec<(&'static str, usize)>,
    /// The meshes that were found, by their names for people.
    pub meshes: Vec<&'static str>,
    /// How many workloads there are in environments with a mesh.
    pub workloads: usize,
    /// How many edges of the graph are open.
    pub edges: usize,
    /// How many of them carry plaintext.
    pub plaintext_edges: usize,
    /// How many of them begin outside.
    pub outside_edges: usize,
    /// How long it took; `None` where the report has to be the same every time.
    pub elapsed: Option<Duration>,
}

/// Something that was not understood, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemLine {
    /// Which sort.
    pub kind: ProblemKind,
    /// What is wrong and what to do.
    pub message: String,
    /// Where.
    pub place: Spot,
}

/// A place in the files, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// In no file.
    Nowhere,
    /// In a file as a whole, by its name; it may not have been readable.
    File(String),
    /// In a part of a file.
    Span(Span),
}

/// How a report is to look.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Colours of a terminal (text).
    pub color: bool,
    /// Every problem, not only their number (text).
    pub verbose: bool,
    /// The findings and nothing else (text).
    pub quiet: bool,
    /// Turns the name of a file into its path from the root of the repository (SARIF); without
    /// it names are taken to be such paths.
    pub repository_path: Option<&'a dyn Fn(&str) -> String>,
}

macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        $(mod $name;)+

        /// The formats a report can be written in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
        #[allow(non_camel_case_types)]
        pub enum Format { $($(#[doc = $doc])+ $name,)+ }

        /// Writes a report.
        ///
        /// # Errors
        /// Those of the writer.
        pub fn write(
            format: Format,
            report: &Report<'_>,
            options: Options<'_>,
            out: &mut dyn io::Write,
        ) -> io::Result<()> {
            let mut out = io::BufWriter::new(out);
            match format { $(Format::$name => $name::write(report, options, &mut out)?,)+ }
            out.flush()
        }
    };
}

formats! {
    /// For people: each finding with its lines
    text,
    /// For programs: one document, whose form has a version
    json,
    /// For code scanning: SARIF 2.1.0
    sarif,
}

impl Report<'_> {
    /// How many findings there are of each severity.
    fn by_severity(&self) -> BTreeMap<Severity, usize> {
        let mut counts = BTreeMap::new();
        for finding in self.findings {
            *counts.entry(finding.severity).or_default() += 1;
        }
        counts
    }

    /// `file:line:column`, or the address where there is no line.
    fn place_of(&self, span: Option<Span>, at: &str) -> String {
        match span {
            Some(place) => {
                let LineCol { column, .. } = self.sources.start(place);
                format!("{}:{column}", self.line_of(span, at))
            }
            None => at.to_owned(),
        }
    }

    /// `file:line`, or the address where there is no line.
    fn line_of(&self, span: Option<Span>, at: &str) -> String {
        match span {
            Some(span) => {
                let LineCol { line, .. } = self.sources.start(span);
                format!("{}:{line}", self.sources.get(span.file).name())
            }
            None => at.to_owned(),
        }
    }
}

pub mod history;
pub mod matrix;
mod phrase;
mod style;
pub(crate) mod words;

#[cfg(test)]
mod sample;
