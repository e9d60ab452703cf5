//! Kustomizations, built as `kustomize build` builds them, with the place of every value kept.
//!
//! What is not understood, and what kustomize itself refuses, is a problem; the bases below that are
//! judged alone. Oddities of kustomize are done as it does them: what is judged is what is applied.

mod annotations;
mod build;
mod failure;
mod fields;
mod fieldspec;
mod found;
mod generate;
mod hash;
mod identity;
mod images;
mod labels;
mod names;
mod namespace;
mod pairs;
mod patch;
mod patches;
mod references;
mod referrers;
mod replacing;
mod resource;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::files::Files;
use super::paths::resolve;
use crate::model::{Place, Problem, ProblemKind};
use crate::syntax::{Document, Node, Tree};
use crate::text::FileId;

use build::Builder;
use failure::{Cause, Failure};
use found::Kustomization;
use identity::Meta;

pub(super) use build::Built;
pub(super) use found::{HARMLESS, HONOURED, NAMES};
pub(super) use patches::inline as inline_patches;
pub(super) use resource::{Object, size};

/// The kustomizations of a scan.
pub(super) struct Kustomizations<'f, 'a> {
    all: BTreeMap<String, Kustomization<'a>>,
    files: &'f Files<'a>,
}

/// Builds kustomizations, and keeps what they have in common.
pub(super) struct Building<'k, 'a> {
    kustomizations: &'k Kustomizations<'k, 'a>,
    builder: Builder<'k, 'a>,
}

impl<'f, 'a> Kustomizations<'f, 'a> {
    /// Finds all kustomizations among files that may be some.
    pub(super) fn find(files: &'f Files<'a>, is_candidate: impl Fn(&str) -> bool) -> Self {
        let all = found::find(files, is_candidate);
        Self { all, files }
    }

    /// Whether there is one in a directory.
    pub(super) fn has(&self, directory: &str) -> bool {
        self.all.contains_key(directory)
    }

    /// The file of the one in a directory.
    pub(super) fn name(&self, directory: &str) -> Option<&str> {
        self.all.get(directory).map(|one| one.name)
    }

    /// What the one in a directory says.
    pub(super) fn root(&self, directory: &str) -> Option<Tree> {
        self.all.get(directory).map(|one| one.root.into())
    }

    /// Files that belong to kustomizations, built or not.
    pub(super) fn taken(&self) -> BTreeSet<FileId> {
        let all = self.all.values();
        all.flat_map(|one| one.files(self.files)).collect()
    }

    /// The directories of those that no other one refers to, and that are no components.
    pub(super) fn roots(&self) -> Vec<&str> {
        let referred: BTreeSet<&str> = self.all.values().flat_map(Kustomization::below).collect();
        let roots = self.all.values().filter(|one| !one.is_component);
        let directories = roots.map(|one| one.directory.as_str());
        directories
            .filter(|directory| !referred.contains(directory))
            .collect()
    }

