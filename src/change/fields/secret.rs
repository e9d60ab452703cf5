//! What may be a secret: by the name of a field, by what stands beside it, by the text itself.

use crate::syntax::{Node, Value};

/// Parts of names of fields whose values are secrets.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "credential",
    "encryptionkey",
    "keypem",
    "masterkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signingkey",
    "tlskey",
    "token",
];

/// Whole names of such fields. `encrypt` is the key of Consul's gossip.
const SECRET_NAMES: &[&str] = &["cookie", "encrypt", "license"];

/// How such names end.
const SECRET_ENDS: &[&str] = &["authorization", "pass", "pwd"];

/// How names of fields end that only say where a secret is.
const ONLY_NAMED: &[&str] = &[
    "name",
    "names",
    "namespace",
    "path",
    "file",
    "ref",
    "policy",
];

/// A name without its spelling.
fn plain(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a field holds variables of containers, by its name.
pub(super) fn is_variables(key: &str) -> bool {
    let plain = plain(key);
    let endings = ["env", "envs", "envvars", "environment"];
    endings.iter().any(|ending| plain.ends_with(ending))
}

/// Whether the values of a field are secrets, by its name.
pub(super) fn is_secret(key: &str) -> bool {
    let plain = plain(key);
    let by_part = SECRETS.iter().any(|part| plain.contains(part));
    let is_end = |end: &str| plain.ends_with(end) && plain != "bypass";
    let by_name = SECRET_NAMES.contains(&&*plain) || SECRET_ENDS.iter().any(|end| is_end(end));
    (by_part || by_name) && !ONLY_NAMED.iter().any(|end| plain.ends_with(end))
}

/// Whether a field is the value that belongs to the name of a secret beside it.
pub(super) fn is_value_of_secret(key: &str, around: Node<'_>) -> bool {
    if !matches!(key, "value" | "values" | "notValues") {
        return false;
    }
    ["name", "key"].iter().any(|name| {
        let name = around.get(name).and_then(Node::as_str);
        name.is_some_and(is_secret)
    })
}

/// Whether an argument is one by its look: what belongs to the one before it may be anything.
pub(super) fn is_flag(value: Value<'_>) -> bool {
    matches!(value, Value::Text(text) if text.starts_with('-') && !text.contains(char::is_whitespace))
}

/// Whether a text is never to be shown, wherever it stands.
pub(super) fn holds_secret(value: Value<'_>) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    // a key in base64 as well: `-----BEGIN`
    if text.contains("PRIVATE KEY") || text.contains("LS0tLS1CRUdJTi") {
        return true;
    }
    let lower = text.to_ascii_lowercase();
    let is_url = lower.split("://").skip(1).any(|rest| {
        rest.split(['/', ' ', '?'])
            .next()
            .is_some_and(|host| host.contains('@'))
    });
    is_url
        || lower.starts_with("bearer ")
        || lower.starts_with("basic ")
        || is_assigned(&lower)
        || is_key_of_set(text)
}

/// Whether a secret is set in a text: `--token=…`, `password: …`.
fn is_assigned(lower: &str) -> bool {
    [
        "password", "passwd", "secret", "token", "apikey", "api-key", "api_key",
    ]
    .iter()
    .flat_map(|word| lower.match_indices(word).map(|(at, _)| at + word.len()))
    .any(|end| {
        let rest = lower.get(end..).unwrap_or("");
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        rest.strip_prefix(['=', ':'])
            .is_some_and(|value| !value.trim().is_empty())
    })
}

/// Whether a set of keys (JWKS) holds one that signs.
fn is_key_of_set(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    plain.contains("\"kty\"") && (plain.contains("\"d\":") || plain.contains("\"k\":"))
}
