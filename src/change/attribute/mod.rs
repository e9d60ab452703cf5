//! Which change did it: what differs in force goes to the fields whose change caused it.
//!
//! The places that decided, before and after, lead to the fields that changed there. What nothing
//! leads to goes to all changes that may have done it.

mod cause;
mod direction;
mod links;
mod listing;
mod places;
mod rest;
#[cfg(test)]
mod tests;

use super::felt::Felt;
use super::force::InForce;
use super::{Change, Effects, FieldChange, Side, Written};
use crate::finding::ResourceRef;

use cause::Causes;
use direction::Weight;

/// The changes of a step, each with what it did, in their order. `before` and `after` are the
/// environments that `felt` was compared from. A change that did nothing and is none of a mesh's is
/// left out.
pub fn attribute(
    fields: Vec<FieldChange>,
    felt: Vec<Felt>,
    before: &[&InForce],
    after: &[&InForce],
) -> Vec<Change> {
    let mut caused: Vec<Vec<usize>> = vec![Vec::new(); fields.len()];
    let mut causes = Causes::new(&fields, before, after);
    // findings come last: many speak of what else is felt
    for findings in [false, true] {
        for (i, one) in felt.iter().enumerate() {
            if one.is_finding() != findings {
                continue;
            }
            let found = causes.of(one);
            causes.note(one, &found);
            for &field in found.iter() {
                if let Some(caused) = caused.get_mut(field) {
                    caused.push(i);
                }
            }
        }
    }
    let changes = fields.into_iter().zip(caused);
    let told = changes.filter(|(field, caused)| field.of_mesh || !caused.is_empty());
    told.map(|(field, caused)| {
        let felt: Vec<&Felt> = caused.iter().filter_map(|&i| felt.get(i)).collect();
        change(field, &felt, before, after)
    })
    .collect()
}

fn change(field: FieldChange, felt: &[&Felt], before: &[&InForce], after: &[&InForce]) -> Change {
    let mut effects = Effects::default();
    let mut weight = Weight::default();
    for one in felt {
        let mut there = after.iter().map(|one| one.environment());
        weight.add(one, there.any(|name| name == one.environment()));
        effects.add(one.difference.clone());
    }
    let name = named(field.after.as_ref(), felt, after);
    let resource = name.or_else(|| named(field.before.as_ref(), felt, before));
    Change {
        direction: weight.direction(),
        effects,
        field: FieldChange {
            resource: resource.or(field.resource),
            ..field
        },
    }
}

/// The name of what a side of a change is in, in an environment that felt it if there is one.
fn named(side: Option<&Side>, felt: &[&Felt], all: &[&InForce]) -> Option<ResourceRef> {
    let at: &Written = &side?.at;
    let felt = |one: &&&InForce| felt.iter().any(|f| f.environment() == one.environment());
    let (first, rest): (Vec<&InForce>, Vec<&InForce>) = all.iter().partition(|one| felt(one));
    let mut names = first.into_iter().chain(rest);
    names.find_map(|one| one.resource(at)).cloned()
}
