//! Where in objects a transformer changes something, and how it gets there.

use super::identity::{Meta, split};
use crate::syntax::{Field, Kind, Tree, Written};
use crate::text::Span;

/// A path in the objects of some kinds; what is empty fits all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldSpec {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    /// Keys with slashes between them; lists on the way are gone into.
    pub(super) path: String,
    /// Whether what is missing on the way is made.
    pub(super) create: bool,
}

/// What stands at the end of a path that has to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    Map,
    Text,
}

/// Why a path cannot be followed.
pub(super) struct Blocked {
    pub(super) at: Span,
}

impl FieldSpec {
    pub(super) fn new(group: &str, version: &str, kind: &str, path: &str, create: bool) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            path: path.to_owned(),
            create,
        }
    }

    pub(super) fn fits(&self, meta: &Meta) -> bool {
        let (group, version) = split(&meta.api_version);
        let is = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        is(&self.group, group) && is(&self.version, version) && is(&self.kind, &meta.kind)
    }

    /// Whether it says all that another one says.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is = |own: &str, other: &str| other.is_empty() || own == other;
        is(&self.group, &other.group)
            && is(&self.version, &other.version)
            && is(&self.kind, &other.kind)
            && self.path == other.path
    }

    /// Sets what is at the end of the path; what is made on the way stands at `place`.
    pub(super) fn set(
        &self,
        object: &mut Tree,
        leaf: Leaf,
        place: Written,
        set: &mut dyn FnMut(&mut Tree) -> Result<(), Blocked>,
    ) -> Result<(), Blocked> {
        let steps = steps(&self.path);
        let create = self.create.then_some((leaf, place));
        walk(object, &steps, create, set)
    }

    /// Sets what is at the end of the path, if it is there.
    pub(super) fn set_existing(
        &self,
        object: &mut Tree,
        set: &mut dyn FnMut(&mut Tree) -> Result<(), Blocked>,
    ) -> Result<(), Blocked> {
        walk(object, &steps(&self.path), None, set)
    }
}

/// The keys of a path; `\/` is a slash in a key.
fn steps(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut goes_on = false;
    for part in path.split('/') {
        match steps.last_mut() {
            Some(last) if goes_on => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => steps.push(part.to_owned()),
        }
        goes_on = part.ends_with('\\');
    }
    steps
}

fn walk(
    tree: &mut Tree,
    steps: &[String],
    create: Option<(Leaf, Written)>,
    set: &mut dyn FnMut(&mut Tree) -> Result<(), Blocked>,
) -> Result<(), Blocked> {
    let Some((step, rest)) = steps.split_first() else {
        return set(tree);
    };
    let at = tree.place.span;
    match &mut tree.kind {
        Kind::Null => Ok(()),
        Kind::List(items) => items
            .iter_mut()
            .try_for_each(|item| walk(item, steps, create, set)),
        Kind::Map(_) => {
            let key = step.strip_suffix("[]").unwrap_or(step);
            if let Some((leaf, place)) = create.filter(|_| key == step) {
                make(
                    tree,
                    key,
                    if rest.is_empty() { leaf } else { Leaf::Map },
                    place,
                );
            }
            match tree.get_mut(key) {
                Some(value) => walk(value, rest, create, set),
                None => Ok(()),
            }
        }
        _ => Err(Blocked { at }),
    }
}

/// Makes a field that is not there or null.
fn make(map: &mut Tree, key: &str, leaf: Leaf, place: Written) {
    if map.get(key).is_some_and(|value| value.kind != Kind::Null) {
        return;
    }
    let kind = match leaf {
        Leaf::Map => Kind::Map(Vec::new()),
        Leaf::Text => Kind::Text(String::new()),
    };
    map.set(Field {
        key: key.to_owned(),
        key_span: place.span,
        value: Tree { kind, place },
    });
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn paths_are_split_at_slashes_that_are_not_escaped() {
        assert_eq!(steps("spec/a[]/b"), ["spec", "a[]", "b"]);
        assert_eq!(
            steps("annotations/x.io\\/name"),
            ["annotations", "x.io/name"]
        );
    }
}
