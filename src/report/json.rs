//! The document for programs. Its fields are a contract: more may come, none goes.

use std::io;

use serde::Serialize;

use super::{Options, ProblemLine, Report, Spot};
use crate::finding::{Finding, Introduced, Related, ResourceRef, Severity};
use crate::text::{Sources, Span};

/// The version of the document's form.
pub(super) const VERSION: u32 = 1;

pub(super) fn write(
    report: &Report<'_>,
    _: Options<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(report))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    scan: Scan<'a>,
    findings: Vec<JsonFinding<'a>>,
    problems: Vec<JsonProblem<'a>>,
    summary: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Scan<'a> {
    origin: &'a str,
    root: &'a str,
    revision: Option<&'a str>,
    environments: &'a [String],
    files: usize,
    objects: serde_json::Map<String, serde_json::Value>,
    workloads: usize,
    edges: usize,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    remediation: &'a str,
    resource: Option<&'a ResourceRef>,
    field: &'a str,
    location: Option<Location<'a>>,
    related: Vec<JsonRelated<'a>>,
    environments: &'a [String],
    controls: &'a [String],
    /// Who wrote it and when: not known outside of git.
    introduced: Option<JsonIntroduced<'a>>,
    fingerprint: &'a str,
    /// Why it does not count: suppressed findings are not listed.
    suppressed: Option<()>,
}

/// All of it is null where no commit can be named; then one of the last two says why.
#[derive(Default, Serialize)]
pub(super) struct JsonIntroduced<'a> {
    commit: Option<&'a str>,
    author: Option<&'a str>,
    time: Option<&'a str>,
    subject: Option<&'a str>,
    /// The line was changed since the last commit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncommitted: bool,
    /// The clone is shallow: the line is older than this commit, or as old.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
}

impl<'a> JsonIntroduced<'a> {
    pub(super) fn new(of: &'a Introduced) -> Self {
        match of {
            Introduced::Commit {
                commit,
                author,
                time,
                subject,
            } => Self {
                commit: Some(commit),
                author: Some(author),
                time: Some(time),
                subject: Some(subject),
                ..Self::default()
            },
            Introduced::Uncommitted => Self {
                uncommitted: true,
                ..Self::default()
            },
            Introduced::Before { commit } => Self {
                before: Some(commit),
                ..Self::default()
            },
        }
    }
}

#[derive(Serialize)]
struct JsonRelated<'a> {
    message: &'a str,
    resource: Option<&'a ResourceRef>,
    field: &'a str,
    location: Option<Location<'a>>,
}

#[derive(Serialize)]
pub(super) struct JsonProblem<'a> {
    kind: &'static str,
    message: &'a str,
    location: Option<Location<'a>>,
}

/// Lines and columns count from 1, columns in code points; all are null for a whole file.
#[derive(Serialize)]
pub(super) struct Location<'a> {
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

fn document<'a>(report: &Report<'a>) -> Document<'a> {
    let sources = report.sources;
    let scan = report.scan;
    let objects = scan.objects.iter();
    let counts = report.by_severity();
    let mut summary: serde_json::Map<_, _> = Severity::WORST_FIRST
        .into_iter()
        .map(|s| {
            (
                s.name().to_owned(),
                counts.get(&s).copied().unwrap_or(0).into(),
            )
        })
        .collect();
    summary.insert("suppressed".to_owned(), report.suppressed.into());
    Document {
        version: VERSION,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        scan: Scan {
            origin: &scan.origin,
            root: &scan.root,
            revision: scan.revision.as_deref(),
            environments: &scan.environments,
            files: scan.files,
            objects: objects
                .map(|&(mesh, count)| (mesh.to_owned(), count.into()))
                .collect(),
            workloads: scan.workloads,
            edges: scan.edges,
        },
        findings: report
            .findings
            .iter()
            .map(|f| finding(sources, f))
            .collect(),
        problems: report
            .problems
            .iter()
            .map(|p| problem(sources, p))
            .collect(),
        summary,
    }
}

fn finding<'a>(sources: &'a Sources, of: &'a Finding) -> JsonFinding<'a> {
    JsonFinding {
        rule: &of.rule,
        severity: of.severity,
        message: &of.message,
        remediation: &of.remediation,
        resource: of.site.resource.as_ref(),
        field: &of.site.field,
        location: of.site.span.map(|span| location(sources, span)),
        related: of.related.iter().map(|r| related(sources, r)).collect(),
        environments: &of.environments,
        controls: &of.controls,
        introduced: of.introduced.as_ref().map(JsonIntroduced::new),
        fingerprint: &of.fingerprint,
        suppressed: None,
    }
}

