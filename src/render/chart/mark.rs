//! Templates with marks: each line that prints something says so at its end, in a comment. What helm
//! makes of them is what it makes of the templates, and tells which line of its output comes from which
//! line of which template. Only places are taken from it, never what is in force.

use super::action::{Action, Does, Opener, actions};

/// What marks of a chart look like.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    begin: String,
}

/// What output with marks says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    /// The output without its marks.
    pub(super) text: String,
    /// Where marks stood in it, each with the line it names.
    marks: Vec<(usize, u32)>,
}

impl Marks {
    /// Marks that a chart cannot have in it, as they depend on all of it.
    pub(super) fn of(chart: &[u8]) -> Self {
        let hash = blake3::hash(chart).to_hex();
        let short = hash.get(..24).unwrap_or("");
        Self {
            begin: format!(" #{short}:"),
        }
    }

    fn mark(&self, line: u32) -> String {
        format!("{}{line};", self.begin)
    }

    /// A template with marks; nothing if it is none.
    pub(super) fn put(&self, text: &str) -> Option<String> {
        let actions = actions(text)?;
        let own = templates_of_their_own(&actions);
        let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        let mut marked = String::with_capacity(text.len() * 2);
        let mut number = 0;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            number += 1;
            let content = start + line.trim_end_matches(['\n', '\r']).len();
            let before = own.partition_point(|&(from, _)| from < content);
            let is_inside = own
                .get(before.wrapping_sub(1))
                .is_some_and(|&(_, to)| start < to);
            let place = match is_inside {
                true => None,
                false => place(text, start, content, &actions),
            };
            match place {
                Some(Place { at, from, within }) => {
                    let from = from.map_or(number, |from| line_of(&breaks, from));
                    let mark = self.mark(from);
                    marked.push_str(text.get(start..at)?);
                    match within {
                        true => marked.push_str(&format!("}}}}{{{{ \"{mark}\" ")),
                        false => marked.push_str(&mark),
                    }
                    marked.push_str(text.get(at..end)?);
                }
                None => marked.push_str(line),
            }
            start = end;
        }
        Some(marked)
    }

    /// Output without the marks in it.
    pub(super) fn take(&self, output: &str) -> Marked {
        let mut marked = Marked::default();
        let mut rest = output;
        while let Some((before, behind)) = rest.split_once(&self.begin) {
            marked.text.push_str(before);
            let number = behind.split_once(';');
            let number = number.and_then(|(line, rest)| Some((line.parse().ok()?, rest)));
            match number {
                Some((line, behind)) => {
                    marked.marks.push((marked.text.len(), line));
                    rest = behind;
                }
                None => {
                    marked.text.push_str(&self.begin);
                    rest = behind;
                }
            }
        }
        marked.text.push_str(rest);
        marked
    }
}

impl Marked {
    /// For each line of the text, the line of the template that it comes from.
    pub(super) fn lines(&self) -> Vec<Option<u32>> {
        let mut start = 0;
        let line = |line: &str| {
            let first = start + line.len() - line.trim_start().len();
            start += line.len();
            let next = self.marks.partition_point(|&(at, _)| at <= first);
            self.marks.get(next).map(|&(_, line)| line)
        };
        self.text.split_inclusive('\n').map(line).collect()
    }
}

/// Where the mark of a line goes.
struct Place {
    at: usize,
    /// Where what it stands for begins, if that is on another line.
    from: Option<usize>,
    /// Whether that is in an action, before its `}}`.
    within: bool,
}

/// Where to put the mark of a line; nothing if it prints nothing but blanks, or ends within an action.
fn place(text: &str, start: usize, content: usize, actions: &[Action<'_>]) -> Option<Place> {
    let first = actions.partition_point(|action| action.end <= start);
    let own: Vec<&Action<'_>> = actions
        .iter()
        .skip(first)
        .take_while(|action| action.start < content)
        .collect();
    if own.last().is_some_and(|last| last.end > content) {
        return None;
    }
    let prints = own.iter().find(|action| action.does == Does::Print);
    let mut literal = String::new();
    let mut at = start;
    for action in &own {
        literal.push_str(text.get(at..action.start.max(at))?);
        at = action.end;
    }
    literal.push_str(text.get(at..content)?);
    if literal.trim().is_empty() && prints.is_none() {
        return None;
    }
    let from = own.iter().find(|action| action.start < start);
    let from = from.map(|action| action.start);
    let last = own.last().filter(|last| {
        let behind = text.get(last.end..content).unwrap_or("");
        last.trims_behind && behind.trim().is_empty()
    });
    let (at, within) = match last {
        // blanks behind it are to go, and not to stop at a mark
        Some(last) if last.does == Does::Print => {
            let inside = text.get(last.start..last.end)?;
            (last.start + inside.trim_end_matches("-}}").len(), true)
        }
        Some(last) => (last.start, false),
        None => (content, false),
    };
    (at >= start).then_some(Place { at, from, within })
}

/// Where templates of their own stand: what they print goes anywhere.
fn templates_of_their_own(actions: &[Action<'_>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(Opener, usize)> = Vec::new();
    for action in actions {
        match action.does {
            Does::Open(opener) => open.push((opener, action.start)),
            Does::End => {
                if let Some((Opener::Define, start)) = open.pop() {
                    found.push((start, action.end));
                }
            }
            _ => {}
        }
    }
    found
}

fn line_of(breaks: &[usize], at: usize) -> u32 {
    breaks.partition_point(|&line_break| line_break < at) as u32 + 1
}
