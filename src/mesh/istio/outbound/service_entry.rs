//! `ServiceEntry`: hosts outside the cluster that the mesh knows of.
//!
//! `istio/istio: pilot/pkg/serviceregistry/serviceentry/conversion.go`.

use serde::Deserialize;

use super::scope::is_exported;
use crate::k8s::Index;
use crate::mesh::istio::crd::Selecting;
use crate::mesh::istio::policy::{Object, Objects};
use crate::mesh::istio::routes::covers;
use crate::model::{At, Outside, Problem};

/// `ServiceEntry`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceEntry {
    /// Hosts.
    pub hosts: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Ports.
    pub ports: Vec<Port>,
    /// `MESH_EXTERNAL` (the default) or `MESH_INTERNAL`.
    pub location: String,
    /// How its addresses are found.
    pub resolution: String,
    /// Who sees it.
    pub export_to: Vec<String>,
}

impl Selecting for ServiceEntry {}

/// `ports[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Port {
    /// The number.
    pub number: u16,
    /// What is spoken.
    pub protocol: String,
}

/// The ServiceEntries of an environment.
#[derive(Debug, Default)]
pub struct ServiceEntries {
    all: Objects<ServiceEntry>,
    default_export: Vec<String>,
}

/// An entry for what is called, and the port that fits.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The object.
    pub object: &'a Object<ServiceEntry>,
    /// The host as it is written there.
    pub host: &'a str,
    /// What is spoken.
    pub protocol: &'a str,
    /// The line of the host.
    pub at: At,
}

impl ServiceEntries {
    /// Finds them; `default_export` is `defaultServiceExportTo`.
    pub fn find(index: &Index, default_export: Vec<String>, problems: &mut Vec<Problem>) -> Self {
        Self {
            all: Objects::read(index, "networking.istio.io", "ServiceEntry", problems),
            default_export,
        }
    }

    /// What clients of a namespace know of something outside.
    pub fn find_for(&self, to: &Outside, namespace: &str, revision: &str) -> Option<Entry<'_>> {
        let mut found: Vec<Entry<'_>> = Vec::new();
        for object in self.all.iter() {
            let spec = &object.spec;
            let export = match spec.export_to.is_empty() {
                true => &self.default_export,
                false => &spec.export_to,
            };
            let port = spec.ports.iter().find(|port| port.number == to.port);
            let (Some(port), true) = (port, object.is_read_by(revision)) else {
                continue;
            };
            if !is_exported(export, &object.namespace, namespace) {
                continue;
            }
            let asked = to.host.as_deref();
            let by_host = spec
                .hosts
                .iter()
                .position(|host| asked.is_some_and(|asked| covers(host, asked)));
            let by_address = || {
                let ip = to.ip?;
                let has = |written: &String| match written.parse::<ipnet::IpNet>() {
                    Ok(range) => range.contains(&ip),
                    Err(_) => written.parse() == Ok(ip),
                };
                spec.addresses.iter().any(has).then_some(0)
            };
            if let Some(i) = by_host.or_else(by_address) {
                found.push(Entry {
                    object,
                    host: spec.hosts.get(i).map_or("", String::as_str),
                    protocol: &port.protocol,
                    at: object.at(&format!("/spec/hosts/{i}")),
                });
            }
        }
        // the most specific host counts
        found.into_iter().min_by_key(|entry| {
            (
                entry.host.starts_with('*'),
                std::cmp::Reverse(entry.host.len()),
            )
        })
    }
}
