//! The end of a generated object's name: a hash of what it holds.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::names::rename;
use super::resource::Resource;
use crate::syntax::{Kind, Tree};

/// Stands for the hash of what is not known. kustomize writes no `0` into one.
pub(super) const UNKNOWN: &str = "0000000000";

/// Adds their hashes to the names of all generated objects that get one.
pub(super) fn apply(resources: &mut [Resource<'_>]) {
    for resource in resources {
        let Some(generated) = resource.generated.filter(|generated| generated.has_hash) else {
            continue;
        };
        let tree = resource.tree();
        let hash = match resource.meta.kind.as_str() {
            "ConfigMap" if generated.is_complete => of_config_map(&tree),
            _ => UNKNOWN.to_owned(),
        };
        resource.remember();
        let name = format!("{}-{hash}", resource.meta.name);
        let place = tree
            .path(&["metadata", "name"])
            .map_or(tree.place, |name| name.place);
        rename(resource, Tree::text(name, place));
    }
}

fn of_config_map(tree: &Tree) -> String {
    let data = |key| tree.get(key).map(value);
    let mut all = BTreeMap::from([
        ("data", data("data").unwrap_or_else(|| json!(""))),
        ("kind", json!("ConfigMap")),
        // kustomize looks for it in the wrong place, and finds nothing
        ("name", json!("")),
    ]);
    if let Some(binary) = data("binaryData").filter(Value::is_object) {
        all.insert("binaryData", binary);
    }
    encode(&json!(all).to_string())
}

/// A value with its keys in order.
fn value(tree: &Tree) -> Value {
    match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Int(value) => json!(value),
        Kind::UInt(value) => json!(value),
        Kind::Float(value) => json!(value),
        Kind::Text(text) => json!(text),
        Kind::List(items) => items.iter().map(value).collect(),
        Kind::Map(fields) => {
            let fields = fields.iter().map(|field| (&field.key, value(&field.value)));
            let sorted: BTreeMap<_, _> = fields.collect();
            json!(sorted)
        }
    }
}

/// The first ten digits of the hash, without those that could make up a word.
fn encode(json: &str) -> String {
    // as Go writes JSON
    let escaped = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let digits = HEXLOWER.encode(&Sha256::digest(escaped.as_bytes()));
    let other = |digit| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        digit => digit,
    };
    digits.chars().take(10).map(other).collect()
}
