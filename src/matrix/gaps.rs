//! What of an environment could not be judged.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::model::{Place, Problem, ProblemKind};
use crate::policy::Rules;
use crate::render::{Environment, paths};
use crate::scan::Parsed;
use crate::text::{FileId, Sources};

/// What of an environment could not be judged.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    pub count: usize,
    /// Objects may be there that nobody read.
    unread: bool,
    /// What is there is not all understood.
    unclear: bool,
    /// Rules that failed.
    rules: BTreeSet<Arc<str>>,
}

impl Gaps {
    pub fn new<'p>(problems: impl Iterator<Item = &'p Problem>, rules: &Rules) -> Self {
        let mut gaps = Self::default();
        for problem in problems.filter(|problem| problem.kind.is_incomplete()) {
            gaps.count += 1;
            let rule = rules
                .iter()
                .find(|rule| matches!(&problem.place, Place::Path(path) if **path == *rule.path));
            match (problem.kind, rule) {
                (ProblemKind::RuleFailed, Some(rule)) => {
                    gaps.rules.insert(Arc::clone(&rule.id));
                }
                (kind, _) if is_of_reading(kind) => gaps.unread = true,
                _ => gaps.unclear = true,
            }
        }
        gaps
    }

    /// Whether a rule that does not find anything may do so because of what is missing.
    pub fn hides(&self, rule: &str) -> bool {
        self.unread || self.unclear || self.rules.contains(rule)
    }

    /// Whether an object that is not there may be in what is missing.
    pub fn may_hold_more(&self) -> bool {
        self.unread
    }
}

fn is_of_reading(kind: ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::UnreadableManifest
            | ProblemKind::UnrenderedTemplate
            | ProblemKind::UnrenderedKustomization
    )
}

/// What could not be read, before it was known what it is part of.
pub(super) struct Hidden<'p> {
    /// Each with the environments that it is part of; none is one that is not there.
    problems: Vec<(&'p Problem, BTreeSet<usize>)>,
}

impl<'p> Hidden<'p> {
    pub fn new(sources: &Sources, parsed: &'p Parsed) -> Self {
        let files = |one| Files::new(sources, parsed, one);
        let environments: Vec<Files<'_>> = parsed.environments.iter().map(files).collect();
        let problems = parsed.problems.iter();
        let problems = problems.filter(|problem| problem.kind.is_incomplete());
        let problems = problems.map(|problem| (problem, part_of(problem, sources, &environments)));
        Self {
            problems: problems.collect(),
        }
    }

    /// What is missing in an environment.
    pub fn of(&self, number: usize) -> impl Iterator<Item = &'p Problem> {
        let problems = self.problems.iter();
        problems
            .filter(move |(_, of)| of.contains(&number))
            .map(|(problem, _)| *problem)
    }

    /// What is missing in none.
    pub fn left_out(&self) -> Vec<Problem> {
        let problems = self.problems.iter();
        let alone = problems.filter(|(_, of)| of.is_empty());
        alone.map(|(problem, _)| (*problem).clone()).collect()
    }
}

/// The files of an environment.
struct Files<'s> {
    name: &'s str,
    files: HashSet<FileId>,
    directories: HashSet<&'s str>,
}

impl<'s> Files<'s> {
    fn new(sources: &'s Sources, parsed: &'s Parsed, environment: &'s Environment) -> Self {
        let members = environment.members.iter();
        let read = members.filter_map(|member| parsed.documents.get(member.document));
        let mut files: HashSet<FileId> = read.map(|document| document.file()).collect();
        files.extend(&environment.made_from);
        let directory = |file: &FileId| paths::directory(sources.get(*file).name());
        Self {
            name: &environment.name,
            directories: files.iter().map(directory).collect(),
            files,
        }
    }
}

impl Files<'_> {
    /// Whether a file lies beside or below those of the environment.
    fn may_hold(&self, file: &str) -> bool {
        let is_below = self.name != "." && paths::below(file, self.name).is_some();
        is_below || self.directories.contains(paths::directory(file))
    }

    /// Whether it is what a chart comes to: it is called by the chart's directory, or by a file of values
    /// in it.
    fn is_of_chart(&self, directory: &str) -> bool {
        match directory {
            "." => !self.name.contains('/'),
            _ => self.name == directory || paths::below(self.name, directory).is_some(),
        }
    }
}

/// The environments that a problem of reading is part of. A file that nobody refers to lies among the
/// plain manifests; one beside or below files of an environment may be meant to be one of them. A
/// kustomization that cannot be rendered is an environment that is not there.
fn part_of(problem: &Problem, sources: &Sources, environments: &[Files<'_>]) -> BTreeSet<usize> {
    let all = |is: &dyn Fn(&Files<'_>) -> bool| -> BTreeSet<usize> {
        let environments = environments.iter().enumerate();
        let parts = environments.filter(|(_, one)| is(one));
        parts.map(|(number, _)| number).collect()
    };
    let (file, name) = match &problem.place {
        Place::Nowhere | Place::At(_) => return all(&|_| true),
        Place::Path(name) => (None, name.as_str()),
        Place::File(file) => (Some(*file), sources.get(*file).name()),
        Place::Span(span) => (Some(span.file), sources.get(span.file).name()),
    };
    let is_world = problem.kind == ProblemKind::UnrenderedKustomization;
    let own = all(&|one| file.is_some_and(|file| one.files.contains(&file)));
    if !own.is_empty() || is_world {
        return own;
    }
    if paths::base_name(name) == "Chart.yaml" {
        return all(&|one| one.is_of_chart(paths::directory(name)));
    }
    let beside = all(&|one| one.may_hold(name));
    match beside.is_empty() {
        true => all(&|one| one.name == "."),
        false => beside,
    }
}
