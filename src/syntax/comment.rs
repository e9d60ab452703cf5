use crate::text::Span;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From `#` (in HCL also `//`) to the end of the line, without the line break.
    pub span: Span,
    /// The line of the file it stands on, counted from 1.
    pub line: u32,
    /// What stands after that mark, as written.
    pub text: Box<str>,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}
