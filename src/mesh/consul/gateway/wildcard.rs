//! Gateways that are for every service, and not for some that they name.
//!
//! `hashicorp/consul: agent/structs/config_entry_gateways.go`,
//! `hashicorp/consul-k8s: control-plane/controllers/configentries/terminatinggateway_controller.go`.

use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::Kind;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Because, Setting};

/// The name that stands for all services.
const ALL: &str = "*";

impl Consul {
    /// Ingress gateways that lead in to every service, by who gets there (`outside`, `inside`, or
    /// `unknown`); and gateways to the outside that stand for every service.
    pub(in crate::mesh::consul) fn gateways_for_all(&self) -> Vec<Setting> {
        let mut all = Vec::new();
        for entry in self.entries.of(Kind::IngressGateway) {
            let gateway = Name {
                namespace: entry.namespace.clone(),
                name: entry.name.clone(),
            };
            let fields = entry.fields(&self.index);
            for listener in fields.iter().flat_map(|it| it.each("listeners")) {
                let port = listener.port("port").unwrap_or(0);
                let doors = self.doors_of_ingress(&gateway, port, &entry.named);
                let value = match doors.as_slice() {
                    [] => "inside",
                    doors if doors.iter().any(|door| door.needs.is_empty()) => "outside",
                    _ => "unknown",
                };
                let for_all = for_all(&listener).into_iter();
                all.extend(for_all.map(|at| setting("ingress_for_all", value, at)));
            }
        }
        for entry in self.entries.of(Kind::TerminatingGateway) {
            let fields = entry.fields(&self.index);
            let for_all = fields.iter().flat_map(for_all);
            all.extend(for_all.map(|at| setting("egress_for_all", &entry.name, at)));
        }
        all
    }
}

/// Where a list of services names all of them.
fn for_all(written: &Written<'_>) -> Vec<At> {
    let services = written.each("services").into_iter();
    let all = services.filter(|one| one.text("name") == Some(ALL));
    all.map(|one| one.field("name")).collect()
}

fn setting(name: &'static str, value: &str, at: At) -> Setting {
    Setting {
        name,
        value: value.to_owned(),
        because: Because::Configured(at),
    }
}
