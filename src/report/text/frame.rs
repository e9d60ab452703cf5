//! The lines a finding is about, in a frame.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use regex::{Captures, Regex};

use super::super::style::{Style, harmless};
use crate::text::{SourceFile, Sources, Span};

/// A place in the frame and what is said of it.
pub(super) struct Label<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
}

/// The longest line that is drawn, in bytes; of a longer one only the place is told.
const LONGEST: usize = 400;

/// Draws the line of `primary`, the one above it and those of the labels (all of one file); a
/// label at the same place says what the primary one is.
pub(super) fn draw(sources: &Sources, primary: Span, labels: &[Label<'_>], style: Style) -> String {
    let file = sources.get(primary.file);
    let start = sources.start(primary);
    let place = format!("[{}:{}:{}]", file.name(), start.line, start.column);
    let place: String = place.chars().map(harmless).collect();
    let lines = labels.iter().map(|l| sources.start(l.span).line);
    let (first, last) = lines.fold((start.line, start.line), |(first, last), line| {
        (first.min(line), last.max(line))
    });
    let first = first.saturating_sub(1).max(1);
    let drawn = (first..=last)
        .all(|line| file.line(line).len() <= LONGEST)
        .then(|| Window::new(file, first, last))
        .and_then(|window| render(&window, primary, labels, style));
    match drawn {
        Some(body) => {
            // as wide as the line numbers below it
            let width = last.to_string().len();
            format!("{}╭─{place}\n{body}", " ".repeat(width + 3))
        }
        None => format!("    {place}\n"),
    }
}

/// The frame below its head, moved in by one.
fn render(window: &Window, primary: Span, labels: &[Label<'_>], style: Style) -> Option<String> {
    let own = labels.iter().find(|label| label.span == primary);
    let mut spans = vec![LabeledSpan::new_primary_with_span(
        own.map(|label| label.text.chars().map(harmless).collect()),
        window.inside(primary)?,
    )];
    for label in labels.iter().filter(|label| label.span != primary) {
        let text = label.text.chars().map(harmless).collect();
        spans.push(LabeledSpan::new_with_span(
            Some(text),
            window.inside(label.span)?,
        ));
    }
    let theme = if style.color() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_wrap_lines(false)
        // the window is all there is to show
        .with_context_lines(usize::MAX >> 1)
        .tab_width(2);
    let mut drawn = String::new();
    let picture = Picture { window, spans };
    handler.render_report(&mut drawn, &picture).ok()?;
    // a line for the message, which is printed elsewhere, and one for the head of the frame
    let body = drawn.lines().skip(2).map(|line| format!(" {line}\n"));
    Some(body.collect())
}

/// What may be a key or a token, which a line of PEM is as well: the names of objects and images have
/// other signs between.
static LONG_WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("[A-Za-z0-9+/=_-]{40,}").ok());

/// A text with stars for what may be a secret: more people read reports than files.
fn masked(text: &str) -> Cow<'_, str> {
    let Some(words) = &*LONG_WORD else {
        return Cow::Borrowed(text);
    };
    words.replace_all(text, |found: &Captures<'_>| {
        let word = found.get(0).map_or("", |word| word.as_str());
        let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
        let random =
            has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
        match random {
            true => "*".repeat(word.len()),
            false => word.to_owned(),
        }
    })
}

/// A few lines of a file.
struct Window {
    text: String,
    /// Where it begins in the file, in bytes.
    start: u32,
    /// The line it begins with, counted from 1.
    line: u32,
}

impl Window {
    fn new(file: &SourceFile, first: u32, last: u32) -> Self {
        let start = file.line_start(first);
        let end = file.line_start(last) + file.line(last).len() as u32;
        let text = file.text().get(start as usize..end as usize).unwrap_or("");
        let plain = |c| if c == '\n' { c } else { harmless(c) };
        Self {
            text: masked(text).chars().map(plain).collect(),
            start,
            line: first,
        }
    }

    /// A span of the file, inside of the window; only its first line.
    fn inside(&self, span: Span) -> Option<SourceSpan> {
        let start = span.start.checked_sub(self.start)? as usize;
        let end = span.end.checked_sub(self.start)? as usize;
        let rest = self.text.get(start..)?;
        let line_end = start + rest.find('\n').unwrap_or(rest.len());
        Some((start, end.clamp(start, line_end) - start).into())
    }
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inside = self.text.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new(
            inside.data(),
            *inside.span(),
            inside.line() + self.line as usize - 1,
            inside.column(),
            inside.line_count(),
        )))
    }
}

/// What miette draws: its message is not used.
struct Picture<'a> {
    window: &'a Window,
    spans: Vec<LabeledSpan>,
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-")
    }
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-")
    }
}

impl std::error::Error for Picture<'_> {}

impl Diagnostic for Picture<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.window)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.spans.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let key = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgG5brqZDWlU9SPD0G";
        let line = format!("  key: {key} # text");
        assert_eq!(
            masked(&line),
            format!("  key: {} # text", "*".repeat(key.len()))
        );
        for text in [
            "image: cr.l5d.io/linkerd/proxy@sha256:03f2a91c03f2a91c03f2a91c03f2a91c03f2a91c03f2a91c03f2a91c03f2a91c",
            "name: a-name-that-someone-made-as-long-as-names-may-be-in-2026",
            "principals: [cluster.local/ns/Shop1/sa/api]",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
