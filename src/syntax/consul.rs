//! How files of Consul's own are told from other HCL and JSON: by the keys at their top.

use super::hcl::signs;
use super::node::{Entry, Node, Value};
use crate::text::SourceFile;

/// What a file of Consul's own is. Where it is several of them, it is the last one in this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consul {
    /// Who may do what at Consul's API.
    Policy,
    /// Services of a node.
    Registration,
    /// How an agent or a server runs; it may register services too.
    Agent,
    /// A part of the mesh's configuration.
    ConfigEntry,
}

/// A key at the top of a file, and what stands there.
pub(super) struct Sign<'t> {
    pub(super) key: &'t str,
    pub(super) shape: Shape<'t>,
}

pub(super) enum Shape<'t> {
    Text(&'t str),
    Bool,
    List,
    Map,
    /// A block with a label, and what stands in its braces.
    Labelled(&'t str),
    Other,
}

/// The kinds of config entries.
const KINDS: &[&str] = &[
    "api-gateway",
    "bound-api-gateway",
    "control-plane-request-limit",
    "exported-services",
    "file-system-certificate",
    "http-route",
    "ingress-gateway",
    "inline-certificate",
    "jwt-provider",
    "mesh",
    "proxy-defaults",
    "rate-limit",
    "sameness-group",
    "service-defaults",
    "service-intentions",
    "service-resolver",
    "service-router",
    "service-splitter",
    "tcp-route",
    "terminating-gateway",
];

/// Keys of an agent's configuration that nothing else is known to have.
const OWN: &[&str] = &[
    "acl_datacenter",
    "acl_default_policy",
    "acl_down_policy",
    "acl_master_token",
    "auto_encrypt",
    "bootstrap_expect",
    "config_entries",
    "default_intention_policy",
    "enable_local_script_checks",
    "enable_script_checks",
    "encrypt_verify_incoming",
    "encrypt_verify_outgoing",
    "primary_datacenter",
    "primary_gateways",
    "retry_join",
    "retry_join_wan",
    "serf_lan",
    "serf_wan",
    "ui_config",
    "verify_incoming",
    "verify_incoming_https",
    "verify_incoming_rpc",
    "verify_outgoing",
    "verify_server_hostname",
];

/// Keys of an agent's configuration that others have too.
const SHARED: &[&str] = &[
    "addresses",
    "advertise_addr",
    "advertise_addr_wan",
    "audit",
    "auto_config",
    "bind_addr",
    "bootstrap",
    "ca_file",
    "ca_path",
    "cert_file",
    "client_addr",
    "connect",
    "data_dir",
    "datacenter",
    "disable_remote_exec",
    "dns_config",
    "enable_central_service_config",
    "enable_debug",
    "encrypt",
    "http_config",
    "key_file",
    "limits",
    "node_id",
    "node_meta",
    "node_name",
    "performance",
    "ports",
    "recursors",
    "server_name",
    "start_join",
    "start_join_wan",
    "tls",
    "tls_cipher_suites",
    "tls_min_version",
    "translate_wan_addrs",
    "ui_dir",
];

/// Keys that Consul refuses, of the files that lie in most repositories, and of those that share
/// keys with Consul's.
const FOREIGN: &[&str] = &[
    "advertise",
    "api_addr",
    "auto_auth",
    "build",
    "client",
    "cluster_addr",
    "consul",
    "controller",
    "data",
    "datacenters",
    "dependency",
    "driver",
    "include",
    "inputs",
    "job",
    "kms",
    "listener",
    "locals",
    "module",
    "nomad",
    "output",
    "packer",
    "path",
    "plugin",
    "plugin_dir",
    "provider",
    "region",
    "remote_state",
    "resource",
    "seal",
    "source",
    "storage",
    "target",
    "task",
    "template",
    "terraform",
    "terraform_provider",
    "variable",
    "vault",
    "worker",
];

/// What rules of an ACL policy are about, each for one name or for all that begin with one.
const RULES: &[&str] = &[
    "agent", "event", "identity", "key", "node", "query", "service", "session",
];

/// What rules of an ACL policy are about that have no name.
const NAMELESS_RULES: &[&str] = &["acl", "keyring", "mesh", "operator", "peering"];

impl Consul {
    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Policy => "ACL policy",
            Self::Registration => "service registration",
            Self::Agent => "agent configuration",
            Self::ConfigEntry => "config entry",
        }
    }

    /// What a file of HCL is; nothing if it is not Consul's.
    pub(super) fn of<'t>(signs: impl Iterator<Item = Sign<'t>>) -> Option<Self> {
        Self::inside(signs, 2)
    }

    /// `levels` of partitions and namespaces may be around the rules of a policy.
    fn inside<'t>(signs: impl Iterator<Item = Sign<'t>>, levels: usize) -> Option<Self> {
        let (mut found, mut has_kind, mut has_name) = (None, false, false);
        for Sign { key, shape } in signs {
            if is_foreign(key, &shape) {
                return None;
            }
            if let Shape::Text(text) = shape {
                has_kind |= key.eq_ignore_ascii_case("kind");
                has_name |= key.eq_ignore_ascii_case("name");
                if key.eq_ignore_ascii_case("kind") && KINDS.contains(&text) {
                    return Some(Self::ConfigEntry);
                }
            }
            found = found.max(part(key, &shape, levels));
        }
        // of a kind that is not known here
        if has_kind && has_name {
            return Some(Self::ConfigEntry);
        }
        found
    }

    /// What a document written with braces is. Much lies in files of JSON: only what nothing else is
    /// known to have counts.
    pub(super) fn of_json(root: Node<'_>, source: &SourceFile) -> Option<Self> {
        let start = root.span().start as usize;
        let is_json = source.text().get(start..)?.starts_with('{');
        if !is_json || root.get("apiVersion").is_some() {
            return None;
        }
        let sure = root.entries().fold(None, |found, entry| {
            found.max(json_part(entry.key, entry.value))
        });
        sure.or_else(|| is_agent(root).then_some(Self::Agent))
    }
}

