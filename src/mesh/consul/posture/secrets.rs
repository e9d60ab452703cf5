//! Tokens and keys that stand in files for everyone to read.
//!
//! What is encrypted, fetched or filled in elsewhere is none: only the shape that Consul gives to a
//! secret counts. The secret itself is never told.

use data_encoding::BASE64;
use regex::Regex;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::written;
use crate::k8s::{Index, node_at};
use crate::mesh::consul::settings::Config;
use crate::mesh::consul::written::Written;
use crate::model::{At, Setting};
use crate::syntax::{Consul, Node};

/// Fields of an agent's configuration with a token, and what the token is.
/// `hashicorp/consul: agent/config/config.go` (Tokens), `agent/config/deprecated.go`.
const TOKENS: &[(&[&str], &str)] = &[
    (&["acl", "tokens", "initial_management"], "management_token"),
    (&["acl", "tokens", "master"], "management_token"),
    (&["acl", "tokens", "agent_recovery"], "agent_token"),
    (&["acl", "tokens", "agent_master"], "agent_token"),
    (&["acl", "tokens", "agent"], "agent_token"),
    (&["acl", "tokens", "default"], "token"),
    (&["acl", "tokens", "replication"], "replication_token"),
    (
        &["acl", "tokens", "config_file_service_registration"],
        "token",
    ),
    (&["acl", "tokens", "dns"], "token"),
    (&["acl_master_token"], "management_token"),
    (&["acl_agent_master_token"], "agent_token"),
    (&["acl_agent_token"], "agent_token"),
    (&["acl_replication_token"], "replication_token"),
    (&["acl_token"], "token"),
];

/// The variable from which programs of Consul take a token.
const VARIABLE: &str = "CONSUL_HTTP_TOKEN";

/// Keys that documentation shows.
const EXAMPLES: &[&str] = &[
    "cg8StVXbQJ0gPvMd9o7yrg==",
    "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=",
];

/// All that are found, one setting each, whose value says what it is.
pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = Vec::new();
    let agents = config.servers.iter().chain(&config.clients);
    for at in agents.flat_map(|agent| &agent.layers) {
        if let Some(agent) = Written::own(index, at.clone()) {
            found.extend(of_agent(&agent));
            found.extend(of_services(&agent));
        }
    }
    for &id in index.values() {
        let whole = || Written::own(index, At::new(id, ""));
        match index.node(id).document().consul() {
            Some(Consul::Registration) => found.extend(whole().iter().flat_map(of_services)),
            Some(Consul::ConfigEntry) => found.extend(whole().and_then(|it| of_entry(&it))),
            _ => {}
        }
    }
    found.extend(of_pods(index));
    found.extend(of_secrets(index));
    found.sort_by(|a, b| a.because.at().cmp(b.because.at()));
    found.dedup();
    found
}

fn secret(of: &'static str, at: &At) -> Setting {
    written("secret_in_file", of, at.clone())
}

fn of_agent(agent: &Written<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    for (path, of) in TOKENS {
        let token = agent
            .path(path)
            .filter(|it| it.as_text().is_some_and(is_token));
        found.extend(token.map(|it| secret(of, it.at())));
    }
    let key = agent.get("encrypt");
    let key = key.filter(|it| it.as_text().is_some_and(is_gossip_key));
    found.extend(key.map(|it| secret("gossip_key", it.at())));
    let ca = agent.path(&["connect", "ca_config"]);
    let of_ca = |field: &str, is: fn(&str) -> bool| {
        let written = ca.as_ref()?.get(field)?;
        is(written.as_text()?).then(|| secret("ca_key", written.at()))
    };
    found.extend(of_ca("token", is_vault_token));
    found.extend(of_ca("private_key", is_private_key));
    found
}

/// Tokens with which services are registered.
fn of_services(file: &Written<'_>) -> Vec<Setting> {
    let one = file.each("service");
    let several = file.each("services");
    let tokens = one
        .iter()
        .chain(&several)
        .filter_map(|service| service.get("token"));
    tokens
        .filter(|it| it.as_text().is_some_and(is_token))
        .map(|it| secret("service_token", it.at()))
        .collect()
}

/// The key of a certificate in a config entry.
fn of_entry(entry: &Written<'_>) -> Option<Setting> {
    let is_certificate = entry.text("kind") == Some("inline-certificate");
    let key = entry.get("privateKey").filter(|_| is_certificate)?;
    is_private_key(key.as_text()?).then(|| secret("private_key", key.at()))
}

/// Tokens in the environment of containers.
fn of_pods(index: &Index) -> Vec<Setting> {
    let mut found = Vec::new();
    for workload in index.workloads() {
        for container in &workload.containers {
            let list = At {
                resource: workload.resource,
                pointer: container.at.join("env"),
            };
            let variables = node_at(index, &list).into_iter().flat_map(Node::items);
            for (place, variable) in variables.enumerate() {
                let field = |name| variable.get(name).and_then(Node::as_str);
                if field("name") == Some(VARIABLE) && field("value").is_some_and(is_token) {
                    found.push(secret("token", &list.join(place).join("value")));
                }
            }
        }
    }
    found
}

