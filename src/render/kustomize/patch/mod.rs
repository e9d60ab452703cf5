//! Changes to objects that a kustomization asks for: patches of both kinds, whom they are for, and
//! values that are copied from one object to others.
//!
//! Each does what kustomize does, its oddities included, and refuses where kustomize fails or
//! where what it would do is not known. `kubernetes-sigs/kustomize: api v0.20.1, kyaml v0.20.1`.

mod arena;
mod json;
mod limits;
mod lists;
mod merge;
mod path;
mod replace;
mod scalar;
mod schema;
mod selector;
mod strategic;
mod target;

pub(super) use json::json;
pub(super) use replace::{Subject, replace};
pub(super) use strategic::{Fate, Options, strategic};
pub(super) use target::{Called, Target};

use crate::syntax::{Field, Kind, Tree};
use crate::text::Span;

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// What of the patch, or of what it is for, stands against it.
    pub(super) at: Span,
    /// The reason.
    pub(super) reason: String,
}

impl Refused {
    fn new(at: &Tree, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let at = at.place.span;
        Self { at, reason }
    }
}

/// Refuses a mapping with a field that is none of those that are known.
fn known(map: &Tree, fields: &[&str]) -> Result<(), Refused> {
    let unknown = |field: &&Field| !fields.contains(&field.key.as_str());
    match map.fields().iter().find(unknown) {
        Some(Field { key, key_span, .. }) => Err(Refused {
            at: *key_span,
            reason: format!("kustomize has no field `{key}` here"),
        }),
        None => Ok(()),
    }
}

/// A text of a mapping, if it is there.
fn optional_text<'t>(map: &'t Tree, key: &str) -> Result<Option<(&'t Tree, &'t str)>, Refused> {
    match map.get(key) {
        None => Ok(None),
        Some(value) if value.kind == Kind::Null => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some((value, text))),
            None => Err(Refused::new(value, "this is no text")),
        },
    }
}

#[cfg(test)]
mod tests;
