//! For programs: a line for each change, or one document. The fields are a contract: more may come,
//! none goes.

use std::collections::HashSet;
use std::io;

use serde::Serialize;
use serde_json::Value;

use super::{Out, Sink};
use crate::change::{
    Change, Direction, EdgeChange, FieldChange, FindingChange, ListenerChange, LogChange, Side,
};
use crate::finding::{ResourceRef, Severity};
use crate::history::{Commit, Entry, Range};

/// The version of the documents' form.
pub(super) const VERSION: u32 = 1;

/// A line for each change.
pub(super) struct Lines<'a> {
    pub(super) out: Out<'a>,
}

impl Sink for Lines<'_> {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(&JsonEntry::new(entry))?;
        line.push(b'\n');
        self.out.write_all(&line)
    }

    fn end(&mut self, _: &Range) -> io::Result<()> {
        Ok(())
    }
}

/// One document, a line of it for each change.
pub(super) struct Document<'a> {
    pub(super) out: Out<'a>,
    pub(super) entries: usize,
}

impl Sink for Document<'_> {
    fn begin(&mut self) -> io::Result<()> {
        write!(self.out, "{{\"version\":{VERSION},\"changes\":[")
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let mut text = match self.entries {
            0 => b"\n".to_vec(),
            _ => b",\n".to_vec(),
        };
        self.entries += 1;
        serde_json::to_writer(&mut text, &JsonEntry::new(entry))?;
        self.out.write_all(&text)
    }

    /// What was looked at is known only now: entries are printed while commits are read.
    fn end(&mut self, range: &Range) -> io::Result<()> {
        let range = serde_json::to_string(&JsonRange {
            from: range.from.as_deref(),
            to: range.to.as_deref(),
            commits: range.commits,
            shallow: range.shallow,
        })?;
        writeln!(self.out, "\n],\"range\":{range}}}")
    }
}

#[derive(Serialize)]
struct JsonRange<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    commits: usize,
    shallow: bool,
}

/// A change with its commit.
#[derive(Serialize)]
pub(super) struct JsonEntry<'a> {
    #[serde(flatten)]
    commit: JsonCommit<'a>,
    merge: Option<JsonMerge<'a>>,
    #[serde(flatten)]
    change: JsonChange<'a>,
}

#[derive(Serialize)]
pub(super) struct JsonCommit<'a> {
    commit: &'a str,
    time: &'a str,
    author: &'a str,
    committer: &'a str,
    signed: bool,
    subject: &'a str,
    pull_request: Option<u64>,
}

#[derive(Serialize)]
struct JsonMerge<'a> {
    commit: &'a str,
    time: &'a str,
    author: &'a str,
    subject: &'a str,
}

/// A change without its commit.
#[derive(Serialize)]
pub(super) struct JsonChange<'a> {
    file: Option<&'a str>,
    line: Option<u32>,
    resource: Option<&'a ResourceRef>,
    field: &'a str,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    moved_from: Option<Place<'a>>,
    direction: Direction,
    listeners: &'a [ListenerChange],
    opened: &'a [EdgeChange],
    closed: &'a [EdgeChange],
    downgraded: &'a [EdgeChange],
    upgraded: &'a [EdgeChange],
    logging: &'a [LogChange],
    introduced: Vec<&'a str>,
    resolved: Vec<&'a str>,
    findings: JsonFindings<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
}

/// The findings in full: rules alone do not say what to look at.
#[derive(Serialize)]
struct JsonFindings<'a> {
    introduced: Vec<JsonFinding<'a>>,
    resolved: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    environment: &'a str,
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    fingerprint: &'a str,
}

impl<'a> JsonEntry<'a> {
    pub(super) fn new(entry: &'a Entry) -> Self {
        Self {
            commit: JsonCommit::new(&entry.commit),
            merge: entry.merge.as_ref().map(|merge| JsonMerge {
                commit: &merge.id,
                time: &merge.time,
                author: &merge.author,
                subject: &merge.subject,
            }),
            change: JsonChange::new(&entry.change),
        }
    }
}

impl<'a> JsonCommit<'a> {
    pub(super) fn new(commit: &'a Commit) -> Self {
        Self {
            commit: &commit.id,
            time: &commit.time,
            author: &commit.author,
            committer: &commit.committer,
            signed: commit.signed,
            subject: &commit.subject,
            pull_request: commit.pull_request,
        }
    }
}

impl<'a> JsonChange<'a> {
    pub(super) fn new(change: &'a Change) -> Self {
        let (field, effects) = (&change.field, &change.effects);
        let place = place(field);
        Self {
            file: place.as_ref().map(|place| place.file),
            line: place.as_ref().map(|place| place.line),
            resource: field.resource.as_ref(),
            field: &field.field,
            before: field.before.as_ref().map(|side| &side.value),
            after: field.after.as_ref().map(|side| &side.value),
            moved_from: super::moved_from(field).map(of_side),
            direction: change.direction,
            listeners: &effects.listeners,
            opened: &effects.opened,
            closed: &effects.closed,
            downgraded: &effects.downgraded,
            upgraded: &effects.upgraded,
            logging: &effects.logging,
            introduced: once_each(&effects.introduced).map(|f| &*f.rule).collect(),
            resolved: once_each(&effects.resolved).map(|f| &*f.rule).collect(),
            findings: JsonFindings {
                introduced: effects.introduced.iter().map(finding).collect(),
                resolved: effects.resolved.iter().map(finding).collect(),
            },
        }
    }
}

fn place(field: &FieldChange) -> Option<Place<'_>> {
    field.after.as_ref().or(field.before.as_ref()).map(of_side)
}