impl<'a> Node<'a> {
    /// A key of a mapping as Consul takes it: in any case, with underscores or without.
    pub fn entry_like(self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| is_like(entry.key, key))
    }

    /// The value of such a key.
    pub fn get_like(self, key: &str) -> Option<Node<'a>> {
        self.entry_like(key).map(|entry| entry.value)
    }
}

fn is_like(key: &str, other: &str) -> bool {
    let letters = |text: &'_ str| -> Vec<u8> {
        let bytes = text.bytes().filter(|&byte| byte != b'_');
        bytes.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    letters(key) == letters(other)
}

/// What has a key like this one.
fn part(key: &str, shape: &Shape<'_>, levels: usize) -> Option<Consul> {
    let is_rule =
        is_one_of(key, RULES) || without_prefix(key).is_some_and(|key| is_one_of(key, RULES));
    let is_wrapper = is_one_of(
        without_prefix(key).unwrap_or(key),
        &["namespace", "partition"],
    );
    match shape {
        Shape::Labelled(_) if is_rule => Some(Consul::Policy),
        Shape::Labelled(inside) if is_wrapper && levels > 0 => {
            Consul::inside(signs(inside), levels - 1).filter(|found| *found == Consul::Policy)
        }
        Shape::Text(_) if is_one_of(key, NAMELESS_RULES) => Some(Consul::Policy),
        Shape::Map | Shape::List if is_one_of(key, &["service", "services"]) => {
            Some(Consul::Registration)
        }
        Shape::Map if is_one_of(key, &["acl"]) => Some(Consul::Agent),
        Shape::Bool if is_one_of(key, &["server"]) => Some(Consul::Agent),
        Shape::Labelled(_) => None,
        _ => (is_one_of(key, OWN) || is_one_of(key, SHARED)).then_some(Consul::Agent),
    }
}

/// Whether all that a document of JSON says is what agents are told, and something in it is in the form
/// that they know.
fn is_agent(root: Node<'_>) -> bool {
    let is_known = |key| is_one_of(key, SHARED) || is_one_of(key, &["acl", "server", "log_level"]);
    let has_form = |key: &str, value: Node<'_>| match value.value() {
        Value::Bool(_) => is_one_of(key, &["server"]) && root.get_like("datacenter").is_some(),
        Value::Map if is_one_of(key, &["acl"]) => value.get_like("default_policy").is_some(),
        Value::Map if is_one_of(key, &["audit"]) => value.get_like("enabled").is_some(),
        _ => false,
    };
    root.entries().all(|entry| is_known(entry.key))
        && root.entries().any(|entry| has_form(entry.key, entry.value))
}

