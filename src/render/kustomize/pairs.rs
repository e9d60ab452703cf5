//! The keys and values that generators put into ConfigMaps and Secrets.

use std::collections::BTreeMap;

use super::failure::{Failure, lost};
use crate::model::Problem;
use crate::render::files::Files;
use crate::render::paths::{base_name, resolve};
use crate::syntax::{Node, Tree, Written};
use crate::text::Span;

/// What a generator's sources come to.
#[derive(Default)]
pub(super) struct Pairs {
    /// By key, with the place of each.
    pub(super) values: BTreeMap<String, Tree>,
    /// Files that are not among those read.
    pub(super) problems: Vec<Problem>,
}

impl Pairs {
    /// Reads the sources of an entry of `configMapGenerator` or `secretGenerator`.
    pub(super) fn read(
        entry: Node<'_>,
        directory: &str,
        files: &Files<'_>,
    ) -> Result<Self, Failure> {
        let mut pairs = Self::default();
        let list = |key| entry.get(key).into_iter().flat_map(Node::items);
        let env = entry.get("env").filter(|env| !env.is_null());
        for path in list("envs").chain(env) {
            pairs.env_file(path, directory, files)?;
        }
        for literal in list("literals") {
            pairs.literal(literal, files)?;
        }
        for source in list("files") {
            pairs.file(source, directory, files)?;
        }
        Ok(pairs)
    }

    fn add(&mut self, key: &str, value: Tree, at: Node<'_>) -> Result<(), Failure> {
        match self.values.insert(key.to_owned(), value) {
            None => Ok(()),
            Some(_) => {
                let reason = format!("the key {key} is there twice");
                Err(Failure::broken(at.span(), reason))
            }
        }
    }

    fn literal(&mut self, literal: Node<'_>, files: &Files<'_>) -> Result<(), Failure> {
        let text = super::failure::text(literal, "the literal")?;
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        let Some((key, value)) = pair else {
            let reason = "this is no key=value".to_owned();
            return Err(Failure::broken(literal.span(), reason));
        };
        let inner = unquoted(value);
        let before = key.len() + 1 + (value.len() - inner.len()) / 2;
        let place = within(literal.written(), text, before, inner.len(), files);
        self.add(key, Tree::text(inner, place), literal)
    }

    fn file(
        &mut self,
        source: Node<'_>,
        directory: &str,
        files: &Files<'_>,
    ) -> Result<(), Failure> {
        let text = super::failure::text(source, "the file")?;
        let (key, path) = match text.split_once('=') {
            None => (base_name(text), text),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
                (key, path)
            }
            Some(_) => {
                let reason = "this is neither a path nor key=path";
                return Err(Failure::broken(source.span(), reason));
            }
        };
        let Some((content, place)) = content(&resolve(directory, path), files) else {
            self.lose(source, path);
            return Ok(());
        };
        self.add(key, Tree::text(content, place), source)
    }

    fn env_file(
        &mut self,
        path: Node<'_>,
        directory: &str,
        files: &Files<'_>,
    ) -> Result<(), Failure> {
        let text = super::failure::text(path, "the file")?;
        let Some((content, whole)) = content(&resolve(directory, text), files) else {
            self.lose(path, text);
            return Ok(());
        };
        let mut start = whole.span.start;
        for line in content.split_inclusive('\n') {
            let begin = start;
            start += line.len() as u32;
            let written = line.trim_end_matches('\n');
            let written = written.strip_suffix('\r').unwrap_or(written);
            let trimmed = written.trim_start_matches('\u{feff}').trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let (key, value) = trimmed.split_once('=').unwrap_or((trimmed, ""));
            let end = begin + written.len() as u32;
            let span = Span {
                start: end - value.len() as u32,
                end,
                ..whole.span
            };
            let place = Written {
                span,
                line_end: end,
            };
            self.add(key, Tree::text(value, place), path)?;
        }
        Ok(())
    }

    fn lose(&mut self, at: Node<'_>, path: &str) {
        let reason = format!("`{path}` is not among the files read; what it holds is not judged");
        self.problems.push(lost(at.span(), reason));
    }
}

/// A text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// Where a part of a text is, if the text stands in its file as it is; else where the text is.
fn within(whole: Written, text: &str, from: usize, len: usize, files: &Files<'_>) -> Written {
    let written = files.slice(whole.span);
    let Some(at) = written.find(text).filter(|at| *at <= 1) else {
        return whole;
    };
    let start = whole.span.start + (at + from) as u32;
    let end = start + len as u32;
    let span = Span {
        start,
        end,
        ..whole.span
    };
    Written {
        span,
        line_end: end.min(whole.line_end.max(start)),
    }
}

/// What a file holds, and where that is.
fn content<'a>(name: &str, files: &Files<'a>) -> Option<(&'a str, Written)> {
    let file = files.id(name)?;
    let content = files.text(file);
    let span = Span {
        file,
        start: 0,
        end: content.len() as u32,
    };
    let line_end = content.find('\n').unwrap_or(content.len()) as u32;
    Some((content, Written { span, line_end }))
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn quotes_go_in_pairs() {
        for (text, inner) in [
            ("\"a\"", "a"),
            ("'a'", "a"),
            ("'a", "'a"),
            ("\"", "\""),
            ("", ""),
        ] {
            assert_eq!(unquoted(text), inner);
        }
    }
}
