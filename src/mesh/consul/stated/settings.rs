//! What entries say about transport and logs.

use super::Services;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, Kind};
use crate::model::{LogEntry, Policy, Subject};

/// Those of service-defaults and proxy-defaults.
pub(super) fn policies(consul: &Consul, services: &Services) -> Vec<Policy> {
    let mut all = Vec::new();
    for kind in [Kind::ServiceDefaults, Kind::ProxyDefaults] {
        for entry in consul.entries.of(kind) {
            all.extend(transport(consul, services, entry));
        }
    }
    let defaults = consul.entries.of(Kind::ProxyDefaults);
    all.extend(defaults.filter_map(|entry| logs(consul, services, entry)));
    all
}

/// An entry for all services is in force for those of any name.
fn for_all(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    if entry.kind == Kind::ProxyDefaults {
        entry.name = "*".into();
        entry.namespace = "*".into();
    }
    entry
}

fn transport(consul: &Consul, services: &Services, entry: &Entry) -> Option<Policy> {
    let written = entry.fields(&consul.index)?.get("mutualTLSMode")?;
    let mode = match written.as_text()? {
        "permissive" => "permissive",
        _ => "required",
    };
    let subject = Subject::Transport {
        mode: Some(mode),
        ports: Vec::new(),
    };
    Some(services.policy(&for_all(entry), written.at().clone(), subject, consul))
}

fn logs(consul: &Consul, services: &Services, entry: &Entry) -> Option<Policy> {
    let written = entry.fields(&consul.index)?.get("accessLogs")?;
    let on = written.is_on("enabled");
    let subject = Subject::Telemetry(vec![LogEntry {
        at: written.at().clone(),
        disabled: !on,
        providers: Vec::new(),
        // there is no other place that could say so
        effective: true,
        filter: None,
    }]);
    Some(services.policy(&for_all(entry), written.at().clone(), subject, consul))
}
