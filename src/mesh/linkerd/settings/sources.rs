//! The places that hold the settings of a control plane.

use super::reader::Place;
use crate::k8s::{Index, node_at};
use crate::model::{At, Problem};

/// The places, what counts first is first; and the namespace of the control plane, where one shows.
pub(super) fn find(index: &Index, _problems: &mut Vec<Problem>) -> (Vec<At>, Option<Place>) {
    let mut sources = Vec::new();
    let mut namespace = None;
    for &id in index.of_kind("", "ConfigMap") {
        let key = &index.resource(id).key;
        let at = At::new(id, "/data/values");
        if &*key.name == "linkerd-config" && node_at(index, &at).is_some() {
            sources.push(at);
            if let (Some(own), None) = (&key.namespace, &namespace) {
                namespace = Some((own.clone(), At::new(id, "/metadata/namespace")));
            }
        }
    }
    (sources, namespace)
}
