//! `meshvet rules`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::args::{AnswerFormat, RuleSource, Rules as Args};
use super::input::{rego_files, rules};
use super::{Exit, Failure, Io};
use crate::fixtures;
use crate::policy::{Rule, Rules};
use crate::text::SourceFile;

pub(super) fn run(args: &Args, io: &mut Io<'_>) -> Result<Exit, Failure> {
    match args {
        Args::List { rules, format } => list(rules, *format, io),
        Args::Show { id, rules } => show(id, rules, io),
        Args::Test { dir } => test(dir, io),
    }
}

fn list(source: &RuleSource, format: AnswerFormat, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let rules = rules(source, &io.cwd)?;
    if format == AnswerFormat::Json {
        let list: Vec<_> = rules.iter().map(describe).collect();
        let text =
            serde_json::to_string_pretty(&list).map_err(|e| Failure::usage(e.to_string()))?;
        writeln!(io.stdout, "{text}")?;
        return Ok(Exit::Fine);
    }
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.iter() {
        writeln!(
            io.stdout,
            "{:width$}  {:8}  {}",
            rule.id,
            rule.severity.name(),
            rule.title
        )?;
    }
    Ok(Exit::Fine)
}

fn describe(rule: &Rule) -> serde_json::Value {
    json!({
        "id": &*rule.id,
        "title": rule.title,
        "severity": rule.severity.name(),
        "meshes": rule.meshes,
        "description": rule.description,
        "remediation": rule.remediation.to_string(),
        "controls": &*rule.controls,
        "params": rule.params,
        "related_resources": rule.related_resources,
    })
}

fn show(id: &str, source: &RuleSource, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let rules = rules(source, &io.cwd)?;
    let Some(rule) = rules.get(id) else {
        return Err(Failure::usage(format!(
            "there is no rule {id:?}; `meshvet rules list` lists them all"
        )));
    };
    let out = &mut *io.stdout;
    writeln!(
        out,
        "{}  ({}, {})\n{}\n",
        rule.id,
        rule.severity.name(),
        rule.meshes.join(", "),
        rule.title
    )?;
    writeln!(
        out,
        "{}\n\nWhat to do: {}",
        rule.description.trim(),
        rule.remediation
    )?;
    if !rule.params.is_empty() {
        let params = serde_json::Value::Object(rule.params.clone());
        writeln!(out, "\nParameters: {params}")?;
    }
    if !rule.controls.is_empty() {
        writeln!(out, "\nControls: {}", rule.controls.join(", "))?;
    }
    for link in &rule.related_resources {
        writeln!(out, "\n{link}")?;
    }
    Ok(Exit::Fine)
}

/// Runs every fixture below a directory, and misses none: a rule needs both.
fn test(dir: &Path, io: &mut Io<'_>) -> Result<Exit, Failure> {
    let root = io.cwd.join(dir);
    let broken = |errors: crate::policy::PolicyErrors| Failure::usage(errors.to_string());
    let own = Rules::from_files(rego_files(&root)?).map_err(broken)?;
    own.check().map_err(broken)?;
    if own.iter().len() == 0 {
        return Err(Failure::no_input(format!(
            "there is no rule in {}",
            dir.display()
        )));
    }
    let fixtures = fixtures::sort(fixture_files(&root)?);
    let mut has: BTreeMap<(&str, bool), bool> = BTreeMap::new();
    let (mut passed, mut failed) = (0, 0);
    for fixture in &fixtures {
        has.insert((&fixture.rule, fixture.fails), true);
        let kind = if fixture.fails { "fail" } else { "pass" };
        match fixtures::check(fixture, &own) {
            Ok(()) => passed += 1,
            Err(wrong) => {
                failed += 1;
                writeln!(io.stdout, "FAILED  {}.{kind}", fixture.rule)?;
                for line in wrong {
                    writeln!(io.stdout, "        {line}")?;
                }
            }
        }
    }
    for rule in own.iter() {
        for (fails, kind) in [(true, "fail"), (false, "pass")] {
            if !has.contains_key(&(&*rule.id, fails)) {
                failed += 1;
                writeln!(io.stdout, "FAILED  {}: it has no {kind} fixture", rule.id)?;
            }
        }
    }
    writeln!(io.stdout, "{passed} passed, {failed} failed")?;
    Ok(if failed == 0 { Exit::Fine } else { Exit::Found })
}

/// All fixtures below a directory, named by their paths in it.
fn fixture_files(root: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| Failure::usage(error.to_string()))?;
        let name = entry
            .path()
            .strip_prefix(root)
            .unwrap_or(entry.path())
            .to_string_lossy()
            .replace('\\', "/");
        if entry.file_type().is_file() && fixtures::belongs_to(&name).is_some() {
            let text = std::fs::read_to_string(entry.path())
                .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
            files.push(SourceFile::new(name, text));
        }
    }
    Ok(files)
}
