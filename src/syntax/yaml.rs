//! YAML and JSON, by way of an event parser.

use std::borrow::Cow;

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span as Range, StructureStyle, Tag,
};

use super::MAX_DOCUMENTS;
use super::builder::{Builder, Failure, Scalar, Style, Tagged};
use super::document::Document;
use super::problem::{line_span, template, too_large, unreadable};
use super::split::{Piece, pieces};
use crate::model::{Place, Problem, ProblemKind};
use crate::text::{FileId, SourceFile};

/// Reads all documents of a YAML or JSON file, in their order.
///
/// A document that cannot be read is a problem at the line of the error; if the file looks like a
/// template, the problem is that it is not rendered. Documents without content are nothing.
pub(super) fn parse(file: FileId, source: &SourceFile) -> (Vec<Document>, Vec<Problem>) {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    if let Some(problem) = too_large(file, source) {
        problems.push(problem);
        return (documents, problems);
    }
    let is_template = source.text().contains("{{");
    let mut template_reported = false;
    for (number, piece) in pieces(source.text()).into_iter().enumerate() {
        if number == MAX_DOCUMENTS {
            let reason = format!("the file has more than {MAX_DOCUMENTS} documents; split it");
            let failure = Failure {
                at: piece.base,
                reason,
            };
            let span = line_span(file, source, failure.at);
            problems.push(unreadable(&failure, span));
            break;
        }
        match read_piece(file, number, piece, source) {
            Ok((document, rest)) => {
                problems.extend(document.duplicate_keys(source));
                problems.extend(rest);
                if !document.root().is_null() {
                    documents.push(document);
                }
            }
            Err(failure) if is_template => {
                // one document of a template says it all: the others fail for the same reason
                if !template_reported {
                    problems.push(template(file, source, &failure, " (helm template …)"));
                    template_reported = true;
                }
            }
            Err(failure) => {
                let span = line_span(file, source, failure.at);
                problems.push(unreadable(&failure, span));
            }
        }
    }
    (documents, problems)
}

/// Reads one piece. The tools of Kubernetes take the first document of a piece only: a second
/// one (after `...`, or below content on the marker line) is handed back as a problem.
fn read_piece(
    file: FileId,
    number: usize,
    piece: Piece<'_>,
    source: &SourceFile,
) -> Result<(Document, Option<Problem>), Failure> {
    let mut builder = Builder::new(file, number, piece, source);
    let mut ended = false;
    for next in events(piece.text) {
        let (event, range) = next.map_err(|error| syntax_error(piece, &error))?;
        match event {
            Event::DocumentStart(..) if ended => {
                let at = piece.base + range.start.byte_offset().unwrap_or(0);
                return Ok((builder.finish(), Some(ignored(file, source, at))));
            }
            Event::DocumentEnd => ended = true,
            event => build(&mut builder, event, &range)?,
        }
    }
    Ok((builder.finish(), None))
}

fn events(text: &str) -> impl Iterator<Item = Result<(Event<'_>, Range), ScanError>> {
    let options = granit_parser::options! {
        // comments take no more memory than the file, whose size is limited
        max_buffered_comment_events: usize::MAX,
    };
    Parser::new_from_str_with_options(text, options)
}

fn build(builder: &mut Builder<'_>, event: Event<'_>, range: &Range) -> Result<(), Failure> {
    let start = range.start.byte_offset().unwrap_or(0);
    let end = range.end.byte_offset().unwrap_or(start);
    match event {
        Event::Comment(text, _) => builder.comment(&text, start, end),
        Event::Scalar(text, style, anchor, tag) => {
            let scalar = Scalar {
                text: &text,
                style: style_of(style),
                tag: tag_of(tag.as_ref()),
                start,
                end,
            };
            builder.scalar(&scalar, anchor)?;
        }
        Event::SequenceStart(style, anchor, _) => {
            builder.open_list(style == StructureStyle::Flow, anchor, start)?;
        }
        Event::MappingStart(_, anchor, _) => {
            // the pair in `[a: b]` is a mapping without braces
            builder.open_map(end > start, anchor, start)?;
        }
        Event::SequenceEnd | Event::MappingEnd => builder.close(start, end)?,
        Event::Alias(target) => builder.alias(target, start, end)?,
        _ => {}
    }
    Ok(())
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

fn tag_of(tag: Option<&Cow<'_, Tag>>) -> Tagged {
    let Some(tag) = tag else {
        return Tagged::No;
    };
    let name = match tag.handle() {
        "tag:yaml.org,2002:" => tag.suffix(),
        _ => "",
    };
    match name {
        "bool" => Tagged::Bool,
        "int" => Tagged::Int,
        "float" => Tagged::Float,
        "null" => Tagged::Null,
        "binary" => Tagged::Binary,
        _ => Tagged::Text,
    }
}

fn ignored(file: FileId, source: &SourceFile, at: usize) -> Problem {
    Problem::new(
        ProblemKind::UnreadableManifest,
        "a second document without a `---` line before it: kubectl reads only the first, and so \
         does meshvet; put `---` on a line of its own",
        Place::Span(line_span(file, source, at)),
    )
}

fn syntax_error(piece: Piece<'_>, error: &ScanError) -> Failure {
    let at = error
        .marker()
        .byte_offset()
        .unwrap_or(0)
        .min(piece.text.len());
    let advice = match error.kind() {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed => "; indent with spaces",
        ErrorKind::UnknownAnchor => "; anchors hold within one document only",
        _ => "",
    };
    Failure {
        at: piece.base + at,
        reason: format!("{}{advice}", error.info()),
    }
}