fn related<'a>(sources: &'a Sources, of: &'a Related) -> JsonRelated<'a> {
    JsonRelated {
        message: &of.message,
        resource: of.site.resource.as_ref(),
        field: &of.site.field,
        location: of.site.span.map(|span| location(sources, span)),
    }
}

pub(super) fn problem<'a>(sources: &'a Sources, of: &'a ProblemLine) -> JsonProblem<'a> {
    JsonProblem {
        kind: of.kind.name(),
        message: &of.message,
        location: match &of.place {
            Spot::Nowhere => None,
            Spot::File(file) => Some(Location {
                file,
                line: None,
                column: None,
                end_line: None,
                end_column: None,
            }),
            Spot::Span(span) => Some(location(sources, *span)),
        },
    }
}

pub(super) fn location(sources: &Sources, span: Span) -> Location<'_> {
    let (start, end) = (sources.start(span), sources.end(span));
    Location {
        file: sources.get(span.file).name(),
        line: Some(start.line),
        column: Some(start.column),
        end_line: Some(end.line),
        end_column: Some(end.column),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::super::sample::{Sample, ann};
    use super::super::{Format, Options};
    use crate::finding::Introduced;

    fn print(sample: &Sample) -> Value {
        let text = sample.print(Format::json, Options::default());
        assert!(text.ends_with("}\n"));
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_document_has_every_field_in_its_order() {
        let mut sample = Sample::new();
        sample.findings.truncate(1);
        sample.findings[0].related.truncate(1);
        sample.findings[0].fingerprint = "f".into();
        let expected = EXPECTED.replace("<version>", env!("CARGO_PKG_VERSION"));
        let expected: Value = serde_json::from_str(&expected).unwrap();
        // as texts: maps would be equal in any order
        assert_eq!(print(&sample).to_string(), expected.to_string());
    }

    const EXPECTED: &str = r#"
{"version": 1, "tool": {"name": "meshvet", "version": "<version>"},
 "scan": {"origin": "directory", "root": ".", "revision": null, "environments": ["prod"], "files": 2,
  "objects": {"Istio": 1, "Linkerd": 0, "Consul": 0, "Kubernetes": 2}, "workloads": 2, "edges": 4},
 "findings": [
  {"rule": "mtls/permissive", "severity": "high",
   "message": "payments/ledger:8443 and 3 more ports take plaintext", "remediation": "set STRICT",
   "resource": {"kind": "PeerAuthentication", "group": "security.istio.io",
    "namespace": "payments", "name": "default"},
   "field": "/spec/mtls/mode",
   "location": {"file": "deploy/payments.yaml", "line": 8, "column": 11, "end_line": 8, "end_column": 21},
   "related": [{"message": "decides for 2 ports", "resource": null, "field": "",
    "location": {"file": "deploy/payments.yaml", "line": 8, "column": 11, "end_line": 8, "end_column": 21}}],
   "environments": ["prod"], "controls": ["pci-dss-4.0.1/4.2.1"], "introduced": null,
   "fingerprint": "f", "suppressed": null}],
 "problems": [
  {"kind": "unrendered-template", "message": "a template; render it first",
   "location": {"file": "chart/web.yaml", "line": null, "column": null, "end_line": null, "end_column": null}},
  {"kind": "duplicate-key", "message": "the key is there twice",
   "location": {"file": "deploy/web shop.yaml", "line": 3, "column": 3, "end_line": 3, "end_column": 7}}],
 "summary": {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 0, "suppressed": 0}}"#;

    #[test]
    fn who_brought_it_is_said_as_far_as_it_is_known() {
        let mut sample = Sample::new();
        let mut shown = |introduced| {
            sample.findings[0].introduced = Some(introduced);
            print(&sample)["findings"][0]["introduced"].to_string()
        };
        assert_eq!(
            shown(ann()),
            r#"{"commit":"4f2c9e1d","author":"Ann Lee <ann@example.com>","time":"2026-03-02T09:14:00Z","subject":"payments: let the batch job in"}"#
        );
        assert_eq!(
            shown(Introduced::Uncommitted),
            r#"{"commit":null,"author":null,"time":null,"subject":null,"uncommitted":true}"#
        );
        assert_eq!(
            shown(Introduced::Before {
                commit: "4f2c9e1d".into()
            }),
            r#"{"commit":null,"author":null,"time":null,"subject":null,"before":"4f2c9e1d"}"#
        );
    }

    #[test]
    fn columns_count_characters() {
        let document = print(&Sample::new());
        let pod = document.pointer("/findings/0/related/1/location").unwrap();
        assert_eq!(
            (&pod["column"], &pod["end_column"]),
            (&18.into(), &21.into())
        );
    }

    #[test]
    fn without_findings_the_list_is_there() {
        let document = print(&Sample::clean());
        assert_eq!(document["findings"], Value::Array(Vec::new()));
    }
}
