//! The last lines: how much was found, how much could not be judged, how large the mesh is.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::style::Style;
use super::super::words::{clean, many};
use super::super::{ProblemLine, Report, ScanSummary, Spot};
use crate::finding::Severity;

/// `12 findings: … · 2 things could not be judged` and `Istio · 23 workloads, …`.
pub(in crate::report) fn summary(report: &Report<'_>, verbose: bool) -> String {
    format!("{}\n{}\n", findings(report, verbose), mesh(report.scan))
}

/// `12 findings: … · 2 things could not be judged`.
pub(in crate::report) fn findings(report: &Report<'_>, verbose: bool) -> String {
    let is_open = |p: &&ProblemLine| p.kind.is_incomplete();
    let open = report.problems.iter().filter(is_open).count();
    let notes = report.problems.len() - open;
    let mut parts = vec![found(report)];
    if report.suppressed > 0 {
        parts.push(format!("{} suppressed", report.suppressed));
    }
    if open > 0 {
        parts.push(format!("{} could not be judged", many(open, "thing")));
    }
    if notes > 0 {
        parts.push(many(notes, "note"));
    }
    let mut line = parts.join(" · ");
    match open + notes {
        0 => {}
        _ if verbose => {}
        1 => line.push_str(" (-v shows it)"),
        _ => line.push_str(" (-v shows them)"),
    }
    line
}

fn found(report: &Report<'_>) -> String {
    if report.findings.is_empty() {
        return "No findings".to_owned();
    }
    let counts = report.by_severity();
    let each = Severity::WORST_FIRST.into_iter().filter_map(|severity| {
        let count = counts.get(&severity)?;
        Some(format!("{count} {severity}"))
    });
    let each: Vec<_> = each.collect();
    format!(
        "{}: {}",
        many(report.findings.len(), "finding"),
        each.join(", ")
    )
}

fn mesh(scan: &ScanSummary) -> String {
    let meshes = match scan.meshes.is_empty() {
        true => "no mesh".to_owned(),
        false => scan.meshes.join(", "),
    };
    let mut line = format!(
        "{} · {}, {}",
        meshes,
        many(scan.workloads, "workload"),
        many(scan.edges, "edge")
    );
    if scan.edges > 0 {
        let _ = write!(
            line,
            ": {} in plaintext, {} from outside",
            scan.plaintext_edges, scan.outside_edges
        );
    }
    if let Some(elapsed) = scan.elapsed {
        let _ = write!(line, " · {}", duration(elapsed));
    }
    line
}

/// Every problem with its place, those that leave something unjudged first.
pub(in crate::report) fn problems(report: &Report<'_>, style: Style) -> String {
    let (open, notes): (Vec<_>, Vec<_>) =
        report.problems.iter().partition(|p| p.kind.is_incomplete());
    let mut text = String::new();
    for (title, list) in [("could not be judged", open), ("notes", notes)] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", style.bold(title));
        for problem in list {
            let place = match &problem.place {
                Spot::Nowhere => String::new(),
                Spot::File(file) => format!("{file}  "),
                Spot::Span(span) => format!("{}  ", report.line_of(Some(*span), "")),
            };
            let name = problem.kind.name();
            let message = clean(&problem.message);
            let _ = writeln!(text, "  {name}  {}{message}", clean(&place));
        }
        text.push('\n');
    }
    text
}

fn duration(of: Duration) -> String {
    match of.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        _ => format!("{:.1} s", of.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(duration(Duration::from_millis(41)), "41 ms");
        assert_eq!(duration(Duration::from_millis(1_250)), "1.2 s");
    }
}
