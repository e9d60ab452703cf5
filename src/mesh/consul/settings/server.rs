//! What servers run with: files of an agent's configuration, or values of the chart that renders them.

use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::At;

/// Where the configuration of a server comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Values of the chart.
    Values,
    /// What the chart renders. The command line of the servers says more.
    Rendered,
    /// Files of an agent.
    Files,
}

/// The configuration of a server, or of several that are alike.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it comes from.
    pub origin: Origin,
    /// What to point at where nothing is written.
    pub at: At,
    /// Values of the chart; what counts first is first.
    pub values: Vec<At>,
    /// Documents of an agent's configuration, which count before values; the last one counts.
    pub layers: Vec<At>,
}

impl Server {
    /// A field of an agent's configuration, of which there may be another, older name.
    /// `hashicorp/consul: agent/config/merge.go`, `agent/config/deprecated.go`.
    pub fn own<'a>(&self, index: &'a Index, names: &[&[&str]]) -> Option<Written<'a>> {
        let layers = self.layers.iter().rev();
        layers
            .filter_map(|at| Written::own(index, at.clone()))
            .find_map(|layer| names.iter().find_map(|path| layer.path(path)))
    }

    /// Every place of a field in an agent's configuration, whether it counts or not.
    pub fn all<'a>(&self, index: &'a Index, path: &[&str]) -> Vec<Written<'a>> {
        let layers = self.layers.iter();
        layers
            .filter_map(|at| Written::own(index, at.clone())?.path(path))
            .collect()
    }

    /// A value of the chart.
    pub fn value<'a>(&self, index: &'a Index, path: &[&str]) -> Option<Written<'a>> {
        let places = self.values.iter();
        places
            .filter_map(|at| Written::object(index, at.clone()))
            .find_map(|values| values.path(path))
    }
}
