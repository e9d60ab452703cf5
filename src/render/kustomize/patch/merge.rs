//! Strategic merge: what a patch says replaces what the object says, field by field.
//! `kustomize: kyaml/yaml/walk, kyaml/yaml/merge2`.

use super::Refused;
use super::arena::{Arena, Entry, Id, Sort, What};
use super::scalar::{is_quoted, word};
use super::schema::{Below, Shape};
use crate::syntax::{Kind, Tree};
use crate::text::Span;

/// What tells how to merge, in a patch.
const DIRECTIVE: &str = "$patch";

/// Other such keys. kustomize takes them for fields, so that they would reach the cluster.
const UNKNOWN_DIRECTIVES: [&str; 3] = [
    "$retainKeys",
    "$setElementOrder/",
    "$deleteFromPrimitiveList/",
];

/// Merges a patch into an object; nothing if that deletes it.
pub fn merged(object: &Tree, patch: &Tree) -> Result<Option<Tree>, Refused> {
    let mut merge = Merge {
        arena: Arena::default(),
        patch: patch.place.span,
    };
    let root = merge.arena.add(object);
    let pair = Pair {
        object: Some(root),
        patch: Some(merge.arena.add(patch)),
    };
    let is_there = merge.walk(pair, None)?.id().is_some();
    // a patch that replaces the whole object comes out of the walk, and gets lost after it
    let tree = merge.arena.tree(root).filter(|_| is_there);
    Ok(tree.filter(|tree| !tree.fields().is_empty()))
}

/// The same value in the object and in the patch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) object: Option<Id>,
    pub(super) patch: Option<Id>,
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// It is taken out.
    Gone,
    /// It is null, and stays.
    Null,
    /// It is this one.
    Is(Id),
}

impl Outcome {
    pub(super) fn id(self) -> Option<Id> {
        match self {
            Self::Is(id) => Some(id),
            Self::Gone | Self::Null => None,
        }
    }
}

impl From<Option<Id>> for Outcome {
    fn from(id: Option<Id>) -> Self {
        id.map_or(Self::Gone, Self::Is)
    }
}

/// How a part of a patch is to be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// A merge under way.
pub(super) struct Merge {
    pub(super) arena: Arena,
    /// All of the patch.
    patch: Span,
}

impl Merge {
    pub(super) fn walk(&mut self, pair: Pair, below: Option<Below>) -> Result<Outcome, Refused> {
        let Pair { object, patch } = pair;
        let sort = |id: Option<Id>| id.and_then(|id| self.arena.sort(id));
        let sorts = (sort(object), sort(patch));
        if let ((Some(one), Some(other)), Some(patch)) = (sorts, patch)
            && one != other
        {
            let reason = "this is of another type than what it is merged into";
            return Err(self.refused(patch, reason));
        }
        match (sorts.0.or(sorts.1), below) {
            (None, _) => self.map(pair, None),
            (Some(Sort::Map), Some(Below::Map(shape))) => self.map(pair, Some(shape)),
            (Some(Sort::Map), _) => {
                let shape = self.shape(object).or_else(|| self.shape(patch));
                self.map(pair, shape)
            }
            (Some(Sort::List), Some(Below::List(keys, shape))) => self.list(pair, keys, shape),
            _ => Ok(patch.or(object).into()),
        }
    }

