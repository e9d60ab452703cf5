//! `meshvet test`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::args::{Common, Test, TestFormat};
use super::input::{Read, completeness, read};
use super::{Exit, Failure, Io};
use crate::assertion::{Actual, Assertion, Checked, check, parse};
use crate::load;
use crate::model::{Place, Problem, Subject, Transport};
use crate::reach::{Verdict, World};
use crate::scan::{located, world};
use crate::syntax;
use crate::text::{Sources, Span};

/// A test with what it came to.
struct TestResult {
    assertion: Assertion,
    /// Where its file is read from.
    at: String,
    checked: Checked,
    /// The deciding line, as it is printed.
    place: Option<(String, u32)>,
}

pub(super) fn run(args: &Test, common: &Common, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let read = read(&args.input, io)?;
    let (assertions, mut problems) = assertions(args, &read, io)?;
    if assertions.is_empty() && problems.is_empty() {
        return Err(Failure::no_input(
            "there is no test: they stand in files named *.meshvet-test.yaml",
        ));
    }
    problems.extend(read.parsed.problems.iter().cloned());
    let mut worlds = Vec::new();
    for environment in &read.parsed.environments {
        let (world, found) = world(&read.parsed, environment);
        problems.extend(located(&world.index, found));
        worlds.push(world);
    }
    let results: Vec<TestResult> = assertions
        .into_iter()
        .map(|(assertion, at)| judge(&worlds, assertion, at, &read.sources))
        .collect();
    let unexercised = unexercised(&worlds, &results, &read.sources);
    match args.format {
        TestFormat::Text => text(&results, &unexercised, common, io)?,
        TestFormat::Json => json_document(&results, &unexercised, io)?,
        TestFormat::Junit => junit(&results, io)?,
    }
    let failed = results.iter().any(|result| !result.checked.passed);
    let exit = if failed { Exit::Found } else { Exit::Fine };
    Ok(completeness(&problems, args.input.allow_partial, io)?.max(exit))
}

/// A test, and where its file is read from.
type Placed = (Assertion, String);

/// The tests of the files that were named, or of those that lie among the input.
fn assertions(
    args: &Test,
    read: &Read,
    io: &Io<'_>,
) -> Result<(Vec<Placed>, Vec<Problem>), Failure> {
    let mut assertions = Vec::new();
    let mut problems = Vec::new();
    let mut take =
        |sources: &Sources, documents: &[syntax::Document], wanted: &dyn Fn(&str) -> bool| {
            for document in documents {
                let file = sources.get(document.file()).name();
                if !wanted(file) {
                    continue;
                }
                let (found, wrong) = parse(document);
                for assertion in found {
                    let line = sources.start(assertion.span).line;
                    assertions.push((assertion, format!("{file}:{line}")));
                }
                // these places are in files that reports do not know
                problems.extend(wrong.into_iter().map(|problem| match problem.place {
                    Place::Span(span) => Problem {
                        place: Place::Path(format!("{file}:{}", sources.start(span).line)),
                        ..problem
                    },
                    _ => problem,
                }));
            }
        };
    if args.tests.is_empty() {
        take(&read.sources, &read.parsed.documents, &|file| {
            file.ends_with(".meshvet-test.yaml") || file.ends_with(".meshvet-test.yml")
        });
        return Ok((assertions, problems));
    }
    let loaded = load::load(
        &args.tests,
        &io.cwd,
        &load::Options {
            gitignore: false,
            charts: false,
        },
    );
    if let Some(missing) = loaded.missing.first() {
        return Err(Failure::no_input(format!(
            "there is no {}",
            missing.display()
        )));
    }
    let mut unreadable = loaded.problems;
    for (id, file) in loaded.sources.iter() {
        let (documents, wrong) = syntax::parse(id, file);
        take(&loaded.sources, &documents, &|_| true);
        unreadable.extend(wrong);
    }
    if let Some(problem) = unreadable.first() {
        return Err(Failure::usage(format!(
            "a test file cannot be read: {}",
            problem.message
        )));
    }
    if let Some(problem) = problems.first() {
        let place = match &problem.place {
            Place::Path(path) => path.clone(),
            _ => String::new(),
        };
        return Err(Failure::usage(format!("{place}: {}", problem.message)));
    }
    Ok((assertions, problems))
}

/// Asks every environment that has both sides; all must agree with the test.
fn judge(worlds: &[World], assertion: Assertion, at: String, sources: &Sources) -> TestResult {
    let mut results: Vec<Checked> = worlds
        .iter()
        .map(|world| check(world, &assertion))
        .collect();
    let known =
        |checked: &Checked| checked.actual.verdict != Verdict::Unknown || checked.span.is_some();
    if results.iter().any(known) {
        results.retain(known);
    }
    let failed = results.iter().position(|checked| !checked.passed);
    let chosen = failed.or(if results.is_empty() { None } else { Some(0) });
    let checked = match chosen {
        Some(chosen) => results.swap_remove(chosen),
        None => Checked {
            passed: false,
            actual: Actual {
                verdict: Verdict::Unknown,
                transport: None,
            },
            because: "there is no workload in the input".to_owned(),
            span: None,
            rules: Vec::new(),
        },
    };
    let place = checked.span.map(|span| line_of(sources, span));
    TestResult {
        assertion,
        at,
        checked,
        place,
    }
}

