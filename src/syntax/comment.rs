use crate::text::{FileId, Span};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where in the file it begins, at `#` (in HCL also `//`).
    pub start: u32,
    /// The end of its line, before the line break.
    pub end: u32,
    /// The line of the file it stands on, counted from 1.
    pub line: u32,
    /// What stands after that mark, as written.
    pub text: Box<str>,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

impl Comment {
    /// Its place, in the file it stands in.
    pub fn span(&self, file: FileId) -> Span {
        Span {
            file,
            start: self.start,
            end: self.end,
        }
    }
}
