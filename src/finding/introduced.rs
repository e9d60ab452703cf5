/// Which commit brought what a finding points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introduced {
    /// This one.
    Commit {
        /// Its full id.
        commit: String,
        /// Who wrote it: `name <mail>`.
        author: String,
        /// When it was committed, RFC 3339 in UTC: `2026-03-02T09:14:00Z`.
        time: String,
        /// The first line of its message.
        subject: String,
    },
    /// None yet: the line was changed since the last one.
    Uncommitted,
    /// One that is not there: the clone is shallow, and the line is as old as its oldest commit or
    /// older.
    Before {
        /// The full id of the oldest commit there is.
        commit: String,
    },
}
