//! Namespaces whose own EgressNetworks keep that of everyone from counting for them.

use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::crd::{EgressNetwork, TrafficPolicy};
use crate::mesh::linkerd::object::Object;
use crate::model::{Because, Membership, Setting};

impl Linkerd {
    /// For each namespace with workloads of the mesh: the EgressNetwork because of which calls leave
    /// that the one for everyone would refuse.
    pub(in crate::mesh::linkerd) fn shadowed_egress(&self) -> Vec<Setting> {
        let everyones = &*self.config.egress_namespace.value;
        if !self.egress.networks.of(everyones).any(refuses_all) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for namespace in self.index.namespaces() {
            let own: Vec<_> = self.egress.networks.of(&namespace.name).collect();
            let (Some(first), false) = (own.first(), *namespace.name == *everyones) else {
                continue;
            };
            let mut near = self.index.workloads_in(&namespace.name);
            let meshed = near.any(|w| self.member(w).membership.value != Membership::Unmeshed);
            if meshed && !own.iter().any(|one| refuses_all(one)) {
                found.push(Setting {
                    name: "egress_passed_over",
                    value: namespace.name.to_string(),
                    because: Because::Configured(first.at("/metadata/name")),
                });
            }
        }
        found
    }
}

/// Whether it refuses every call out of the cluster that no route takes.
fn refuses_all(network: &Object<EgressNetwork>) -> bool {
    let all = match &network.spec.networks {
        None => true,
        Some(networks) => networks.iter().any(|one| {
            // what is taken out is the cluster, most often
            one.cidr.0.prefix_len() == 0 && !one.cidr.0.addr().is_ipv6()
        }),
    };
    all && network.spec.traffic_policy == Some(TrafficPolicy::Deny)
}
