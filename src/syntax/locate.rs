use super::document::Document;
use super::node::Node;
use crate::model::Pointer;
use crate::text::Span;

/// Where a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The value; if it is not there, the nearest value around it.
    pub span: Span,
    /// The key of that value, if it has one.
    pub key: Option<Span>,
    /// Whether the field itself is there.
    pub exact: bool,
    /// Whether the value holds other values.
    pub is_collection: bool,
    anchor: Span,
}

impl Located {
    /// One line to point at: the value if it fits on a line, else its key, else its first line.
    pub fn anchor(&self) -> Span {
        self.anchor
    }
}

/// Finds a field of a document. A pointer may lead on into a document that is
/// [attached](Document::attach) to a text.
pub fn locate(document: &Document, pointer: &Pointer) -> Located {
    let mut node = document.root();
    let mut key = None;
    for step in pointer.steps() {
        match child(node, &step) {
            Some((child, child_key)) => (node, key) = (child, child_key),
            None => return located(node, key, false),
        }
    }
    located(node, key, true)
}

/// Where in a document something is written: the innermost value around it, or itself. It may be in a
/// document that is [attached](Document::attach) to a text.
pub fn pointer_to(document: &Document, span: Span) -> Option<Pointer> {
    let holds = |node: Node<'_>| {
        let around = node.span();
        around.file == span.file && around.start <= span.start && span.end <= around.end
    };
    let mut node = document.root();
    let mut pointer = Pointer::root();
    holds(node).then_some(())?;
    loop {
        let inner = node.document().attached(node.id()).map(Document::root);
        let around = inner.unwrap_or(node);
        let items = around
            .items()
            .enumerate()
            .map(|(at, item)| (at.to_string(), item));
        let entries = around
            .entries()
            .map(|entry| (entry.key.to_owned(), entry.value));
        let next = items.chain(entries).find(|(_, child)| holds(*child));
        let Some((step, child)) = next else {
            return Some(pointer);
        };
        (node, pointer) = (child, pointer.join(step));
    }
}

fn child<'a>(node: Node<'a>, step: &str) -> Option<(Node<'a>, Option<Span>)> {
    let node = match node.document().attached(node.id()) {
        Some(document) => document.root(),
        None => node,
    };
    if node.is_list() {
        return Some((node.items().nth(step.parse().ok()?)?, None));
    }
    let entry = node.entry(step)?;
    Some((entry.value, Some(entry.key_span)))
}

fn located(node: Node<'_>, key: Option<Span>, exact: bool) -> Located {
    let span = node.span();
    let first_line = node.first_line();
    let anchor = match key {
        Some(key) if first_line != span || span.start == span.end => {
            node.document().first_line(key)
        }
        _ => first_line,
    };
    Located {
        span,
        key,
        exact,
        is_collection: node.is_map() || node.is_list(),
        anchor,
    }
}
