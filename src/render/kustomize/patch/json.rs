//! JSON 6902: a list of operations on paths.

use super::Refused;
use super::limits::{Limits, MOST};
use super::scalar::word;
use crate::syntax::{Field, Kind, Tree};

/// Why annotations are neither moved, copied nor tested as a whole.
const NOTES: &str = "kustomize has notes of its own in there";

/// Does all operations of a list, in their order; if one is refused, the object is half changed.
///
/// What an operation brings has the place of its `value`, a key that it sets that of its `path`.
pub fn json(object: &mut Tree, patch: &Tree) -> Result<(), Refused> {
    let Kind::List(operations) = &patch.kind else {
        return Err(Refused::new(patch, "a JSON patch is a list of operations"));
    };
    if operations.len() > MOST {
        return Err(Refused::new(
            patch,
            "these are more operations than are done",
        ));
    }
    make_annotations(object, patch);
    let mut limits = Limits::new();
    for operation in operations {
        Operation::read(operation)?.run(object, &mut limits)?;
        if !matches!(object.kind, Kind::Map(_)) {
            return Err(Refused::new(operation, "this leaves no object"));
        }
    }
    let annotations = object.path(&["metadata", "annotations"]);
    if let Some(list) = annotations.filter(|map| !map.items().is_empty()) {
        return Err(Refused::new(list, "annotations are no list"));
    }
    annotations_to_text(object);
    Ok(())
}

/// One operation of a patch.
struct Operation<'o> {
    whole: &'o Tree,
    name: &'o str,
    path: &'o Tree,
}

impl<'o> Operation<'o> {
    fn read(whole: &'o Tree) -> Result<Self, Refused> {
        let name = whole.get("op").and_then(Tree::as_str);
        let name = name.ok_or_else(|| Refused::new(whole, "this has no `op`"))?;
        let path = whole.get("path");
        let path = path.ok_or_else(|| Refused::new(whole, "this has no `path`"))?;
        Ok(Self { whole, name, path })
    }

    fn run(&self, object: &mut Tree, limits: &mut Limits) -> Result<(), Refused> {
        match self.name {
            "add" => self.add(object, self.value(), limits),
            "remove" => self.remove(object, self.path).map(drop),
            "replace" => self.replace(object, limits),
            "move" => {
                let moved = self.remove(object, self.read_from(self.from()?)?)?;
                self.add(object, moved, limits)
            }
            "copy" => {
                let copied = self.find(object, self.read_from(self.from()?)?)?;
                let copied = copied.unwrap_or_else(|| self.nothing());
                self.add(object, copied, limits)
            }
            "test" => self.test(object),
            other => Err(self.refused(format!("`{other}` is no operation of a JSON patch"))),
        }
    }

    fn add(&self, object: &mut Tree, value: Tree, limits: &mut Limits) -> Result<(), Refused> {
        let (steps, last) = steps(self.path)?;
        limits.take(&value, steps.len() + 1, self.whole)?;
        let holder = self.holder(object, &steps)?;
        match &mut holder.kind {
            Kind::List(items) if last == "-" => items.push(value),
            Kind::List(items) => {
                // one past the last item may be named as well
                let at = self.index(&last, items.len() + 1)?;
                items.insert(at, value);
            }
            _ => self.set(holder, last, value),
        }
        Ok(())
    }

    fn remove(&self, object: &mut Tree, path: &Tree) -> Result<Tree, Refused> {
        let (steps, last) = steps(path)?;
        let holder = self.holder(object, &steps)?;
        let removed = match &mut holder.kind {
            Kind::List(items) => {
                let at = self.index(&last, items.len())?;
                Some(items.remove(at))
            }
            _ => holder.remove(&last).map(|field| field.value),
        };
        if holder.items().is_empty() && holder.fields().is_empty() {
            // that there is nothing is said here
            holder.place = path.place;
        }
        removed.ok_or_else(|| self.refused(format!("there is no `{last}` to take out")))
    }

    fn replace(&self, object: &mut Tree, limits: &mut Limits) -> Result<(), Refused> {
        let value = self.value();
        if self.path.as_str() == Some("") {
            *object = value;
            return Ok(());
        }
        let (steps, last) = steps(self.path)?;
        limits.take(&value, steps.len() + 1, self.whole)?;
        let holder = self.holder(object, &steps)?;
        match &mut holder.kind {
            Kind::List(items) => {
                let at = self.index(&last, items.len())?;
                if let Some(item) = items.get_mut(at) {
                    *item = value;
                }
            }
            // kustomize takes it for `add` where the key is not there
            _ => self.set(holder, last, value),
        }
        Ok(())
    }

    fn test(&self, object: &mut Tree) -> Result<(), Refused> {
        let found = self.find(object, self.read_from(self.path)?)?;
        let expected = self.whole.get("value");
        let expected = expected.ok_or_else(|| self.refused("this has no `value`"))?;
        let is_same = match &found {
            None => expected.kind == Kind::Null,
            Some(found) => same(found, expected),
        };
        let fails = || self.refused("this test fails, and with it all of the patch");
        is_same.then_some(()).ok_or_else(fails)
    }

