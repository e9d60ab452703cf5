//! What objects say in `spec`, read as strictly as the API server reads it.

use rayon::prelude::*;
use serde::Deserialize;

use super::Index;
use crate::model::{At, Pointer, Problem, ProblemKind, ResourceId};

/// The `spec` of an object, the usual one where none is written; what the API server would refuse is
/// a problem.
pub fn read<T: for<'a> Deserialize<'a> + Default>(
    index: &Index,
    id: ResourceId,
) -> Result<T, Problem> {
    let Some(node) = index.node(id).get("spec").filter(|node| !node.is_null()) else {
        return Ok(T::default());
    };
    crate::syntax::from_node(node).map_err(|error| {
        let kind = &index.resource(id).key.kind;
        let message = format!(
            "the API server refuses this {kind}, so it is not in force: {}",
            error.message
        );
        let at = At::new(id, format!("/spec{}", error.pointer));
        Problem::at(ProblemKind::Rejected, message, at)
    })
}

/// Reports fields that a kind does not have: the API server drops them, so they mean nothing.
pub fn report_unknown_fields<T: for<'a> Deserialize<'a>>(
    index: &Index,
    group: &str,
    kind: &str,
    problems: &mut Vec<Problem>,
) {
    let unknown: Vec<Vec<Problem>> = index
        .of_kind(group, kind)
        .par_iter()
        .map(|&id| {
            let Some(spec) = index.node(id).get("spec") else {
                return Vec::new();
            };
            let fields = crate::syntax::unknown_fields::<T>(spec).into_iter();
            let report = |field: Pointer| {
                let name = field.steps().last().unwrap_or_default();
                let message = format!(
                    "{kind} has no field {name:?} here: the API server drops it, so it has no effect"
                );
                let at = At::new(id, format!("/spec{field}"));
                Problem::at(ProblemKind::UnknownField, message, at)
            };
            fields.map(report).collect()
        })
        .collect();
    problems.extend(unknown.into_iter().flatten());
}
