//! Why a file is not read, for a person.

use super::MAX_FILE_BYTES;
use super::builder::Failure;
use crate::model::{Place, Problem, ProblemKind};
use crate::text::{FileId, SourceFile, Span};

/// That a file is larger than any that is read.
pub(super) fn too_large(file: FileId, source: &SourceFile) -> Option<Problem> {
    if source.text().len() <= MAX_FILE_BYTES {
        return None;
    }
    let message = format!(
        "larger than {} MiB, so it was not read; split it",
        MAX_FILE_BYTES / (1024 * 1024)
    );
    Some(Problem::new(
        ProblemKind::UnreadableManifest,
        message,
        Place::File(file),
    ))
}

/// That a document is a template; `renderer` is a command that renders such, with a blank before.
pub(super) fn template(
    file: FileId,
    source: &SourceFile,
    failure: &Failure,
    renderer: &str,
) -> Problem {
    let message = format!(
        "a template that is not rendered ({}); render it first{renderer} and scan the result",
        failure.reason
    );
    Problem::new(
        ProblemKind::UnrenderedTemplate,
        message,
        Place::Span(line_span(file, source, failure.at)),
    )
}

/// That a document is broken.
pub(super) fn unreadable(failure: &Failure, span: Span) -> Problem {
    Problem::new(
        ProblemKind::UnreadableManifest,
        format!("this document cannot be read: {}", failure.reason),
        Place::Span(span),
    )
}

/// The text of the line an offset stands on, from there on; all of it where nothing stands there.
pub(super) fn rest_of_line(file: FileId, source: &SourceFile, offset: usize) -> Span {
    let line = line_span(file, source, offset);
    let start = line.start.max(offset as u32);
    match start < line.end {
        true => Span { start, ..line },
        false => line,
    }
}

/// The text of the line an offset stands on, without blanks around it.
pub(super) fn line_span(file: FileId, source: &SourceFile, offset: usize) -> Span {
    let line = source.line_col(offset as u32).line;
    let text = source.line(line);
    let start = source.line_start(line) + (text.len() - text.trim_start().len()) as u32;
    Span {
        file,
        start,
        end: start + text.trim().len() as u32,
    }
}
