//! The policy engine: the only place that knows which one it is.
//!
//! Policies may come with the repository that is scanned, so nothing in them may end or hold up
//! the process: what the engine does not stop by itself is refused before it runs.

mod answer;
mod calls;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, PolicyLengthConfig, Value};
use serde::Serialize;
use serde_json::Map;

use super::bundle::named_in;
use super::error::{PolicyError, PolicyErrors};
use super::guard;
use super::rule::{KUBERNETES, Library, Rule};
use crate::facts::Sections;

pub(super) use answer::Answer;

/// How long one rule may take on one mesh.
const TIME_LIMIT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });

/// How large a policy file may be, in bytes.
const LARGEST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(65_535);

/// How many steps pass between looks at the clock.
const STEPS_BETWEEN_CHECKS: NonZeroU32 = NonZeroU32::MIN.saturating_add(999);

/// Compiled rules.
#[derive(Debug)]
pub(super) struct Program {
    engine: Engine,
    /// Copies of it that nobody uses at present: they share the rules, and to make one takes longer than
    /// most rules do.
    free: Mutex<Vec<Engine>>,
    /// By rule: what it reads of the document.
    sections: Vec<Sections>,
}

/// The document that rules judge. Copies share it.
pub(super) struct Input {
    value: Value,
    complete: BTreeSet<String>,
    /// The meshes that are there; nothing in a document that does not say.
    meshes: Option<BTreeSet<String>>,
}

/// The sections that two documents do not say the same in.
pub(super) struct Differing(BTreeSet<String>);

impl Input {
    /// Takes the facts as they are.
    ///
    /// # Errors
    /// In words, when they cannot be written as a document.
    pub(super) fn new(facts: &impl Serialize) -> Result<Self, String> {
        let value = value::to_value(facts).map_err(|error| error.to_string())?;
        let text = |value: &Value| value.as_string().ok().map(|text| text.to_string());
        let complete = match &value["scan"]["complete"] {
            Value::Array(kinds) => kinds.iter().filter_map(text).collect(),
            _ => BTreeSet::new(),
        };
        let meshes = match &value["meshes"] {
            Value::Array(meshes) => Some(
                meshes
                    .iter()
                    .filter_map(|mesh| text(&mesh["kind"]))
                    .collect(),
            ),
            _ => None,
        };
        Ok(Self {
            value,
            complete,
            meshes,
        })
    }

    /// What differs between it and another one.
    pub(super) fn differing(&self, other: &Self) -> Differing {
        let sections = |input: &Self| -> BTreeSet<String> {
            let Value::Object(sections) = &input.value else {
                return BTreeSet::new();
            };
            let names = sections.keys_sorted();
            names
                .filter_map(|name| Some(name.as_string().ok()?.to_string()))
                .collect()
        };
        let mut names = sections(self);
        names.extend(sections(other));
        names.retain(|name| self.value[name.as_str()] != other.value[name.as_str()]);
        Differing(names)
    }

    /// Whether there is any of these meshes, or one of them is none: `kubernetes`.
    pub(super) fn has_one_of(&self, meshes: &[String]) -> bool {
        self.meshes.as_ref().is_none_or(|known| {
            let mut meshes = meshes.iter();
            meshes.any(|mesh| mesh == KUBERNETES || known.contains(mesh))
        })
    }

    /// Whether all objects of a kind are known, so that absence means something.
    pub(super) fn is_complete(&self, kind: &str) -> bool {
        self.complete.contains(kind)
    }
}

