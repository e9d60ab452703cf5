//! Whether another text of a file says the same, seen without reading it again: nearly every commit of
//! a repository that is deployed from changes one version, one number of pods or one limit.

mod line;
mod other;

use super::account::{Account, Spot};
use crate::k8s::{Shape, shape};
use crate::model::Problem;
use crate::syntax::{Document, Entry, MAX_FILE_BYTES, Node};
use crate::text::SourceFile;

/// The lines of a file of which is known what may stand there instead.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// Whether anything is known.
    is_known: bool,
    /// In the order of the file.
    fields: Vec<Field>,
}

/// A field of no account with its scalar; places are offsets into the file.
#[derive(Debug, Clone, Copy)]
struct Field {
    key: u32,
    key_end: u32,
    value: u32,
    value_end: u32,
    /// What says whether another value is of no account too; with none, any is.
    spot: Option<Spot>,
}

impl Lines {
    /// Of a file that was read, with all that it said and all that was wrong with it. Where anything was
    /// wrong, and in HCL, and where aliases or merges may be, nothing is known.
    pub fn of(source: &SourceFile, documents: &[Document], problems: &[Problem]) -> Self {
        let text = source.text();
        if !problems.is_empty() || source.name().ends_with(".hcl") || may_repeat(text) {
            return Self::default();
        }
        let mut fields = Fields {
            text,
            found: Vec::new(),
        };
        for document in documents {
            if document.consul().is_none() {
                fields.object(document.root(), None);
            }
        }
        fields.found.sort_unstable_by_key(|field| field.key);
        Self {
            is_known: true,
            fields: fields.found,
        }
    }

    /// Whether it is certain that reading `other` as this file makes as many documents with the same
    /// [digests](super::digest) and numbers, and no problem. Places in the documents are of lines that
    /// stay, and of columns that may not.
    ///
    /// The file and its documents are those that this was made of.
    pub fn say_the_same(&self, source: &SourceFile, documents: &[Document], other: &str) -> bool {
        let text = source.text();
        if !self.is_known || other.len() > MAX_FILE_BYTES {
            return text == other;
        }
        let known = other::Known {
            source,
            documents,
            fields: &self.fields,
        };
        known.says(other).unwrap_or(false)
    }
}

/// Whether what is written once may count twice: by an alias, or by a merge.
fn may_repeat(text: &str) -> bool {
    let is_alias = |at: usize| {
        let after = text.as_bytes().get(at + 1);
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        after.is_some_and(|byte| !byte.is_ascii_whitespace())
            && before.is_none_or(|byte| byte.is_ascii_whitespace() || b"[{,:?-".contains(byte))
    };
    let is_merge = |at: usize| {
        let after = text.as_bytes().get(at + 2);
        after.is_some_and(|&byte| byte == b':' || byte.is_ascii_whitespace())
    };
    text.contains('&') && text.match_indices('*').any(|(at, _)| is_alias(at))
        || text.match_indices("<<").any(|(at, _)| is_merge(at))
}

/// Collects fields of no account, as [digests](super::digest) leave them out.
struct Fields<'a> {
    text: &'a str,
    found: Vec<Field>,
}

impl Fields<'_> {
    fn object(&mut self, node: Node<'_>, of: Option<(&str, &str)>) {
        if self.is_in_brackets(node) {
            return;
        }
        match shape(node, of) {
            Shape::Object { api_version, kind } => self.node(node, Spot::object(api_version, kind)),
            Shape::Other => {}
            Shape::List { items, of } => {
                if let Some(metadata) = node.get("metadata") {
                    self.of_no_account(metadata);
                }
                if !self.is_in_brackets(items) {
                    items.items().for_each(|item| self.object(item, of));
                }
            }
        }
    }

    fn node(&mut self, node: Node<'_>, spot: Spot) {
        if spot == Spot::Elsewhere || self.is_in_brackets(node) {
            return;
        }
        node.items().for_each(|item| self.node(item, spot));
        for entry in node.entries() {
            let value = entry.value;
            match spot.account(entry.key, value, node) {
                Account::Whole => self.node(value, spot.enter(entry.key)),
                _ if value.is_map() || value.is_list() => self.of_no_account(value),
                _ => self.field(&entry, Some(spot)),
            }
        }
    }

    /// What stands below a field of no account.
    fn of_no_account(&mut self, node: Node<'_>) {
        if self.is_in_brackets(node) {
            return;
        }
        node.items().for_each(|item| self.of_no_account(item));
        for entry in node.entries() {
            match entry.value.is_map() || entry.value.is_list() {
                true => self.of_no_account(entry.value),
                false => self.field(&entry, None),
            }
        }
    }

    fn field(&mut self, entry: &Entry<'_>, spot: Option<Spot>) {
        let (key, value) = (entry.key_span, entry.value.span());
        if value.start < value.end {
            self.found.push(Field {
                key: key.start,
                key_end: key.end,
                value: value.start,
                value_end: value.end,
                spot,
            });
        }
    }

    fn is_in_brackets(&self, node: Node<'_>) -> bool {
        let first = self.text.as_bytes().get(node.span().start as usize);
        matches!(first, None | Some(b'{' | b'['))
    }
}
