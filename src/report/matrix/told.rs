//! The calls that differ, in lines for people: those that differ alike under one heading.

use std::collections::HashMap;

use super::Shown;
use super::items::items;
use super::names::Names;
use crate::change::EdgeState;
use crate::matrix::Calls;
use crate::model::Transport;
use crate::reach::Verdict;
use crate::report::phrase::Line;

/// How many headings are shown.
const HEADINGS: usize = 6;

/// How many lines stand under a heading.
const LINES: usize = 4;

/// How many environments that are all the rest are named.
pub(super) const OTHERS: usize = 3;

/// Calls that differ alike.
pub(super) struct Heading {
    /// `prod allows what staging denies`.
    pub line: Line,
    /// The calls, each with what decided.
    pub calls: Vec<(Line, Line)>,
    /// How many calls are not among them.
    pub more: usize,
}

/// All that is told of calls.
pub(super) struct Told {
    /// Worst first.
    pub headings: Vec<Heading>,
    /// How many calls are under no heading.
    pub more: usize,
}

/// Which environments do what with a call: what is weaker comes first.
pub(super) type Split = Vec<(EdgeState, Vec<usize>)>;

pub(super) fn tell(shown: Shown<'_>, names: &Names, verbose: bool) -> Told {
    let mut index: HashMap<Split, usize> = HashMap::new();
    let mut groups: Vec<(Split, Vec<&Calls>)> = Vec::new();
    for calls in &shown.matrix.calls {
        let split = split(calls);
        let at = *index.entry(split.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.push(calls),
            None => groups.push((split, vec![calls])),
        }
    }
    let most = if verbose { usize::MAX } else { HEADINGS };
    let more = groups.iter().skip(most).flat_map(|(_, calls)| calls);
    let more = more.map(|calls| calls.count).sum();
    let lines = if verbose { usize::MAX } else { LINES };
    let headings = groups.iter().take(most).map(|(split, calls)| {
        let items = items(shown, split, calls, verbose);
        Heading {
            line: heading(split, names, verbose),
            calls: items
                .iter()
                .take(lines)
                .map(|item| (item.who(verbose), item.because(split, names, verbose)))
                .collect(),
            more: items.iter().skip(lines).map(|item| item.count).sum(),
        }
    });
    Told {
        headings: headings.collect(),
        more,
    }
}

fn split(calls: &Calls) -> Split {
    let mut split: Split = Vec::new();
    for (number, fate) in calls.fates.iter().enumerate() {
        let Some(fate) = fate else { continue };
        match split.iter_mut().find(|(state, _)| *state == fate.state) {
            Some((_, of)) => of.push(number),
            None => split.push((fate.state, vec![number])),
        }
    }
    split.sort_by_key(|(state, _)| (state.verdict == Verdict::Unknown, state.weakest_first()));
    split
}

/// `prod allows in plaintext what staging and dev deny`.
fn heading(split: &Split, names: &Names, verbose: bool) -> Line {
    let allow = |state: &EdgeState| state.verdict == Verdict::Allow;
    let allowing = split.iter().filter(|(state, _)| allow(state)).count();
    let mut told = 0;
    let mut line = Line::default();
    for (number, (state, of)) in split.iter().enumerate() {
        let is_last = number + 1 == split.len();
        line = match number {
            0 => line,
            1 => line.ours(" what "),
            _ if is_last => line.ours(" and "),
            _ => line.ours(", "),
        };
        line = match number > 0 && is_last && told + of.len() == names.short.len() {
            true if of.len() > OTHERS => line.ours(format!("the other {}", of.len())),
            _ => line.then(names.list(of, verbose)),
        };
        told += of.len();
        line = line.ours(verb(*state, of.len() > 1, allowing > 1));
    }
    line
}

/// What an environment does with a call; `over` is said where others let it through, too.
fn verb(state: EdgeState, several: bool, over: bool) -> String {
    let s = if several { "" } else { "s" };
    let how = match state.transport {
        Some(Transport::Plaintext) => " in plaintext",
        Some(Transport::Tls) => " over TLS without a client identity",
        Some(Transport::Mtls) if over => " only over mutual TLS",
        Some(Transport::Mtls) | None => "",
    };
    match (state.verdict, several) {
        (Verdict::Allow, _) => format!(" allow{s}{how}"),
        (Verdict::Conditional, _) => format!(" allow{s}{how} on a condition"),
        (Verdict::Deny, true) => " deny".to_owned(),
        (Verdict::Deny, false) => " denies".to_owned(),
        (Verdict::Unknown, _) => format!(" leave{s} open"),
    }
}
