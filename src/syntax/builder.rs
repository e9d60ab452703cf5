//! Events to nodes.

use std::collections::HashMap;

use super::comment::Comment;
use super::document::{Body, Document};
use super::mapping::{self, Pending};
use super::node::{Content, NodeData, NodeId, Slice};
use super::scalar::{self, Resolved};
use super::split::Piece;
use super::{MAX_DEPTH, MAX_EXPANDED_NODES, position};
use crate::text::{FileId, SourceFile, Span};

/// Why a document cannot be read.
#[derive(Debug)]
pub(super) struct Failure {
    /// Where, as an offset into the file.
    pub(super) at: usize,
    /// Why, for a person.
    pub(super) reason: String,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// The tag of a scalar, as far as it changes what the scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    No,
    Bool,
    Int,
    Float,
    Null,
    Binary,
    /// `!!str`, or a tag of someone's own: the text as it stands.
    Text,
}

/// A scalar as the event parser tells it; offsets are into the piece.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
    pub(super) tag: Tagged,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A collection whose end has not been seen.
struct Frame {
    is_list: bool,
    /// Whether it is written with brackets or braces.
    bracketed: bool,
    anchor: usize,
    start: usize,
    /// How many items (or entries) of outer collections were open when it began.
    first: usize,
    /// The key whose value comes next.
    key: Option<Key>,
}

#[derive(Clone, Copy)]
struct Key {
    text: Slice,
    start: usize,
    end: usize,
    is_merge: bool,
}

/// What a node is once its aliases are written out.
#[derive(Clone, Copy)]
struct Extent {
    nodes: u64,
    height: u32,
}

/// Builds one document from its events.
pub(super) struct Builder<'s> {
    file: FileId,
    document: Body,
    piece: Piece<'s>,
    source: &'s SourceFile,
    frames: Vec<Frame>,
    open_items: Vec<NodeId>,
    open_entries: Vec<Pending>,
    /// By node.
    extents: Vec<Extent>,
    anchors: HashMap<usize, NodeId>,
    /// Nodes that aliases stand for, all told.
    aliased: u64,
    /// Where the last token ends.
    last_end: usize,
}

impl<'s> Builder<'s> {
    pub(super) fn new(
        file: FileId,
        number: usize,
        piece: Piece<'s>,
        source: &'s SourceFile,
    ) -> Self {
        let document = Body {
            nodes: Vec::with_capacity(piece.text.len() / 16),
            entries: Vec::with_capacity(piece.text.len() / 24),
            text: String::with_capacity(piece.text.len() / 2),
            line_ends: line_ends(piece),
            ..Body::empty(number)
        };
        Self {
            file,
            document,
            piece,
            source,
            frames: Vec::new(),
            open_items: Vec::new(),
            open_entries: Vec::new(),
            extents: Vec::with_capacity(piece.text.len() / 16),
            anchors: HashMap::new(),
            aliased: 0,
            last_end: 0,
        }
    }

    pub(super) fn comment(&mut self, text: &str, start: usize, end: usize) {
        let span = self.span(start, end);
        let line = self.source.line_col(span.start).line;
        let before = (self.source.line_start(line) as usize, span.start as usize);
        let before = self.source.text().get(before.0..before.1).unwrap_or("");
        self.document.comments.push(Comment {
            start: span.start,
            end: span.end,
            line,
            text: text.into(),
            own_line: before.trim_start_matches('\u{feff}').trim().is_empty(),
        });
    }

    pub(super) fn scalar(&mut self, scalar: &Scalar<'_>, anchor: usize) -> Result<(), Failure> {
        let (start, end) = self.scalar_range(scalar);
        self.last_end = end.max(self.last_end);
        self.check_size(start)?;
        let content = self.content(scalar, start)?;
        if self.wants_key() {
            let is_merge =
                scalar.text == "<<" && scalar.style == Style::Plain && scalar.tag == Tagged::No;
            self.key(content, start, end, is_merge)?;
            if anchor > 0 {
                let node = self.push(content, start, end, 1, 1);
                self.anchors.insert(anchor, node);
            }
            return Ok(());
        }
        let node = self.push(content, start, end, 1, 1);
        self.finished(node, anchor);
        Ok(())
    }

