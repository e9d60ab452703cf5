//! For people: short, and never a verdict without its line.

mod frame;
pub(super) mod summary;

use std::collections::HashMap;
use std::io;

use super::style::Style;
use super::words::{clean, day, name, short};
use super::{Options, Report};
use crate::finding::{Finding, Introduced, Related};
use crate::text::Span;

use frame::Label;

/// How many findings of a rule are shown with their lines; the others take one line each.
const IN_FULL: usize = 10;

/// How many related places are named that the frame does not show.
const RELATED: usize = 5;

/// How many lines away a related place may be to be shown in the frame.
const NEAR: u32 = 8;

pub(super) fn write(
    report: &Report<'_>,
    options: Options<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let printer = Printer {
        report,
        style: Style::new(options.color),
    };
    let mut of_rule: HashMap<&str, usize> = HashMap::new();
    let mut was_short = false;
    for (i, finding) in report.findings.iter().enumerate() {
        let count = of_rule.entry(&finding.rule).or_default();
        *count += 1;
        let short = *count > IN_FULL;
        // one-line findings stand together, all others apart
        if i > 0 && !(short && was_short) {
            out.write_all(b"\n")?;
        }
        was_short = short;
        let text = if short {
            printer.short(finding)
        } else {
            printer.full(finding)
        };
        out.write_all(text.as_bytes())?;
    }
    if options.quiet {
        return Ok(());
    }
    if !report.findings.is_empty() {
        out.write_all(b"\n")?;
    }
    if options.verbose {
        out.write_all(summary::problems(report, printer.style).as_bytes())?;
    }
    out.write_all(summary::summary(report, options.verbose).as_bytes())
}

struct Printer<'a> {
    report: &'a Report<'a>,
    style: Style,
}

impl Printer<'_> {
    fn short(&self, finding: &Finding) -> String {
        let place = self.report.place_of(finding.site.span, &finding.at);
        format!(
            "{}  {}  {}  {}\n",
            self.style.severity(finding.severity),
            finding.rule,
            clean(&place),
            clean(&finding.message),
        )
    }

    fn full(&self, finding: &Finding) -> String {
        let mut text = format!(
            "{}  {}{}\n",
            self.style.severity(finding.severity),
            self.style.bold(&finding.rule),
            self.environments(finding),
        );
        let cross = self.style.cross(finding.severity);
        text.push_str(&format!("  {cross} {}\n", clean(&finding.message)));
        let far = match finding.site.span {
            Some(span) => {
                let (labels, far) = self.labels(span, &finding.related);
                text.push_str(&frame::draw(self.report.sources, span, &labels, self.style));
                far
            }
            None => {
                text.push_str(&format!("    at {}\n", clean(&finding.at)));
                finding.related.iter().collect()
            }
        };
        for related in far.iter().take(RELATED) {
            let place = self.report.line_of(related.site.span, &related.at);
            text.push_str(&format!(
                "  {}  {}\n",
                clean(&place),
                clean(&related.message)
            ));
        }
        if far.len() > RELATED {
            text.push_str(&format!("  and {} more\n", far.len() - RELATED));
        }
        if let Some(introduced) = &finding.introduced {
            text.push_str(&format!("  {}\n", clean(&since(introduced))));
        }
        let help = self.style.help("help:");
        text.push_str(&format!("  {help} {}\n", clean(&finding.remediation)));
        text
    }

    /// In which environments, where there are several.
    fn environments(&self, finding: &Finding) -> String {
        let all = self.report.scan.environments.len();
        match finding.environments.as_slice() {
            _ if all < 2 => String::new(),
            few @ ([_] | [_, _] | [_, _, _]) => format!("  in {}", clean(&few.join(", "))),
            many => format!("  in {} of {all} environments", many.len()),
        }
    }

    /// Splits related places into labels of the frame and those that are too far away.
    fn labels<'r>(
        &self,
        primary: Span,
        related: &'r [Related],
    ) -> (Vec<Label<'r>>, Vec<&'r Related>) {
        let sources = self.report.sources;
        let line = sources.start(primary).line;
        let mut labels: Vec<Label<'r>> = Vec::new();
        let mut far = Vec::new();
        for one in related {
            let near = one.site.span.filter(|span| {
                span.file == primary.file && sources.start(*span).line.abs_diff(line) <= NEAR
            });
            let is_new = |span: Span| labels.iter().all(|label| label.span != span);
            match near {
                Some(span) if is_new(span) => labels.push(Label {
                    span,
                    text: &one.message,
                }),
                _ => far.push(one),
            }
        }
        (labels, far)
    }
}

/// Who brought it and when.
fn since(introduced: &Introduced) -> String {
    match introduced {
        Introduced::Commit {
            commit,
            author,
            time,
            subject,
        } => format!(
            "since {}, {} \"{subject}\", {}",
            day(time),
            short(commit),
            name(author)
        ),
        Introduced::Uncommitted => "since a change that is not committed".to_owned(),
        Introduced::Before { commit } => {
            format!("since before {}: the clone is shallow", short(commit))
        }
    }
}

#[cfg(test)]
mod tests;