fn of_side(side: &Side) -> Place<'_> {
    Place {
        file: &side.at.file,
        line: side.line,
    }
}

fn finding(of: &FindingChange) -> JsonFinding<'_> {
    JsonFinding {
        environment: &of.environment,
        rule: &of.rule,
        severity: of.severity,
        message: &of.message,
        fingerprint: &of.fingerprint,
    }
}

/// Findings without those that another environment has, too.
pub(super) fn once_each(findings: &[FindingChange]) -> impl Iterator<Item = &FindingChange> {
    let mut seen = HashSet::new();
    findings
        .iter()
        .filter(move |finding| seen.insert((&finding.rule, &finding.fingerprint)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::sample::{entries, found, moved, permissive, print, range};
    use super::super::{Format, Options};
    use super::*;

    fn lines(entries: &[Entry]) -> Vec<Value> {
        let text = print(Format::Jsonl, Options::default(), entries, &range());
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    #[test]
    fn a_line_has_every_field_in_its_order() {
        let expected: Value = serde_json::from_str(EXPECTED).unwrap();
        let mut entry = entries().remove(0);
        entry.change.effects.listeners.truncate(1);
        // as texts: maps would be equal in any order
        assert_eq!(lines(&[entry])[0].to_string(), expected.to_string());
    }

    const EXPECTED: &str = r#"
{"commit": "4444444444444444444444444444444444444444", "time": "2026-03-02T09:14:00Z",
 "author": "Ann Lee <ann@example.com>", "committer": "Bo Roe <bo@example.com>", "signed": true,
 "subject": "payments: let the batch job in", "pull_request": 12, "merge": null,
 "file": "deploy/payments.yaml", "line": 8,
 "resource": {"kind": "PeerAuthentication", "group": "security.istio.io", "namespace": "payments", "name": "default"},
 "field": "/spec/mtls/mode", "before": "STRICT", "after": "PERMISSIVE", "moved_from": null, "direction": "weaker",
 "listeners": [{"environment": "prod", "listener": "payments/ledger:8443", "before": "required", "after": "permissive"}],
 "opened": [{"environment": "prod", "from": "batch/nightly", "to": "payments/ledger:8443",
  "before": {"verdict": "deny", "transport": null}, "after": {"verdict": "allow", "transport": "plaintext"}}],
 "closed": [],
 "downgraded": [{"environment": "prod", "from": "external", "to": "payments/ledger:8444",
  "before": {"verdict": "allow", "transport": "mtls"}, "after": {"verdict": "allow", "transport": "plaintext"}}],
 "upgraded": [], "logging": [], "introduced": ["mtls/permissive"], "resolved": [],
 "findings": {"introduced": [{"environment": "prod", "rule": "mtls/permissive", "severity": "high",
  "message": "payments/ledger:8443 and 3 more ports take plaintext", "fingerprint": "f"}], "resolved": []}}"#;

    #[test]
    fn what_is_gone_is_where_it_was() {
        let gone = &lines(&entries())[1];
        assert_eq!(
            (&gone["file"], &gone["line"]),
            (&"deploy/log.yaml".into(), &1.into())
        );
        assert_eq!(gone["after"], Value::Null);
        assert_eq!(gone["before"].to_string(), r#"{"spec":{}}"#);
        assert_eq!(gone["closed"][0]["after"], Value::Null);
        assert_eq!(gone["moved_from"], Value::Null);
        assert_eq!(
            gone["merge"].to_string(),
            r#"{"commit":"3333333333333333333333333333333333333333","time":"2026-03-02T09:14:00Z","author":"Bo Roe <bo@example.com>","subject":"Merge pull request #12 from ann/log"}"#
        );
        assert_eq!(gone["pull_request"], Value::Null);
        assert_eq!(
            gone["logging"][1].to_string(),
            r#"{"environment":"prod","log":"access","of":"web/frontend","before":"on","after":"off"}"#
        );
    }

    #[test]
    fn what_moved_says_where_it_was() {
        let line = &lines(&entries())[2];
        assert_eq!(
            line["moved_from"].to_string(),
            r#"{"file":"old.yaml","line":3}"#
        );
        assert_eq!(
            (&line["file"], &line["line"]),
            (&"new.yaml".into(), &5.into())
        );
        // a field that changed in a file of another name is no move by itself
        let mut field = moved();
        field.field.field = "/spec".into();
        let json = serde_json::to_value(JsonChange::new(&field)).unwrap();
        assert_eq!(json["moved_from"], Value::Null);
    }

    #[test]
    fn findings_of_a_rule_count_each_but_not_once_more_in_every_environment() {
        let mut change = permissive();
        change.effects.introduced = vec![
            found("mtls/permissive", "prod", "f"),
            found("mtls/permissive", "prod", "f-2"),
            found("mtls/permissive", "test", "f"),
        ];
        let json = serde_json::to_value(JsonChange::new(&change)).unwrap();
        assert_eq!(
            json["introduced"].to_string(),
            r#"["mtls/permissive","mtls/permissive"]"#
        );
        assert_eq!(json["findings"]["introduced"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn the_document_holds_the_same_lines() {
        let shown = |entries: &[Entry]| {
            let text = print(Format::Json, Options::default(), entries, &range());
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let document = shown(&entries());
        assert_eq!(document["version"], 1);
        assert_eq!(document["changes"], Value::Array(lines(&entries())));
        assert_eq!(document["range"]["from"], "1".repeat(40));
        assert_eq!(document["range"]["to"], "4".repeat(40));
        assert_eq!(document["range"]["commits"], 17);
        assert_eq!(document["range"]["shallow"], false);
        assert_eq!(shown(&[])["changes"], Value::Array(Vec::new()));
    }
}
