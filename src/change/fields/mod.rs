//! The fields that differ between two states, object by object.

mod list;
mod mesh;
mod object;
mod pair;
mod place;
mod secret;
mod shown;
#[cfg(test)]
mod tests;
mod trace;
mod walk;

use super::{FieldChange, Side, Written};
use crate::finding::ResourceRef;
use crate::syntax::Document;
use crate::text::SourceFile;
use object::{Object, objects};
use walk::Walk;

pub use trace::{Traced, trace};

/// A file of one state.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its name and text.
    pub source: &'a SourceFile,
    /// Its documents, in their order.
    pub documents: &'a [Document],
}

/// What differs between two states, of which the files are given that differ. In the order of files,
/// documents and lines, of the later state for all that is still there.
///
/// Objects are compared with those of the same name, wherever they stand; other documents with those in
/// the same place of the same file. What a cluster writes into objects by itself is passed over.
pub fn compare(before: &[File<'_>], after: &[File<'_>]) -> Vec<FieldChange> {
    let (before, after) = (objects(before), objects(after));
    let mut changes = Vec::new();
    for pair in pair::all(&before, &after) {
        match pair {
            (Some(before), Some(after)) => {
                if before.file != after.file {
                    changes.push(whole(Some(before), Some(after)));
                }
                Walk::new(before, after).run(&mut changes);
            }
            (before, after) => changes.push(whole(before, after)),
        }
    }
    changes.sort_by(|a, b| order(a).cmp(&order(b)));
    changes
}

/// The objects of a document by their names, as they are written. Where two of an environment have one
/// name, [`exact`](super::exact) tells whether they are one: a [`digest`](super::digest) is not enough.
pub fn resources(document: &Document) -> Vec<ResourceRef> {
    let source = SourceFile::new("", "");
    let file = File {
        source: &source,
        documents: std::slice::from_ref(document),
    };
    let objects = objects(&[file]);
    objects.iter().filter_map(Object::resource).collect()
}

/// An object that came, went or moved.
fn whole(before: Option<&Object<'_>>, after: Option<&Object<'_>>) -> FieldChange {
    let either = after.or(before);
    FieldChange {
        resource: either.and_then(Object::resource),
        field: String::new(),
        before: before.map(side),
        after: after.map(side),
        of_mesh: either.is_some_and(Object::is_of_mesh),
    }
}

fn side(object: &Object<'_>) -> Side {
    Side {
        at: Written {
            file: object.file.clone(),
            document: object.document.number(),
            pointer: object.inside.clone(),
        },
        line: object.line(),
        value: shown::whole(object),
    }
}

/// Where a change is shown: what is gone, where it was.
fn order(change: &FieldChange) -> impl Ord + '_ {
    let side = change.after.as_ref().or(change.before.as_ref());
    let place = side.map(|side| (&side.at.file, side.at.document, side.line));
    (
        place,
        change.after.is_some(),
        side.map(|side| &side.at.pointer),
        &change.field,
    )
}
