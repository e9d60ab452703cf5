//! Marks in a fixture: the line that a finding must point to ends in `# deny`, or in
//! `# deny: part of the message`; `# deny(low): …` says how bad it has to be as well.

use crate::finding::{Finding, Severity};
use crate::text::{FileId, SourceFile, Sources};

/// A line that a finding has to point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The file.
    pub file: FileId,
    /// The line, counted from 1.
    pub line: u32,
    /// What the message has to contain; empty for any message.
    pub message: String,
    /// How bad the finding has to be; nothing for any severity.
    pub severity: Option<Severity>,
}

/// All marks in these files.
pub fn marks(sources: &Sources) -> Vec<Mark> {
    let of_file = |(id, file): (FileId, &SourceFile)| {
        let lines = (1..=file.line_count()).filter_map(|line| {
            let (severity, message) = mark(file.line(line))?;
            Some(Mark {
                file: id,
                line,
                message: message.to_owned(),
                severity,
            })
        });
        lines.collect::<Vec<_>>()
    };
    sources.iter().flat_map(of_file).collect()
}

/// Compares findings of the rule with the marks of its fixture.
///
/// # Errors
/// A line each, `file:line: what`, for a mark without its finding and a finding without a mark.
pub fn judge(
    expected: &[Mark],
    findings: &[Finding],
    sources: &Sources,
) -> Result<(), Vec<String>> {
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| {
            let span = finding.site.span;
            (span.map(|s| (s.file, sources.start(s).line)), finding)
        })
        .collect();
    let mut wrong = Vec::new();
    for mark in expected {
        let place = Some((mark.file, mark.line));
        let here: Vec<_> = lines.iter().filter(|(at, _)| *at == place).collect();
        let meant = here.iter().find(|(_, f)| f.message.contains(&mark.message));
        let what = match (meant, mark.severity) {
            (None, _) if here.is_empty() => Some("no finding points to this line".to_owned()),
            (None, _) => {
                let messages: Vec<_> = here.iter().map(|(_, f)| &f.message).collect();
                Some(format!("{:?} is not in {messages:?}", mark.message))
            }
            (Some((_, found)), Some(wanted)) if found.severity != wanted => {
                Some(format!("it is {}, not {wanted}", found.severity))
            }
            _ => None,
        };
        if let Some(what) = what {
            wrong.push(format!("{}: {what}", name(sources, mark.file, mark.line)));
        }
    }
    for (place, finding) in lines {
        let marked = |(file, line)| expected.iter().any(|m| (m.file, m.line) == (file, line));
        match place {
            Some(place) if marked(place) => {}
            Some((file, line)) => wrong.push(format!(
                "{}: a finding without a mark: {}",
                name(sources, file, line),
                finding.message
            )),
            None => wrong.push(format!("a finding without a line: {}", finding.message)),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn name(sources: &Sources, file: FileId, line: u32) -> String {
    format!("{}:{line}", sources.get(file).name())
}

/// The mark at the end of a line: how bad the finding has to be, and what its message contains.
fn mark(line: &str) -> Option<(Option<Severity>, &str)> {
    let comment = comment(line)?.trim();
    let rest = comment.strip_prefix("deny")?;
    let (severity, rest) = match rest.strip_prefix('(') {
        Some(inside) => {
            let (severity, rest) = inside.split_once(')')?;
            (Some(severity.parse().ok()?), rest)
        }
        None => (None, rest),
    };
    match rest {
        "" => Some((severity, "")),
        more => Some((severity, more.strip_prefix(':')?.trim())),
    }
}

/// What follows the `#` that begins a comment: one after a blank, outside of quotes. A quote
/// counts only at the beginning of a word, since `it's` is an ordinary word.
fn comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some('"') if c == '\\' => _ = chars.next(),
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') && " \t[{,(=".contains(before) => quote = Some(c),
            None if c == '#' && matches!(before, ' ' | '\t') => return line.get(at + 1..),
            None => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Severity, Site};
    use crate::text::Span;

    const TEXT: &str = "kind: A\nmode: x # deny: plaintext\nmode: y # deny\n";

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("a.fail.yaml", text));
        sources
    }

    fn finding(start: Option<u32>, message: &str) -> Finding {
        Finding {
            rule: "a/b".into(),
            severity: Severity::Low,
            message: message.into(),
            remediation: "".into(),
            at: String::new(),
            site: Site {
                span: start.map(|start| Span {
                    file: FileId(0),
                    start,
                    end: start + 1,
                }),
                ..Site::default()
            },
            related: Vec::new(),
            environments: Vec::new(),
            controls: [].into(),
            introduced: None,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn marks_are_comments() {
        for (line, expected) in [
            ("mode: x # deny", Some("")),
            ("mode: x\t# deny: a: b ", Some("a: b")),
            ("mode: 'x' # deny", Some("")),
            ("why: it's so # deny", Some("")),
            ("{\"a\": \"b\"} # deny", Some("")),
            ("mode: \"x # deny\"", None),
            ("mode: \"\\\" # deny\"", None),
            ("mode: ['x # deny']", None),
            ("mode: x# deny", None),
            ("mode: x # denying", None),
            ("mode: x # see # deny", None),
        ] {
            let expected = expected.map(|message| (None, message));
            assert_eq!(mark(line), expected, "{line}");
        }
        let low = Some(Severity::Low);
        assert_eq!(mark("a: b # deny(low)"), Some((low, "")));
        assert_eq!(mark("a: b # deny(low): c (d)"), Some((low, "c (d)")));
        assert_eq!(mark("a: b # deny(bad): c"), None);
        assert_eq!(mark("a: b # deny(low: c"), None);
    }

    #[test]
    fn severities_are_compared() {
        let sources = sources("mode: x # deny(low): plaintext\nmode: y # deny(high)\n");
        let findings = [finding(Some(0), "plaintext"), finding(Some(32), "any")];
        let wrong = vec!["a.fail.yaml:2: it is low, not high".to_owned()];
        assert_eq!(judge(&marks(&sources), &findings, &sources), Err(wrong));
    }

    #[test]
    fn marks_that_are_met_are_fine() {
        let sources = sources(TEXT);
        let findings = [
            finding(Some(14), "takes plaintext"),
            finding(Some(44), "any"),
        ];
        assert_eq!(judge(&marks(&sources), &findings, &sources), Ok(()));
    }

    #[test]
    fn every_difference_is_told_with_its_line() {
        let sources = sources(TEXT);
        let findings = [
            finding(Some(0), "kind"),
            finding(Some(14), "something else"),
            finding(None, "nowhere"),
        ];
        let wrong = [
            "a.fail.yaml:2: \"plaintext\" is not in [\"something else\"]",
            "a.fail.yaml:3: no finding points to this line",
            "a.fail.yaml:1: a finding without a mark: kind",
            "a finding without a line: nowhere",
        ];
        let wrong = wrong.map(str::to_owned).to_vec();
        assert_eq!(judge(&marks(&sources), &findings, &sources), Err(wrong));
    }
}
