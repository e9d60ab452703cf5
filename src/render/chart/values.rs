//! The values that templates see: those of the chart with others laid over them, as helm does it.

use super::part::Chart;
use super::release::{Overlay, Release};
use crate::render::files::Files;
use crate::render::paths::resolve;
use crate::syntax::{Document, Field, Kind, Tree, Written};
use crate::text::{FileId, Span};

/// What all charts of a release share.
const GLOBAL: &str = "global";

/// The values of a release, each part where it is written.
pub(super) fn effective(release: &Release, chart: &Chart, files: &Files<'_>) -> Tree {
    let own = own(chart, files);
    release.values.iter().fold(own, |below, overlay| {
        let over = match overlay {
            Overlay::File(name) => of_file(name, files),
            Overlay::Written(tree) => Some(tree.clone()),
        };
        match over {
            Some(over) => merged(below, over),
            None => below,
        }
    })
}

/// The values that a part of a chart sees, of those of the chart around it.
pub(super) fn of_part(around: &Tree, part: &Chart, files: &Files<'_>) -> Tree {
    let mut values = own(part, files);
    if let Some(over) = around.get(&part.name) {
        values = merged(values, over.clone());
    }
    let shared = around.fields().iter().find(|field| field.key == GLOBAL);
    if let Some(shared) = shared {
        let field = match values.remove(GLOBAL) {
            Some(known) => Field {
                value: merged(known.value, shared.value.clone()),
                ..known
            },
            None => shared.clone(),
        };
        values.set(field);
    }
    values
}

/// The values that come with a chart.
fn own(chart: &Chart, files: &Files<'_>) -> Tree {
    let file = resolve(&chart.directory, "values.yaml");
    of_file(&file, files).unwrap_or_else(|| nothing_in(chart.manifest))
}

fn of_file(name: &str, files: &Files<'_>) -> Option<Tree> {
    let document = files.documents(files.id(name)?).next()?;
    let root = Document::root(document);
    root.is_map().then(|| Tree::from(root))
}

/// Values of which there are none.
pub(super) fn nothing_in(file: FileId) -> Tree {
    let span = Span {
        file,
        start: 0,
        end: 0,
    };
    Tree {
        kind: Kind::Map(Vec::new()),
        place: Written { span, line_end: 0 },
    }
}

/// Values with others over them: mappings become one, anything else gives way as a whole, and null
/// takes away what is below.
pub(super) fn merged(below: Tree, over: Tree) -> Tree {
    let Tree { kind, place } = over;
    let (mut below, fields) = match (below, kind) {
        (
            below @ Tree {
                kind: Kind::Map(_), ..
            },
            Kind::Map(fields),
        ) => (below, fields),
        (_, kind) => return without_nulls(Tree { kind, place }),
    };
    below.place = place;
    for field in fields {
        if matches!(field.value.kind, Kind::Null) {
            below.remove(&field.key);
            continue;
        }
        let value = match below.get_mut(&field.key) {
            Some(known) => merged(std::mem::replace(known, field.value.clone()), field.value),
            None => without_nulls(field.value),
        };
        below.set(Field { value, ..field });
    }
    below
}

fn without_nulls(mut tree: Tree) -> Tree {
    if let Kind::Map(fields) = &mut tree.kind {
        fields.retain(|field| !matches!(field.value.kind, Kind::Null));
        for field in fields {
            let value = std::mem::replace(
                &mut field.value,
                Tree {
                    kind: Kind::Null,
                    place: tree.place,
                },
            );
            field.value = without_nulls(value);
        }
    }
    tree
}
