//! Findings × environments, and the calls that one environment lets through and another does not.
//!
//! Of each environment only what is in force is kept, not the world that it was worked out from.

mod calls;
mod gaps;
mod rows;
mod same;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::change::InForce;
use crate::finding::{Finding, ResourceRef};
use crate::k8s::Index;
use crate::model::Problem;
use crate::policy::Rules;
use crate::render::Environment;
use crate::scan::{Origin, Outcome, Parsed, scan_each};
use crate::text::{FileId, Sources};

pub use calls::{Calls, Fate};
pub use rows::{Cell, Row, State};
pub use same::Alike;

use gaps::{Gaps, Hidden};
use same::Same;

/// Environments side by side.
#[derive(Debug, Default)]
pub struct Matrix<'f> {
    /// The columns: the environments with a mesh.
    pub environments: Vec<Column>,
    /// The other environments: no rule judges them.
    pub without_mesh: Vec<String>,
    /// What could not be read or rendered and is part of no environment that is there.
    pub left_out: Vec<Problem>,
    /// The findings, worst first.
    pub rows: Vec<Row<'f>>,
    /// Namespaces of several names that are taken for one.
    pub alike: Vec<Alike>,
    /// How many workloads are in one environment only, so that their calls are compared with nothing.
    pub alone: usize,
    /// The calls that differ, worst first.
    pub calls: Vec<Calls>,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How many things of it could not be judged.
    pub unjudged: usize,
}

/// What is kept of all environments of a scan.
pub struct Worlds<'p> {
    parsed: &'p Parsed,
    sources: &'p Sources,
    held: Vec<Held<'p>>,
    without_mesh: Vec<String>,
    left_out: Vec<Problem>,
}

/// An object, and what it is made of: the file, and where in it the object begins.
type Object = ((FileId, u32), ResourceRef);

fn objects(index: &Index) -> Vec<Object> {
    let values = index.values().iter().map(|&id| (id, index.resource(id)));
    let all = index.resources().chain(values).map(|(id, resource)| {
        let (span, key) = (index.node(id).span(), &resource.key);
        let name = ResourceRef {
            kind: Arc::clone(&key.kind),
            group: Arc::clone(&key.group),
            namespace: key.namespace.clone(),
            name: Arc::clone(&key.name),
        };
        ((span.file, span.start), name)
    });
    all.collect()
}

/// What is kept of an environment.
struct Held<'p> {
    environment: &'p Environment,
    in_force: InForce,
    objects: Vec<Object>,
    gaps: Gaps,
}

/// Does what a scan does, and keeps what a matrix needs.
pub fn scan<'p>(
    sources: &'p Sources,
    parsed: &'p Parsed,
    rules: &Rules,
    origin: &Origin,
) -> (Outcome, Worlds<'p>) {
    let hidden = Hidden::new(sources, parsed);
    let mut worlds = Worlds {
        parsed,
        sources,
        held: Vec::new(),
        without_mesh: Vec::new(),
        left_out: hidden.left_out(),
    };
    let mut environments = parsed.environments.iter().enumerate();
    let outcome = scan_each(sources, parsed, rules, origin, |judged, problems| {
        let Some((number, environment)) = environments.next() else {
            return;
        };
        let in_force = InForce::of(judged, sources, Vec::new());
        if !in_force.is_meshed() {
            worlds.without_mesh.push(environment.name.clone());
            return;
        }
        worlds.held.push(Held {
            environment,
            in_force,
            objects: objects(&judged.world.index),
            gaps: Gaps::new(problems.iter().chain(hidden.of(number)), rules),
        });
    });
    (outcome, worlds)
}

impl Worlds<'_> {
    /// The findings as rows, and the calls that differ.
    pub fn matrix<'f>(&self, findings: &'f [Finding]) -> Matrix<'f> {
        let states: Vec<&InForce> = self.held.iter().map(|one| &one.in_force).collect();
        let objects: Vec<&[Object]> = self.held.iter().map(|one| &one.objects[..]).collect();
        let same = Same::new(&states, &objects);
        let column = |one: &Held<'_>| Column {
            name: one.environment.name.clone(),
            unjudged: one.gaps.count,
        };
        Matrix {
            environments: self.held.iter().map(column).collect(),
            without_mesh: self.without_mesh.clone(),
            left_out: self.left_out.clone(),
            rows: rows::rows(findings, &self.held, &same),
            calls: calls::calls(self, &states, &same),
            alone: same.alone(),
            alike: same.into_alike(),
        }
    }
}
