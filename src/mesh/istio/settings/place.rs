//! The places at which settings stand, and what stands there.

use std::sync::Arc;

use crate::k8s::{Index, node_at};
use crate::model::At;
use crate::syntax::Node;

/// The revision of a control plane that is installed without one.
pub(super) const DEFAULT: &str = "default";

/// Where the settings of a control plane stand; in each list the place that counts first is first.
#[derive(Debug, Default, Clone)]
pub(super) struct Sources {
    /// The control plane; nothing where no object shows that there is one.
    pub(super) revision: Option<Arc<str>>,
    /// Mesh configuration.
    pub(super) mesh: Vec<At>,
    /// Values of Istio's charts.
    pub(super) values: Vec<At>,
    /// Lists of istiod's environment variables.
    pub(super) variables: Vec<At>,
    /// The installation profile, with its place.
    pub(super) profile: Option<(String, At)>,
    /// The namespace that Istio is installed in.
    pub(super) namespaces: Vec<At>,
    /// Whether it is the configuration as istiod reads it, rather than what that is made from.
    pub(super) rendered: bool,
    /// Whether lists of several places add up; else the first list that is written is the list.
    pub(super) add_up: bool,
}

impl Sources {
    /// Takes the places of another one in, behind its own.
    pub(super) fn extend(&mut self, other: &Self) {
        self.mesh.extend(other.mesh.iter().cloned());
        self.values.extend(other.values.iter().cloned());
        self.variables.extend(other.variables.iter().cloned());
        self.namespaces.extend(other.namespaces.iter().cloned());
        if self.profile.is_none() {
            self.profile.clone_from(&other.profile);
        }
        if self.revision.is_none() {
            self.revision.clone_from(&other.revision);
        }
    }
}

/// The texts that stand at places, with their places.
pub(super) fn first_text<'a>(index: &'a Index, places: &[At]) -> Option<(&'a str, At)> {
    places.iter().find_map(|at| {
        let text = node_at(index, at).and_then(Node::as_str)?;
        Some((text, at.clone()))
    })
}
