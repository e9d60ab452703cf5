//! Ways in through gateways.

use super::Consul;
use crate::model::{Problem, Way, Workload};

/// All.
#[derive(Debug, Default)]
pub struct Gateways {}

impl Gateways {
    /// Finds.
    pub fn find(_consul: &Consul, _problems: &mut Vec<Problem>) -> Self {
        Self {}
    }
}

impl Consul {
    /// Ways.
    pub(super) fn ways_from_gateways(
        &self,
        _workload: &Workload,
        _port: u16,
        _meshed: bool,
    ) -> Vec<Way> {
        Vec::new()
    }
}
