use std::io::Read;

use super::decode::decode;
use super::{Loaded, unreadable};
use crate::syntax::MAX_FILE_BYTES;
use crate::text::SourceFile;

/// The name of standard input in reports.
pub const STDIN_NAME: &str = "<stdin>";

/// Reads one stream, such as standard input, to its end.
pub fn read(reader: impl Read) -> Loaded {
    let mut loaded = Loaded::default();
    let mut bytes = Vec::new();
    // one byte more than is allowed shows that there is too much
    let read = reader
        .take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes);
    let text = read
        .map_err(|error| error.to_string())
        .and_then(|_| decode(bytes));
    match text {
        Ok(text) => {
            loaded.sources.add(SourceFile::new(STDIN_NAME, text));
        }
        Err(reason) => loaded.problems.push(unreadable(STDIN_NAME, reason)),
    }
    loaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_one_file() {
        let loaded = read("a: 1\n".as_bytes());
        let files: Vec<_> = loaded
            .sources
            .iter()
            .map(|(_, file)| (file.name(), file.text()))
            .collect();
        assert_eq!(files, [(STDIN_NAME, "a: 1\n")]);
        assert_eq!(loaded.problems, []);
    }

    #[test]
    fn a_stream_without_end_is_cut_off_and_reported() {
        let loaded = read(std::io::repeat(b'a'));
        assert!(loaded.sources.is_empty());
        assert_eq!(loaded.problems.len(), 1);
    }
}
