//! The actions of a template: what stands between `{{` and `}}`.
//!
//! `golang/go: src/text/template/parse/lex.go`.

/// An action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Action<'t> {
    /// Where it begins, at its `{{`.
    pub(super) start: usize,
    /// Where it ends, behind its `}}`.
    pub(super) end: usize,
    /// What is in it, without the marks that trim blanks around it.
    pub(super) inner: &'t str,
    /// Whether blanks behind it are taken away.
    pub(super) trims_behind: bool,
    /// What it does.
    pub(super) does: Does,
}

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Prints something.
    Print,
    /// Begins what ends with `end`.
    Open(Opener),
    /// `else`, with what follows it.
    Else,
    /// Ends what was begun.
    End,
    /// Nothing that can be seen: a comment, a variable, `break`.
    Nothing,
}

/// A word that begins what ends with `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    If,
    With,
    Range,
    /// A template of its own.
    Define,
}

/// All actions of a text; nothing if one has no end.
pub(super) fn actions(text: &str) -> Option<Vec<Action<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..)?.find("{{").map(|next| at + next) {
        let action = action(text, start)?;
        at = action.end;
        found.push(action);
    }
    Some(found)
}

fn action(text: &str, start: usize) -> Option<Action<'_>> {
    let mut inside = start + 2;
    let behind = text.get(inside..)?;
    let trims = behind.starts_with('-') && behind.get(1..)?.starts_with([' ', '\t', '\r', '\n']);
    if trims {
        inside += 1;
    }
    let rest = text.get(inside..)?;
    let is_comment = rest.trim_start().starts_with("/*");
    let close = match is_comment {
        true => inside + rest.find("*/")? + 2 + rest.get(rest.find("*/")? + 2..)?.find("}}")?,
        false => closing(text, inside)?,
    };
    let inner = text.get(inside..close)?;
    let before = inner.strip_suffix('-');
    let trimmed = before.filter(|before| before.ends_with([' ', '\t', '\r', '\n']));
    let inner = trimmed.unwrap_or(inner).trim();
    Some(Action {
        start,
        end: close + 2,
        inner,
        trims_behind: trimmed.is_some(),
        does: match is_comment {
            true => Does::Nothing,
            false => does(inner),
        },
    })
}

/// Where the `}}` of an action stands, past the texts in it.
fn closing(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut quote = None;
    while let Some(&byte) = bytes.get(at) {
        match quote {
            Some(b'`') if byte == b'`' => quote = None,
            Some(b'`') => {}
            Some(_) if byte == b'\\' => at += 1,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'' | b'`') => quote = Some(byte),
            None if bytes.get(at..at + 2) == Some(b"}}") => return Some(at),
            None => {}
        }
        at += 1;
    }
    None
}

fn does(inner: &str) -> Does {
    let first = inner.split(|c: char| !c.is_alphanumeric()).next();
    match first.unwrap_or("") {
        "if" => Does::Open(Opener::If),
        "with" => Does::Open(Opener::With),
        "range" => Does::Open(Opener::Range),
        "define" | "block" => Does::Open(Opener::Define),
        "else" => Does::Else,
        "end" => Does::End,
        "break" | "continue" => Does::Nothing,
        _ if assigned(inner).is_some() => Does::Nothing,
        _ => Does::Print,
    }
}

/// A variable that an action sets, whether it is a new one, and what to.
pub(super) fn assigned(inner: &str) -> Option<(&str, bool, &str)> {
    let rest = inner.strip_prefix('$')?;
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, rest) = rest.split_at_checked(length?)?;
    let rest = rest.trim_start();
    match (rest.strip_prefix(":="), rest.strip_prefix('=')) {
        (Some(to), _) => Some((name, true, to.trim())),
        (None, Some(to)) if !to.starts_with('=') => Some((name, false, to.trim())),
        _ => None,
    }
}
