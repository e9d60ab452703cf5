//! What servers run with: files of an agent's configuration, or values of the chart that renders them.

use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::At;

/// The configuration of a server, or of several that are alike.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// What to point at where nothing is written.
    pub(super) at: At,
    /// Values of the chart; what counts first is first.
    pub(super) values: Vec<At>,
    /// Documents of an agent's configuration, which count before values; the last one counts.
    pub(super) layers: Vec<At>,
}

impl Server {
    /// A field of an agent's configuration, of which there may be another, older name.
    /// `hashicorp/consul: agent/config/merge.go`, `agent/config/deprecated.go`.
    pub(super) fn own<'a>(&self, index: &'a Index, names: &[&[&str]]) -> Option<Written<'a>> {
        let layers = self.layers.iter().rev();
        layers
            .filter_map(|at| Written::own(index, at.clone()))
            .find_map(|layer| names.iter().find_map(|path| layer.path(path)))
    }

    /// Every place of a field in an agent's configuration, whether it counts or not.
    pub(super) fn all<'a>(&self, index: &'a Index, path: &[&str]) -> Vec<Written<'a>> {
        let layers = self.layers.iter();
        layers
            .filter_map(|at| Written::own(index, at.clone())?.path(path))
            .collect()
    }

    /// A value of the chart.
    pub(super) fn value<'a>(&self, index: &'a Index, path: &[&str]) -> Option<Written<'a>> {
        let places = self.values.iter();
        places
            .filter_map(|at| Written::object(index, at.clone()))
            .find_map(|values| values.path(path))
    }
}
