//! Services that are offered to peers and to other partitions.
//!
//! `hashicorp/consul: agent/structs/config_entry_exports.go`.

use super::Consul;
use super::entry::Kind;
use super::service::Name;
use crate::mesh::Export;

impl Consul {
    /// The services of Kubernetes that are offered; each caller from there is who it is.
    pub(super) fn exported(&self) -> Vec<Export> {
        let mut found = Vec::new();
        for entry in self.entries.of(Kind::ExportedServices) {
            let Some(fields) = entry.fields(&self.index) else {
                continue;
            };
            for written in fields.each("services") {
                let offered = !written.each("consumers").is_empty();
                let Some(name) = written.text("name").filter(|_| offered) else {
                    continue;
                };
                let namespace = written.text("namespace");
                let service = self.named_there(&entry.namespace, namespace, name);
                let behind = self.standing_for(&service).into_iter();
                found.extend(behind.map(|id| Export {
                    service: id,
                    at: written.field("name"),
                    as_one: None,
                }));
            }
        }
        found
    }

    /// The Kubernetes Services that are registered under a name, or under any.
    fn standing_for(&self, wanted: &Name) -> Vec<crate::model::ServiceId> {
        let workloads = self.index.workloads().iter();
        let registered = workloads.flat_map(|workload| self.registered(workload));
        let named = registered.filter(|one| {
            let all = &*wanted.name == "*" || one.name.name == wanted.name;
            all && one.name.namespace == wanted.namespace
        });
        let mut ids: Vec<_> = named.filter_map(|one| one.service).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
