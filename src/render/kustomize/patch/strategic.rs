//! Strategic merge patches: a part of an object that says what the rest of it is to be.

use super::Refused;
use super::merge::merged;
use super::scalar::text;
use crate::syntax::{Field, Kind, Tree};

/// What becomes of a patched object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is there as the patch wants it.
    Changed,
    /// The patch took it out, and it is as it was.
    Deleted,
}

/// How a kustomization uses a patch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether a `target` says whom it is for, and not what it says it is itself.
    pub is_targeted: bool,
    /// Whether it may rename objects: `allowNameChange`.
    pub may_rename: bool,
    /// Whether it may change their kind: `allowKindChange`.
    pub may_change_kind: bool,
}

/// Merges a patch into an object. Its namespace stays as it is, and mostly its name and its kind.
pub fn strategic(object: &mut Tree, patch: &Tree, options: Options) -> Result<Fate, Refused> {
    let mut patch = patch.clone();
    if options.is_targeted {
        adapt(&mut patch, object);
    }
    let Some(mut merged) = merged(object, &patch)? else {
        return Ok(Fate::Deleted);
    };
    let metadata = object.get("metadata");
    keep(&mut merged, object, "apiVersion");
    if !options.may_change_kind {
        keep(&mut merged, object, "kind");
    }
    if merged.get("metadata").is_none()
        && let Some(mut own) = field(object, "metadata").cloned()
    {
        own.value.kind = Kind::Map(Vec::new());
        merged.set(own);
    }
    if let (Some(merged), Some(metadata)) = (merged.get_mut("metadata"), metadata) {
        if !options.may_rename {
            keep(merged, metadata, "name");
        }
        merged.remove("namespace");
        keep(merged, metadata, "namespace");
    }
    *object = merged;
    Ok(Fate::Changed)
}

/// Makes a patch one of the object that it is to change, as kustomize does; on the way, all labels
/// and annotations of it become texts.
fn adapt(patch: &mut Tree, object: &Tree) {
    keep(patch, object, "apiVersion");
    let Some(metadata) = patch.get_mut("metadata") else {
        return;
    };
    for key in ["labels", "annotations"] {
        let Some(map) = metadata.get_mut(key) else {
            continue;
        };
        match &mut map.kind {
            Kind::Map(fields) if !fields.is_empty() => {
                for Field { value, .. } in fields {
                    *value = Tree::text(text(value), value.place);
                }
            }
            _ => {
                metadata.remove(key);
            }
        }
    }
}

/// Gives one mapping a field of another.
fn keep(to: &mut Tree, from: &Tree, key: &str) {
    if let Some(field) = field(from, key) {
        to.set(field.clone());
    }
}

fn field<'t>(map: &'t Tree, key: &str) -> Option<&'t Field> {
    map.fields().iter().find(|field| field.key == key)
}
