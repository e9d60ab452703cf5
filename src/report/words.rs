//! Small texts that reports for people share.

use super::style;

/// Text from the input, on one line and without what a terminal would act on.
pub(crate) fn clean(text: &str) -> String {
    let on_one_line = |c| if c == '\n' { ' ' } else { style::harmless(c) };
    text.chars().map(on_one_line).collect()
}

/// `1 finding`, `2 findings`.
pub(crate) fn many(count: usize, of: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {of}{plural}")
}

/// The beginning of a commit's id: enough for people to find it.
pub(crate) fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// The day of a time.
pub(super) fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The name without the mail address; the address if there is no name.
pub(super) fn name(author: &str) -> &str {
    match author.split_once('<') {
        Some((name, _)) if !name.trim().is_empty() => name.trim(),
        Some((_, mail)) => mail.trim_end_matches('>'),
        None => author,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_well() {
        assert_eq!(many(1, "finding"), "1 finding");
        assert_eq!(many(0, "edge"), "0 edges");
        assert_eq!(short("4f2c9e1d00"), "4f2c9e1");
        assert_eq!(short("4f2"), "4f2");
        assert_eq!(day("2026-03-02T09:14:00Z"), "2026-03-02");
    }

    #[test]
    fn whoever_has_no_name_is_known_by_the_address() {
        assert_eq!(name("Ann Lee <ann@example.com>"), "Ann Lee");
        assert_eq!(name(" <ann@example.com>"), "ann@example.com");
        assert_eq!(name("Ann"), "Ann");
    }
}
