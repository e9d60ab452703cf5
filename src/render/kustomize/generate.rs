//! `configMapGenerator` and `secretGenerator`.

use super::failure::{Failure, lost};
use super::identity::Meta;
use super::namespace::named;
use super::pairs::Pairs;
use super::resource::{Behavior, Generated, Resource};
use crate::model::Problem;
use crate::render::files::Files;
use crate::syntax::{Field, Kind, Node, Tree, Written};

/// What a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    ConfigMap,
    Secret,
}

/// An object, with the files that are missing in it.
pub(super) struct Outcome<'a> {
    pub(super) resource: Resource<'a>,
    pub(super) problems: Vec<Problem>,
}

/// Makes the object that an entry asks for; `options` are those of the whole kustomization.
///
/// What a Secret holds is left out: its keys are there, its values are empty.
pub(super) fn generate<'a>(
    sort: Sort,
    entry: Node<'_>,
    options: Option<Node<'_>>,
    directory: &str,
    files: &Files<'_>,
) -> Result<Outcome<'a>, Failure> {
    let place = entry.written();
    let text = |key| {
        entry
            .get(key)
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty())
    };
    let Some(name) = entry
        .get("name")
        .filter(|name| name.as_str().is_some_and(|name| !name.is_empty()))
    else {
        return Err(Failure::broken(entry.span(), "it has no name"));
    };
    let mut pairs = Pairs::read(entry, directory, files)?;
    let own = entry.get("options");
    let both = [options, own];
    let is = |key| {
        let mut values = both.iter().flatten().filter_map(|options| options.get(key));
        values.any(|value| value.as_bool() == Some(true))
    };
    let mut metadata = vec![named("name", name.into())];
    if let Some(namespace) = entry
        .get("namespace")
        .filter(|_| text("namespace").is_some())
    {
        metadata.push(named("namespace", namespace.into()));
    }
    for key in ["labels", "annotations"] {
        metadata.extend(both_of(both, key).map(|map| named(key, map)));
    }
    let mut fields = vec![
        named("apiVersion", Tree::text("v1", place)),
        named("kind", Tree::text(sort.kind(), place)),
        named("metadata", map(metadata, place)),
    ];
    if sort == Sort::Secret {
        let kind = entry.get("type").filter(|_| text("type").is_some());
        let kind = kind.map_or_else(|| Tree::text("Opaque", place), Tree::from);
        fields.push(named("type", kind));
        // what is not there can be shown nowhere
        pairs
            .values
            .values_mut()
            .for_each(|value| *value = Tree::text("", place));
        let files = std::mem::take(&mut pairs.problems);
        let unread = files.into_iter().map(|problem| {
            let kind = crate::model::ProblemKind::Assumption;
            Problem { kind, ..problem }
        });
        pairs.problems.extend(unread);
    }
    if !pairs.values.is_empty() || sort == Sort::Secret {
        let data = pairs
            .values
            .iter()
            .map(|(key, value)| named(key, value.clone()));
        fields.push(named("data", map(data.collect(), place)));
    }
    if is("immutable") {
        let kind = Kind::Bool(true);
        fields.push(named("immutable", Tree { kind, place }));
    }
    let tree = map(fields, place);
    let meta = Meta::of_tree(&tree).map_err(|reason| Failure::broken(entry.span(), reason))?;
    let number = entry.document().number();
    let mut resource = Resource::made(meta, tree, number);
    resource.generated = Some(Generated {
        behavior: behavior(entry)?,
        has_hash: !is("disableNameSuffixHash"),
        is_complete: sort == Sort::ConfigMap && pairs.problems.is_empty(),
    });
    Ok(Outcome {
        resource,
        problems: pairs.problems,
    })
}

