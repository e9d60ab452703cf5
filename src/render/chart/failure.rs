//! What helm says when it fails, without what it may quote of values.

use crate::render::paths::resolve;

/// How much of it is told.
const MAX_CHARS: usize = 300;

/// What is told of a failure: its first line, without texts that stand in no template.
pub(super) fn told(said: &str, is_known: impl Fn(&str) -> bool) -> String {
    let line = said.lines().map(str::trim).find(|line| {
        let is_notice = line.starts_with("WARNING") || line.starts_with("walk.go");
        !line.is_empty() && !is_notice
    });
    let line = line.unwrap_or("it says nothing");
    let line = line.strip_prefix("Error: ").unwrap_or(line);
    let line = stopped_itself(line, &is_known).unwrap_or_else(|| hidden(line, &is_known));
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or("")),
        None => line,
    }
}

/// A template that stops on purpose (`fail`, `required`) may put a value into what it says.
fn stopped_itself(line: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let (before, behind) = line.split_once("execution error at (")?;
    let (place, message) = behind.split_once("): ")?;
    let message = match is_known(message) {
        true => format!(": {message}"),
        false => " with a message that is made up of values".to_owned(),
    };
    let before = hidden(before, is_known);
    Some(format!("{before}it stops itself at {place}{message}"))
}

/// A text in which quoted texts that are not known are left out.
fn hidden(line: &str, is_known: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(at);
        shown.push_str(before);
        let quote = quoted.chars().next().unwrap_or('"');
        let inside = quoted.get(1..).unwrap_or("");
        let Some((text, behind)) = inside.split_once(quote) else {
            shown.push_str("\"…");
            return shown;
        };
        let text = if is_known(text) { text } else { "…" };
        shown.push(quote);
        shown.push_str(text);
        shown.push(quote);
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The template and its line that a failure names, the last of them: `shop/templates/a.yaml:3:5`.
pub(super) fn place(said: &str) -> Option<(String, u32)> {
    let words = said.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '<' | '>'));
    let place = |word: &str| {
        let (path, numbers) = word.split_once(':')?;
        let line = numbers.split(':').next()?.parse().ok()?;
        path.contains("/templates/")
            .then(|| (resolve(".", path), line))
    };
    words.filter_map(place).next_back()
}
