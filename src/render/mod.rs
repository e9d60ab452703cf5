//! Documents to environments: the worlds that are judged apart.
//!
//! Nothing is rendered here by running a program. Kustomizations that only collect resources and
//! set a namespace are understood; the others, and charts, become problems that say how to render
//! them.

mod chart;
pub mod embedded;
mod files;
mod kustomize;
pub(crate) mod paths;

use std::collections::BTreeSet;
use std::sync::Arc;

use chart::{Charts, Role};
use files::Files;

use crate::model::{Place, Problem};
use crate::syntax::Document;
use crate::text::{FileId, Sources, Span};

/// The objects that are applied together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The directory of its kustomization; `.` for plain manifests.
    pub name: String,
    /// Its documents, in the order of their files.
    pub members: Vec<Member>,
    /// What lies beside them and is no object: it may hold the values that something is installed
    /// with. Of plain manifests only, those of charts among them.
    pub values: Vec<Values>,
    /// All files that were rendered to it, if it is not just the documents of files: those of its
    /// members, and those that say how they are put together.
    pub rendered_from: BTreeSet<FileId>,
}

/// A document that is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Index among all documents of the scan.
    pub document: usize,
    /// The name of its file.
    pub file: Arc<str>,
}

/// A document of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Index among all documents of the scan.
    pub document: usize,
    /// The namespace that the renderer puts the object in, whatever the object itself says; objects
    /// that belong to no namespace stay without one.
    pub namespace: Option<Namespace>,
}

/// A namespace that a renderer sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
}

impl Member {
    fn order(&self) -> (usize, Option<&str>) {
        let namespace = self.namespace.as_ref().map(|namespace| &*namespace.name);
        (self.document, namespace)
    }
}

/// Whether a field of a file says which objects there are, or what they are called; of the file as a
/// whole, if no field is named.
pub(crate) fn decides_objects(file: &str, field: &str) -> bool {
    match paths::base_name(file) {
        "Chart.yaml" => field.is_empty(),
        name => kustomize::NAMES.contains(&name) && !kustomize::HARMLESS.contains(&field),
    }
}

/// Whether a field of a kustomization decides whether it is understood at all.
pub(crate) fn decides_environment(field: &str) -> bool {
    !kustomize::HONOURED.contains(&field)
}

/// The directory of the kustomization that an environment is named by.
pub(crate) fn home(environment: &str) -> &str {
    match kustomize::NAMES.contains(&paths::base_name(environment)) {
        true => paths::directory(environment),
        false => environment,
    }
}

/// Sorts the documents of a scan into environments, in the order of their names.
///
/// `problems` are those of reading the documents. They come back with those found here, but for
/// the ones about parts of a chart: there is one problem for the chart instead. Kustomizations,
/// patches and the like, and the parts of charts are in no environment. What rendering makes of
/// documents is added behind them.
pub fn environments(
    sources: &Sources,
    documents: &mut Vec<Document>,
    problems: Vec<Problem>,
) -> (Vec<Environment>, Vec<Problem>) {
    let files = Files::new(sources, documents);
    let charts = Charts::find(&files);
    let is_part = |name: &str| charts.role(name, &files) == Some(Role::Part);
    let kustomizations = kustomize::find(&files, |name| !is_part(name));
    let line = |span: Span| {
        let file = sources.get(span.file).name();
        format!("{file}:{}", sources.start(span).line)
    };
    let outcome = kustomize::render(&kustomizations, &files, line);

    let mut problems: Vec<Problem> = problems
        .into_iter()
        .filter(|problem| !file_of(problem).is_some_and(|file| is_part(sources.get(file).name())))
        .collect();
    problems.extend(charts.problems(&files));
    problems.extend(outcome.problems);

    let plain = plain_members(&files, |name| is_part(name) || outcome.taken.contains(name));
    let mut environments: Vec<Environment> = outcome
        .rendered
        .into_iter()
        .map(|rendered| Environment {
            // the top directory's own name is the one of the plain manifests, if there are any
            name: match rendered.directory.as_str() {
                "." if !plain.is_empty() => rendered.name,
                _ => rendered.directory,
            },
            members: rendered.members,
            values: Vec::new(),
            rendered_from: BTreeSet::new(),
        })
        .collect();
    if !plain.is_empty() {
        environments.push(Environment {
            name: ".".to_owned(),
            members: plain,
            values: values(&files, |name| {
                outcome.taken.contains(name) || (is_part(name) && !charts.is_values(name))
            }),
            rendered_from: BTreeSet::new(),
        });
    }
    environments.retain(|environment| !environment.members.is_empty());
    environments.sort_by(|a, b| a.name.cmp(&b.name));
    (environments, problems)
}

fn plain_members(files: &Files<'_>, is_taken: impl Fn(&str) -> bool) -> Vec<Member> {
    let indices: BTreeSet<usize> = files
        .all()
        .filter(|(name, _)| !is_taken(name))
        .flat_map(|(_, file)| files.indices(file).iter().copied())
        .collect();
    indices
        .into_iter()
        .map(|document| Member {
            document,
            namespace: None,
        })
        .collect()
}

/// Documents that are no objects, without those of files that are taken.
fn values(files: &Files<'_>, is_taken: impl Fn(&str) -> bool) -> Vec<Values> {
    let of_file = |(name, file): (&str, FileId)| {
        let name: Arc<str> = name.into();
        let documents = files.indices(file).iter().copied();
        documents
            .filter(|&document| files.is_values(document))
            .map(move |document| Values {
                document,
                file: Arc::clone(&name),
            })
            .collect::<Vec<_>>()
    };
    files
        .all()
        .filter(|(name, _)| !is_taken(name))
        .flat_map(of_file)
        .collect()
}

fn file_of(problem: &Problem) -> Option<FileId> {
    match problem.place {
        Place::File(file) => Some(file),
        Place::Span(span) => Some(span.file),
        Place::Nowhere | Place::Path(_) | Place::At(_) => None,
    }
}

#[cfg(test)]
mod tests;
