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

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use crate::finding::{Addresses, Finding, Related, Severity, by_address};
use crate::model::{Place, Problem, ProblemKind};

pub use bundle::Rules;
pub use error::{PolicyError, PolicyErrors};
pub use remediation::Remediation;
pub use rule::{Precision, Rule};

use engine::{Answer, Input, Program};

/// Lets all rules that know a mesh which is there judge the facts of one environment: one finding per rule
/// and address, in the order of the rules. [`crate::finding::collect`] puts those of several environments together.
pub fn evaluate(
    rules: &Rules,
    input: &(impl Serialize + Sync),
    addresses: &(impl Addresses + Sync),
    environment: &str,
) -> (Vec<Finding>, Vec<Problem>) {
    let way = Way::OneByOne;
    let (findings, problems, _) = ask(rules, input, addresses, environment, way);
    (findings, problems)
}

/// What the rules said of one document.
pub struct Memory {
    input: Input,
    /// By rule; nothing of one that failed or was not asked.
    answers: Vec<Option<Arc<Vec<Answer>>>>,
}

/// Does what [`evaluate`] does, one of many times: on one processor, without asking a rule again that reads
/// only facts which are as they were in `known`; and remembers what was said.
pub fn evaluate_again(
    rules: &Rules,
    input: &(impl Serialize + Sync),
    addresses: &(impl Addresses + Sync),
    environment: &str,
    known: Option<&Memory>,
) -> (Vec<Finding>, Vec<Problem>, Option<Memory>) {
    let way = Way::Together(known);
    ask(rules, input, addresses, environment, way)
}

/// How rules are asked.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// Each by itself, on all processors.
    OneByOne,
    /// All at once, but for those that are known to say the same as before.
    Together(Option<&'a Memory>),
}

fn ask(
    rules: &Rules,
    input: &(impl Serialize + Sync),
    addresses: &(impl Addresses + Sync),
    environment: &str,
    way: Way<'_>,
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
    let known = match way {
        Way::Together(known) => known.map(|known| (known, input.differing(&known.input))),
        Way::OneByOne => None,
    };
    let told = |number: usize| {
        let (known, differing) = known.as_ref()?;
        let answers = known.answers.get(number)?.as_ref()?;
        let is_same = program.sees_the_same(number, differing);
        is_same.then(|| Arc::clone(answers))
    };
    let mut asked: Vec<Asked<'_>> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| input.has_one_of(&rule.meshes))
        .map(|(number, rule)| Asked {
            number,
            rule,
            told: told(number),
        })
        .collect();
    if matches!(way, Way::Together(_)) {
        together(program, &input, &mut asked);
    }
    let ask = |Asked { number, rule, told }: Asked<'_>| {
        let answers = match told {
            Some(answers) => answers,
            None => match program.evaluate(rule, &input) {
                Ok(answers) => Arc::new(answers),
                Err(message) => {
                    let message = format!("rule {} failed, {environment}: {message}", rule.id);
                    return (
                        Vec::new(),
                        vec![failed(&rule.path, &message)],
                        (number, None),
                    );
                }
            },
        };
        let (findings, problems) = judge(rule, &answers, &input, addresses, environment);
        (findings, problems, (number, Some(answers)))
    };
    let judged: Vec<_> = asked.into_par_iter().map(ask).collect();
    let (mut findings, mut problems) = (Vec::new(), Vec::new());
    let mut answers = vec![None; rules.iter().len()];
    for (found, wrong, (number, said)) in judged {
        findings.extend(found);
        problems.extend(wrong);
        if let Some(answers) = answers.get_mut(number) {
            *answers = said;
        }
    }
    (findings, problems, Some(Memory { input, answers }))
}

/// A rule that is to be asked.
struct Asked<'a> {
    number: usize,
    rule: &'a Rule,
    /// What it says, if that is known.
    told: Option<Arc<Vec<Answer>>>,
}

/// Asks all rules at once of which it is not known what they say, and the libraries that they share only
/// once; if that fails, none.
fn together(program: &Program, input: &Input, asked: &mut [Asked<'_>]) {
    let mut open: Vec<&mut Asked<'_>> = asked.iter_mut().filter(|one| one.told.is_none()).collect();
    if open.len() < 2 {
        return;
    }
    let rules: Vec<&Rule> = open.iter().map(|one| one.rule).collect();
    let answers = program.evaluate_together(&rules, input);
    for (one, answers) in open.iter_mut().zip(answers.into_iter().flatten()) {
        one.told = Some(Arc::new(answers));
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
