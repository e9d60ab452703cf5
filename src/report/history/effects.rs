//! What a change did, in lines for people: alike things on one line, long lists cut.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::phrase::Line;
use crate::change::{EdgeChange, EdgeState, Effects, FindingChange};
use crate::model::Transport;
use crate::reach::Verdict;

/// How many lines of a sort are shown.
const LINES: usize = 3;

/// How many names of a list are shown.
const NAMES: usize = 2;

/// What a change did, worst first; and the environments, if all of it is in the same ones.
pub(super) struct Told {
    pub(super) environments: Option<Line>,
    pub(super) lines: Vec<Line>,
}

pub(super) fn tell(effects: &Effects, verbose: bool) -> Told {
    let teller = Teller {
        common: common(effects),
        lines: if verbose { usize::MAX } else { LINES },
        names: if verbose { usize::MAX - 1 } else { NAMES },
        verbose,
    };
    let mut lines = teller.listeners(effects);
    for edges in [
        &effects.opened,
        &effects.downgraded,
        &effects.closed,
        &effects.upgraded,
    ] {
        lines.extend(teller.edges(edges));
    }
    lines.extend(teller.logging(effects));
    let findings = match verbose {
        true => Findings::all(effects),
        false => Findings::settled(effects),
    };
    lines.extend(teller.findings("new finding", &findings.new));
    lines.extend(teller.findings("finding reads otherwise", &findings.kept));
    lines.extend(teller.findings("resolved finding", &findings.resolved));
    Told {
        environments: teller.common.as_deref().and_then(named),
        lines,
    }
}

/// Findings that came and went.
#[derive(Default)]
struct Findings<'a> {
    new: Vec<&'a FindingChange>,
    /// Those in whose place another of the same rule came, as bad as they were.
    kept: Vec<&'a FindingChange>,
    resolved: Vec<&'a FindingChange>,
}

impl<'a> Findings<'a> {
    fn all(effects: &'a Effects) -> Self {
        Self {
            new: effects.introduced.iter().collect(),
            kept: Vec::new(),
            resolved: effects.resolved.iter().collect(),
        }
    }

    fn settled(effects: &'a Effects) -> Self {
        let key = |one: &'a FindingChange| (&*one.environment, &*one.rule, one.severity);
        let mut gone: HashMap<_, Vec<&FindingChange>> = HashMap::new();
        for one in effects.resolved.iter().rev() {
            gone.entry(key(one)).or_default().push(one);
        }
        let mut findings = Self::default();
        for one in &effects.introduced {
            match gone.get_mut(&key(one)).and_then(Vec::pop) {
                Some(_) => findings.kept.push(one),
                None => findings.new.push(one),
            }
        }
        for one in &effects.resolved {
            let left = gone.get_mut(&key(one));
            findings.resolved.extend(left.and_then(Vec::pop));
        }
        findings
    }
}

/// The environments of a thing, in the order they come in.
type Environments = Vec<Arc<str>>;

struct Teller {
    /// The environments, if everything is in the same ones.
    common: Option<Environments>,
    lines: usize,
    names: usize,
    verbose: bool,
}

impl Teller {
    fn listeners(&self, effects: &Effects) -> Vec<Line> {
        let listeners = effects.listeners.iter();
        let merged = merge(listeners.map(|l| ((&*l.listener, l.before, l.after), &l.environment)));
        let grouped = group(
            merged
                .into_iter()
                .map(|((port, before, after), environments)| ((before, after, environments), port)),
        );
        let lines = grouped
            .into_iter()
            .map(|((before, after, environments), ports)| {
                // `-v` apart, one port speaks for the others
                let most = if self.verbose { self.names } else { 1 };
                let line = Line::default().names(&ports, most, "ports");
                let words = takes(before, after, ports.len() > 1);
                (ports.len(), self.within(line.ours(words), &environments))
            });
        cut(lines.collect(), self.lines, "port")
    }

    fn edges(&self, edges: &[EdgeChange]) -> Vec<Line> {
        let key = |e: &EdgeChange| (Arc::clone(&e.from), Arc::clone(&e.to), e.before, e.after);
        let merged = merge(edges.iter().map(|e| (key(e), &e.environment)));
        let by_server = group(
            merged
                .into_iter()
                .map(|((from, to, before, after), within)| {
                    ((rank(before, after), (before, after), within, to), from)
                }),
        );
        let by_clients = group(
            by_server
                .into_iter()
                .map(|((rank, states, within, to), clients)| ((rank, states, within, clients), to)),
        );
        let mut groups = by_clients;
        // what is least protected stands first
        groups.sort_by_key(|((rank, ..), _)| *rank);
        let lines = groups
            .into_iter()
            .map(|((_, (before, after), within, clients), servers)| {
                let (verb, how) = edge_words(before, after);
                let names = |list: &[Arc<str>]| list.iter().map(|name| name.to_string()).collect();
                let (from, to): (Vec<String>, Vec<String>) = (names(&clients), names(&servers));
                let from: Vec<&str> = from.iter().map(String::as_str).collect();
                let to: Vec<&str> = to.iter().map(String::as_str).collect();
                let line = Line::default()
                    .ours(format!("{verb} "))
                    .names(&from, self.names, "callers")
                    .ours(" → ")
                    .names(&to, self.names, "ports")
                    .ours(how);
                (from.len() * to.len(), self.within(line, &within))
            });
        cut(lines.collect(), self.lines, "call")
    }

