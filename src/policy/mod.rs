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
    let program = match rules.program() {
        Ok(program) => program,
        Err(errors) => {
            let failed = errors.0.iter().map(|e| failed(&e.file, &e.to_string()));
            return (Vec::new(), failed.collect());
        }
    };
    let input = match Input::new(input) {
        Ok(input) => input,
        Err(message) => {
            let message = format!("no rule could judge {environment}: {message}");
            let problem = Problem::new(ProblemKind::RuleFailed, message, Place::Nowhere);
            return (Vec::new(), vec![problem]);
        }
    };
    let all: Vec<&Rule> = rules.iter().collect();
    let judged: Vec<_> = all
        .into_par_iter()
        .map(|rule| judge(program, rule, &input, addresses, environment))
        .collect();
    let (findings, problems): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    (findings.concat(), problems.concat())
}

fn judge(
    program: &Program,
    rule: &Rule,
    input: &Input,
    addresses: &impl Addresses,
    environment: &str,
) -> (Vec<Finding>, Vec<Problem>) {
    let answers = match program.evaluate(rule, input) {
        Ok(answers) => answers,
        Err(message) => {
            let message = format!("rule {} failed, {environment}: {message}", rule.id);
            return (Vec::new(), vec![failed(&rule.path, &message)]);
        }
    };
    let mut problems = Vec::new();
    let findings = answers
        .into_iter()
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
    answer: Answer,
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
    let related = answer.related.into_iter().filter_map(|(at, message)| {
        let site = resolve(&at)?;
        Some(Related { message, at, site })
    });
    let related = related.collect();
    Some(Finding {
        rule: rule.id.clone(),
        severity: answer.severity.unwrap_or(rule.severity),
        message: answer.msg,
        remediation: rule.remediation.of(addresses.mesh(&answer.at)),
        at: answer.at,
        site: site?,
        related,
        environments: Vec::new(),
        controls: rule.controls.clone(),
        fingerprint: String::new(),
    })
}

fn failed(path: &str, message: &str) -> Problem {
    let place = Place::Path(path.to_owned());
    Problem::new(ProblemKind::RuleFailed, message, place)
}
