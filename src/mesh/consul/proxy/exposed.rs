//! Paths that a proxy answers on ports of their own, without asking who calls.
//!
//! `hashicorp/consul: agent/xds/listeners.go` (makeExposedCheckListener).

use super::setting;
use crate::mesh::consul::Consul;
use crate::mesh::consul::capture;
use crate::model::{Because, Setting, Workload};

impl Consul {
    /// Those of a workload's proxy: of `expose`, whether or not anyone gets there; and of probes.
    pub(super) fn exposed_paths(&self, workload: &Workload) -> Vec<Setting> {
        let transparent = self.is_transparent(workload).value && self.own(workload).is_none();
        let opened = self.opened_by(workload);
        let one = |opening: &capture::Opened| {
            let path = opening.path.as_ref()?;
            let Because::Configured(at) = &opening.because else {
                return None;
            };
            let excluded =
                || capture::excluded_inbound(workload, &self.config, &opened, opening.port);
            let name = match transparent {
                _ if at.pointer.as_str().ends_with("/httpGet/path") => "exposed_probe",
                true if excluded().is_none() => "unreachable_path",
                _ => "exposed_path",
            };
            Some(setting(name, path, at.clone()))
        };
        opened.iter().filter_map(one).collect()
    }
}
