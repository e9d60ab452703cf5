use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::facts::Sections;
use crate::text::SourceFile;

use super::engine::Program;
use super::error::{PolicyError, PolicyErrors};
use super::rule::{Library, Policy, Rule, read};

/// The built-in policies: paths below `policies/` and texts.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// The sections of `input` that a line of a policy names; nothing where it takes `input` in another
/// way, so that it may use any.
fn sections_in(line: &str) -> Option<Vec<String>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut named = Vec::new();
    for (at, _) in line.match_indices("input") {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let rest = line.get(at + "input".len()..).unwrap_or("");
        if before.is_some_and(|c| is_word(c) || c == '.') || rest.starts_with(is_word) {
            continue;
        }
        let section: String = rest
            .strip_prefix('.')?
            .chars()
            .take_while(|&c| is_word(c))
            .collect();
        if section.is_empty() {
            return None;
        }
        named.push(section);
    }
    Some(named)
}

/// The sections that texts of policies name.
pub(super) fn named_in<'t>(texts: impl Iterator<Item = &'t str>) -> Sections {
    let mut named = BTreeSet::new();
    for text in texts {
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        for line in code {
            match sections_in(line) {
                Some(sections) => named.extend(sections),
                None => return Sections::All,
            }
        }
    }
    Sections::Named(named)
}

/// A set of rules with the libraries they import, in the order of their ids.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    libraries: Vec<Library>,
    program: OnceLock<Result<Program, PolicyErrors>>,
}

impl Rules {
    /// The rules meshvet comes with.
    ///
    /// # Errors
    /// When one of them has wrong metadata, which a test rules out.
    pub fn embedded() -> Result<Self, PolicyErrors> {
        let file = |&(path, text): &(&str, &str)| SourceFile::new(path, text);
        Self::from_files(EMBEDDED.iter().map(file))
    }

    /// The rules in these files. Each file's name must end in the path its package asks for.
    ///
    /// # Errors
    /// All files whose metadata or package is wrong, and packages that occur twice.
    pub fn from_files(files: impl IntoIterator<Item = SourceFile>) -> Result<Self, PolicyErrors> {
        let mut rules = Self::default();
        let mut errors = Vec::new();
        for file in files {
            match read(&file) {
                Ok(Policy::Rule(rule)) => rules.rules.push(*rule),
                Ok(Policy::Library(library)) => rules.libraries.push(library),
                Err(error) => errors.push(error),
            }
        }
        rules.in_order(errors)
    }

    /// These rules and the others.
    ///
    /// # Errors
    /// Packages that both have.
    pub fn with(mut self, others: Self) -> Result<Self, PolicyErrors> {
        self.rules.extend(others.rules);
        self.libraries.extend(others.libraries);
        self.in_order(Vec::new())
    }

    /// Only the rules that `keep` says yes to; libraries stay.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Rule) -> bool) -> Self {
        Self {
            rules: self
                .rules
                .iter()
                .filter(|rule| keep(rule))
                .cloned()
                .collect(),
            libraries: self.libraries.clone(),
            program: OnceLock::new(),
        }
    }

    /// Sets parameters of a rule. The others keep the values that its metadata gives.
    ///
    /// # Errors
    /// In words, when there is no such rule or it has no such parameter.
    pub fn set_params(&mut self, id: &str, values: Map<String, Value>) -> Result<(), String> {
        let rule = self.rules.iter_mut().find(|rule| &*rule.id == id);
        let rule = rule.ok_or_else(|| format!("there is no rule {id}"))?;
        for (name, value) in values {
            let known = rule.params.get_mut(&name);
            *known.ok_or_else(|| format!("rule {id} has no parameter {name}"))? = value;
        }
        self.program = OnceLock::new();
        Ok(())
    }

    /// Sets how bad the findings of a rule are, where a result says nothing else.
    ///
    /// # Errors
    /// In words, when there is no such rule.
    pub fn set_severity(
        &mut self,
        id: &str,
        severity: crate::finding::Severity,
    ) -> Result<(), String> {
        let rule = self.rules.iter_mut().find(|rule| &*rule.id == id);
        rule.ok_or_else(|| format!("there is no rule {id}"))?
            .severity = severity;
        Ok(())
    }

    /// The sections of the `input` document that any policy names.
    pub fn sections(&self) -> Sections {
        let texts = self.rules.iter().map(|rule| &*rule.text);
        named_in(texts.chain(self.libraries.iter().map(|library| &*library.text)))
    }

    /// All rules, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    /// A rule by its id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        let at = self.rules.binary_search_by(|rule| (*rule.id).cmp(id));
        at.ok().and_then(|at| self.rules.get(at))
    }

    /// Where a rule stands in [`Rules::iter`].
    pub fn position(&self, id: &str) -> Option<usize> {
        self.rules.binary_search_by(|r| (*r.id).cmp(id)).ok()
    }

    /// Compiles everything, so that wrong policies are known before a mesh is judged.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(), PolicyErrors> {
        self.program().map(|_| ()).map_err(Clone::clone)
    }

    /// The compiled rules, compiled the first time they are asked for.
    pub(super) fn program(&self) -> Result<&Program, &PolicyErrors> {
        let program = self
            .program
            .get_or_init(|| Program::compile(&self.rules, &self.libraries));
        program.as_ref()
    }

    fn in_order(mut self, mut errors: Vec<PolicyError>) -> Result<Self, PolicyErrors> {
        self.rules
            .sort_by(|a, b| (&a.id, &a.path).cmp(&(&b.id, &b.path)));
        self.libraries
            .sort_by(|a, b| (&a.package, &a.path).cmp(&(&b.package, &b.path)));
        let rules = self.rules.iter().map(|r| (&r.package, &r.path));
        let libraries = self.libraries.iter().map(|l| (&l.package, &l.path));
        let mut seen = HashSet::new();
        for (package, path) in rules.chain(libraries) {
            if !seen.insert(package) {
                let message = format!("package {package} is there twice");
                errors.push(PolicyError::new(path, message));
            }
        }
        if errors.is_empty() {
            self.program = OnceLock::new();
            Ok(self)
        } else {
            Err(PolicyErrors(errors))
        }
    }
}

#[cfg(test)]
mod section_tests {
    use super::sections_in;

    #[test]
    fn sections_are_named_or_any_may_be_used() {
        let named = |line| sections_in(line).map(|found| found.join(","));
        assert_eq!(
            named("some port in input.listeners").as_deref(),
            Some("listeners")
        );
        assert_eq!(named("input.a[_] == input.b").as_deref(), Some("a,b"));
        assert_eq!(
            named("my_input.x; data.input.y; inputs").as_deref(),
            Some("")
        );
        assert_eq!(named("all := input"), None);
        assert_eq!(named("input[\"edges\"]"), None);
    }
}