    /// Directories of a kustomization and all it builds on.
    fn reached<'k>(&'k self, root: &'k str) -> BTreeSet<&'k str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![root];
        while let Some(one) = open.pop().and_then(|directory| self.all.get(directory)) {
            if reached.insert(one.directory.as_str()) {
                open.extend(one.below());
            }
        }
        reached
    }

    /// All files that the one in a directory reads, and all that it builds on.
    pub(super) fn files(&self, directory: &str) -> BTreeSet<FileId> {
        let reached = self.reached(directory).into_iter();
        let reached = reached.filter_map(|one| self.all.get(one));
        reached.flat_map(|one| one.files(self.files)).collect()
    }

    /// Kustomizations that nothing leads to, as they refer to one another in a circle.
    pub(super) fn circles(&self) -> Option<Problem> {
        let components = self.all.values().filter(|one| one.is_component);
        let mut open = self.roots();
        open.extend(components.map(|one| one.directory.as_str()));
        let reached: BTreeSet<&str> = open.into_iter().flat_map(|one| self.reached(one)).collect();
        let is_lost = |one: &&Kustomization<'_>| !reached.contains(one.directory.as_str());
        let lost: Vec<&Kustomization<'_>> = self.all.values().filter(is_lost).collect();
        let directories: Vec<&str> = lost.iter().map(|one| one.directory.as_str()).collect();
        let message = format!(
            "these kustomizations refer to one another in a circle, so none of them can be rendered: {}",
            directories.join(", ")
        );
        let place = Place::File(lost.first()?.file);
        Some(Problem::new(
            ProblemKind::UnrenderedKustomization,
            message,
            place,
        ))
    }

    /// A way to build them.
    pub(super) fn building(&self) -> Building<'_, 'a> {
        Building {
            kustomizations: self,
            builder: Builder::new(&self.all, self.files),
        }
    }

    fn left_out(&self, directory: &str, failures: &[&Failure]) -> Problem {
        let kind = ProblemKind::UnrenderedKustomization;
        let mut beyond = Vec::new();
        let mut places = Vec::new();
        for failure in failures {
            match &failure.cause {
                Cause::Beyond(what) => {
                    let line = match &failure.place {
                        Place::Span(span) => self.files.line(*span),
                        _ => String::new(),
                    };
                    beyond.push(format!("{what} ({line})"));
                    places.push(failure.place.clone());
                }
                Cause::Broken(reason) if failures.len() == 1 => {
                    let message =
                        format!("the kustomization {directory} cannot be built: {reason}");
                    return Problem::new(kind, message, failure.place.clone());
                }
                Cause::Broken(_) => {}
            }
        }
        let message = format!(
            "this kustomization is not judged, as it uses more than meshvet understands: {}; render it (kustomize build {directory}) and scan the result",
            beyond.join(", "),
        );
        let place = places.into_iter().next().unwrap_or(Place::Nowhere);
        Problem::new(kind, message, place)
    }

    /// Builds what a kustomization would come to that says something else, or that nobody wrote.
    pub(super) fn instead(&self, directory: &str, root: &Tree) -> Result<Built, Problem> {
        let document = root.to_document(0);
        let name = resolve(directory, "kustomization.yaml");
        let mut one = Kustomization::new(&name, document.file(), &document);
        let known: BTreeSet<String> = self.all.keys().cloned().collect();
        one.read(self.files, &known);
        let below: Vec<&str> = one.below().collect();
        let reached: BTreeSet<&str> = below
            .into_iter()
            .flat_map(|one| self.reached(one))
            .collect();
        let reached = reached.iter().filter_map(|one| self.all.get(*one));
        let failures = reached.flat_map(|one| &one.failures);
        let failures: Vec<&Failure> = one.failures.iter().chain(failures).collect();
        let is_beyond = |failure: &&Failure| matches!(failure.cause, Cause::Beyond(_));
        if failures.iter().any(is_beyond) {
            return Err(self.left_out(directory, &failures));
        }
        let mut builder = Builder::new(&self.all, self.files);
        let built = builder.build(&one);
        built.map_err(|failure| self.left_out(directory, &[&failure]))
    }
}

/// Whether kustomizations that only collect documents take this one as it is, whatever it says: they open
/// lists, read some words otherwise, and make texts of annotations.
pub(super) fn is_taken_whole(document: &Document, files: &Files<'_>) -> bool {
    let root = document.root();
    let annotations = root.path(&["metadata", "annotations"]);
    let mut annotations = annotations.into_iter().flat_map(Node::entries);
    root.get("items").is_none()
        && Meta::of_node(root).is_ok()
        && annotations.all(|entry| entry.value.as_str().is_some())
        && !words::has_words(root, files)
}

impl<'k> Building<'k, '_> {
    /// Builds the kustomization of a directory; the problem, if that cannot be done.
    pub(super) fn build(&mut self, directory: &str) -> Result<Built, Problem> {
        let all = &self.kustomizations.all;
        let Some(one) = all.get(directory) else {
            let message = format!("there is no kustomization in {directory}");
            let kind = ProblemKind::UnrenderedKustomization;
            return Err(Problem::new(kind, message, Place::Nowhere));
        };
        let reached = self.kustomizations.reached(&one.directory);
        let reached = reached.iter().filter_map(|directory| all.get(*directory));
        let only_collect = reached.clone().all(Kustomization::only_collects);
        let failures: Vec<&Failure> = reached.flat_map(|one| &one.failures).collect();
        let is_beyond = |failure: &&Failure| matches!(failure.cause, Cause::Beyond(_));
        match failures.iter().any(is_beyond) {
            true => Err(self.kustomizations.left_out(directory, &failures)),
            false => {
                let built = self.builder.build(one);
                let mut built = built
                    .map_err(|failure| self.kustomizations.left_out(directory, &[&failure]))?;
                let is_read = |object: &Object| matches!(object, Object::Read { .. });
                built.is_collected = only_collect && built.objects.iter().all(is_read);
                Ok(built)
            }
        }
    }

    /// The topmost kustomizations below one that can be built.
    pub(super) fn built_below(&mut self, root: &str) -> Vec<(&'k str, Built)> {
        let all = &self.kustomizations.all;
        let mut built = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<_> = all
            .get(root)
            .into_iter()
            .flat_map(Kustomization::below)
            .collect();
        while let Some(one) = open.pop().and_then(|directory| all.get(directory)) {
            if !seen.insert(one.directory.as_str()) {
                continue;
            }
            match self.build(&one.directory) {
                Ok(done) if !one.is_component => built.push((one.directory.as_str(), done)),
                _ => open.extend(one.below()),
            }
        }
        built.sort_by_key(|(directory, _)| *directory);
        built
    }
}
