use super::document::Document;
use super::tree::Written;
use crate::text::{FileId, Span};

/// A node of a document: an index into its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

/// A range of a document's arena: of its text, items or entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Slice {
    pub(super) fn of<T>(self, all: &[T]) -> &[T] {
        let start = self.start as usize;
        all.get(start..start + self.len as usize).unwrap_or(&[])
    }

    pub(super) fn text(self, all: &str) -> &str {
        let start = self.start as usize;
        all.get(start..start + self.len as usize).unwrap_or("")
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NodeData {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) content: Content,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(Slice),
    List(Slice),
    Map(Slice),
    /// Another node, which is no alias itself and never leads back here.
    Alias(NodeId),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EntryData {
    pub(super) key: Slice,
    pub(super) key_start: u32,
    pub(super) key_end: u32,
    pub(super) value: NodeId,
}

/// Where the nodes of a document stand that was put together from several files.
#[derive(Debug, Clone, Default)]
pub(super) struct Elsewhere {
    /// The file of each node, and where its first line ends.
    pub(super) nodes: Vec<(FileId, u32)>,
    /// The file of the key of each entry.
    pub(super) keys: Vec<FileId>,
}

/// What a node holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
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
    /// Text, with its escapes resolved.
    Text(&'a str),
    /// A list: see [`Node::items`].
    List,
    /// A mapping: see [`Node::entries`].
    Map,
}

/// A key of a mapping and its value.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The key as the API server sees it: `on:` is `true`.
    pub key: &'a str,
    /// Where the key is written; for a merged key, where it comes from.
    pub key_span: Span,
    /// The value.
    pub value: Node<'a>,
}

/// A node of a [`Document`], by reference.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    id: NodeId,
}

impl<'a> Node<'a> {
    pub(super) fn new(document: &'a Document, id: NodeId) -> Self {
        Self { document, id }
    }

    /// Its place in the document, to [attach](Document::attach) something to it.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Of an alias, what that stands for; of anything else, itself.
    pub fn target(self) -> NodeId {
        match self.data().map(|data| data.content) {
            Some(Content::Alias(target)) => target,
            _ => self.id,
        }
    }

    /// The document it belongs to.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// The value of a key of a mapping; of a key that stands there twice, the last one.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entry(key).map(|entry| entry.value)
    }

    /// A key of a mapping with its value.
    pub fn entry(self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.key == key)
    }

    /// The value at the end of a path of keys.
    pub fn path(self, keys: &[&str]) -> Option<Node<'a>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What it holds; of an alias, what that stands for.
    pub fn value(self) -> Value<'a> {
        match self.content() {
            Content::Null | Content::Alias(_) => Value::Null,
            Content::Bool(value) => Value::Bool(value),
            Content::Int(value) => Value::Int(value),
            Content::UInt(value) => Value::UInt(value),
            Content::Float(value) => Value::Float(value),
            Content::Text(text) => Value::Text(text.text(&self.document.text)),
            Content::List(_) => Value::List,
            Content::Map(_) => Value::Map,
        }
    }

    /// Its text, if it is text.
    pub fn as_str(self) -> Option<&'a str> {
        match self.value() {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its truth value, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Its number, if it is a whole one. `8080.0` is one: the API server sees no difference.
    pub fn as_i64(self) -> Option<i64> {
        match self.value() {
            Value::Int(value) => Some(value),
            Value::Float(value) => super::scalar::whole(value),
            _ => None,
        }
    }

    /// Whether it is null or left empty.
    pub fn is_null(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    /// Whether it is a mapping.
    pub fn is_map(self) -> bool {
        matches!(self.value(), Value::Map)
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        matches!(self.value(), Value::List)
    }

    /// The items of a list; of anything else, none.
    pub fn items(self) -> impl ExactSizeIterator<Item = Node<'a>> {
        let items = match self.content() {
            Content::List(items) => items.of(&self.document.items),
            _ => &[],
        };
        items.iter().map(move |&id| Node::new(self.document, id))
    }

    /// The entries of a mapping, each key once; of anything else, none.
    pub fn entries(self) -> impl ExactSizeIterator<Item = Entry<'a>> {
        let document = self.document;
        let (first, entries) = match self.content() {
            Content::Map(entries) => (entries.start, entries.of(&document.entries)),
            _ => (0, Default::default()),
        };
        entries.iter().enumerate().map(move |(at, entry)| Entry {
            key: entry.key.text(&document.text),
            key_span: Span {
                file: document.key_file(first as usize + at),
                start: entry.key_start,
                end: entry.key_end,
            },
            value: Node::new(document, entry.value),
        })
    }

    /// Where it is written: quotes and brackets included, without its anchor and tag, and
    /// without what follows it. An alias is where it is used; what is in it, where that is written.
    pub fn span(self) -> Span {
        let (start, end) = self.data().map_or((0, 0), |data| (data.start, data.end));
        Span {
            file: self
                .elsewhere()
                .map_or(self.document.file, |(file, _)| file),
            start,
            end,
        }
    }

    /// Where it is written, with the end of its first line.
    pub fn written(self) -> Written {
        let span = self.span();
        let line_end = match self.elsewhere() {
            Some((_, line_end)) => line_end,
            None => self.document.first_line(span).end,
        };
        Written { span, line_end }
    }

    /// As much of it as stands on its first line.
    pub(super) fn first_line(self) -> Span {
        let Written { span, line_end } = self.written();
        Span {
            end: line_end,
            ..span
        }
    }

    fn elsewhere(self) -> Option<(FileId, u32)> {
        let elsewhere = self.document.elsewhere.as_ref()?;
        elsewhere.nodes.get(self.id.0 as usize).copied()
    }

    fn data(self) -> Option<&'a NodeData> {
        self.document.nodes.get(self.id.0 as usize)
    }

    /// Its content, with an alias resolved.
    fn content(self) -> Content {
        match self.data().map(|data| data.content) {
            Some(Content::Alias(target)) => Node::new(self.document, target)
                .data()
                .map_or(Content::Null, |data| data.content),
            Some(content) => content,
            None => Content::Null,
        }
    }
}
