//! Annotations by which a pod or its namespace says how it takes part.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/constants/annotations_and_labels.go`.

use crate::model::{At, Workload};

/// What the names of all of them begin with.
pub const DOMAIN: &str = "consul.hashicorp.com/";

/// The annotation that asks for a proxy.
pub const INJECT: &str = "consul.hashicorp.com/connect-inject";

/// An annotation of the pods, with the place where it is written.
pub fn of<'a>(workload: &'a Workload, name: &str) -> Option<(&'a str, At)> {
    let key = format!("{DOMAIN}{name}");
    let text = workload.annotation(&key)?;
    Some((text, workload.annotation_at(&key)))
}

/// The items of an annotation that is a list with commas, without blanks around them.
pub fn items<'a>(workload: &'a Workload, name: &str) -> Vec<(&'a str, At)> {
    let Some((text, at)) = of(workload, name) else {
        return Vec::new();
    };
    let items = text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items.map(|item| (item, at.clone())).collect()
}

/// A truth value as Go reads one; nothing of what is none.
pub fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
