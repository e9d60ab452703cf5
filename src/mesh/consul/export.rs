//! Services that are offered to peers and to other partitions.
//!
//! `hashicorp/consul: agent/structs/config_entry_exports.go`.

use super::Consul;
use super::entry::Kind;
use super::service::Name;
use super::written::Written;
use crate::mesh::Export;
use crate::model::Identity;

impl Consul {
    /// The services of Kubernetes that are offered; each caller from there is who it is.
    pub(super) fn exported(&self) -> Vec<Export> {
        let mut found = Vec::new();
        for entry in self.entries.of(Kind::ExportedServices) {
            let Some(fields) = entry.fields(&self.index) else {
                continue;
            };
            for written in fields.each("services") {
                let Some(name) = written.text("name") else {
                    continue;
                };
                let namespace = written.text("namespace");
                let service = self.named_there(&entry.namespace, namespace, name);
                let behind = self.standing_for(&service);
                for (word, place) in consumers(&written, self.config.home_partition()) {
                    let to = (format!("{word} {place}"), stranger(place, &service));
                    found.extend(behind.iter().map(|id| Export {
                        service: *id,
                        at: written.field("name"),
                        as_one: None,
                        to: Some(to.clone()),
                    }));
                }
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

/// To whom a service is offered, other than to those from here. What is in a sameness group is not
/// told apart here.
fn consumers<'a>(service: &Written<'a>, home: &str) -> Vec<(&'static str, &'a str)> {
    let consumer = |written: &Written<'a>| {
        ["peer", "partition"].into_iter().find_map(|word| {
            let place = written.text(word).filter(|place| *place != home)?;
            Some((word, place))
        })
    };
    service
        .each("consumers")
        .iter()
        .filter_map(consumer)
        .collect()
}

/// A caller from a peer or a partition whom no intention names: a source without one is nobody there.
fn stranger(place: &str, service: &Name) -> Identity {
    Identity {
        name: "meshvet-any".into(),
        trust_domain: place.into(),
        namespace: match &*service.namespace {
            "*" => "default".into(),
            namespace => namespace.into(),
        },
        service_account: "meshvet-any".into(),
    }
}
