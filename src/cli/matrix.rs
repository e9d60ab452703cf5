//! `meshvet scan --matrix`.

use std::collections::HashSet;
use std::time::Instant;

use super::args::{Common, Scan};
use super::input::{problem_lines, read, rules};
use super::scan::{each, ended, leave_new, outputs, some_mesh, summary};
use super::{Exit, Failure, Io, color};
use crate::matrix::{Row, scan};
use crate::report::matrix::{Format, Options, Shown, write};
use crate::report::{Report, ScanSummary};

pub(super) fn run(args: &Scan, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let started = Instant::now();
    let outputs = outputs::<Format>(args)?;
    let cwd = io.cwd.clone();
    let (rules, read) = rayon::join(|| rules(&args.rules, &cwd), || read(&args.input, io));
    let (rules, read) = (rules?, read?);
    let (mut outcome, worlds) = scan(&read.sources, &read.parsed, &rules, &read.origin);
    some_mesh(&outcome)?;
    let all = outcome.findings.clone();
    let mut matrix = worlds.matrix(&all);
    if let Some(rev) = &args.new_since {
        let before = read.at(rev, &args.input, &cwd)?;
        leave_new(&mut outcome, &read, &before, &rules);
        // of a row of which something is new, what is older is no less there
        let new = outcome.findings.iter().map(|one| one.fingerprint.as_str());
        let new: HashSet<&str> = new.collect();
        let is_new = |row: &Row<'_>| {
            let mut found = row.cells.iter().filter_map(|cell| cell.finding);
            found.any(|finding| new.contains(finding.fingerprint.as_str()))
        };
        matrix.rows.retain(is_new);
    }
    let scan = ScanSummary {
        elapsed: io.terminal.then(|| started.elapsed()),
        ..summary(args, &read, &outcome)
    };
    let report = Report {
        sources: &read.sources,
        findings: &outcome.findings,
        suppressed: 0,
        problems: &problem_lines(&outcome.problems),
        scan: &scan,
        rules: &rules,
    };
    let shown = Shown {
        matrix: &matrix,
        report: &report,
    };
    let options = Options {
        color: color(common, io),
        verbose: common.verbose,
        quiet: common.quiet,
        width: width(io),
    };
    each(&outputs, io, |format, to_file, out| {
        let options = match to_file {
            true => Options {
                color: false,
                width: None,
                ..options
            },
            false => options,
        };
        write(format, shown, options, out)
    })?;
    ended(args, &outcome, io)
}

/// How wide the terminal is, if there is one.
fn width(io: &Io<'_>) -> Option<usize> {
    let said = io.env.get("COLUMNS").and_then(|text| text.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.or_else(|| io.terminal.then(asked).flatten())
}
