use git2::Oid;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::load::{Log, Refusal};

/// Where a walk through commits ends.
#[derive(Debug, Clone, Default)]
pub struct Ends {
    /// A revision, which is itself left out with all that led to it, or a time.
    pub since: Option<String>,
    /// The last revision, or a time.
    pub until: Option<String>,
}

/// One end of a range.
enum End {
    Commit(Oid),
    /// Seconds since 1970.
    Time(i64),
}

impl Ends {
    /// The commits of the branch in this range, newest first.
    ///
    /// # Errors
    /// An end is neither a revision nor a time.
    pub fn commits(&self, log: &Log<'_>) -> Result<Vec<Oid>, Refusal> {
        let end = |text: &Option<String>, at_night| {
            let end = |text| end(log, text, at_night);
            text.as_deref().map(end).transpose()
        };
        let (since, until) = (end(&self.since, false)?, end(&self.until, true)?);
        let newest = match until {
            Some(End::Commit(commit)) => commit,
            _ => log.head(),
        };
        let without = match since {
            Some(End::Commit(commit)) => Some(commit),
            _ => None,
        };
        let mut trunk = log.trunk(newest, without)?;
        if let Some(End::Time(until)) = until {
            let first = trunk.iter().position(|&id| time(log, id) <= until);
            trunk.drain(..first.unwrap_or(trunk.len()));
        }
        if let Some(End::Time(since)) = since {
            let end = trunk.iter().position(|&id| time(log, id) < since);
            trunk.truncate(end.unwrap_or(trunk.len()));
        }
        Ok(trunk)
    }
}

fn time(log: &Log<'_>, commit: Oid) -> i64 {
    log.commit(commit).map_or(0, |commit| commit.time)
}

fn end(log: &Log<'_>, text: &str, at_night: bool) -> Result<End, Refusal> {
    match (log.find(text), seconds(text, at_night)) {
        (Ok(commit), _) => Ok(End::Commit(commit)),
        (Err(_), Some(time)) => Ok(End::Time(time)),
        (Err(Refusal::Wrong(message) | Refusal::Empty(message)), None) => Err(Refusal::Wrong(
            format!("{message}; and it is no time like 2026-03-02 or 2026-03-02T09:14:00Z"),
        )),
    }
}

/// A day (its beginning or its end, in UTC) or a time (in UTC, unless it says otherwise).
fn seconds(text: &str, at_night: bool) -> Option<i64> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let time = match text.parse::<Date>() {
        Ok(day) if at_night && !text.contains(':') => day.at(23, 59, 59, 0),
        Ok(day) if !text.contains(':') => day.at(0, 0, 0, 0),
        _ => text.parse::<DateTime>().ok()?,
    };
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub(super) fn written(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read() {
        for (text, time) in [
            ("2026-03-02", Some("2026-03-02T00:00:00Z")),
            ("2026-03-02T09:14:00Z", Some("2026-03-02T09:14:00Z")),
            ("2026-03-02T09:14:00+02:00", Some("2026-03-02T07:14:00Z")),
            ("2026-03-02 09:14", Some("2026-03-02T09:14:00Z")),
            ("2026-13-02", None),
            ("yesterday", None),
        ] {
            assert_eq!(seconds(text, false).map(written).as_deref(), time, "{text}");
        }
        let night = seconds("2026-03-02", true).map(written);
        assert_eq!(night.as_deref(), Some("2026-03-02T23:59:59Z"));
    }
}