    pub(super) fn alias(&mut self, target: usize, start: usize, end: usize) -> Result<(), Failure> {
        self.last_end = end;
        let Some(&node) = self.anchors.get(&target) else {
            return self.fail(start, "an alias inside the very value that it stands for");
        };
        if self.wants_key() {
            let content = self.data(node).map_or(Content::Null, |data| data.content);
            return self.key(content, start, end, false);
        }
        let extent = self.extent(node);
        self.aliased = self.aliased.saturating_add(extent.nodes);
        self.check_size(start)?;
        self.check_depth(start, extent.height)?;
        let alias = self.push(
            Content::Alias(node),
            start,
            end,
            extent.nodes,
            extent.height,
        );
        self.finished(alias, 0);
        Ok(())
    }

    pub(super) fn open_list(
        &mut self,
        bracketed: bool,
        anchor: usize,
        start: usize,
    ) -> Result<(), Failure> {
        let is_value_of_key = self.frames.last().is_some_and(|frame| !frame.is_list);
        let start = if !bracketed && is_value_of_key {
            position::first_dash(self.piece.text, self.last_end, start)
        } else {
            start
        };
        self.open(true, bracketed, anchor, start)
    }

    pub(super) fn open_map(
        &mut self,
        bracketed: bool,
        anchor: usize,
        start: usize,
    ) -> Result<(), Failure> {
        self.open(false, bracketed, anchor, start)
    }

    fn open(
        &mut self,
        is_list: bool,
        bracketed: bool,
        anchor: usize,
        start: usize,
    ) -> Result<(), Failure> {
        if self.wants_key() {
            return self.fail(start, "a mapping or list cannot be the key of a mapping");
        }
        self.check_size(start)?;
        self.check_depth(start, 1)?;
        self.last_end = start + usize::from(bracketed);
        let first = if is_list {
            self.open_items.len()
        } else {
            self.open_entries.len()
        };
        self.frames.push(Frame {
            is_list,
            bracketed,
            anchor,
            start,
            first,
            key: None,
        });
        Ok(())
    }