    /// What a path leads to; nothing if only the last key of it is not there.
    fn find(&self, object: &mut Tree, path: &Tree) -> Result<Option<Tree>, Refused> {
        let (steps, last) = steps(path)?;
        let holder = self.holder(object, &steps)?;
        match &holder.kind {
            Kind::List(items) => {
                let at = self.index(&last, items.len())?;
                Ok(items.get(at).cloned())
            }
            _ => Ok(holder.get(&last).cloned()),
        }
    }

    /// The list or mapping that some steps lead to.
    fn holder<'t>(&self, object: &'t mut Tree, steps: &[String]) -> Result<&'t mut Tree, Refused> {
        let mut holder = object;
        for step in steps {
            let next = match &mut holder.kind {
                Kind::List(items) => {
                    let at = self.index(step, items.len())?;
                    items.get_mut(at)
                }
                Kind::Map(fields) => {
                    let mut fields = fields.iter_mut();
                    fields.find_map(|field| (field.key == *step).then_some(&mut field.value))
                }
                _ => None,
            };
            let is_there = next.filter(|next| matches!(next.kind, Kind::List(_) | Kind::Map(_)));
            let missing = || self.refused(format!("there is nothing below `{step}` in the object"));
            holder = is_there.ok_or_else(missing)?;
        }
        Ok(holder)
    }

    /// A place in a list of some length; a negative one counts from the end.
    fn index(&self, step: &str, len: usize) -> Result<usize, Refused> {
        let outside = || self.refused(format!("the list has no item `{step}`"));
        let at: i64 = step.parse().map_err(|_| outside())?;
        let from_start = if at < 0 { at + len as i64 } else { at };
        let from_start = usize::try_from(from_start).map_err(|_| outside())?;
        (from_start < len).then_some(from_start).ok_or_else(outside)
    }

    fn set(&self, holder: &mut Tree, key: String, value: Tree) {
        let key_span = self.path.place.span;
        holder.set(Field {
            key,
            key_span,
            value,
        });
    }

    fn from(&self) -> Result<&'o Tree, Refused> {
        let from = self.whole.get("from");
        from.ok_or_else(|| self.refused("this has no `from`"))
    }

    /// A path to something that is known as a whole: kustomize keeps notes of its own among the
    /// annotations while it works, which would go along.
    fn read_from(&self, path: &'o Tree) -> Result<&'o Tree, Refused> {
        match path.as_str() {
            Some("" | "/metadata" | "/metadata/annotations") => Err(self.refused(NOTES)),
            _ => Ok(path),
        }
    }

    fn value(&self) -> Tree {
        let value = self.whole.get("value").cloned();
        value.unwrap_or_else(|| self.nothing())
    }

    /// What kustomize sets where no value is given.
    fn nothing(&self) -> Tree {
        let place = self.whole.place;
        Tree {
            kind: Kind::Null,
            place,
        }
    }

    fn refused(&self, reason: impl Into<String>) -> Refused {
        Refused::new(self.whole, reason)
    }
}

/// The keys that a path consists of, and the last of them.
fn steps(path: &Tree) -> Result<(Vec<String>, String), Refused> {
    let inside = path.as_str().and_then(|text| text.strip_prefix('/'));
    let inside = inside.ok_or_else(|| Refused::new(path, "this is no path: it begins with `/`"))?;
    let unescaped = |step: &str| step.replace("~1", "/").replace("~0", "~");
    let mut steps: Vec<String> = inside.split('/').map(unescaped).collect();
    let last = steps.pop().unwrap_or_default();
    Ok((steps, last))
}

/// Whether two values say the same, wherever they are written.
fn same(one: &Tree, other: &Tree) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::List(one), Kind::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Kind::Map(one), Kind::Map(fields)) => {
            let has = |field: &Field| {
                let found = other.get(&field.key);
                found.is_some_and(|found| same(&field.value, found))
            };
            one.len() == fields.len() && one.iter().all(has)
        }
        (one, other) => one == other,
    }
}

/// Gives an object annotations, if it has none. kustomize keeps its own notes there while it works, so
/// that an operation finds them.
fn make_annotations(object: &mut Tree, patch: &Tree) {
    let Some(metadata) = object.get_mut("metadata") else {
        return;
    };
    let annotations = metadata.get("annotations");
    let is_there = |map: &Tree| matches!(map.kind, Kind::Map(_) | Kind::List(_));
    if !annotations.is_some_and(is_there) {
        let place = patch.place;
        let kind = Kind::Map(Vec::new());
        metadata.set(Field {
            key: "annotations".to_owned(),
            key_span: place.span,
            value: Tree { kind, place },
        });
    }
}

/// Makes texts of all annotations, as kustomize does whenever it has patched an object with JSON.
fn annotations_to_text(object: &mut Tree) {
    let Some(metadata) = object.get_mut("metadata") else {
        return;
    };
    let Some(annotations) = metadata.get_mut("annotations") else {
        return;
    };
    match &mut annotations.kind {
        Kind::Map(fields) if !fields.is_empty() => {
            for field in fields {
                let place = field.value.place;
                let text = word(&field.value.kind).into_owned();
                field.value = Tree::text(text, place);
            }
        }
        _ => {
            metadata.remove("annotations");
        }
    }
}
