//! Where what helm printed is written: in the template, or in the values that the template prints.

use super::scope::{MAX_VALUES, Print};
use super::value::{is, says};
use crate::syntax::{Document, Entry, Field, Kind, Node, Tree, Written};
use crate::text::{FileId, SourceFile, Span};

/// A template, and the values it sees.
pub(super) struct Template<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a SourceFile,
    pub(super) prints: &'a [Print],
    pub(super) values: &'a Tree,
}

/// A piece of output, and the line of the template that each of its lines comes from.
pub(super) struct Printed<'a> {
    pub(super) output: &'a SourceFile,
    pub(super) template: Template<'a>,
    pub(super) lines: Vec<u32>,
}

/// A line of the template that a part of the output comes from, and from where on in it.
#[derive(Clone, Copy)]
struct Line {
    number: u32,
    from: u32,
}

impl Printed<'_> {
    /// What was printed as a document whose parts stand where they are written; so do the documents in
    /// its texts.
    pub(super) fn document(
        &self,
        printed: &Document,
        number: usize,
        change: impl Fn(&mut Tree),
    ) -> Document {
        let mut tree = self.tree(printed.root());
        self.name(printed.root(), &mut tree);
        change(&mut tree);
        let mut made = tree.to_document(number);
        let mut found = Vec::new();
        self.inner(printed.root(), made.root(), &mut found);
        for (holder, document) in found {
            made.attach(holder, document);
        }
        made
    }

    /// An object is where its template is, and not where values say what it is called.
    fn name(&self, object: Node<'_>, tree: &mut Tree) {
        let known = tree.get_mut("metadata").and_then(|it| it.get_mut("name"));
        let metadata = object.get("metadata");
        let printed = metadata.and_then(|metadata| metadata.entry("name"));
        if let Some((known, entry)) = known.zip(printed) {
            let line = self.line(entry.key_span.start);
            let key = self.literal(entry.key, line, true);
            let from = key.map_or(line.from, |span| span.end + 1);
            known.place = self.written(entry.value, Line { from, ..line });
        }
    }

    fn inner(
        &self,
        from: Node<'_>,
        to: Node<'_>,
        found: &mut Vec<(crate::syntax::NodeId, Document)>,
    ) {
        if let Some(inner) = from.document().attached(from.id()) {
            found.push((to.id(), self.document(inner, inner.number(), |_| {})));
        }
        for (from, to) in from.items().zip(to.items()) {
            self.inner(from, to, found);
        }
        for entry in from.entries() {
            if let Some(to) = to.get(entry.key) {
                self.inner(entry.value, to, found);
            }
        }
    }

    /// Where a place of the output is written.
    pub(super) fn span(&self, span: Span) -> Span {
        self.whole(self.line(span.start).number).span
    }

    fn tree(&self, node: Node<'_>) -> Tree {
        let line = self.line(node.span().start);
        self.below(node, line)
    }

    /// A value that stands on a line of the template, from a place on.
    fn below(&self, node: Node<'_>, line: Line) -> Tree {
        if let Some(value) = self.as_printed(node, line) {
            return value;
        }
        let kind = match Tree::from(node).kind {
            Kind::List(_) => Kind::List(node.items().map(|item| self.item(item)).collect()),
            Kind::Map(_) => Kind::Map(node.entries().map(|entry| self.field(entry)).collect()),
            scalar => scalar,
        };
        let place = self.around(&kind);
        let place = place.unwrap_or_else(|| self.written(node, line));
        Tree { kind, place }
    }

    fn field(&self, entry: Entry<'_>) -> Field {
        let line = self.line(entry.key_span.start);
        let of_values = self.only_print(line.number).and_then(|print| {
            let all = print
                .values
                .iter()
                .flat_map(|path| path.find(self.template.values));
            let fields = all
                .map(Tree::fields)
                .filter(|fields| fields.len() <= MAX_VALUES);
            let fields = fields.flatten();
            only(fields.filter(|field| field.key == entry.key && is(&field.value, entry.value)))
        });
        if let Some(field) = of_values {
            return field.clone();
        }
        let key = self.text(entry.key_span);
        let key_span = self.literal(key, line, true);
        let from = match self.line(entry.value.span().start) {
            value if value.number == line.number => Line {
                from: key_span.map_or(line.from, |span| span.end + 1),
                ..line
            },
            value => value,
        };
        Field {
            key: entry.key.to_owned(),
            key_span: key_span.unwrap_or_else(|| self.whole(line.number).span),
            value: self.below(entry.value, from),
        }
    }

    fn item(&self, item: Node<'_>) -> Tree {
        let line = self.line(item.span().start);
        let of_values = self.only_print(line.number).and_then(|print| {
            let all = print
                .values
                .iter()
                .flat_map(|path| path.find(self.template.values));
            let items = all
                .map(Tree::items)
                .filter(|items| items.len() <= MAX_VALUES);
            let items = items.flatten();
            only(items.filter(|value| is(value, item)))
        });
        of_values.cloned().unwrap_or_else(|| self.below(item, line))
    }

    /// The value that a template prints as it is, where a node is that and nothing else.
    fn as_printed(&self, node: Node<'_>, line: Line) -> Option<Tree> {
        let is_collection = node.is_map() || node.is_list();
        let print = match is_collection {
            true => self
                .only_print(line.number)
                .filter(|_| self.is_of_one_line(node)),
            false => self.print_behind(line),
        }?;
        let all = print
            .values
            .iter()
            .flat_map(|path| path.find(self.template.values));
        let value = only(all.filter(|value| match is_collection {
            true => is(value, node),
            false => says(value, node),
        }))?;
        Some(match is_collection {
            true => value.clone(),
            false => Tree {
                kind: Tree::from(node).kind,
                place: value.place,
            },
        })
    }

    fn is_of_one_line(&self, node: Node<'_>) -> bool {
        let Span { start, end, .. } = node.span();
        let last = self.text(node.span()).trim_end().len() as u32;
        let last = (start + last.max(1) - 1).min(end);
        self.line(start).number == self.line(last).number
    }

    /// The action that a line of the template consists of.
    fn only_print(&self, number: u32) -> Option<&Print> {
        let start = self.template.source.line_start(number);
        let print = self.print_behind(Line {
            number,
            from: start,
        })?;
        let rest = self
            .template
            .source
            .line(number)
            .get(print.end - start as usize..);
        rest.is_none_or(|rest| rest.trim().is_empty())
            .then_some(print)
    }

    /// The action that is all that stands on a line from a place on, but for quotes around it, the dash
    /// of a list, and a comment.
    fn print_behind(&self, line: Line) -> Option<&Print> {
        let text = self.template.source.text();
        let end = self.end(line.number) as usize;
        let from = line.from as usize;
        let prints = self.template.prints;
        let next = prints.partition_point(|print| print.start < from);
        let print = prints.get(next).filter(|print| print.start < end)?;
        let before = text
            .get(from..print.start)?
            .trim_start_matches([' ', '\t', '-']);
        let behind = text.get(print.end..end.max(print.end))?.trim_end();
        let (before, behind) = match before {
            "\"" => ("", behind.strip_prefix('"')?),
            "'" => ("", behind.strip_prefix('\'')?),
            _ => (before, behind),
        };
        let is_all =
            before.is_empty() && (behind.is_empty() || behind.trim_start().starts_with('#'));
        is_all.then_some(print)
    }

    /// Where a value is written that is no value of others.
    fn written(&self, node: Node<'_>, line: Line) -> Written {
        let text = self.text(node.span());
        let first = text.lines().next().unwrap_or("").trim_end();
        if let Some(span) = self.literal(first, line, false) {
            return self.on_first_line(span);
        }
        let end = self.end(line.number);
        let rest = self
            .template
            .source
            .text()
            .get(line.from as usize..end as usize);
        let rest = rest.unwrap_or("").trim_start_matches([' ', '\t', '-']);
        match rest.is_empty() {
            true => self.whole(line.number),
            false => self.on_first_line(Span {
                file: self.template.file,
                start: end - rest.len() as u32,
                end,
            }),
        }
    }

    /// What stands on a line of the template as it is, from a place on; a key with its colon behind it.
    fn literal(&self, text: &str, line: Line, is_key: bool) -> Option<Span> {
        let own = self.template.source.text();
        let rest = own.get(line.from as usize..self.end(line.number) as usize)?;
        let mut all = rest.match_indices(text).filter(|_| !text.is_empty());
        let (at, _) = all.find(|(at, _)| {
            let start = line.from as usize + at;
            let end = start + text.len();
            let prints = self.template.prints;
            let before = prints.partition_point(|print| print.start < end);
            let last = prints.get(before.wrapping_sub(1));
            let is_outside = last.is_none_or(|print| print.end <= start);
            let apart =
                |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
            let before = own
                .get(..start)
                .and_then(|before| before.chars().next_back());
            let behind = own.get(end..).and_then(|behind| behind.chars().next());
            let fits = match is_key {
                true => behind == Some(':'),
                false => apart(behind),
            };
            is_outside && fits && (apart(before) || before == Some('-'))
        })?;
        let start = line.from + at as u32;
        Some(Span {
            file: self.template.file,
            start,
            end: start + text.len() as u32,
        })
    }

    /// From the first to the last part of a list or mapping, of those that the template itself has.
    fn around(&self, kind: &Kind) -> Option<Written> {
        let parts: Vec<Span> = match kind {
            Kind::List(items) => items.iter().map(|item| item.place.span).collect(),
            Kind::Map(fields) => {
                let both = |field: &Field| [field.key_span, field.value.place.span];
                fields.iter().flat_map(both).collect()
            }
            _ => return None,
        };
        let own = parts.iter().filter(|span| span.file == self.template.file);
        let start = own.clone().map(|span| span.start).min()?;
        let end = own.map(|span| span.end).max()?;
        Some(self.on_first_line(Span {
            file: self.template.file,
            start,
            end,
        }))
    }

    fn on_first_line(&self, span: Span) -> Written {
        let line = self.template.source.line_at(span.start);
        let line_end = self.end(line).clamp(span.start, span.end);
        Written { span, line_end }
    }

    /// A line of the template, without blanks around it.
    fn whole(&self, number: u32) -> Written {
        let source = self.template.source;
        let text = source.line(number);
        let start = source.line_start(number) + (text.len() - text.trim_start().len()) as u32;
        let end = self.end(number).max(start);
        let span = Span {
            file: self.template.file,
            start,
            end,
        };
        Written {
            span,
            line_end: end,
        }
    }

    /// Where a line of the template ends, without blanks.
    fn end(&self, number: u32) -> u32 {
        let text = self.template.source.line(number).trim_end();
        self.template.source.line_start(number) + text.len() as u32
    }

    fn line(&self, at: u32) -> Line {
        let index = self.output.line_at(at).saturating_sub(1) as usize;
        let number = self
            .lines
            .get(index)
            .or(self.lines.last())
            .copied()
            .unwrap_or(1);
        let from = self.template.source.line_start(number);
        Line { number, from }
    }

    fn text(&self, span: Span) -> &str {
        let text = self.output.text();
        text.get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}

/// The one of several that is there, if there is one only.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let one = all.next()?;
    all.next().is_none().then_some(one)
}