impl Sort {
    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

fn behavior(entry: Node<'_>) -> Result<Behavior, Failure> {
    let Some(behavior) = entry.get("behavior").filter(|behavior| !behavior.is_null()) else {
        return Ok(Behavior::Create);
    };
    Ok(match behavior.as_str() {
        Some("merge") => Behavior::Merge,
        Some("replace") => Behavior::Replace,
        // any other word means the same to kustomize
        _ => Behavior::Create,
    })
}

/// The entries of a mapping of both options; what the generator itself says counts.
fn both_of(options: [Option<Node<'_>>; 2], key: &str) -> Option<Tree> {
    let mut maps = options
        .into_iter()
        .flatten()
        .filter_map(|options| options.get(key));
    let mut all = Tree::from(maps.next()?);
    for other in maps {
        for entry in other.entries() {
            all.set(Field::from(entry));
        }
    }
    (!all.fields().is_empty()).then_some(all)
}

pub(super) fn map(fields: Vec<Field>, place: Written) -> Tree {
    let kind = Kind::Map(fields);
    Tree { kind, place }
}

/// Adds a generated object to those that are there: as a new one, in the place of one, or into one.
pub(super) fn absorb<'a>(
    resources: &mut Vec<Resource<'a>>,
    mut new: Resource<'a>,
    entry: Node<'_>,
    is_open: bool,
) -> Result<Option<Problem>, Failure> {
    let id = new.id();
    let behavior = new.generated.map_or(Behavior::Create, |made| made.behavior);
    let mut matches = resources.iter_mut().filter(|old| old.was(|own| *own == id));
    let found = (matches.next(), matches.next(), behavior);
    let old = match found {
        (None, _, Behavior::Create) => {
            resources.push(new);
            return Ok(None);
        }
        (None, ..) if is_open => {
            let reason = format!("there may be a {} in what is not read", id.shown());
            return Ok(Some(lost(entry.span(), reason)));
        }
        (None, ..) => {
            let reason = format!("there is no {} to merge with or to replace", id.shown());
            return Err(Failure::broken(entry.span(), reason));
        }
        (Some(_), _, Behavior::Create) => {
            let reason = format!("there is a {} already", id.shown());
            return Err(Failure::broken(entry.span(), reason));
        }
        (Some(_), Some(_), _) => {
            let reason = format!("there are several {} it may be for", id.shown());
            return Err(Failure::broken(entry.span(), reason));
        }
        (Some(old), None, _) => old,
    };
    new.succeed(old, behavior == Behavior::Merge);
    *old = new;
    Ok(None)
}

impl Resource<'_> {
    /// Takes the place of an older object: its name, its past, the labels and annotations that it has
    /// alone, and its data if they are to be kept.
    fn succeed(&mut self, old: &Self, with_data: bool) {
        let before = old.tree();
        let keys: &[(&[&str], &str)] = &[(&["metadata"], "labels"), (&["metadata"], "annotations")];
        let data: &[(&[&str], &str)] = &[(&[], "data"), (&[], "binaryData")];
        self.edit(|object| {
            for (around, key) in keys.iter().chain(data.iter().filter(|_| with_data)) {
                let path: Vec<&str> = around.iter().chain([key]).copied().collect();
                let Some(old) = before.path(&path) else {
                    continue;
                };
                let mut all = old.clone();
                let outer = match around {
                    [] => Some(&mut *object),
                    _ => object.get_mut("metadata"),
                };
                let Some(outer) = outer else { continue };
                for field in outer.get(key).map(Tree::fields).unwrap_or_default() {
                    all.set(field.clone());
                }
                outer.set(named(key, all));
            }
            for key in ["name", "namespace"] {
                if let Some(metadata) = object.get_mut("metadata") {
                    metadata.remove(key);
                    let old = before.path(&["metadata", key]);
                    old.map(|old| metadata.set(named(key, old.clone())));
                }
            }
        });
        let own = self.generated;
        self.previous.clone_from(&old.previous);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.generated = own.map(|own| Generated {
            has_hash: own.has_hash && old.generated.is_some_and(|old| old.has_hash),
            is_complete: own.is_complete && old.generated.is_none_or(|old| old.is_complete),
            ..own
        });
    }
}
