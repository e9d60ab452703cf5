//! The document for programs. Its fields are a contract: more may come, none goes.

use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Shown;
use crate::change::Reach;
use crate::finding::{ResourceRef, Severity};
use crate::matrix::{Alike, Calls, Row};
use crate::model::Transport;
use crate::reach::Verdict;
use crate::report::json::{JsonProblem, Location, VERSION, location, problem};
use crate::text::{Sources, Span};

pub(super) fn text(shown: Shown<'_>) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&document(shown))? + "\n")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    environments: Vec<&'a str>,
    /// Those of which not all could be judged.
    incomplete: Vec<&'a str>,
    /// Environments that no rule judges.
    without_mesh: &'a [String],
    rows: Vec<JsonRow<'a>>,
    differences: Vec<Difference<'a>>,
    /// Names with a `*`, and what they are in each environment.
    namespaces: Vec<JsonAlike<'a>>,
    /// How many workloads are in one environment only.
    not_compared: usize,
    problems: Vec<JsonProblem<'a>>,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    rule: &'a str,
    severity: Severity,
    resource: Option<&'a ResourceRef>,
    field: &'a str,
    cells: Vec<JsonCell<'a>>,
}

#[derive(Serialize)]
struct JsonCell<'a> {
    environment: &'a str,
    state: &'static str,
    location: Option<Location<'a>>,
}

/// Calls of all of `from` to one port.
#[derive(Serialize)]
struct Difference<'a> {
    from: Vec<&'a str>,
    /// Who they are among all callers that could be compared.
    callers: &'static str,
    to: &'a str,
    port: u16,
    environments: Vec<JsonFate<'a>>,
}

#[derive(Serialize)]
struct JsonFate<'a> {
    environment: &'a str,
    verdict: Verdict,
    transport: Option<Transport>,
    location: Option<Location<'a>>,
    /// Nobody wrote what decided: it is a default, about what stands there.
    default: bool,
}

#[derive(Serialize)]
struct JsonAlike<'a> {
    name: &'a str,
    environments: Map<String, Value>,
}

fn document<'a>(shown: Shown<'a>) -> Document<'a> {
    let (matrix, sources) = (shown.matrix, shown.report.sources);
    let names = matrix.environments.iter();
    let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
    let calls = matrix.calls.iter();
    let unjudged = matrix.environments.iter();
    let unjudged = unjudged.filter(|column| column.unjudged > 0);
    Document {
        version: VERSION,
        incomplete: unjudged.map(|column| column.name.as_str()).collect(),
        without_mesh: &matrix.without_mesh,
        rows: matrix
            .rows
            .iter()
            .map(|one| row(one, &names, sources))
            .collect(),
        differences: calls
            .flat_map(|one| differences(one, &names, sources))
            .collect(),
        namespaces: matrix.alike.iter().map(|one| alike(one, &names)).collect(),
        not_compared: matrix.alone,
        problems: shown
            .report
            .problems
            .iter()
            .map(|one| problem(sources, one))
            .collect(),
        environments: names,
    }
}

fn place(sources: &Sources, span: Option<Span>) -> Option<Location<'_>> {
    span.map(|span| location(sources, span))
}

fn row<'a>(of: &'a Row<'a>, names: &[&'a str], sources: &'a Sources) -> JsonRow<'a> {
    let cells = names
        .iter()
        .zip(&of.cells)
        .map(|(environment, cell)| JsonCell {
            environment,
            state: cell.state.name(),
            location: place(sources, cell.finding.and_then(|finding| finding.site.span)),
        });
    JsonRow {
        rule: of.rule,
        severity: of.severity,
        resource: of.resource,
        field: of.field,
        cells: cells.collect(),
    }
}

/// One for each port that is called.
fn differences<'a>(of: &'a Calls, names: &[&'a str], sources: &'a Sources) -> Vec<Difference<'a>> {
    let to_port = |(to, port): &'a (Arc<str>, u16)| {
        let fates = names.iter().zip(&of.fates);
        let fates = fates.filter_map(|(environment, fate)| {
            let fate = (*fate)?;
            Some(JsonFate {
                environment,
                verdict: fate.state.verdict,
                transport: fate.state.transport,
                location: place(sources, fate.place),
                default: fate.is_default,
            })
        });
        let callers = of.from.iter().filter(|from| *from != to);
        Difference {
            from: match of.reach {
                Reach::Outside => vec!["external"],
                _ => callers.map(|name| &**name).collect(),
            },
            callers: match of.reach {
                Reach::Outside => "external",
                Reach::Any => "any",
                Reach::Meshed => "meshed",
                Reach::Unmeshed => "unmeshed",
                Reach::Some => "some",
            },
            to,
            port: *port,
            environments: fates.collect(),
        }
    };
    of.to.iter().map(to_port).collect()
}

fn alike<'a>(of: &'a Alike, names: &[&str]) -> JsonAlike<'a> {
    let named = names.iter().zip(&of.names);
    let named = named.filter_map(|(environment, name): (_, &Option<Arc<str>>)| {
        Some(((*environment).to_owned(), Value::from(name.as_deref()?)))
    });
    JsonAlike {
        name: &of.name,
        environments: named.collect(),
    }
}
