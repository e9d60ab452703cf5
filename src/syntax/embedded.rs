use super::document::Document;
use super::node::{Node, Value};
use super::yaml;
use crate::model::{Place, Problem, ProblemKind};
use crate::text::{SourceFile, Span};

/// Reads the YAML or JSON document that a text of another document holds; `source` is the file
/// both stand in.
///
/// All spans are places in that file: exact where the text stands there as it is (literal blocks,
/// and plain or quoted text on one line without escapes), else the whole text. The document is
/// not yet [attached](Document::attach). A text that is no document, or more than one, is a problem.
pub fn embedded(source: &SourceFile, node: Node<'_>) -> Result<Document, Problem> {
    let problem = |message: &str| {
        let place = Place::Span(node.span());
        Problem::new(ProblemKind::UnreadableManifest, message, place)
    };
    let mut documents = embedded_all(source, node)?.into_iter();
    match (documents.next(), documents.next()) {
        (Some(inner), None) => Ok(inner),
        (None, _) => Err(problem("the text is empty, so there is no document in it")),
        _ => Err(problem(
            "the text holds several documents where one is expected",
        )),
    }
}

/// Reads all documents that a text of another document holds, as [`embedded`] does.
pub fn embedded_all(source: &SourceFile, node: Node<'_>) -> Result<Vec<Document>, Problem> {
    let span = node.span();
    let problem = |kind, message: String, place| Problem::new(kind, message, Place::Span(place));
    let Value::Text(text) = node.value() else {
        let message = "not a text, so there is no document in it".to_owned();
        return Err(problem(ProblemKind::UnreadableManifest, message, span));
    };
    let places = Places::new(text, source, span);
    let inner = SourceFile::new("", text);
    let (mut documents, problems) = yaml::parse(span.file, &inner);
    let unreadable = problems
        .into_iter()
        .find(|problem| problem.kind.is_incomplete());
    if let Some(Problem {
        kind,
        message,
        place,
    }) = unreadable
    {
        let place = match place {
            Place::Span(span) => places.outer(span),
            _ => span,
        };
        return Err(problem(kind, message, place));
    }
    for document in &mut documents {
        places.move_out(document, source);
    }
    Ok(documents)
}

/// Where the lines of a text stand in the file around it.
struct Places {
    whole: Span,
    /// For each line, where it begins in the text and where in the file; `None` if the text
    /// does not stand in the file as it is.
    lines: Option<Vec<(u32, u32)>>,
}

impl Places {
    fn new(text: &str, source: &SourceFile, whole: Span) -> Self {
        let written = source
            .text()
            .get(whole.start as usize..whole.end as usize)
            .unwrap_or("");
        let lines = match written.as_bytes().first() {
            Some(b'|') => block_lines(text, source.text(), whole),
            Some(b'"' | b'\'') => {
                let inside = written.get(1..written.len().saturating_sub(1));
                (inside == Some(text)).then(|| vec![(0, whole.start + 1)])
            }
            _ => (written == text).then(|| vec![(0, whole.start)]),
        };
        Self { whole, lines }
    }

    /// A span of the text as a span of the file.
    fn outer(&self, span: Span) -> Span {
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) => Span {
                file: self.whole.file,
                start,
                end: end.max(start),
            },
            _ => self.whole,
        }
    }

    /// An offset into the text as an offset into the file.
    fn offset(&self, offset: u32) -> Option<u32> {
        let lines = self.lines.as_deref()?;
        let next = lines.partition_point(|&(start, _)| start <= offset);
        let &(inner, outer) = lines.get(next.max(1) - 1)?;
        Some((outer + (offset - inner)).min(self.whole.end))
    }

    fn move_out(&self, document: &mut Document, source: &SourceFile) {
        let file = document.file;
        let outer = |start, end| self.outer(Span { file, start, end });
        let document = document.body_mut();
        for node in &mut document.nodes {
            let span = outer(node.start, node.end);
            (node.start, node.end) = (span.start, span.end);
        }
        for entry in &mut document.entries {
            let span = outer(entry.key_start, entry.key_end);
            (entry.key_start, entry.key_end) = (span.start, span.end);
        }
        for duplicate in &mut document.duplicates {
            let span = outer(duplicate.start, duplicate.end);
            (duplicate.start, duplicate.end) = (span.start, span.end);
            duplicate.first_start = outer(duplicate.first_start, duplicate.first_start).start;
        }
        for comment in &mut document.comments {
            let span = outer(comment.start, comment.end);
            (comment.start, comment.end) = (span.start, span.end);
            comment.line = source.line_col(span.start).line;
        }
        document.line_ends = line_ends(source, self.whole);
    }
}

/// Where the lines of a literal block stand; `None` if they do not agree with its text.
fn block_lines(text: &str, file: &str, whole: Span) -> Option<Vec<(u32, u32)>> {
    let mut lines = Vec::new();
    let mut inner = 0;
    let mut outer = whole.start as usize;
    outer += file.get(outer..)?.find('\n')? + 1;
    for line in text.split_inclusive('\n') {
        let rest = file.get(outer..)?;
        let written = rest.split('\n').next()?;
        let content = line.strip_suffix('\n').unwrap_or(line);
        let indent = written.trim_end_matches('\r').strip_suffix(content)?.len();
        lines.push((inner, (outer + indent) as u32));
        inner += line.len() as u32;
        outer += written.len() + 1;
    }
    Some(lines)
}

fn line_ends(source: &SourceFile, span: Span) -> Vec<u32> {
    let first = source.line_col(span.start).line;
    let last = source.line_col(span.end).line;
    (first..=last)
        .map(|line| source.line_start(line) + source.line(line).len() as u32)
        .collect()
}
