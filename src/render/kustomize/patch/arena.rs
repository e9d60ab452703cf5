//! Values in one place, so that two lists or mappings can have the same one for a part: what is
//! changed through one is changed in the other, on which kustomize's merge of lists rests.

use super::scalar::text;
use crate::syntax::{Field, Kind, Tree, Written};
use crate::text::Span;

/// A value in an [`Arena`].
pub type Id = usize;

/// A value, its parts by number.
#[derive(Debug, Clone)]
pub struct Part {
    pub what: What,
    pub place: Written,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum What {
    /// A scalar as a tree, for its text; never a list or a mapping.
    Scalar(Tree),
    List(Vec<Id>),
    Map(Vec<Entry>),
}

/// The three sorts of values; null is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Scalar,
    List,
    Map,
}

/// A key of a mapping and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Id,
}

/// All values of a merge.
#[derive(Debug, Default)]
pub struct Arena {
    parts: Vec<Part>,
}

impl Arena {
    /// Takes a value in.
    pub fn add(&mut self, tree: &Tree) -> Id {
        let what = match &tree.kind {
            Kind::List(items) => What::List(items.iter().map(|item| self.add(item)).collect()),
            Kind::Map(fields) => {
                let entry = |field: &Field| Entry {
                    key: field.key.clone(),
                    key_span: field.key_span,
                    value: self.add(&field.value),
                };
                What::Map(fields.iter().map(entry).collect())
            }
            _ => What::Scalar(tree.clone()),
        };
        self.push(what, tree.place)
    }

    pub fn push(&mut self, what: What, place: Written) -> Id {
        self.parts.push(Part { what, place });
        self.parts.len() - 1
    }

    /// The value as it is now; nothing for a number that was never given.
    pub fn tree(&self, id: Id) -> Option<Tree> {
        let part = self.parts.get(id)?;
        let kind = match &part.what {
            What::Scalar(tree) => return Some(tree.clone()),
            What::List(items) => {
                Kind::List(items.iter().filter_map(|item| self.tree(*item)).collect())
            }
            What::Map(entries) => Kind::Map(entries.iter().filter_map(|e| self.field(e)).collect()),
        };
        let place = part.place;
        Some(Tree { kind, place })
    }

    fn field(&self, entry: &Entry) -> Option<Field> {
        Some(Field {
            key: entry.key.clone(),
            key_span: entry.key_span,
            value: self.tree(entry.value)?,
        })
    }

    /// Makes one value what another is.
    pub fn become_same(&mut self, id: Id, other: Id) {
        let other = self.parts.get(other).cloned();
        if let (Some(part), Some(other)) = (self.parts.get_mut(id), other) {
            *part = other;
        }
    }

    pub fn what(&self, id: Id) -> Option<&What> {
        self.parts.get(id).map(|part| &part.what)
    }

    pub fn what_mut(&mut self, id: Id) -> Option<&mut What> {
        self.parts.get_mut(id).map(|part| &mut part.what)
    }

    pub fn span(&self, id: Id) -> Option<Span> {
        self.parts.get(id).map(|part| part.place.span)
    }

    pub fn place(&self, id: Id) -> Option<Written> {
        self.parts.get(id).map(|part| part.place)
    }

    pub fn sort(&self, id: Id) -> Option<Sort> {
        match self.what(id)? {
            What::Scalar(tree) if tree.kind == Kind::Null => None,
            What::Scalar(_) => Some(Sort::Scalar),
            What::List(_) => Some(Sort::List),
            What::Map(_) => Some(Sort::Map),
        }
    }

    pub fn is_null(&self, id: Id) -> bool {
        self.sort(id).is_none()
    }

    pub fn is_empty_map(&self, id: Id) -> bool {
        matches!(self.what(id), Some(What::Map(entries)) if entries.is_empty())
    }

    /// The items of a list; of anything else, none.
    pub fn items(&self, id: Id) -> &[Id] {
        match self.what(id) {
            Some(What::List(items)) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; of anything else, none.
    pub fn entries(&self, id: Id) -> &[Entry] {
        match self.what(id) {
            Some(What::Map(entries)) => entries,
            _ => &[],
        }
    }

    pub fn entry(&self, id: Id, key: &str) -> Option<&Entry> {
        self.entries(id).iter().find(|entry| entry.key == key)
    }

    /// The value of a key of a mapping.
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.entry(id, key).map(|entry| entry.value)
    }

    /// The text of a scalar as it is written; of anything else, none.
    pub fn text(&self, id: Id) -> String {
        match self.what(id) {
            Some(What::Scalar(tree)) => text(tree).into_owned(),
            _ => String::new(),
        }
    }

    /// Says where a key of a mapping is written.
    pub fn set_key_span(&mut self, id: Id, key: &str, span: Span) {
        if let Some(What::Map(entries)) = self.what_mut(id) {
            let entry = entries.iter_mut().find(|entry| entry.key == key);
            entry.into_iter().for_each(|entry| entry.key_span = span);
        }
    }

    /// Takes a key out of a mapping.
    pub fn clear(&mut self, id: Id, key: &str) {
        if let Some(What::Map(entries)) = self.what_mut(id) {
            entries.retain(|entry| entry.key != key);
        }
    }
}