/// Secrets by the names that the chart gives them, or that name Consul.
/// `hashicorp/consul-k8s: control-plane/subcommand/server-acl-init/command.go`.
fn of_secrets(index: &Index) -> Vec<Setting> {
    let mut found = Vec::new();
    for &id in index.of_kind("", "Secret") {
        let name = &*index.resource(id).key.name;
        let of = match name {
            _ if name.ends_with("bootstrap-acl-token") => "management_token",
            _ if name.ends_with("acl-replication-acl-token") => "replication_token",
            _ if name.ends_with("gossip-encryption-key") => "gossip_key",
            _ if name.contains("consul") && name.contains("gossip") => "gossip_key",
            _ if name.contains("consul") && name.contains("token") => "token",
            _ => continue,
        };
        for (field, is_encoded) in [("data", true), ("stringData", false)] {
            let whole = At::new(id, "").join(field);
            for entry in node_at(index, &whole).into_iter().flat_map(Node::entries) {
                let written = entry.value.as_str().unwrap_or("");
                let plain = match is_encoded {
                    true => decoded(written),
                    false => Some(written.to_owned()),
                };
                let is_secret = |text: &str| match of {
                    "gossip_key" => is_gossip_key(text),
                    _ => is_token(text),
                };
                if plain.is_some_and(|plain| is_secret(plain.trim())) {
                    found.push(secret(of, &whole.join(entry.key)));
                }
            }
        }
    }
    found
}

fn decoded(text: &str) -> Option<String> {
    let packed: String = text.split_whitespace().collect();
    String::from_utf8(BASE64.decode(packed.as_bytes()).ok()?).ok()
}

/// Whether a text has the shape of a token. One of few digits is a placeholder, or a token that
/// every Consul has.
fn is_token(text: &str) -> bool {
    let shape = Regex::new("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$");
    shape.is_ok_and(|shape| shape.is_match(text)) && is_mixed(text) && !is_counted(text)
}

/// Whether a text uses more than a few digits.
fn is_mixed(text: &str) -> bool {
    let digits: std::collections::BTreeSet<u8> = text.bytes().filter(|&b| b != b'-').collect();
    digits.len() > 4
}

/// Whether digits only count upwards: `12345678-1234-1234-1234-123456789012`.
fn is_counted(text: &str) -> bool {
    text.split('-').all(|part| {
        let starts = ["1234567890", "0123456789", "abcdef", "abcd1234"];
        starts
            .iter()
            .any(|start| start.repeat(2).starts_with(&part.to_lowercase()))
    })
}

/// Whether a text is a key of 16, 24 or 32 bytes.
/// `hashicorp/memberlist: keyring.go` (ValidateKey).
fn is_gossip_key(text: &str) -> bool {
    let bytes = BASE64.decode(text.as_bytes()).unwrap_or_default();
    let is_same = bytes.iter().all(|byte| Some(byte) == bytes.first());
    matches!(bytes.len(), 16 | 24 | 32) && !is_same && !EXAMPLES.contains(&text)
}

fn is_vault_token(text: &str) -> bool {
    let shape = Regex::new(r"^(hvs\.[A-Za-z0-9_-]{24,}|s\.[A-Za-z0-9]{24})$");
    shape.is_ok_and(|shape| shape.is_match(text)) || is_token(text)
}

/// Whether a text holds a private key that is not encrypted.
fn is_private_key(text: &str) -> bool {
    let keys = PrivateKeyDer::pem_slice_iter(text.as_bytes());
    keys.filter_map(Result::ok).any(|key| {
        let bytes = key.secret_der();
        bytes.len() >= 32 && bytes.first() == Some(&0x30)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_from_what_stands_in_its_place() {
        assert!(is_token("5f1c9f0e-7a43-4b8e-9d7c-0c1d2e3f4a5b"));
        for text in [
            "",
            "00000000-0000-0000-0000-000000000000",
            "00000000-0000-0000-0000-000000000002",
            "11111111-2222-3333-4444-111111111111",
            "12345678-1234-1234-1234-123456789012",
            "${CONSUL_TOKEN}",
            "{{ .Values.token }}",
            "REPLACE_ME",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "vault:secret/data/consul#token",
        ] {
            assert!(!is_token(text), "{text}");
        }
    }

    #[test]
    fn a_key_for_gossip_is_told_from_what_stands_in_its_place() {
        assert!(is_gossip_key("Luj2FZWwlt8475wD1WtwUQ=="));
        assert!(is_gossip_key(
            "6x2OWm1LqfBPSQkkCg6JmOTnyG3WY9lY0hx8C2Yl7jE="
        ));
        for text in [
            "",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "cg8StVXbQJ0gPvMd9o7yrg==",
            "REPLACE_ME",
            "${GOSSIP_KEY}",
            "c2hvcnQ=",
        ] {
            assert!(!is_gossip_key(text), "{text}");
        }
    }
}
