//! Two places that install the same control plane differently.

use super::place::Sources;
use super::profile;
use crate::k8s::{Index, node_at};
use crate::mesh::release::differing;
use crate::model::At;

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
