//! What containers may do to the network of their pod.

use crate::k8s::{Index, node_at};
use crate::model::{At, Container, Workload};
use crate::syntax::Node;

/// The line by which a container may change how the connections of its pod are led.
pub(super) fn may_redirect(
    index: &Index,
    workload: &Workload,
    container: &Container,
) -> Option<At> {
    let own = At {
        resource: workload.resource,
        pointer: container.at.join("securityContext"),
    };
    let privileged = own.join("privileged");
    if node_at(index, &privileged).and_then(Node::as_bool) == Some(true) {
        return Some(privileged);
    }
    let added = own.join("capabilities").join("add");
    let mut names = node_at(index, &added)?.items().filter_map(Node::as_str);
    let position = names.position(|name| {
        let name = name.to_ascii_uppercase();
        matches!(name.trim_start_matches("CAP_"), "NET_ADMIN" | "ALL")
    })?;
    Some(added.join(position))
}
