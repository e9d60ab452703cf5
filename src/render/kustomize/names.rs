//! `namePrefix` and `nameSuffix`.

use super::identity::Id;
use super::namespace::named;
use super::resource::Resource;
use crate::syntax::{Node, Tree};

/// Which end of a name something is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Back,
}

/// Adds a text to the names of all objects but those whose names are fixed.
pub(super) fn apply(resources: &mut [Resource<'_>], end: End, text: Node<'_>) {
    let Some(added) = text.as_str().filter(|added| !added.is_empty()) else {
        return;
    };
    for resource in resources {
        if is_fixed(&resource.original()) {
            continue;
        }
        match end {
            End::Front => resource.prefixes.push(added.to_owned()),
            End::Back => resource.suffixes.push(added.to_owned()),
        }
        resource.remember();
        let name = match end {
            End::Front => format!("{added}{}", resource.meta.name),
            End::Back => format!("{}{added}", resource.meta.name),
        };
        rename(resource, Tree::text(name, text.written()));
    }
}

/// Gives an object another name.
pub(super) fn rename(resource: &mut Resource<'_>, name: Tree) {
    resource.edit(|object| {
        if let Some(metadata) = object.get_mut("metadata") {
            metadata.set(named("name", name));
        }
    });
}

fn is_fixed(id: &Id) -> bool {
    match id.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.api_version.starts_with("apiregistration.k8s.io/"),
        _ => false,
    }
}
