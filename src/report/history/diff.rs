//! Two states side by side, without the commits between them.

use std::collections::HashSet;
use std::io;

use clap::ValueEnum;
use serde::Serialize;

use super::super::style::Style;
use super::super::words::{clean, many, short};
use super::json::{JsonChange, VERSION, once_each};
use super::{NEUTRAL, Options, markdown, more_neutral, phrase, text};
use crate::change::{Change, Direction, EdgeChange, FindingChange};

/// The formats of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
}

/// What differs between two states.
#[derive(Debug, Clone, Copy)]
pub struct TwoStates<'a> {
    /// The full id of the commit before.
    pub old: &'a str,
    /// The full id of the commit after.
    pub new: &'a str,
    /// What differs.
    pub changes: &'a [Change],
}

/// Writes what differs between two states.
///
/// # Errors
/// Those of the writer.
pub fn write_diff(
    format: DiffFormat,
    states: &TwoStates<'_>,
    options: Options,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let text = match format {
        DiffFormat::Text => plain(states, options),
        DiffFormat::Json => serde_json::to_string_pretty(&document(states))? + "\n",
        DiffFormat::Markdown => marked(states, options),
    };
    out.write_all(text.as_bytes())
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    old: &'a str,
    new: &'a str,
    changes: Vec<JsonChange<'a>>,
    summary: Summary,
}

/// How many there are; what several changes did together counts once.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Summary {
    opened: usize,
    closed: usize,
    downgraded: usize,
    upgraded: usize,
    weaker: usize,
    stronger: usize,
    neutral: usize,
    introduced: usize,
    resolved: usize,
}

impl Summary {
    fn of(changes: &[Change]) -> Self {
        let edges = |pick: fn(&Change) -> &Vec<EdgeChange>| {
            let edges = changes.iter().flat_map(pick);
            let pairs = edges.map(|e| (&e.environment, &e.from, &e.to));
            pairs.collect::<HashSet<_>>().len()
        };
        let findings = |pick: fn(&Change) -> &Vec<FindingChange>| {
            let findings = changes.iter().flat_map(|change| once_each(pick(change)));
            let names = findings.map(|f| (&f.rule, &f.fingerprint));
            names.collect::<HashSet<_>>().len()
        };
        let directed = |to| changes.iter().filter(|c| c.direction == to).count();
        Self {
            opened: edges(|change| &change.effects.opened),
            closed: edges(|change| &change.effects.closed),
            downgraded: edges(|change| &change.effects.downgraded),
            upgraded: edges(|change| &change.effects.upgraded),
            weaker: directed(Direction::Weaker),
            stronger: directed(Direction::Stronger),
            neutral: directed(Direction::Neutral),
            introduced: findings(|change| &change.effects.introduced),
            resolved: findings(|change| &change.effects.resolved),
        }
    }

    /// `3 changes: 1 weaker, 2 neutral · 1 call opened · 1 new finding`.
    fn words(&self) -> String {
        let count = self.weaker + self.stronger + self.neutral;
        let list = |counts: &[(usize, &str)]| {
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let words = counts.map(|(count, word)| format!("{count} {word}"));
            words.collect::<Vec<_>>().join(", ")
        };
        let directed = list(&[
            (self.weaker, "weaker"),
            (self.stronger, "stronger"),
            (self.neutral, "neutral"),
        ]);
        let calls = list(&[
            (self.opened, "opened"),
            (self.downgraded, "weakened"),
            (self.closed, "closed"),
            (self.upgraded, "strengthened"),
        ]);
        let findings = list(&[(self.introduced, "new"), (self.resolved, "resolved")]);
        let mut parts = vec![format!("{}: {directed}", many(count, "change"))];
        if !calls.is_empty() {
            parts.push(format!("calls: {calls}"));
        }
        if !findings.is_empty() {
            parts.push(format!("findings: {findings}"));
        }
        parts.join(" · ")
    }
}

fn document<'a>(states: &TwoStates<'a>) -> Document<'a> {
    Document {
        version: VERSION,
        old: states.old,
        new: states.new,
        changes: states.changes.iter().map(JsonChange::new).collect(),
        summary: Summary::of(states.changes),
    }
}

/// The changes, weaker ones first, and how many neutral ones are left out.
fn shown<'a>(states: &TwoStates<'a>, verbose: bool) -> (Vec<&'a Change>, usize) {
    let mut changes: Vec<&Change> = states.changes.iter().collect();
    changes.sort_by_key(|change| change.direction);
    let neutral = changes.iter().rev();
    let neutral = neutral.take_while(|change| change.direction == Direction::Neutral);
    let hidden = match verbose {
        true => 0,
        false => neutral.count().saturating_sub(NEUTRAL),
    };
    changes.truncate(changes.len() - hidden);
    (changes, hidden)
}

fn plain(states: &TwoStates<'_>, options: Options) -> String {
    let (old, new) = (clean(short(states.old)), clean(short(states.new)));
    if states.changes.is_empty() {
        return match options.quiet {
            true => String::new(),
            false => format!("No change of the mesh's security between {old} and {new}\n"),
        };
    }
    let style = Style::new(options.color);
    let (changes, hidden) = shown(states, options.verbose);
    let changes = changes.into_iter();
    let mut text: String = changes
        .map(|change| text::change(change, "", style, options.verbose))
        .collect();
    if hidden > 0 {
        text.push_str(&format!("{}\n", more_neutral(hidden)));
    }
    if !options.quiet {
        let summary = Summary::of(states.changes).words();
        text.push_str(&format!("\n{old} → {new}: {summary}\n"));
    }
    text
}

fn marked(states: &TwoStates<'_>, options: Options) -> String {
    let (old, new) = (
        phrase::code(short(states.old)),
        phrase::code(short(states.new)),
    );
    if states.changes.is_empty() {
        return format!("No change of the mesh's security between {old} and {new}.\n");
    }
    let summary = Summary::of(states.changes).words();
    let mut text = format!("**{summary}**\n\nFrom {old} to {new}:\n\n");
    let (changes, hidden) = shown(states, options.verbose);
    for change in changes {
        text.push_str(&markdown::change(change, options.verbose));
    }
    if hidden > 0 {
        text.push_str(&format!("- {}\n", more_neutral(hidden)));
    }
    text
}