fn line_of(sources: &Sources, span: Span) -> (String, u32) {
    (
        sources.get(span.file).name().to_owned(),
        sources.start(span).line,
    )
}

/// The authorization rules that had a say in no test: file and line.
fn unexercised(worlds: &[World], results: &[TestResult], sources: &Sources) -> Vec<(String, u32)> {
    let rules = results.iter().flat_map(|result| &result.checked.rules);
    let used: BTreeSet<(String, u32)> = rules.map(|&span| line_of(sources, span)).collect();
    let mut unused = BTreeSet::new();
    for world in worlds {
        for policy in world.meshes.iter().flat_map(|mesh| mesh.policies()) {
            let Subject::Authorization(policy) = &policy.subject else {
                continue;
            };
            for rule in &policy.rules {
                let place = world
                    .index
                    .span(&rule.at)
                    .map(|span| line_of(sources, span));
                unused.extend(place.filter(|place| !used.contains(place)));
            }
        }
    }
    unused.into_iter().collect()
}

fn summary(results: &[TestResult]) -> (usize, usize) {
    let passed = results
        .iter()
        .filter(|result| result.checked.passed)
        .count();
    (passed, results.len() - passed)
}

fn expected(assertion: &Assertion) -> (&'static str, Option<&str>) {
    (
        if assertion.allow { "allow" } else { "deny" },
        assertion.transport.as_deref(),
    )
}

fn in_words(verdict: &str, transport: Option<&str>) -> String {
    match transport {
        Some(transport) => format!("{verdict} over {transport}"),
        None => verdict.to_owned(),
    }
}

fn text(
    results: &[TestResult],
    unexercised: &[(String, u32)],
    common: &Common,
    io: &mut Io<'_>,
) -> Result<(), Failure> {
    for result in results {
        if result.checked.passed {
            if common.verbose {
                writeln!(io.stdout, "ok      {}", result.assertion.name)?;
            }
            continue;
        }
        let (verdict, transport) = expected(&result.assertion);
        let actual = &result.checked.actual;
        writeln!(
            io.stdout,
            "FAILED  {}  ({})",
            result.assertion.name, result.at
        )?;
        writeln!(
            io.stdout,
            "        expected {}, found {}",
            in_words(verdict, transport),
            in_words(actual.verdict.name(), actual.transport.map(Transport::name))
        )?;
        let place = result
            .place
            .as_ref()
            .map(|(file, line)| format!(", {file}:{line}"))
            .unwrap_or_default();
        writeln!(io.stdout, "        {}{place}", result.checked.because)?;
    }
    let (passed, failed) = summary(results);
    if !common.quiet {
        if !unexercised.is_empty() {
            writeln!(io.stdout, "no test exercised these authorization rules:")?;
            for (file, line) in unexercised {
                writeln!(io.stdout, "  {file}:{line}")?;
            }
        }
        writeln!(io.stdout, "{passed} passed, {failed} failed")?;
    }
    Ok(())
}

fn json_document(
    results: &[TestResult],
    unexercised: &[(String, u32)],
    io: &mut Io<'_>,
) -> Result<(), Failure> {
    let tests: Vec<Value> = results
        .iter()
        .map(|result| {
            let (verdict, transport) = expected(&result.assertion);
            let actual = &result.checked.actual;
            json!({
                "name": result.assertion.name,
                "passed": result.checked.passed,
                "expected": {"verdict": verdict, "transport": transport},
                "actual": {"verdict": actual.verdict.name(), "transport": actual.transport.map(Transport::name)},
                "because": result.checked.because,
                "location": result.place.as_ref().map(|(file, line)| json!({"file": file, "line": line})),
            })
        })
        .collect();
    let rules: Vec<Value> = unexercised
        .iter()
        .map(|(file, line)| json!({"file": file, "line": line}))
        .collect();
    let (passed, failed) = summary(results);
    let document = json!({
        "version": 1,
        "tests": tests,
        "unexercised_rules": rules,
        "summary": {"passed": passed, "failed": failed},
    });
    let printed =
        serde_json::to_string_pretty(&document).map_err(|e| Failure::usage(e.to_string()))?;
    writeln!(io.stdout, "{printed}")?;
    Ok(())
}

fn junit(results: &[TestResult], io: &mut Io<'_>) -> Result<(), Failure> {
    let (_, failed) = summary(results);
    let out = &mut *io.stdout;
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites><testsuite name="meshvet" tests="{}" failures="{failed}">"#,
        results.len()
    )?;
    for result in results {
        let file = result.at.rsplit_once(':').map_or("", |(file, _)| file);
        write!(
            out,
            r#"<testcase name="{}" classname="{}""#,
            escape(&result.assertion.name),
            escape(file)
        )?;
        if result.checked.passed {
            writeln!(out, "/>")?;
            continue;
        }
        let (verdict, transport) = expected(&result.assertion);
        let actual = &result.checked.actual;
        let message = format!(
            "expected {}, found {}",
            in_words(verdict, transport),
            in_words(actual.verdict.name(), actual.transport.map(Transport::name))
        );
        writeln!(
            out,
            r#"><failure message="{}">{}</failure></testcase>"#,
            escape(&message),
            escape(&result.checked.because)
        )?;
    }
    writeln!(out, "</testsuite></testsuites>")?;
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
