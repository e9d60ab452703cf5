//! Two places that install the same control plane differently.

use super::place::Sources;
use super::profile;
use crate::k8s::{Index, node_at, same_content};
use crate::model::At;
use crate::syntax::Node;

/// Where the second says something else than the first.
pub(super) fn between(index: &Index, first: &Sources, second: &Sources) -> Option<At> {
    let profiles = match (&first.profile, &second.profile) {
        (Some((one, _)), Some((other, at))) => (one != other
            && (profile::sets_something(one) || profile::sets_something(other)))
        .then(|| at.clone()),
        _ => None,
    };
    let pairs = second
        .mesh
        .iter()
        .flat_map(|b| first.mesh.iter().map(move |a| (a, b)));
    let mut differing = pairs.filter_map(|(a, b)| {
        let (one, other) = (node_at(index, a)?, node_at(index, b)?);
        differing(one, other, b)
    });
    differing.next().or(profiles)
}

/// The first field of `other` that `one` has with another value.
fn differing(one: Node<'_>, other: Node<'_>, at: &At) -> Option<At> {
    if one.is_map() && other.is_map() {
        let mut fields = other.entries().filter_map(|entry| {
            let known = one.get(entry.key)?;
            differing(known, entry.value, &at.join(entry.key))
        });
        return fields.next();
    }
    (!same_content(one, other)).then(|| at.clone())
}
