//! What does not pass the proxy on its way in.
//!
//! `linkerd/linkerd2-proxy-init: pkg/iptables/iptables.go`.

use super::policy::ruleset;
use super::server::{ADMIN, CONTROL, INBOUND};
use crate::mesh::linkerd::membership::annotation::{Annotations, is_external};
use crate::mesh::linkerd::settings::networks;
use crate::mesh::linkerd::{Linkerd, who};
use crate::model::{Because, Effect, Rule, Ruleset, Workload};

impl Linkerd {
    /// Why a port is not led to the proxy.
    /// `linkerd/linkerd2-proxy-init: pkg/iptables/iptables.go`.
    pub fn skipped_inbound(&self, workload: &Workload, port: u16) -> Option<Because> {
        if is_external(workload) || [ADMIN.0, CONTROL, INBOUND.0].contains(&port) {
            return None;
        }
        let annotations = Annotations::of(&self.index, workload);
        annotations.lists("skip-inbound-ports", &self.config.ignore_inbound, port)
    }

    /// The rules of the way past the proxy for callers in subnets that are skipped.
    pub(super) fn skipped_subnets(&self, workload: &Workload) -> Option<(Because, Ruleset)> {
        if is_external(workload) {
            return None;
        }
        let annotations = Annotations::of(&self.index, workload);
        let (subnets, because) = match annotations.config("skip-subnets") {
            Some((text, at)) => (networks(text)?, Because::Configured(at)),
            None => {
                let usual = &self.config.skip_subnets;
                (usual.value.clone(), usual.because.clone())
            }
        };
        if subnets.is_empty() {
            return None;
        }
        let at = because.at().clone();
        let rules = vec![Rule {
            when: who::within(&subnets, &at),
            then: Effect::Allow,
            at,
        }];
        let rules = ruleset(rules, &because);
        Some((because, rules))
    }
}
