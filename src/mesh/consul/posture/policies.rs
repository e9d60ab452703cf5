//! ACL policies that let a token do more than one service needs.
//!
//! `hashicorp/consul: acl/policy.go`; which right is needed for what: `agent/structs/config_entry_*.go`
//! (CanWrite).

use super::written;
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::{At, Setting};
use crate::syntax::Consul;

/// Rights over the whole mesh.
const WIDE: &[&str] = &["acl", "keyring", "mesh", "operator", "peering"];

/// What rules about everything of a sort are written for.
const SORTS: &[(&str, &str)] = &[("service_prefix", "service"), ("key_prefix", "key")];

/// Policies of Consul's own parts, which need what they have.
const PARTS: &[&str] = &["bootstrap", "connect-inject", "replication", "snapshot"];

pub(super) fn all(index: &Index) -> Vec<Setting> {
    let mut found = Vec::new();
    for &id in index.values() {
        let file = &*index.resource(id).key.name;
        let base = file.rsplit('/').next().unwrap_or(file).replace('_', "-");
        let is_policy = index.node(id).document().consul() == Some(Consul::Policy);
        if !is_policy || PARTS.iter().any(|part| base.contains(part)) {
            continue;
        }
        let name = match base.contains("anonymous") {
            true => "anonymous_acl_policy",
            false => "broad_acl_policy",
        };
        if let Some(rules) = Written::own(index, At::new(id, "")) {
            let rights = wide(&rules, 2).into_iter();
            found.extend(rights.map(|(right, at)| written(name, right, at)));
        }
    }
    found
}

/// What may be written of everything. Of partitions and namespaces around rules (`levels`) only those
/// count that are all of them, or the one that there always is.
fn wide(rules: &Written<'_>, levels: usize) -> Vec<(&'static str, At)> {
    let mut found = Vec::new();
    for &right in WIDE {
        let rule = rules.get(right);
        if let Some(rule) = rule.filter(|rule| rule.as_text() == Some("write")) {
            found.push((right, rule.at().clone()));
        }
    }
    for &(block, sort) in SORTS {
        for rule in labelled(rules, block, &[""]) {
            let can = |field: &str| rule.get(field).filter(|it| it.as_text() == Some("write"));
            found.extend(can("policy").map(|it| (sort, it.at().clone())));
            found.extend(can("intentions").map(|it| ("intentions", it.at().clone())));
        }
    }
    let around = [
        ("namespace_prefix", ""),
        ("partition_prefix", ""),
        ("namespace", "default"),
        ("partition", "default"),
    ];
    for (block, label) in around.iter().filter(|_| levels > 0) {
        for inside in labelled(rules, block, &[label]) {
            found.extend(wide(&inside, levels - 1));
        }
    }
    found
}

/// What stands in blocks with one of some labels.
fn labelled<'a>(rules: &Written<'a>, block: &str, labels: &[&str]) -> Vec<Written<'a>> {
    let blocks = rules.each(block);
    let entries = blocks.iter().flat_map(Written::entries);
    entries
        .filter(|(label, _)| labels.contains(label))
        .flat_map(|(_, inside)| inside.items())
        .collect()
}
