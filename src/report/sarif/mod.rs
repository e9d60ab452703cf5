//! SARIF 2.1.0, as code scanning wants it. Results are written one at a time.

mod line_hash;
mod result;
mod rule;
mod uri;

use std::collections::BTreeMap;
use std::io;

use serde::{Serialize, Serializer};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Message, Notification, ReportingDescriptorReference,
    RunAutomationDetails, Tool, ToolComponent,
};

use super::{Options, ProblemLine, Report};
use crate::model::ProblemKind;
use result::Places;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Where people read about the tool.
const INFORMATION_URI: &str = "https://meshvet.dev";

pub(super) fn write(
    report: &Report<'_>,
    options: Options<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let places = Places::new(report, options);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run(report, &places)],
    };
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

/// A run whose results are made while they are written: held at once they are large.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    automation_details: RunAutomationDetails,
    original_uri_base_ids: BTreeMap<&'static str, ArtifactLocation>,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Results<'a>,
}

struct Results<'a> {
    report: &'a Report<'a>,
    places: &'a Places<'a>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let findings = self.report.findings.iter();
        serializer.collect_seq(findings.map(|f| result::result(f, self.report, self.places)))
    }
}

fn run<'a>(report: &'a Report<'a>, places: &'a Places<'a>) -> Run<'a> {
    // code scanning takes what follows the last slash for the number of the run
    let id = concat!(env!("CARGO_PKG_NAME"), "/");
    let root = ArtifactLocation::builder()
        .description(text("The root of the repository."))
        .build();
    Run {
        tool: tool(report),
        automation_details: RunAutomationDetails::builder().id(id).build(),
        original_uri_base_ids: BTreeMap::from([(uri::BASE, root)]),
        column_kind: "utf16CodeUnits",
        invocations: [invocation(report, places)],
        results: Results { report, places },
    }
}

/// Lists all rules and not only those that found something: a rule that is gone from the list
/// would close its alerts for another reason than that they were mended.
fn tool(report: &Report<'_>) -> Tool {
    let rules: Vec<_> = report.rules.iter().map(rule::descriptor).collect();
    let driver = ToolComponent::builder()
        .name(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(INFORMATION_URI)
        .rules(rules)
        .build();
    Tool::builder().driver(driver).build()
}

/// The run succeeded when nothing stayed unread or unjudged.
fn invocation(report: &Report<'_>, places: &Places<'_>) -> Invocation {
    let problems = report.problems;
    let notifications = problems.iter().map(|p| notification(p, places));
    Invocation::builder()
        .execution_successful(!problems.iter().any(|p| p.kind.is_incomplete()))
        .tool_execution_notifications(notifications.collect::<Vec<_>>())
        .build()
}

fn notification(problem: &ProblemLine, places: &Places<'_>) -> Notification {
    let level = match problem.kind {
        ProblemKind::RuleFailed => "error",
        kind if kind.is_incomplete() => "warning",
        _ => "note",
    };
    let descriptor = ReportingDescriptorReference::builder()
        .id(problem.kind.name())
        .build();
    let locations: Vec<_> = places.of_problem(&problem.place).into_iter().collect();
    let mut notification = Notification::builder()
        .message(text(&problem.message))
        .level(level)
        .descriptor(descriptor)
        .build();
    if !locations.is_empty() {
        notification.locations = Some(locations);
    }
    notification
}

fn text(of: &str) -> Message {
    Message::builder().text(of).build()
}

#[cfg(test)]
mod tests;
