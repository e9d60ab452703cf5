//! `labels`, `commonLabels` and `commonAnnotations`.

use super::failure::{Failure, text};
use super::fields;
use super::fieldspec::{Blocked, FieldSpec, Leaf};
use super::resource::Resource;
use crate::syntax::{Entry, Field, Kind, Node, Tree};

/// Adds what an entry of `labels` says.
pub(super) fn labels(resources: &mut [Resource<'_>], entry: Node<'_>) -> Result<(), Failure> {
    let mut specs = Vec::new();
    for field in entry.get("fields").into_iter().flat_map(Node::items) {
        specs.push(spec(field)?);
    }
    let is = |key| entry.get(key).and_then(Node::as_bool) == Some(true);
    let known = match (is("includeSelectors"), is("includeTemplates")) {
        (true, _) => fields::common_labels(),
        (false, true) => fields::template_labels(),
        (false, false) => vec![fields::metadata("labels")],
    };
    for spec in known {
        match specs.iter().find(|own| own.covers(&spec)) {
            Some(own) if own.create != spec.create => {
                let reason = format!("it says otherwise of {} than kustomize itself", spec.path);
                return Err(Failure::broken(entry.span(), reason));
            }
            Some(_) => {}
            None => specs.push(spec),
        }
    }
    match entry.get("pairs") {
        Some(pairs) => add(resources, &specs, pairs),
        None => Ok(()),
    }
}

/// Adds pairs to mappings of all objects.
pub(super) fn add(
    resources: &mut [Resource<'_>],
    specs: &[FieldSpec],
    pairs: Node<'_>,
) -> Result<(), Failure> {
    if !pairs.is_map() && !pairs.is_null() {
        return Err(Failure::broken(pairs.span(), "this is no mapping"));
    }
    for pair in pairs.entries() {
        text(pair.value, "the value")?;
    }
    if pairs.entries().len() == 0 {
        return Ok(());
    }
    for resource in resources {
        let meta = resource.meta.clone();
        let fitting: Vec<_> = specs.iter().filter(|spec| spec.fits(&meta)).collect();
        resource.change(|object| {
            for pair in pairs.entries() {
                for spec in &fitting {
                    let mut set = |map: &mut Tree| put(map, pair);
                    let place = pairs.written();
                    spec.set(object, Leaf::Map, place, &mut set)
                        .map_err(|blocked| {
                            let reason = format!(
                                "{} {} has no mapping at {}",
                                meta.kind, meta.name, spec.path
                            );
                            let _ = blocked.at;
                            Failure::broken(pair.key_span, reason)
                        })?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn put(map: &mut Tree, pair: Entry<'_>) -> Result<(), Blocked> {
    let at = map.place.span;
    match map.kind {
        Kind::Map(_) => {
            map.set(Field::from(pair));
            Ok(())
        }
        _ => Err(Blocked { at }),
    }
}

/// A path that the entry adds to.
fn spec(field: Node<'_>) -> Result<FieldSpec, Failure> {
    let own = |key| match field.get(key) {
        Some(value) if !value.is_null() => text(value, key),
        _ => Ok(""),
    };
    let path = own("path")?;
    if path.is_empty() {
        return Err(Failure::broken(field.span(), "it names no path"));
    }
    let create = field.get("create").and_then(Node::as_bool) == Some(true);
    let (group, version, kind) = (own("group")?, own("version")?, own("kind")?);
    Ok(FieldSpec::new(group, version, kind, path, create))
}