impl Program {
    /// Compiles rules with the libraries they import.
    ///
    /// # Errors
    /// All files that do not compile.
    pub(super) fn compile(rules: &[Rule], libraries: &[Library]) -> Result<Self, PolicyErrors> {
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(false);
        engine.set_policy_length_config(PolicyLengthConfig {
            max_file_bytes: LARGEST,
            ..PolicyLengthConfig::default()
        });
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: TIME_LIMIT,
            check_interval: STEPS_BETWEEN_CHECKS,
        });
        let imported = libraries.iter().map(|l| (&*l.path, &*l.text));
        let files = imported.chain(rules.iter().map(|r| (&*r.path, &*r.text)));
        let mut errors: Vec<_> = files
            .filter_map(|(path, text)| add(&mut engine, path, text).err())
            .collect();
        if errors.is_empty() {
            errors = wrong_modules(&mut engine, rules);
        }
        if errors.is_empty() {
            errors.extend(prepare(&mut engine, rules).err());
        }
        if errors.is_empty() {
            let packages = libraries.iter().map(|one| (&*one.package, &*one.text));
            let packages: Vec<_> = packages
                .chain(rules.iter().map(|one| (&*one.package, &*one.text)))
                .collect();
            let sections = rules.iter().map(|rule| sections_of(rule, &packages));
            let sections = sections.collect();
            Ok(Self {
                engine,
                free: Mutex::default(),
                sections,
            })
        } else {
            Err(PolicyErrors(errors))
        }
    }

    /// Whether a rule, by its number, sees the same in two documents.
    pub(super) fn sees_the_same(&self, rule: usize, Differing(sections): &Differing) -> bool {
        match self.sections.get(rule) {
            Some(Sections::Named(names)) => names.is_disjoint(sections),
            Some(Sections::All) | None => sections.is_empty(),
        }
    }

    /// What rules say of a document, each of whose libraries is asked only once for all of them.
    /// Nothing if not all of them answer in time and in a form that is known: then each is to be asked
    /// by itself.
    pub(super) fn evaluate_together(
        &self,
        rules: &[&Rule],
        input: &Input,
    ) -> Option<Vec<Vec<Answer>>> {
        let paths: Vec<String> = rules
            .iter()
            .map(|rule| format!("data.{}.deny", rule.package))
            .collect();
        let query = paths.join("\n");
        let evaluated = self.with_engine(input, |engine| engine.eval_query(query, false));
        let [result] = <[_; 1]>::try_from(evaluated.ok()?.ok()?.result).ok()?;
        let answers = result.expressions.iter();
        let answers: Option<Vec<_>> = answers.map(|one| answer::read(&one.value).ok()).collect();
        answers.filter(|answers| answers.len() == rules.len())
    }

    /// Runs an engine on a document. One that breaks off is thrown away, so that nothing half done is
    /// left.
    fn with_engine<T, E>(
        &self,
        input: &Input,
        run: impl FnOnce(&mut Engine) -> Result<T, E>,
    ) -> std::thread::Result<Result<T, E>> {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let known = free().pop();
        let mut engine = known.unwrap_or_else(|| self.engine.clone());
        engine.set_input(input.value.clone());
        let evaluated = catch_unwind(AssertUnwindSafe(|| run(&mut engine)));
        if matches!(evaluated, Ok(Ok(_))) {
            free().push(engine);
        }
        evaluated
    }

    /// What a rule says of a document.
    ///
    /// # Errors
    /// In words, when the rule fails, takes too long or answers in a form that is not known.
    pub(super) fn evaluate(&self, rule: &Rule, input: &Input) -> Result<Vec<Answer>, String> {
        let path = format!("data.{}.deny", rule.package);
        let evaluated = self.with_engine(input, |engine| engine.eval_rule(path));
        let found = evaluated
            .map_err(|_| "the policy engine broke off".to_owned())?
            .map_err(|error| match explain(&error.to_string()) {
                (Some((file, line, column)), message) => {
                    format!("{message} ({file}:{line}:{column})")
                }
                (None, message) => message,
            })?;
        answer::read(&found)
    }
}

/// The sections that a policy reads, by itself or by all others that it may use: those that it names,
/// whole or in part, or one of them does.
fn sections_of(rule: &Rule, others: &[(&str, &str)]) -> Sections {
    let mut texts = vec![&*rule.text];
    let mut left = others.to_vec();
    let mut next = 0;
    while let Some(&text) = texts.get(next) {
        next += 1;
        let named = named_data(text);
        left.retain(|(package, other)| {
            let is_used = named.iter().any(|name| may_be(name, package));
            if is_used {
                texts.push(other);
            }
            !is_used
        });
    }
    named_in(texts.into_iter())
}

