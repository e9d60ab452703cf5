//! Bytes with names: the files that were read, and places in them.
//!
//! Everything after loading speaks of a file by its [`FileId`] and of a place by its [`Span`];
//! lines and columns are worked out last, when a report is written.

use std::sync::Arc;

/// A file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes of one file, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A place a person can go to: both count from 1, the column in Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineCol {
    /// Line.
    pub line: u32,
    /// Column; a byte-order mark at the start of the file does not count.
    pub column: u32,
}

/// One file: its name as people know it, and its text. A copy shares both.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl SourceFile {
    /// Takes a file's name (the path as it is to be printed) and its text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let after_break = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        let line_starts = std::iter::once(0)
            .chain(after_break.map(|(at, _)| at as u32 + 1))
            .collect();
        Self {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// The path as it is printed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are; a file that ends in a line break has no empty last line.
    pub fn line_count(&self) -> u32 {
        let lines = self.line_starts.len() as u32;
        if lines > 1 && self.text.ends_with('\n') {
            lines - 1
        } else {
            lines
        }
    }

    /// Where a byte offset is; an offset past the end is the end.
    pub fn line_col(&self, offset: u32) -> LineCol {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let before = match start {
            0 => before.strip_prefix('\u{feff}').unwrap_or(before),
            _ => before,
        };
        // the bytes that begin a character: a line may be a megabyte long, and this is fast
        let begins = before.bytes().filter(|byte| byte & 0xc0 != 0x80);
        LineCol {
            line: line as u32,
            column: begins.count() as u32 + 1,
        }
    }

    /// The line that a byte offset is in, counted from 1.
    pub fn line_at(&self, offset: u32) -> u32 {
        let offset = offset.min(self.text.len() as u32);
        self.line_starts.partition_point(|&start| start <= offset) as u32
    }

    /// The text of a line, counted from 1, without its line break.
    pub fn line(&self, line: u32) -> &str {
        let index = line.saturating_sub(1) as usize;
        let start = self.line_starts.get(index).copied();
        let end = self.line_starts.get(index + 1).copied();
        let text = match (start, end) {
            (Some(start), Some(end)) => self.text.get(start as usize..end as usize),
            (Some(start), None) => self.text.get(start as usize..),
            (None, _) => None,
        };
        text.unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Byte offset at which a line, counted from 1, begins.
    pub fn line_start(&self, line: u32) -> u32 {
        let index = line.saturating_sub(1) as usize;
        self.line_starts
            .get(index)
            .copied()
            .unwrap_or(self.text.len() as u32)
    }
}

/// All files of a run, in the order they were added.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// A file that was added here.
    ///
    /// # Panics
    /// With a [`FileId`] of other sources.
    #[allow(clippy::indexing_slicing)]
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, file)| (FileId(i as u32), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text under a span.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file)
            .text()
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Where a span begins.
    pub fn start(&self, span: Span) -> LineCol {
        self.get(span.file).line_col(span.start)
    }

    /// Where a span ends (one past its last character).
    pub fn end(&self, span: Span) -> LineCol {
        self.get(span.file).line_col(span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_bytes_or_the_mark() {
        let file = SourceFile::new("a.yaml", "\u{feff}é: ü\r\nb: 1\n");
        let at = |needle: &str| file.line_col(file.text().find(needle).unwrap_or(0) as u32);
        assert_eq!(at("ü"), LineCol { line: 1, column: 4 });
        assert_eq!(at("1"), LineCol { line: 2, column: 4 });
        assert_eq!(file.line(1), "\u{feff}é: ü");
        assert_eq!(file.line(2), "b: 1");
        assert_eq!(file.line_count(), 2);
    }

    #[test]
    fn the_end_of_the_file_is_a_place() {
        let file = SourceFile::new("a", "x\ny");
        assert_eq!(file.line_col(99), LineCol { line: 2, column: 2 });
        assert_eq!(file.line(3), "");
    }
}