    fn logging(&self, effects: &Effects) -> Vec<Line> {
        let logs = effects.logging.iter();
        let merged = merge(logs.map(|l| ((l.log, l.before, l.after, &*l.of), &l.environment)));
        let grouped = group(
            merged
                .into_iter()
                .map(|((log, before, after, of), within)| ((log, before, after, within), of)),
        );
        let lines = grouped
            .into_iter()
            .map(|((log, before, after, within), of)| {
                let line = Line::default()
                    .ours(format!("{}: ", log_words(log, before, after)))
                    .names(&of, self.names, "");
                (of.len(), self.within(line, &within))
            });
        cut(lines.collect(), self.lines, "log")
    }

    fn findings(&self, what: &str, findings: &[&FindingChange]) -> Vec<Line> {
        let merged = merge(findings.iter().map(|f| {
            (
                (f.severity, &*f.rule, &*f.fingerprint, &*f.message),
                &f.environment,
            )
        }));
        let mut grouped = group(merged.into_iter().map(
            |((severity, rule, _, message), within)| {
                // `-v` tells findings apart
                let message = if self.verbose { message } else { "" };
                ((severity, rule, message, within), ())
            },
        ));
        grouped.sort_by_key(|((severity, ..), _)| std::cmp::Reverse(*severity));
        let lines = grouped
            .into_iter()
            .map(|((severity, rule, message, within), found)| {
                let count = match found.len() {
                    1 => String::new(),
                    more => format!("{more} × "),
                };
                let mut line = Line::default()
                    .ours(format!("{what}: {count}"))
                    .theirs(rule)
                    .ours(format!(" ({severity})"));
                if !message.is_empty() {
                    line = line.ours(": ").theirs(message);
                }
                (found.len(), self.within(line, &within))
            });
        cut(lines.collect(), self.lines, "finding")
    }

    /// The line, with its environments where they are not those of everything.
    fn within(&self, line: Line, environments: &Environments) -> Line {
        match named(environments) {
            Some(names) if self.common.is_none() => line.then(names),
            _ => line,
        }
    }
}

/// `  in prod, test`; nothing for the one environment that needs no name.
fn named(environments: &[Arc<str>]) -> Option<Line> {
    let line = Line::default().ours("  in ");
    match environments {
        [] => None,
        [only] if &**only == "." => None,
        [_] | [_, _] | [_, _, _] => {
            let names: Vec<&str> = environments.iter().map(|name| &**name).collect();
            Some(line.names(&names, 3, ""))
        }
        many => Some(line.ours(format!("{} environments", many.len()))),
    }
}

/// The environments that all effects are in; nothing if some are in others.
fn common(effects: &Effects) -> Option<Environments> {
    let mut each: HashSet<Environments> = HashSet::new();
    let listeners = effects.listeners.iter();
    let listeners = listeners.map(|l| ((&*l.listener, l.before, l.after), &l.environment));
    each.extend(merge(listeners).into_iter().map(|(_, within)| within));
    for edges in [
        &effects.opened,
        &effects.closed,
        &effects.downgraded,
        &effects.upgraded,
    ] {
        let edges = edges.iter();
        let edges = edges.map(|e| ((&*e.from, &*e.to, e.before, e.after), &e.environment));
        each.extend(merge(edges).into_iter().map(|(_, within)| within));
    }
    let logs = effects.logging.iter();
    let logs = logs.map(|l| ((l.log, &*l.of, l.before, l.after), &l.environment));
    each.extend(merge(logs).into_iter().map(|(_, within)| within));
    for findings in [&effects.introduced, &effects.resolved] {
        let findings = findings.iter();
        let findings = findings.map(|f| ((&*f.rule, &*f.fingerprint, &*f.message), &f.environment));
        each.extend(merge(findings).into_iter().map(|(_, within)| within));
    }
    let mut each = each.into_iter();
    each.next().filter(|_| each.next().is_none())
}

/// Equal things of several environments as one.
fn merge<'a, K: Eq + Hash + Clone>(
    things: impl Iterator<Item = (K, &'a Arc<str>)>,
) -> Vec<(K, Environments)> {
    let merged = group(things.map(|(key, environment)| (key, Arc::clone(environment))));
    let sorted = merged.into_iter().map(|(key, mut environments)| {
        environments.sort();
        environments.dedup();
        (key, environments)
    });
    sorted.collect()
}

