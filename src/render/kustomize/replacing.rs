//! `replacements`, on objects that know what they were called before.

use super::build::Level;
use super::failure::Failure;
use super::identity::{Id, Meta};
use super::patch::{self, Subject};
use super::resource::Resource;
use crate::syntax::Tree;

/// Copies values from objects to others.
pub(super) fn replace(level: &mut Level<'_>, replacements: &Tree) -> Result<(), Failure> {
    let mut subjects: Vec<Subject> = level.resources.iter().map(subject).collect();
    patch::replace(&mut subjects, replacements)?;
    for (resource, subject) in level.resources.iter_mut().zip(subjects) {
        resource.edit(|object| *object = subject.tree);
        if let Err(reason) = Meta::of_tree(&resource.tree()) {
            let reason = format!("this leaves no object: {reason}");
            return Err(Failure::broken(replacements.place.span, reason));
        }
    }
    Ok(())
}

fn subject(resource: &Resource<'_>) -> Subject {
    let id = resource.id();
    let ids = std::iter::once(&id).chain(&resource.previous);
    Subject {
        tree: Tree::clone(&resource.tree()),
        called: ids.map(Id::called).collect(),
    }
}
