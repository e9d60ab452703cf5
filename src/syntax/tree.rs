use std::sync::Arc;

use super::document::{Body, Document};
use super::node::{Content, Elsewhere, EntryData, Node, NodeData, NodeId, Slice, Value};
use super::scalar::{self, Resolved};
use crate::text::Span;

/// A value that can be changed and made a [`Document`] of; each part of it keeps the place where it is
/// written, whatever file that is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// What it is.
    pub kind: Kind,
    /// Where it is written.
    pub place: Written,
}

/// What a [`Tree`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond [`i64::MAX`].
    UInt(u64),
    /// Any other number; finite.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A mapping; each key once.
    Map(Vec<Field>),
}

/// A key of a mapping and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Tree,
}

/// A place, and how much of it stands on its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// All of it.
    pub span: Span,
    /// Where its first line ends, or it itself if that is before.
    pub line_end: u32,
}

impl From<Node<'_>> for Tree {
    fn from(node: Node<'_>) -> Self {
        let kind = match node.value() {
            Value::Null => Kind::Null,
            Value::Bool(value) => Kind::Bool(value),
            Value::Int(value) => Kind::Int(value),
            Value::UInt(value) => Kind::UInt(value),
            Value::Float(value) => Kind::Float(value),
            Value::Text(text) => Kind::Text(text.to_owned()),
            Value::List => Kind::List(node.items().map(Self::from).collect()),
            Value::Map => Kind::Map(node.entries().map(Field::from).collect()),
        };
        let place = node.written();
        Self { kind, place }
    }
}

impl From<super::Entry<'_>> for Field {
    fn from(entry: super::Entry<'_>) -> Self {
        Self {
            key: entry.key.to_owned(),
            key_span: entry.key_span,
            value: entry.value.into(),
        }
    }
}

impl Tree {
    /// A text that stands for a place where something else is written.
    pub fn text(text: impl Into<String>, place: Written) -> Self {
        let kind = Kind::Text(text.into());
        Self { kind, place }
    }

    /// What a text means where it stands in a document without quotes, if it can stand there so; else the
    /// text.
    pub fn plain(text: impl Into<String>, place: Written) -> Self {
        let text = text.into();
        let kind = match scalar::resolve(text.trim()) {
            Resolved::Null => Kind::Null,
            Resolved::Bool(value) => Kind::Bool(value),
            Resolved::Int(value) => Kind::Int(value),
            Resolved::UInt(value) => Kind::UInt(value),
            Resolved::Float(value) => Kind::Float(value),
            Resolved::Text | Resolved::NotFinite => Kind::Text(text),
        };
        Self { kind, place }
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The fields of a mapping; of anything else, none.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The items of a list; of anything else, none.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The items of a list, to be changed; of anything else, none.
    pub fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.kind {
            Kind::List(items) => items,
            _ => &mut [],
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut fields = self.fields().iter();
        fields.find_map(|field| (field.key == key).then_some(&field.value))
    }

    /// The value of a key of a mapping, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Kind::Map(fields) = &mut self.kind else {
            return None;
        };
        let mut fields = fields.iter_mut();
        fields.find_map(|field| (field.key == key).then_some(&mut field.value))
    }

    /// The value at the end of a path of keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// Sets a key of a mapping, in its place if it is there, else behind all others. Whether it is a
    /// mapping.
    pub fn set(&mut self, field: Field) -> bool {
        let Kind::Map(fields) = &mut self.kind else {
            return false;
        };
        match fields.iter_mut().find(|known| known.key == field.key) {
            Some(known) => *known = field,
            None => fields.push(field),
        }
        true
    }

    /// Takes a key out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Field> {
        let Kind::Map(fields) = &mut self.kind else {
            return None;
        };
        let at = fields.iter().position(|field| field.key == key)?;
        Some(fields.remove(at))
    }

    /// A document that says this. It belongs to the file in which its outermost value is written, as
    /// the document of that number; comments and keys written twice are none of it.
    pub fn to_document(&self, number: usize) -> Document {
        let mut body = Body::empty(number);
        let mut made = Elsewhere::default();
        body.root = body.add(self, &mut made);
        body.elsewhere = Some(Arc::new(made));
        Document::new(self.place.span.file, body)
    }
}

impl Body {
    fn add(&mut self, tree: &Tree, made: &mut Elsewhere) -> NodeId {
        let content = match &tree.kind {
            Kind::Null => Content::Null,
            Kind::Bool(value) => Content::Bool(*value),
            Kind::Int(value) => Content::Int(*value),
            Kind::UInt(value) => Content::UInt(*value),
            Kind::Float(value) => Content::Float(*value),
            Kind::Text(text) => Content::Text(self.keep(text)),
            Kind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.add(item, made)).collect();
                let slice = slice(self.items.len(), items.len());
                self.items.extend(items);
                Content::List(slice)
            }
            Kind::Map(fields) => {
                let mut entries = Vec::with_capacity(fields.len());
                for field in fields {
                    let value = self.add(&field.value, made);
                    entries.push(EntryData {
                        key: self.keep(&field.key),
                        key_start: field.key_span.start,
                        key_end: field.key_span.end,
                        value,
                    });
                }
                let slice = slice(self.entries.len(), entries.len());
                self.entries.extend(entries);
                let files = fields.iter().map(|field| field.key_span.file);
                made.keys.extend(files);
                Content::Map(slice)
            }
        };
        let Written { span, line_end } = tree.place;
        self.nodes.push(NodeData {
            start: span.start,
            end: span.end,
            content,
        });
        made.nodes.push((span.file, line_end));
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn keep(&mut self, text: &str) -> Slice {
        let slice = slice(self.text.len(), text.len());
        self.text.push_str(text);
        slice
    }
}

fn slice(start: usize, len: usize) -> Slice {
    Slice {
        start: start as u32,
        len: len as u32,
    }
}
