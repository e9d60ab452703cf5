//! Since when a call gets through, or does not, and because of what.

use std::io;

use serde::Serialize;

use super::super::style::Style;
use super::super::words::{clean, day, name, short};
use super::effects::over;
use super::json::{JsonCommit, JsonEntry, VERSION};
use super::{Options, text};
use crate::change::EdgeState;
use crate::history::{Allowed, Commit, Period, Range};
use crate::model::Transport;
use crate::reach::Verdict;

/// The formats of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Writes since when a call gets through.
///
/// # Errors
/// Those of the writer.
pub fn write_allowed(
    format: AllowedFormat,
    allowed: &Allowed,
    options: Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match format {
        AllowedFormat::Text => plain(allowed, options),
        AllowedFormat::Json => serde_json::to_string_pretty(&document(allowed))? + "\n",
    };
    out.write_all(text.as_bytes())
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    from: &'a str,
    to: &'a str,
    now: JsonState,
    /// Null where it has been so for longer than the commits that were looked at.
    since: Option<JsonCommit<'a>>,
    periods: Vec<JsonPeriod<'a>>,
}

/// Both are null while one of the two was not there.
#[derive(Default, Serialize)]
struct JsonState {
    verdict: Option<Verdict>,
    transport: Option<Transport>,
}

#[derive(Serialize)]
struct JsonPeriod<'a> {
    #[serde(flatten)]
    state: JsonState,
    from: JsonCommit<'a>,
    until: Option<JsonCommit<'a>>,
    because: Vec<JsonEntry<'a>>,
}

fn document(allowed: &Allowed) -> Document<'_> {
    let periods = allowed.periods.iter();
    let now = allowed.periods.first();
    Document {
        version: VERSION,
        from: &allowed.from,
        to: &allowed.to,
        now: now.map_or_else(JsonState::default, |now| state(now.state)),
        since: match since(allowed) {
            Some(Since::Commit(commit) | Since::First(commit)) => Some(JsonCommit::new(commit)),
            Some(Since::Before(_)) | None => None,
        },
        periods: periods
            .map(|period| JsonPeriod {
                state: state(period.state),
                from: JsonCommit::new(&period.from),
                until: period.until.as_ref().map(JsonCommit::new),
                because: period.because.iter().map(JsonEntry::new).collect(),
            })
            .collect(),
    }
}

fn state(of: Option<EdgeState>) -> JsonState {
    JsonState {
        verdict: of.map(|state| state.verdict),
        transport: of.and_then(|state| state.transport),
    }
}

/// What is known of when a period began.
enum Since<'a> {
    /// With this commit.
    Commit(&'a Commit),
    /// With this one, and it is the first there ever was.
    First(&'a Commit),
    /// With this one or before: it is the oldest that was looked at.
    Before(&'a Commit),
}

/// Since when it is as it is now.
fn since(allowed: &Allowed) -> Option<Since<'_>> {
    let now = allowed.periods.first()?;
    Some(began(now, allowed.periods.len() == 1, &allowed.range))
}

fn began<'a>(period: &'a Period, is_oldest: bool, range: &Range) -> Since<'a> {
    match (is_oldest, range.whole) {
        (false, _) => Since::Commit(&period.from),
        (true, true) => Since::First(&period.from),
        (true, false) => Since::Before(&period.from),
    }
}

fn plain(allowed: &Allowed, options: Options) -> String {
    let style = Style::new(options.color);
    let count = allowed.periods.len();
    let mut text = String::new();
    for (i, period) in allowed.periods.iter().enumerate() {
        let since = words(
            &began(period, i + 1 == count, &allowed.range),
            &allowed.range,
        );
        if i == 0 {
            let (from, to) = (clean(&allowed.from), clean(&allowed.to));
            let answer = style.bold(&format!("{:10}", answer(period.state)));
            let over = transport(period.state).map(|over| format!("   over {over}"));
            let over = over.unwrap_or_default();
            text.push_str(&format!(
                "{answer}  {from} → {to}{over}\n            {since}\n"
            ));
        } else {
            if i == 1 {
                text.push_str("\nbefore that\n");
            }
            let over = transport(period.state).map(|over| format!("over {over}, "));
            let until = period.until.as_ref().map_or("", |until| day(&until.time));
            text.push_str(&format!(
                "{:10}  {}{since}, until {}\n",
                answer(period.state),
                over.unwrap_or_default(),
                clean(until),
            ));
        }
        for entry in &period.because {
            // what else it did, the log says
            let line = text::line(&entry.change, style, options.verbose);
            text.push_str(&format!("            {line}\n"));
        }
    }
    if allowed.periods.is_empty() {
        text.push_str("There was no commit to look at\n");
    }
    text
}

fn answer(state: Option<EdgeState>) -> &'static str {
    match state.map(|state| state.verdict) {
        Some(Verdict::Allow) => "yes",
        Some(Verdict::Deny) => "no",
        Some(Verdict::Conditional) => "it depends",
        Some(Verdict::Unknown) => "unknown",
        None => "not there",
    }
}

/// Over what it gets through; a refused call goes over nothing.
fn transport(state: Option<EdgeState>) -> Option<&'static str> {
    let transport = state?.transport?;
    Some(over(Some(transport)))
}

fn words(since: &Since<'_>, range: &Range) -> String {
    match since {
        Since::Commit(commit) => format!("since {}", told(commit)),
        Since::First(commit) => format!("since the first commit, {}", told(commit)),
        Since::Before(commit) => {
            let id = clean(short(&commit.id));
            match range.shallow {
                true => format!("since before {id}: the clone is shallow"),
                false => format!("since before {id}, the oldest commit that was looked at"),
            }
        }
    }
}

/// `2026-03-02, 4f2c9e1 "payments: let the batch job in", Ann Lee`.
fn told(commit: &Commit) -> String {
    format!(
        "{}, {} \"{}\", {}",
        clean(day(&commit.time)),
        clean(short(&commit.id)),
        clean(&commit.subject),
        clean(name(&commit.author))
    )
}
