//! Another text of a file, held against the one that was read.

use super::super::account::{Account, Spot};
use super::Field;
use super::line::{Scalar, indent, is_blank, is_colon, is_comment, is_head, is_key, is_rest};
use crate::syntax::{Document, Node};
use crate::text::SourceFile;

/// With more lines than this that differ, a file may as well be read.
const MOST: usize = 64;

/// A file that was read.
pub(super) struct Known<'a> {
    pub(super) source: &'a SourceFile,
    pub(super) documents: &'a [Document],
    pub(super) fields: &'a [Field],
}

/// A line of both texts, without its line break.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Where it begins in the file that was read.
    start: usize,
    old: &'a str,
    new: &'a str,
}

impl Known<'_> {
    /// Whether every line that differs may; nothing if a line has no counterpart.
    pub(super) fn says(&self, other: &str) -> Option<bool> {
        let text = self.source.text();
        let (mut old, mut new) = (0, 0);
        for _ in 0..MOST {
            let (rest, others) = (text.get(old..)?, other.get(new..)?);
            if rest == others {
                return Some(true);
            }
            let differs = old + common(rest.as_bytes(), others.as_bytes());
            let line = self.source.line_at(differs as u32);
            let start = self.source.line_start(line) as usize;
            new += start.checked_sub(old)?;
            let (line, after) = first_line(text.get(start..)?);
            let (counterpart, others_after) = first_line(other.get(new..)?);
            let line = Line {
                start,
                old: line,
                new: counterpart,
            };
            if after.is_some() != others_after.is_some() || !self.may_be(line).unwrap_or(false) {
                return Some(false);
            }
            let (Some(after), Some(others_after)) = (after, others_after) else {
                return Some(true);
            };
            (old, new) = (text.len() - after.len(), other.len() - others_after.len());
        }
        Some(false)
    }

    /// Whether a line may stand where another one does.
    fn may_be(&self, line: Line<'_>) -> Option<bool> {
        let line = match line.old.strip_suffix('\r') {
            Some(old) => Line {
                old,
                new: line.new.strip_suffix('\r')?,
                ..line
            },
            None => line,
        };
        let next = self
            .fields
            .partition_point(|field| (field.key as usize) < line.start);
        let field = self.fields.get(next);
        let end = line.start + line.old.len();
        if let Some(field) = field.filter(|field| (field.key as usize) < end) {
            return self.field(field, line);
        }
        if line.old.trim_start_matches(' ').starts_with('#') {
            return self.comment(line);
        }
        let are_blank = is_blank(line.old) && is_blank(line.new);
        Some(are_blank && !self.is_in_text(line.start))
    }

    fn field(&self, field: &Field, line: Line<'_>) -> Option<bool> {
        let text = self.source.text();
        let key = text.get(field.key as usize..field.key_end as usize)?;
        let head = text.get(line.start..field.key as usize)?;
        let colon = text.get(field.key_end as usize..field.value as usize)?;
        let (before, rest) = line
            .old
            .split_at_checked((field.value as usize).checked_sub(line.start)?)?;
        if !is_head(head) || !is_key(key) || !is_colon(colon) {
            return Some(false);
        }
        let (old, old_rest) = Scalar::split(rest)?;
        let (new, new_rest) = Scalar::split(line.new.strip_prefix(before)?)?;
        let is_whole = field.value_end as usize == line.start + line.old.len() - old_rest.len();
        if !is_whole || !is_rest(old_rest) || !is_rest(new_rest) {
            return Some(false);
        }
        // what is indented further might go on with the value
        let after = text.get(line.start + line.old.len()..)?;
        if indent(after)? > head.len() {
            return Some(false);
        }
        match field.spot {
            Some(spot) => counts_alike(spot, key, old, new),
            None => Some(true),
        }
    }

    /// Whether a comment may stand instead of what is one.
    fn comment(&self, line: Line<'_>) -> Option<bool> {
        let blanks = line.old.len() - line.old.trim_start_matches(' ').len();
        let (before, _) = line.old.split_at_checked(blanks)?;
        let (start, end) = (line.start + blanks, line.start + line.old.len());
        let is_comment_of = |document: &Document| {
            let comments = document.comments();
            let next = comments.partition_point(|comment| (comment.start as usize) < start);
            comments.get(next).is_some_and(|comment| {
                comment.own_line && comment.start as usize == start && comment.end as usize == end
            })
        };
        let is_one = is_comment(line.new.strip_prefix(before)?);
        Some(is_one && self.documents.iter().any(is_comment_of))
    }

    /// Whether a place may be part of a scalar, or of the blank lines at its end.
    fn is_in_text(&self, place: usize) -> bool {
        let mut last = (0, 0);
        for document in self.documents {
            last_before(document.root(), place as u32, &mut last);
        }
        let (start, end) = last;
        let first = self.source.text().as_bytes().get(start as usize);
        end as usize > place || end > 0 && matches!(first, Some(b'|' | b'>'))
    }
}

/// Finds the last key or scalar that begins before a place.
fn last_before(node: Node<'_>, place: u32, last: &mut (u32, u32)) {
    let mut see = |start: u32, end: u32| {
        if start < place && start < end {
            *last = (*last).max((start, end));
        }
    };
    if !node.is_map() && !node.is_list() {
        return see(node.span().start, node.span().end);
    }
    for entry in node.entries() {
        see(entry.key_span.start, entry.key_span.end);
    }
    let values = node.entries().map(|entry| entry.value);
    for inner in node.items().chain(values) {
        if inner.span().start < place {
            last_before(inner, place, last);
        }
    }
}

fn counts_alike(spot: Spot, key: &str, old: Scalar<'_>, new: Scalar<'_>) -> Option<bool> {
    old.with_value(|old| {
        new.with_value(|new| {
            let account = spot.of_value(key, old);
            account != Account::Whole && account == spot.of_value(key, new)
        })
    })?
}

/// A line and what follows its break; nothing if it has none.
fn first_line(text: &str) -> (&str, Option<&str>) {
    match text.split_once('\n') {
        Some((line, after)) => (line, Some(after)),
        None => (text, None),
    }
}

/// How many bytes two texts begin with alike.
fn common(one: &[u8], other: &[u8]) -> usize {
    const AT_ONCE: usize = 64;
    let chunks = one.chunks_exact(AT_ONCE).zip(other.chunks_exact(AT_ONCE));
    let start = AT_ONCE * chunks.take_while(|(one, other)| one == other).count();
    let rest = one.iter().skip(start).zip(other.iter().skip(start));
    start + rest.take_while(|(one, other)| one == other).count()
}
