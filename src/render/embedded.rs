//! Documents inside strings: the mesh configuration in a ConfigMap.

use crate::model::Problem;
use crate::syntax::{Document, Node, embedded};
use crate::text::Sources;

/// Keys of ConfigMaps that hold a mesh's configuration, by the beginning of the ConfigMap's name.
const HOLDERS: &[(&str, &str)] = &[("istio", "mesh")];

/// Attaches the documents that ConfigMaps hold, so that addresses lead into them.
pub fn attach(sources: &Sources, documents: &mut [Document]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents {
        let mut found = Vec::new();
        let root = document.root();
        let items = root.get("items").into_iter().flat_map(Node::items);
        for object in std::iter::once(root).chain(items) {
            let Some(holder) = holder(object) else {
                continue;
            };
            match embedded(document, sources.get(document.file()), holder) {
                Ok(inner) => found.push((holder.id(), inner)),
                Err(problem) => problems.push(problem),
            }
        }
        for (holder, inner) in found {
            document.attach(holder, inner);
        }
    }
    problems
}

fn holder(object: Node<'_>) -> Option<Node<'_>> {
    if object.get("kind").and_then(Node::as_str) != Some("ConfigMap") {
        return None;
    }
    let name = object.path(&["metadata", "name"]).and_then(Node::as_str)?;
    let (_, key) = HOLDERS.iter().find(|(start, _)| {
        name == *start
            || name
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with('-'))
    })?;
    let value = object.path(&["data", key])?;
    value
        .as_str()
        .is_some_and(|text| !text.trim().is_empty())
        .then_some(value)
}