/// Things by their keys, in the order in which the keys come.
fn group<K: Eq + Hash + Clone, T>(things: impl Iterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    let mut index: HashMap<K, usize> = HashMap::new();
    for (key, thing) in things {
        let at = *index.entry(key.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.push(thing),
            None => groups.push((key, vec![thing])),
        }
    }
    groups
}

/// The first lines, and how many things the others tell of.
fn cut(lines: Vec<(usize, Line)>, most: usize, what: &str) -> Vec<Line> {
    // one line more costs as much room as to count it
    let shown = if lines.len() <= most.saturating_add(1) {
        lines.len()
    } else {
        most
    };
    let more: usize = lines.iter().skip(shown).map(|(count, _)| count).sum();
    let mut lines: Vec<Line> = lines
        .into_iter()
        .take(shown)
        .map(|(_, line)| line)
        .collect();
    if more > 0 {
        let plural = if more == 1 { "" } else { "s" };
        lines.push(Line::default().ours(format!("and {more} more {what}{plural}")));
    }
    lines
}

fn takes(before: &str, after: &str, several: bool) -> String {
    let take = if several { "take" } else { "takes" };
    match (before, after) {
        ("required", "permissive") => format!(" {take} plaintext, too"),
        ("plaintext", "permissive") => format!(" {take} mutual TLS, too"),
        (_, "required") => format!(" {take} mutual TLS only"),
        (_, "plaintext") => format!(" {take} plaintext only"),
        (before, after) => format!(" {take} {after} (before: {before})"),
    }
}

/// What is worse comes first: no certain end, then what is weaker.
fn rank(before: Option<EdgeState>, after: Option<EdgeState>) -> (bool, Option<Transport>) {
    let came_or_went = before.is_none() || after.is_none();
    let over = after.and_then(|state| state.transport);
    (came_or_went, over)
}

/// What became of a call, and how it is now.
fn edge_words(before: Option<EdgeState>, after: Option<EdgeState>) -> (&'static str, String) {
    let (old, new) = match (before, after) {
        (None, None) => return ("changes", String::new()),
        (None, Some(new)) => return ("adds", bracket(&[how(new)])),
        (Some(old), None) => return ("removes", bracket(&[how(old)])),
        (Some(old), Some(new)) => (old, new),
    };
    let was = match old.verdict {
        Verdict::Conditional => "was on a condition",
        Verdict::Unknown => "was not known",
        Verdict::Allow | Verdict::Deny => "",
    };
    match (old.verdict, new.verdict) {
        (a, b) if a == b => {
            let verb = match strength(old) < strength(new) {
                true => "strengthens",
                false => "weakens",
            };
            let over = format!("{} → {}", over(old.transport), over(new.transport));
            (verb, bracket(&[over]))
        }
        (a, Verdict::Unknown) if a < Verdict::Unknown => ("may open", bracket(&[how(new)])),
        (a, b) if a < b => ("opens", bracket(&[how(new), was.to_owned()])),
        (_, Verdict::Deny) => ("closes", bracket(&[how(old)])),
        (_, Verdict::Unknown) => ("may close", bracket(&[how(new)])),
        _ => ("narrows", bracket(&[how(new)])),
    }
}

/// Where it is not known what a call goes over, it goes over nothing that is known to be weak.
fn strength(state: EdgeState) -> (bool, Option<Transport>) {
    (state.transport.is_none(), state.transport)
}

/// ` (plaintext, on a condition)`.
fn bracket(words: &[String]) -> String {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!(" ({})", words.join(", ")),
    }
}

fn how(state: EdgeState) -> String {
    match (state.verdict, state.transport) {
        (Verdict::Deny, _) => "refused".to_owned(),
        (Verdict::Unknown, _) => "cannot be told".to_owned(),
        (Verdict::Conditional, transport) => format!("{}, on a condition", over(transport)),
        (Verdict::Allow, transport) => over(transport).to_owned(),
    }
}

/// A transport in the reader's words.
pub(super) fn over(transport: Option<Transport>) -> &'static str {
    match transport {
        Some(Transport::Mtls) => "mutual TLS",
        Some(Transport::Tls) => "TLS without a client identity",
        Some(Transport::Plaintext) => "plaintext",
        None => "no known transport",
    }
}

fn log_words(log: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some("unknown"), Some("off")) => format!("no {log} log"),
        (Some(_), Some("off")) => format!("no {log} log any more"),
        (Some(_), Some("partial")) => format!("{log} log only in part"),
        (Some(_), Some("on")) => format!("{log} log in full"),
        (Some(_), Some("unknown")) => format!("{log} log not known any more"),
        (None, Some("on")) => format!("new, with {log} log"),
        (None, Some("off")) => format!("new, without {log} log"),
        (None, Some("partial")) => format!("new, {log} log only in part"),
        (None, Some("unknown")) => format!("new, {log} log not known"),
        (Some(state), None) => format!("gone, {log} log was {state}"),
        (before, after) => format!(
            "{log} log {} → {}",
            before.unwrap_or("none"),
            after.unwrap_or("none")
        ),
    }
}
