//! What helm prints: one piece for each manifest, with the template it was made from.

/// Where helm says which template follows.
const SOURCE: &str = "# Source: ";

/// A piece of helm's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'o> {
    /// The template, as helm calls it.
    pub(super) source: &'o str,
    /// Where that stands in the output.
    pub(super) start: usize,
    /// What was made of it.
    pub(super) text: &'o str,
}

/// All pieces, in their order.
pub(super) fn pieces(output: &str) -> Vec<Piece<'_>> {
    let mut found: Vec<Piece<'_>> = Vec::new();
    // where the text of the last piece begins
    let mut open: Option<(&str, usize)> = None;
    let mut after_marker = false;
    let mut at = 0;
    for line in output.split_inclusive('\n') {
        let content = line.trim_end();
        let source = content.strip_prefix(SOURCE).filter(|_| after_marker);
        after_marker = content == "---";
        if source.is_some() || after_marker {
            close(open.take(), at, output, &mut found);
        }
        at += line.len();
        if let Some(source) = source {
            open = Some((source, at));
        } else if after_marker && let Some(last) = found.last() {
            // the files of `crds` may hold several documents
            open = Some((last.source, at));
        }
    }
    close(open, at, output, &mut found);
    found.retain(|piece| !piece.text.trim().is_empty());
    found
}

fn close<'o>(
    open: Option<(&'o str, usize)>,
    end: usize,
    output: &'o str,
    found: &mut Vec<Piece<'o>>,
) {
    if let Some((source, start)) = open {
        let text = output.get(start..end).unwrap_or("");
        // helm takes these away, unless it prints what it could not read
        let start = start + text.len() - text.trim_start().len();
        let text = text.trim_start();
        found.push(Piece {
            source,
            start,
            text,
        });
    }
}
