//! Whether servers and agents encrypt what they say to one another, and check who says it.
//!
//! `hashicorp/consul: agent/config/builder.go` (buildTLSConfig), `agent/config/deprecated.go`,
//! `hashicorp/consul-k8s: charts/consul/templates/server-config-configmap.yaml`, `server-statefulset.yaml`.

use super::servers::{has_command_line, on_or_off, unwritten};
use super::{setting, written};
use crate::k8s::Index;
use crate::mesh::consul::settings::{Config, Server};
use crate::mesh::consul::written::Written;
use crate::model::{Because, Setting};

/// Where an agent is told whom it trusts, by which it speaks TLS at all.
const AUTHORITIES: &[&[&str]] = &[
    &["tls", "defaults", "ca_file"],
    &["tls", "defaults", "ca_path"],
    &["tls", "internal_rpc", "ca_file"],
    &["tls", "internal_rpc", "ca_path"],
    &["ca_file"],
    &["ca_path"],
];

/// What is checked of calls between servers and agents, and the fields that say so, the nearest first.
const CHECKS: &[(&str, &[&[&str]])] = &[
    (
        "verify_incoming",
        &[
            &["tls", "internal_rpc", "verify_incoming"],
            &["verify_incoming_rpc"],
            &["tls", "defaults", "verify_incoming"],
            &["verify_incoming"],
        ],
    ),
    (
        "verify_outgoing",
        &[
            &["tls", "internal_rpc", "verify_outgoing"],
            &["tls", "defaults", "verify_outgoing"],
            &["verify_outgoing"],
        ],
    ),
    (
        "verify_server_hostname",
        &[
            &["tls", "internal_rpc", "verify_server_hostname"],
            &["verify_server_hostname"],
            &["tls", "defaults", "verify_server_hostname"],
        ],
    ),
];

pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = Vec::new();
    for server in &config.servers {
        let (on, because) = enabled(index, server);
        if is_alone(index, server) {
            continue;
        }
        found.push(setting("control_plane_tls", on_or_off(on), because));
        if on {
            found.extend(unverified(index, server));
        }
        found.extend(gossip(index, server));
    }
    found
}

/// Whether servers speak TLS.
pub(super) fn enabled(index: &Index, server: &Server) -> (bool, Because) {
    let own = AUTHORITIES
        .iter()
        .find_map(|path| text(server.own(index, &[path])));
    if let Some(authority) = own {
        return (true, Because::Configured(authority.at().clone()));
    }
    match server.value(index, &["global", "tls", "enabled"]) {
        Some(flag) => (
            flag.as_flag() == Some(true),
            Because::Configured(flag.at().clone()),
        ),
        None => (false, unwritten("Consul's default: no TLS", server)),
    }
}

/// Whether a server hears nobody but itself.
fn is_alone(index: &Index, server: &Server) -> bool {
    let address = server.own(index, &[&["bind_addr"]]);
    let address = address.as_ref().and_then(Written::as_text);
    address.is_some_and(|address| address.starts_with("127.") || address == "::1")
}

/// What is not checked.
fn unverified(index: &Index, server: &Server) -> Vec<Setting> {
    let of_chart = server.value(index, &["global", "tls", "verify"]);
    let checked = |paths: &[&[&str]]| {
        let field = server.own(index, paths);
        field.map(|it| (it.as_flag() == Some(true), it.at().clone()))
    };
    // to check the name of a server is to speak TLS to it
    let hostname = CHECKS
        .iter()
        .find(|(name, _)| *name == "verify_server_hostname");
    let implied = hostname
        .and_then(|(_, paths)| checked(paths))
        .is_some_and(|(on, _)| on);
    let mut found = Vec::new();
    for (name, paths) in CHECKS {
        if *name == "verify_outgoing" && implied {
            continue;
        }
        let because = match checked(paths) {
            Some((true, _)) => continue,
            Some((false, at)) => Because::Configured(at),
            None if server.values.is_empty() => {
                unwritten("Consul's default: it is not checked", server)
            }
            None => match &of_chart {
                Some(flag) if flag.as_flag() == Some(false) => {
                    Because::Configured(flag.at().clone())
                }
                _ => continue,
            },
        };
        found.push(setting("control_plane_tls_unverified", *name, because));
    }
    found
}

/// Whether what agents tell one another about who is there is encrypted.
fn gossip(index: &Index, server: &Server) -> Vec<Setting> {
    let key = text(server.own(index, &[&["encrypt"]]));
    let part = |field| server.value(index, &["global", "gossipEncryption", field]);
    let made = part("autoGenerate").filter(|it| it.as_flag() == Some(true));
    let taken = text(part("secretName")).filter(|_| text(part("secretKey")).is_some());
    // where the command line is not looked at, the key may stand there
    if key.is_none() && made.is_none() && taken.is_none() && !has_command_line(server) {
        let because = match part("autoGenerate") {
            Some(off) => Because::Configured(off.at().clone()),
            None => unwritten("Consul's default: gossip is not encrypted", server),
        };
        return vec![setting("gossip_encryption", "off", because)];
    }
    let fields = ["encrypt_verify_incoming", "encrypt_verify_outgoing"];
    let off = fields
        .iter()
        .filter_map(|field| server.own(index, &[&[field]]));
    let off = off.filter(|it| it.as_flag() == Some(false));
    off.map(|it| written("gossip_encryption", "unverified", it.at().clone()))
        .collect()
}

fn text(written: Option<Written<'_>>) -> Option<Written<'_>> {
    written.filter(|it| it.as_text().is_some())
}