fn json_part(key: &str, value: Node<'_>) -> Option<Consul> {
    let is_rule = is_one_of(without_prefix(key).unwrap_or(key), RULES);
    let has_policy = |rule: Node<'_>| {
        rule.get("policy")
            .is_some_and(|policy| policy.as_str().is_some())
    };
    let in_mesh = |service: Node<'_>| service.get("connect").is_some_and(Node::is_map);
    match value.value() {
        Value::Text(kind) if is_one_of(key, &["kind"]) && KINDS.contains(&kind) => {
            Some(Consul::ConfigEntry)
        }
        Value::Map if is_rule && value.entries().any(|rule| has_policy(rule.value)) => {
            Some(Consul::Policy)
        }
        Value::Map if is_one_of(key, &["service"]) && in_mesh(value) => Some(Consul::Registration),
        Value::List if is_one_of(key, &["services"]) && value.items().any(in_mesh) => {
            Some(Consul::Registration)
        }
        _ => is_one_of(key, OWN).then_some(Consul::Agent),
    }
}

/// Whether only another product has a key like this one.
fn is_foreign(key: &str, shape: &Shape<'_>) -> bool {
    let of_nomad = matches!(shape, Shape::Map) && matches!(key, "server" | "ui");
    of_nomad || FOREIGN.contains(&key)
}

/// Consul takes its keys in capitals and in small letters.
fn is_one_of(key: &str, keys: &[&str]) -> bool {
    keys.iter().any(|one| one.eq_ignore_ascii_case(key))
}

fn without_prefix(key: &str) -> Option<&str> {
    key.strip_suffix("_prefix")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Consul> {
        Consul::of(signs(text))
    }

    #[test]
    fn files_are_told_apart_by_the_keys_at_their_top() {
        let cases = [
            (
                Some(Consul::ConfigEntry),
                "Kind = \"service-intentions\"\nName = \"api\"",
            ),
            (
                Some(Consul::ConfigEntry),
                "name = \"api\" kind = \"of-tomorrow\"",
            ),
            (Some(Consul::ConfigEntry), "{\"Kind\": \"mesh\"}"),
            (Some(Consul::Agent), "server = true"),
            (Some(Consul::Agent), "acl { enabled = true }"),
            (Some(Consul::Agent), "Retry_Join = [\"a\"]"),
            (
                Some(Consul::Agent),
                "service { name = \"a\" }\nports { grpc = 1 }",
            ),
            (
                Some(Consul::Registration),
                "service { name = \"web\" connect {} }",
            ),
            (Some(Consul::Registration), "services = [{ name = \"a\" }]"),
            (
                Some(Consul::Policy),
                "service_prefix \"\" { policy = \"read\" }",
            ),
            (Some(Consul::Policy), "key \"a/b\" { policy = \"read\" }"),
            (Some(Consul::Policy), "operator = \"write\""),
            (
                Some(Consul::Policy),
                "partition \"a\" { namespace \"b\" { node \"\" { policy = \"read\" } } }",
            ),
            (
                None,
                "partition \"a\" { x \"b\" { node \"\" { policy = \"read\" } } }",
            ),
            (None, "# Kind = \"mesh\"\na = <<EOF\nKind = \"mesh\"\nEOF\n"),
            (None, "x { Kind = \"mesh\" }"),
            (
                None,
                "resource \"consul_acl_policy\" \"a\" { server = true }\nserver = true",
            ),
            // Nomad
            (
                None,
                "datacenter = \"dc1\"\ndata_dir = \"/n\"\nserver { enabled = true }",
            ),
            (None, "namespace \"default\" { policy = \"read\" }"),
            // Vault
            (None, "path \"secret/*\" { capabilities = [\"read\"] }"),
            (None, "ui = true\nlistener \"tcp\" {}\nlog_level = \"info\""),
            (None, ""),
        ];
        for (expected, text) in cases {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_broken_elsewhere_does_not_hide_whose_a_file_is() {
        for text in [
            "Kind = \"service-intentions\nName = \"api\"",
            "a = \"open\nKind = \"mesh\"",
            "a = ' ] ) } + var.x\nKind = \"mesh\"",
            "a = b +\nKind = \"mesh\"\nSources = [ {",
        ] {
            assert_eq!(of(text), Some(Consul::ConfigEntry), "{text}");
        }
    }
}
