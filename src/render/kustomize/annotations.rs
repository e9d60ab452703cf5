//! Annotations, which kustomize writes out as texts whatever they were.

use super::namespace::named;
use super::resource::Resource;
use crate::render::files::Files;
use crate::syntax::{Kind, Tree};

/// Makes texts of all annotations that are none: `"true"` of `true`.
pub(super) fn settle(resources: &mut [Resource<'_>], files: &Files<'_>) {
    for resource in resources {
        let outline = resource.outline();
        let Some(annotations) = outline.path(&["metadata", "annotations"]) else {
            continue;
        };
        let values = annotations.fields().iter();
        if values.clone().all(|field| field.value.as_str().is_some()) {
            continue;
        }
        resource.edit(|object| {
            let annotations = object
                .get_mut("metadata")
                .and_then(|it| it.get_mut("annotations"));
            if let Some(annotations) = annotations {
                for field in annotations.fields().to_vec() {
                    let place = field.value.place;
                    let text = Tree::text(text(&field.value, files), place);
                    annotations.set(named(&field.key, text));
                }
            }
        });
    }
}

/// A value as it is written.
fn text(value: &Tree, files: &Files<'_>) -> String {
    match &value.kind {
        Kind::Text(text) => text.clone(),
        Kind::List(_) | Kind::Map(_) => String::new(),
        _ => files.slice(value.place.span).to_owned(),
    }
}