    /// What is known of a mapping by the kind that it says it is.
    fn shape(&self, map: Option<Id>) -> Option<&'static Shape> {
        let text = |key| Some(self.arena.text(self.arena.get(map?, key)?));
        Shape::of(&text("apiVersion")?, &text("kind")?)
    }

    fn map(&mut self, pair: Pair, shape: Option<&'static Shape>) -> Result<Outcome, Refused> {
        let map = match self.start(pair)? {
            Outcome::Is(map) => map,
            other => return Ok(other),
        };
        let entries = [Some(map), pair.patch].into_iter().flatten();
        let entries = entries.flat_map(|id| self.arena.entries(id));
        let mut keys: Vec<String> = entries.map(|entry| entry.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let inner = Pair {
                object: self.arena.get(map, &key),
                patch: pair.patch.and_then(|patch| self.arena.get(patch, &key)),
            };
            let outcome = self.walk(inner, shape.and_then(|shape| shape.field(&key)))?;
            let entry = pair.patch.and_then(|patch| self.arena.entry(patch, &key));
            let key_span = entry.map(|entry| entry.key_span);
            let is_patchs = outcome.id() == inner.patch;
            self.set(map, &key, outcome, key_span, is_patchs);
        }
        Ok(Outcome::Is(map))
    }

    /// The mapping that the fields of a patch are merged into.
    fn start(&mut self, Pair { object, patch }: Pair) -> Result<Outcome, Refused> {
        let Some(there) = object.filter(|object| !self.arena.is_null(*object)) else {
            let directive = self.directive_of_map(patch)?;
            let was_null = object.is_some_and(|object| !self.arena.text(object).is_empty());
            return Ok(match patch {
                None if was_null => Outcome::Null,
                _ if directive == Directive::Delete => Outcome::Gone,
                _ => patch.into(),
            });
        };
        if patch.is_some_and(|patch| self.arena.is_null(patch)) {
            return Ok(Outcome::Gone);
        }
        Ok(match self.directive_of_map(patch)? {
            Directive::Delete => Outcome::Gone,
            Directive::Replace => patch.into(),
            Directive::Merge => Outcome::Is(there),
        })
    }

    /// Takes the directive out of a mapping of a patch.
    fn directive_of_map(&mut self, patch: Option<Id>) -> Result<Directive, Refused> {
        let Some(patch) = patch else {
            return Ok(Directive::Merge);
        };
        let is_unknown = |entry: &&Entry| {
            let mut unknown = UNKNOWN_DIRECTIVES.iter();
            unknown.any(|directive| entry.key.starts_with(directive))
        };
        if let Some(entry) = self.arena.entries(patch).iter().find(is_unknown) {
            let reason = format!("kustomize has no directive `{}`", entry.key);
            let at = entry.key_span;
            return Err(Refused { at, reason });
        }
        let Some(value) = self.arena.get(patch, DIRECTIVE) else {
            return Ok(Directive::Merge);
        };
        let directive = self.directive(value)?;
        self.arena.clear(patch, DIRECTIVE);
        Ok(directive)
    }

    /// Which directive a text is.
    pub(super) fn directive(&self, value: Id) -> Result<Directive, Refused> {
        match self.arena.text(value).as_str() {
            "merge" => Ok(Directive::Merge),
            "replace" => Ok(Directive::Replace),
            "delete" => Ok(Directive::Delete),
            other => Err(self.refused(value, format!("`{other}` is no way to patch"))),
        }
    }

    /// Gives a field of a mapping its value. Where the key stands in the patch, if it does, and whether
    /// the value is the one that stands there.
    fn set(
        &mut self,
        map: Id,
        key: &str,
        outcome: Outcome,
        in_patch: Option<Span>,
        is_patchs: bool,
    ) {
        let value = match outcome {
            Outcome::Is(value) if !self.arena.is_null(value) => value,
            Outcome::Null => return,
            _ => return self.arena.clear(map, key),
        };
        if let Some(known) = self.arena.get(map, key) {
            self.assign(known, value);
            if let (Some(span), true) = (in_patch, is_patchs) {
                self.arena.set_key_span(map, key, span);
            }
            return;
        }
        let key_span = in_patch.or_else(|| self.arena.span(value));
        if let (Some(key_span), Some(What::Map(entries))) = (key_span, self.arena.what_mut(map)) {
            let key = key.to_owned();
            entries.push(Entry {
                key,
                key_span,
                value,
            });
        }
    }

    /// Makes a value what another is. What was quoted stays so, and with that a text.
    fn assign(&mut self, known: Id, value: Id) {
        if known == value {
            return;
        }
        let was_quoted =
            matches!(self.arena.what(known), Some(What::Scalar(tree)) if is_quoted(tree));
        self.arena.become_same(known, value);
        if let Some(What::Scalar(tree)) = self.arena.what_mut(known)
            && was_quoted
        {
            tree.kind = Kind::Text(word(&tree.kind).into_owned());
        }
    }

    pub(super) fn refused(&self, id: Id, reason: impl Into<String>) -> Refused {
        Refused {
            at: self.arena.span(id).unwrap_or(self.patch),
            reason: reason.into(),
        }
    }
}