/// What a policy names of `data`, up to where a value or a new name takes over: `meshvet.lib.ports`.
fn named_data(text: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let code = text.lines();
    let code = code.filter(|line| !line.trim_start().starts_with('#'));
    code.flat_map(|line| {
        line.match_indices("data")
            .map(move |(at, word)| (line, at, word))
    })
    .filter_map(|(line, at, word)| {
        let before = line.get(..at)?.chars().next_back();
        let rest = line.get(at + word.len()..)?;
        let end = rest.find(|c: char| !is_word(c) && c != '.');
        let path = rest.get(..end.unwrap_or(rest.len()))?;
        let is_data = !before.is_some_and(|c| is_word(c) || c == '.') && !path.starts_with(is_word);
        is_data.then(|| path.trim_matches('.'))
    })
    .collect()
}

/// Whether what is named is a package, in it or around it.
fn may_be(name: &str, package: &str) -> bool {
    let is_below = |one: &str, other: &str| {
        let rest = one.strip_prefix(other);
        other.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    is_below(name, package) || is_below(package, name)
}

fn add(engine: &mut Engine, path: &str, text: &str) -> Result<(), PolicyError> {
    if let Some((line, column, message)) = guard::refuse(text) {
        return Err(PolicyError::at(path, line, column, message));
    }
    engine
        .add_policy(path.to_owned(), text.to_owned())
        .map_err(|error| to_policy_error(path, &error.to_string()))?;
    Ok(())
}

/// What is wrong with modules that parse: calls that may not be, rules without an answer.
fn wrong_modules(engine: &mut Engine, rules: &[Rule]) -> Vec<PolicyError> {
    let refused = calls::refuse(engine.get_modules()).into_iter();
    let refused = refused.map(|r| PolicyError::at(&r.file, r.line, r.column, r.message));
    let mut errors: Vec<_> = refused.collect();
    for rule in rules {
        let answers = engine.has_declared_rule_rooted_at(&rule.path, "deny");
        if !answers.unwrap_or(false) {
            errors.push(PolicyError::new(&rule.path, "the rule defines no `deny`"));
        }
    }
    errors
}

/// Gives the rules their parameters and lets the engine work out what copies will share.
fn prepare(engine: &mut Engine, rules: &[Rule]) -> Result<(), PolicyError> {
    let everything = "policies";
    let failed = |error: &str| to_policy_error(everything, error);
    let params = value::to_value(&params(rules)).map_err(|e| failed(&e.to_string()))?;
    engine
        .add_data(params)
        .map_err(|e| failed(&e.to_string()))?;
    engine
        .eval_query("true".to_owned(), false)
        .map_err(|e| failed(&e.to_string()))?;
    Ok(())
}

/// `{"params": {area: {name: {parameter: value}}}}`
fn params(rules: &[Rule]) -> serde_json::Value {
    let mut params = Map::new();
    for rule in rules {
        put(&mut params, &rule.id, rule.params.clone().into());
    }
    serde_json::json!({ "params": params })
}

fn put(into: &mut Map<String, serde_json::Value>, path: &str, value: serde_json::Value) {
    let Some((step, rest)) = path.split_once('/') else {
        into.insert(path.to_owned(), value);
        return;
    };
    let below = into.entry(step).or_insert_with(|| Map::new().into());
    if let serde_json::Value::Object(below) = below {
        put(below, rest, value);
    }
}

/// `file` is the answer where the engine does not name one.
fn to_policy_error(file: &str, error: &str) -> PolicyError {
    match explain(error) {
        (Some((file, line, column)), message) => PolicyError::at(file, line, column, message),
        (None, message) => PolicyError::new(file, message),
    }
}

/// The engine tells of errors in text only: `--> file:line:column`, the line with a mark below
/// it, and `error: message`.
fn explain(error: &str) -> (Option<(&str, u32, u32)>, String) {
    let position = error.lines().find_map(|line| {
        let place = line.trim().strip_prefix("--> ")?;
        let mut parts = place.rsplitn(3, ':');
        let column = parts.next()?.parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        Some((parts.next()?, line, column))
    });
    let message = error.split("error: ").nth(1).unwrap_or(error);
    let words: Vec<_> = message.split_whitespace().collect();
    (position, words.join(" "))
}
