/// A part of a file that is parsed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Where it begins in the file.
    pub(super) base: usize,
    /// Its text, without a byte-order mark at its start.
    pub(super) text: &'a str,
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Cuts a file into its documents as `kubectl` does before it parses anything, so that a
/// broken document does not take the others with it. Pieces without content are left out.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut piece_start = 0;
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let line_end = line_start + line.len();
        if is_marker(line) {
            push(&mut pieces, text, piece_start, line_start);
            piece_start = line_end;
        }
        line_start = line_end;
    }
    push(&mut pieces, text, piece_start, text.len());
    pieces
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str, start: usize, end: usize) {
    let whole = text.get(start..end).unwrap_or("");
    let text = whole.trim_start_matches(BYTE_ORDER_MARK);
    if has_content(text) {
        pieces.push(Piece {
            base: end - text.len(),
            text,
        });
    }
}

/// Whether a line is `---`, with nothing but blanks or a comment after it.
fn is_marker(line: &str) -> bool {
    line.trim_start_matches(BYTE_ORDER_MARK)
        .strip_prefix("---")
        .is_some_and(|rest| {
            let rest = rest.trim();
            rest.is_empty() || rest.starts_with('#')
        })
}

/// Whether there is more than blanks, comments, directives and the end mark of a document.
fn has_content(piece: &str) -> bool {
    piece.lines().any(|line| {
        let content = line.trim();
        !(content.is_empty()
            || content.starts_with('#')
            || line.starts_with("%YAML")
            || line.starts_with("%TAG")
            || line.trim_end() == "...")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let pieces = pieces(text);
        for piece in &pieces {
            assert_eq!(
                text.get(piece.base..piece.base + piece.text.len()),
                Some(piece.text)
            );
        }
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn a_file_is_cut_at_its_markers() {
        assert_eq!(
            texts("a: 1\n--- # two\nb: 2\r\n---\r\n\r\n---  \nc: 3"),
            ["a: 1\n", "b: 2\r\n", "c: 3"]
        );
    }

    #[test]
    fn other_lines_with_dashes_are_content() {
        assert_eq!(
            texts("a: |\n  ---\n----\n---a\n"),
            ["a: |\n  ---\n----\n---a\n"]
        );
        assert_eq!(texts("--- {a: 1}\n"), ["--- {a: 1}\n"]);
    }

    #[test]
    fn empty_documents_are_nothing() {
        assert!(texts("---\n# only a comment\n---\n\n---\n%YAML 1.1\n---\n...\n").is_empty());
        assert!(texts("").is_empty());
    }

    #[test]
    fn byte_order_marks_are_dropped_wherever_a_document_begins() {
        assert_eq!(
            texts("\u{feff}a: 1\n\u{feff}---\n\u{feff}b: 2\n"),
            ["a: 1\n", "b: 2\n"]
        );
    }
}
