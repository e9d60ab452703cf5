//! Rules: what they are, and what they say of a mesh.
//!
//! Each rule is evaluated on its own: one that fails or takes too long says so as a [`Problem`]
//! and holds up no other.

mod bundle;
mod engine;
mod error;
pub mod fixture;
mod guard;
mod remediation;
mod rule;

use rayon::prelude::*;
use serde::Serialize;

use crate::finding::{Addresses, Finding, Related, Severity, by_address};
use crate::model::{Place, Problem, ProblemKind};

pub use bundle::Rules;
pub use error::{PolicyError, PolicyErrors};
pub use remediation::Remediation;
pub use rule::{Precision, Rule};

use engine::{Answer, Input, Program};

/// Lets all rules judge the facts of one environment: one finding per rule and address, in the
/// order of the rules. [`crate::finding::collect`] puts those of several environments together.
pub fn evaluate(
    rules: &Rules,
    input: &(impl Serialize + Sync),
    addresses: &(impl Addresses + Sync),
    environment: &str,
) -> (Vec<Finding>, Vec<Problem>) {
    let (findings, problems, _) = evaluate_again(rules, input, addresses, environment, None);
    (findings, problems)
}

/// What the rules said of one document.
pub struct Memory {
    input: Input,
    /// By rule; nothing of one that failed.
    answers: Vec<Option<Vec<Answer>>>,
}

/// Does what [`evaluate`] does, without asking a rule again that reads only facts which are as they
/// were in `known`; and remembers what was said.
pub fn evaluate_again(
    rules: &Rules,
    input: &(impl Serialize + Sync),
    addresses: &(impl Addresses + Sync),
    environment: &str,
    known: Option<&Memory>,
) -> (Vec<Finding>, Vec<Problem>, Option<Memory>) {
    let program = match rules.program() {
        Ok(program) => program,
        Err(errors) => {
            let failed = errors.0.iter().map(|e| failed(&e.file, &e.to_string()));
            return (Vec::new(), failed.collect(), None);
        }
    };
    let input = match Input::new(input) {
        Ok(input) => input,
        Err(message) => {
            let message = format!("no rule could judge {environment}: {message}");
            let problem = Problem::new(ProblemKind::RuleFailed, message, Place::Nowhere);
            return (Vec::new(), vec![problem], None);
        }
    };
    let told = |number: usize| {
        let known = known?;
        let answers = known.answers.get(number)?.as_ref()?;
        let is_same = program.sees_the_same(number, &input, &known.input);
        is_same.then(|| answers.to_vec())
    };
    let mut told: Vec<Option<Vec<Answer>>> = (0..rules.iter().len()).map(told).collect();
    if known.is_some() {
        together(program, rules, &input, &mut told);
    }
    let ask = |(rule, told): (&Rule, Option<Vec<Answer>>)| {
        let answers = match told {
            Some(answers) => answers,
            None => match program.evaluate(rule, &input) {
                Ok(answers) => answers,
                Err(message) => {
                    let message = format!("rule {} failed, {environment}: {message}", rule.id);
                    return (Vec::new(), vec![failed(&rule.path, &message)], None);
                }
            },
        };
        let (findings, problems) = judge(rule, &answers, &input, addresses, environment);
        (findings, problems, Some(answers))
    };
    let all: Vec<_> = rules.iter().zip(told).collect();
    let judged: Vec<_> = all.into_par_iter().map(ask).collect();
    let (mut findings, mut problems, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for (found, wrong, said) in judged {
        findings.extend(found);
        problems.extend(wrong);
        answers.push(said);
    }
    (findings, problems, Some(Memory { input, answers }))
}

/// Asks all rules at once that were not told what to say; if that fails, none.
fn together(program: &Program, rules: &Rules, input: &Input, told: &mut [Option<Vec<Answer>>]) {
    let open = || {
        rules
            .iter()
            .zip(told.iter())
            .filter(|(_, told)| told.is_none())
    };
    let open: Vec<&Rule> = open().map(|(rule, _)| rule).collect();
    if open.len() < 2 {
        return;
    }
    let answers = program.evaluate_together(&open, input);
    let answers = answers.into_iter().flatten();
    let open = told.iter_mut().filter(|told| told.is_none());
    for (told, answers) in open.zip(answers) {
        *told = Some(answers);
    }
}

fn judge(
    rule: &Rule,
    answers: &[Answer],
    input: &Input,
    addresses: &impl Addresses,
    environment: &str,
) -> (Vec<Finding>, Vec<Problem>) {
    let mut problems = Vec::new();
    let findings = answers
        .iter()
        .filter_map(|answer| {
            let mut finding = locate(rule, answer, addresses, &mut problems)?;
            finding.environments.push(environment.to_owned());
            if !rule.complete.iter().all(|kind| input.is_complete(kind)) {
                finding.severity = Severity::Info;
            }
            Some(finding)
        })
        .collect();
    (by_address(findings), problems)
}

/// Finds the places of an answer; without its own place there is no finding.
fn locate(
    rule: &Rule,
    answer: &Answer,
    addresses: &impl Addresses,
    problems: &mut Vec<Problem>,
) -> Option<Finding> {
    let mut resolve = |at: &str| {
        let site = addresses.resolve(at);
        if site.is_none() {
            let message = format!("rule {} names {at:?}, which is no address", rule.id);
            problems.push(failed(&rule.path, &message));
        }
        site
    };
    let site = resolve(&answer.at);
    let related = answer.related.iter().filter_map(|(at, message)| {
        let site = resolve(at)?;
        let (message, at) = (message.clone(), at.clone());
        Some(Related { message, at, site })
    });
    let related = related.collect();
    Some(Finding {
        rule: rule.id.clone(),
        severity: answer.severity.unwrap_or(rule.severity),
        message: answer.msg.clone(),
        remediation: rule.remediation.of(addresses.mesh(&answer.at)),
        at: answer.at.clone(),
        site: site?,
        related,
        environments: Vec::new(),
        controls: rule.controls.clone(),
        introduced: None,
        fingerprint: String::new(),
    })
}

fn failed(path: &str, message: &str) -> Problem {
    let place = Place::Path(path.to_owned());
    Problem::new(ProblemKind::RuleFailed, message, place)
}
