//! Places that the event parser does not tell, or tells differently from what people point at.

/// Where a block scalar begins: at its `|` or `>`, which the parser leaves out.
///
/// `after` is where the token before it ends; `content` is where the parser says it begins.
pub(super) fn block_header(text: &str, after: usize, content: usize) -> usize {
    let gap = text.get(after..content).unwrap_or("");
    let mut line_start = 0;
    for line in gap.split_inclusive('\n') {
        if let Some(at) = header_in(line) {
            return after + line_start + at;
        }
        line_start += line.len();
    }
    content
}

/// Where a line holds the header of a block scalar, which is the last thing before its comment.
fn header_in(line: &str) -> Option<usize> {
    let line = line.trim_end_matches(['\n', '\r']);
    line.char_indices()
        .filter(|&(_, c)| matches!(c, '|' | '>'))
        .map(|(at, _)| at)
        .find(|&at| {
            let rest = line.get(at + 1..).unwrap_or("");
            let rest =
                rest.trim_start_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
            let comment = rest.trim_start_matches([' ', '\t']);
            comment.is_empty() || (comment.len() < rest.len() && comment.starts_with('#'))
        })
}

/// Where a block scalar ends: after its last character, without its final line break, and
/// without the blank lines after it unless `+` keeps them.
pub(super) fn block_end(text: &str, header: usize, end: usize) -> usize {
    let body = text.get(header..end).unwrap_or("");
    let first_line = body.lines().next().unwrap_or("");
    let indicators = first_line.split([' ', '\t', '#']).next().unwrap_or("");
    let trimmed = if indicators.contains('+') {
        // the indentation of what comes next is not its own
        let body = body.trim_end_matches([' ', '\t']);
        let body = body.strip_suffix('\n').unwrap_or(body);
        body.strip_suffix('\r').unwrap_or(body)
    } else {
        body.trim_end_matches([' ', '\t', '\r', '\n'])
    };
    header + trimmed.len()
}

/// Where a block list that is the value of a key begins: at its first dash, which the parser
/// leaves out when the dash is not indented under the key.
pub(super) fn first_dash(text: &str, after: usize, content: usize) -> usize {
    let mut at = after;
    // what may stand between a key and a dash: the colon, anchor and tag, comments and blanks
    while let Some(rest) = text.get(at..content) {
        match rest.as_bytes().first() {
            None | Some(b'-') => return at,
            Some(b'#') => at += rest.find('\n').unwrap_or(rest.len()),
            Some(b'&' | b'!') => at += rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len()),
            Some(b':' | b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(_) => return content,
        }
    }
    content
}
