use std::ops::Deref;
use std::sync::Arc;

use super::comment::Comment;
use super::consul::Consul;
use super::node::{Elsewhere, EntryData, Node, NodeData, NodeId, Slice};
use crate::model::{Place, Problem, ProblemKind};
use crate::text::{FileId, SourceFile, Span};

/// One document of a file. A copy shares what was read.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) file: FileId,
    body: Arc<Body>,
    embedded: Vec<(NodeId, Document)>,
    pub(super) consul: Option<Consul>,
}

/// What was read of a document, wherever its file stands among others: its nodes, in one arena.
#[derive(Debug, Clone)]
pub struct Body {
    pub(super) number: usize,
    pub(super) root: NodeId,
    pub(super) nodes: Vec<NodeData>,
    /// Items of all lists, each list's in one piece.
    pub(super) items: Vec<NodeId>,
    /// Entries of all mappings, each mapping's in one piece.
    pub(super) entries: Vec<EntryData>,
    /// Text of all keys and scalars.
    pub(super) text: String,
    pub(super) comments: Vec<Comment>,
    /// Where the lines of the document end, before their line breaks; ascending.
    pub(super) line_ends: Vec<u32>,
    pub(super) duplicates: Vec<Duplicate>,
    /// Where its nodes stand, if that is not all in one file.
    pub(super) elsewhere: Option<Arc<Elsewhere>>,
}

/// A key that stands twice in one mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duplicate {
    pub(super) key: Slice,
    pub(super) first_start: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Body {
    /// Nothing yet.
    pub(super) fn empty(number: usize) -> Self {
        Self {
            number,
            root: NodeId(0),
            nodes: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            text: String::new(),
            comments: Vec::new(),
            line_ends: Vec::new(),
            duplicates: Vec::new(),
            elsewhere: None,
        }
    }
}

impl Deref for Document {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

impl Document {
    pub(super) fn new(file: FileId, body: Body) -> Self {
        Self {
            file,
            body: Arc::new(body),
            embedded: Vec::new(),
            consul: None,
        }
    }

    /// What was read, to be changed before anything shares it.
    pub(super) fn body_mut(&mut self) -> &mut Body {
        Arc::make_mut(&mut self.body)
    }

    /// The same document as part of another file, whose text is the same.
    pub fn refiled(&self, file: FileId) -> Self {
        let embedded = self.embedded.iter();
        Self {
            file,
            body: Arc::clone(&self.body),
            embedded: embedded
                .map(|(holder, inner)| (*holder, inner.refiled(file)))
                .collect(),
            consul: self.consul,
        }
    }

    /// The outermost node.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// The file it stands in.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Whether it was put together from parts of others, and is not written like this anywhere.
    pub fn is_made(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// Its place among the documents of its file, counted from 0; unreadable ones count,
    /// empty ones do not.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What of Consul's it is, if it is a file of Consul's own and no Kubernetes object.
    pub fn consul(&self) -> Option<Consul> {
        self.consul
    }

    /// The span of the outermost node.
    pub fn span(&self) -> Span {
        self.root().span()
    }

    /// Its comments, in the order of the file. A comment above a document's first line belongs
    /// to that document if it stands below the `---` before it.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// A problem for each key that stands twice in one mapping; `source` is the document's file.
    pub fn duplicate_keys(&self, source: &SourceFile) -> Vec<Problem> {
        let report = |duplicate: &Duplicate| {
            let message = format!(
                "the key `{}` is already in line {}; the last one counts",
                duplicate.key.text(&self.text),
                source.line_col(duplicate.first_start).line
            );
            let span = Span {
                file: self.file,
                start: duplicate.start,
                end: duplicate.end,
            };
            Problem::new(ProblemKind::DuplicateKey, message, Place::Span(span))
        };
        self.duplicates.iter().map(report).collect()
    }

    /// Keeps a document that a text of this one holds, so that addresses can lead into it.
    pub fn attach(&mut self, holder: NodeId, document: Document) {
        // in the order of the holders, which is nearly always that of the calls
        let place = self.embedded.partition_point(|(node, _)| *node <= holder);
        self.embedded.insert(place, (holder, document));
    }

    /// The document attached to a node.
    pub fn attached(&self, holder: NodeId) -> Option<&Document> {
        let place = self.embedded.partition_point(|(node, _)| *node < holder);
        let (node, document) = self.embedded.get(place)?;
        (*node == holder).then_some(document)
    }

    /// The file that the key of an entry stands in.
    pub(super) fn key_file(&self, entry: usize) -> FileId {
        let elsewhere = self.elsewhere.as_ref();
        let file = elsewhere.and_then(|elsewhere| elsewhere.keys.get(entry));
        file.copied().unwrap_or(self.file)
    }

    /// As much of a span as stands on its first line.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let next = self.line_ends.partition_point(|&end| end < span.start);
        let line_end = self.line_ends.get(next).copied().unwrap_or(span.end);
        Span {
            end: span.end.min(line_end),
            ..span
        }
    }
}
