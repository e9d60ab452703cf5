//! `namespace`: the namespace of objects, and that of what some of them refer to.

use std::collections::HashSet;

use super::failure::Failure;
use super::fields;
use super::fieldspec::{Blocked, Leaf};
use super::identity::Meta;
use super::resource::Resource;
use crate::render::Namespace;
use crate::syntax::{Field, Tree, Written};

/// Puts all objects into a namespace.
pub(super) fn apply(
    resources: &mut [Resource<'_>],
    namespace: &Namespace,
    place: Written,
) -> Result<(), Failure> {
    let specs = fields::namespaces();
    for resource in resources.iter_mut() {
        resource.remember();
        if !resource.meta.is_cluster_scoped() {
            resource.put_in(namespace);
        }
        let meta = resource.meta.clone();
        let is_binding = is_binding(&meta);
        // what it is called already stands where it is written
        let is_namespace =
            meta.kind == "Namespace" && meta.api_version == "v1" && meta.name != *namespace.name;
        if !is_binding && !is_namespace && !specs.iter().any(|spec| spec.fits(&meta)) {
            continue;
        }
        let text = || Tree::text(&*namespace.name, place);
        let blocked = |_: Blocked| refused(&meta, namespace);
        resource.change(|object| {
            if is_binding {
                subjects(object, &text);
            }
            if is_namespace && let Some(metadata) = object.get_mut("metadata") {
                metadata.set(named("name", text()));
            }
            let mut set = |field: &mut Tree| {
                *field = text();
                Ok(())
            };
            for spec in specs.iter().filter(|spec| spec.fits(&meta)) {
                spec.set(object, Leaf::Text, place, &mut set)
                    .map_err(blocked)?;
            }
            Ok(())
        })?;
    }
    different(resources, namespace)
}

fn refused(meta: &Meta, namespace: &Namespace) -> Failure {
    let reason = format!("{} {} has no place for a namespace", meta.kind, meta.name);
    Failure::broken(namespace.span, reason)
}

/// Two objects of one name may not meet in the namespace.
fn different(resources: &[Resource<'_>], namespace: &Namespace) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    for resource in resources {
        let id = resource.id();
        if !seen.insert(id.clone()) {
            let reason = format!("it makes two objects {}", id.shown());
            return Err(Failure::broken(namespace.span, reason));
        }
    }
    Ok(())
}

fn is_binding(meta: &Meta) -> bool {
    matches!(meta.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
}

/// Of a binding's subjects, only those called `default` are moved along.
fn subjects(binding: &mut Tree, namespace: &impl Fn() -> Tree) {
    let Some(subjects) = binding.get_mut("subjects") else {
        return;
    };
    for subject in subjects.items_mut() {
        if subject.get("name").and_then(Tree::as_str) == Some("default") {
            subject.set(named("namespace", namespace()));
        }
    }
}

/// A field that stands where its value stands.
pub(super) fn named(key: &str, value: Tree) -> Field {
    Field {
        key: key.to_owned(),
        key_span: value.place.span,
        value,
    }
}