    /// Ends the innermost collection; the range is that of its closing bracket, if it has one.
    pub(super) fn close(&mut self, start: usize, end: usize) -> Result<(), Failure> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        // a block collection ends with its last item, and not where the next token begins
        let end = if frame.bracketed && end > start {
            end
        } else {
            self.last_end
        };
        self.last_end = end;
        let node = if frame.is_list {
            self.list(&frame, end)
        } else if let Some(node) = self.text_for_pair(&frame) {
            node
        } else {
            self.map(&frame, end)?
        };
        self.finished(node, frame.anchor);
        Ok(())
    }

    /// The document; of events without a node, an empty one.
    pub(super) fn finish(mut self) -> Document {
        if self.document.nodes.is_empty() {
            self.push(Content::Null, 0, 0, 1, 1);
        }
        Document::new(self.file, self.document)
    }

    fn list(&mut self, frame: &Frame, end: usize) -> NodeId {
        let items = self.open_items.split_off(frame.first);
        let (nodes, height) = self.sum(items.iter().copied());
        let slice = Slice {
            start: self.document.items.len() as u32,
            len: items.len() as u32,
        };
        self.document.items.extend(items);
        self.push(Content::List(slice), frame.start, end, nodes, height)
    }

    fn map(&mut self, frame: &Frame, end: usize) -> Result<NodeId, Failure> {
        let mut pending = self.open_entries.split_off(frame.first);
        if frame.bracketed {
            self.join_colons(&mut pending);
        }
        let (nodes, height) = self.sum(pending.iter().map(|entry| entry.entry.value));
        let slice = mapping::settle(&mut self.document, pending).map_err(|at| Failure {
            at: at as usize,
            reason: "`<<` merges a mapping or a list of mappings, and this is neither".into(),
        })?;
        Ok(self.push(Content::Map(slice), frame.start, end, nodes, height))
    }

    /// In brackets and braces, a colon right before `,`, `]` or `}` belongs to the text before it
    /// for the reader of Kubernetes (`[1.2.3.4, 001:db8::]`, `{a:}`); for the event parser it makes
    /// that text a key. Tells the text with its colon.
    fn text_with_colon(&self, pending: &Pending) -> Option<String> {
        let entry = pending.entry;
        let value = self.data(entry.value)?;
        if !matches!(value.content, Content::Null) || value.start != value.end {
            return None;
        }
        let (start, end) = (entry.key_start as usize, entry.key_end as usize);
        let source = self.source.text();
        let is_joined = source.get(end..)?.starts_with(':')
            && source.get(end + 1..)?.starts_with([',', ']', '}']);
        let text = source.get(start..end)?;
        let is_plain = !text.starts_with(['"', '\'', '*']);
        (is_joined && is_plain).then(|| format!("{text}:"))
    }

    /// The item of a bracketed list that is text and no pair.
    fn text_for_pair(&mut self, frame: &Frame) -> Option<NodeId> {
        let [pending] = self.open_entries.get(frame.first..)? else {
            return None;
        };
        if frame.bracketed {
            return None;
        }
        let start = pending.entry.key_start as usize - self.piece.base;
        let text = self.text_with_colon(pending)?;
        self.open_entries.truncate(frame.first);
        let slice = self.store(&text);
        self.last_end = start + text.len();
        Some(self.push(Content::Text(slice), start, self.last_end, 1, 1))
    }

    /// Gives the keys of a mapping in braces the colons that belong to them.
    fn join_colons(&mut self, pending: &mut [Pending]) {
        for one in pending {
            if let Some(text) = self.text_with_colon(one) {
                one.entry.key = self.store(&text);
                one.entry.key_end += 1;
            }
        }
    }

    fn wants_key(&self) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| !frame.is_list && frame.key.is_none())
    }

    fn key(
        &mut self,
        content: Content,
        start: usize,
        end: usize,
        is_merge: bool,
    ) -> Result<(), Failure> {
        let text = match content {
            Content::Text(text) => text,
            Content::Bool(value) => self.store(if value { "true" } else { "false" }),
            Content::Int(value) => self.store(&value.to_string()),
            Content::Float(value) => self.store(&scalar::float_key(value)),
            Content::Null | Content::UInt(_) => {
                return self.fail(start, "nothing, or a number that large, cannot be a key");
            }
            Content::List(_) | Content::Map(_) | Content::Alias(_) => {
                return self.fail(start, "a mapping or list cannot be the key of a mapping");
            }
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.key = Some(Key {
                text,
                start,
                end,
                is_merge,
            });
        }
        Ok(())
    }

    /// Puts a node that is complete where it belongs.
    fn finished(&mut self, node: NodeId, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node);
        }
        let base = self.piece.base;
        match self.frames.last_mut() {
            None => self.document.root = node,
            Some(frame) if frame.is_list => self.open_items.push(node),
            Some(frame) => {
                if let Some(key) = frame.key.take() {
                    self.open_entries.push(Pending::new(
                        key.text,
                        (base + key.start) as u32,
                        (base + key.end) as u32,
                        node,
                        key.is_merge,
                    ));
                }
            }
        }
    }

    /// What a scalar means, with its text stored.
    fn content(&mut self, scalar: &Scalar<'_>, start: usize) -> Result<Content, Failure> {
        let resolved = match (scalar.tag, scalar.style) {
            (Tagged::Text, _) | (Tagged::No, Style::Quoted | Style::Block) => Resolved::Text,
            (Tagged::Binary, _) => return self.binary(scalar),
            (_, Style::Plain) if scalar.start == scalar.end => Resolved::Null,
            _ => scalar::resolve(scalar.text),
        };
        let resolved = match (scalar.tag, resolved) {
            (Tagged::Float, Resolved::Int(value)) => Resolved::Float(value as f64),
            (_, resolved) => resolved,
        };
        let fits = match scalar.tag {
            Tagged::No | Tagged::Text | Tagged::Binary => true,
            Tagged::Bool => matches!(resolved, Resolved::Bool(_)),
            Tagged::Int => matches!(resolved, Resolved::Int(_) | Resolved::UInt(_)),
            Tagged::Float => matches!(resolved, Resolved::Float(_)),
            Tagged::Null => matches!(resolved, Resolved::Null),
        };
        match resolved {
            Resolved::NotFinite => self.fail(
                scalar.start,
                "JSON, and so the API server, has no infinite numbers",
            ),
            _ if !fits => self.fail(scalar.start, "the value is not what its tag says"),
            Resolved::Null => Ok(Content::Null),
            Resolved::Bool(value) => Ok(Content::Bool(value)),
            Resolved::Int(value) => Ok(Content::Int(value)),
            Resolved::UInt(value) => Ok(Content::UInt(value)),
            Resolved::Float(value) => Ok(Content::Float(value)),
            Resolved::Text => {
                let text = self.without_final_break(scalar, start);
                Ok(Content::Text(self.store(text)))
            }
        }
    }

    fn binary(&mut self, scalar: &Scalar<'_>) -> Result<Content, Failure> {
        match scalar::binary(scalar.text) {
            Some(text) => Ok(Content::Text(self.store(&text))),
            None => self.fail(scalar.start, "a !!binary value that is not base64"),
        }
    }

    /// The event parser ends every block scalar with a line break; the reader of Kubernetes does
    /// not where the file ends without one. `header` is where the scalar begins.
    fn without_final_break<'t>(&self, scalar: &Scalar<'t>, header: usize) -> &'t str {
        let Some(text) = scalar.text.strip_suffix('\n') else {
            return scalar.text;
        };
        if scalar.style != Style::Block || scalar.end != self.piece.text.len() {
            return scalar.text;
        }
        let written = self.piece.text.get(header..).unwrap_or("");
        let (_, lines) = written.split_once('\n').unwrap_or((written, ""));
        let last = lines.rsplit_once('\n').map_or(lines, |(_, last)| last);
        let breaks = |text: &str| text.bytes().filter(|&b| b == b'\n').count();
        // blanks at the end may be content or not; a break too many tells that they are
        if last.trim_matches([' ', '\t']).is_empty() && breaks(scalar.text) <= breaks(lines) {
            return scalar.text;
        }
        text
    }

    fn scalar_range(&self, scalar: &Scalar<'_>) -> (usize, usize) {
        if scalar.style != Style::Block {
            return (scalar.start, scalar.end);
        }
        let text = self.piece.text;
        let header = position::block_header(text, self.last_end, scalar.start);
        (header, position::block_end(text, header, scalar.end))
    }

    fn push(
        &mut self,
        content: Content,
        start: usize,
        end: usize,
        nodes: u64,
        height: u32,
    ) -> NodeId {
        let id = NodeId(self.document.nodes.len() as u32);
        let span = self.span(start, end);
        self.document.nodes.push(NodeData {
            start: span.start,
            end: span.end,
            content,
        });
        self.extents.push(Extent { nodes, height });
        id
    }

    fn store(&mut self, text: &str) -> Slice {
        let start = self.document.text.len() as u32;
        self.document.text.push_str(text);
        Slice {
            start,
            len: text.len() as u32,
        }
    }

    fn data(&self, node: NodeId) -> Option<NodeData> {
        self.document.nodes.get(node.0 as usize).copied()
    }

    fn extent(&self, node: NodeId) -> Extent {
        let one = Extent {
            nodes: 1,
            height: 1,
        };
        self.extents.get(node.0 as usize).copied().unwrap_or(one)
    }

    fn sum(&self, children: impl Iterator<Item = NodeId>) -> (u64, u32) {
        let mut all = Extent {
            nodes: 1,
            height: 0,
        };
        for child in children {
            let extent = self.extent(child);
            all.nodes = all.nodes.saturating_add(extent.nodes);
            all.height = all.height.max(extent.height);
        }
        (all.nodes, all.height + 1)
    }

    fn check_size(&self, at: usize) -> Result<(), Failure> {
        // collections that are open are yet to come
        let written = (self.document.nodes.len() + self.frames.len()) as u64;
        if self.aliased.saturating_add(written) >= MAX_EXPANDED_NODES {
            let reason = format!(
                "it has more than {MAX_EXPANDED_NODES} values, counting those that aliases stand for"
            );
            return self.fail(at, &reason);
        }
        Ok(())
    }

    fn check_depth(&self, at: usize, height: u32) -> Result<(), Failure> {
        if self.frames.len() as u32 + height > MAX_DEPTH {
            return self.fail(
                at,
                &format!("it is nested more than {MAX_DEPTH} levels deep"),
            );
        }
        Ok(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: (self.piece.base + start) as u32,
            end: (self.piece.base + end.max(start)) as u32,
        }
    }

    fn fail<T>(&self, at: usize, reason: &str) -> Result<T, Failure> {
        Err(Failure {
            at: self.piece.base + at,
            reason: reason.to_owned(),
        })
    }
}

/// Where the lines of a piece end in its file, before their line breaks.
fn line_ends(piece: Piece<'_>) -> Vec<u32> {
    let bytes = piece.text.as_bytes();
    let mut ends = Vec::with_capacity(bytes.len() / 32);
    for (at, _) in bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n') {
        let is_crlf = at > 0 && bytes.get(at - 1) == Some(&b'\r');
        ends.push((piece.base + at - usize::from(is_crlf)) as u32);
    }
    ends
}
