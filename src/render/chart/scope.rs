//! What the actions of a template print, where that is a value as it is.

use super::action::{Action, Does, Opener, actions, assigned};
use crate::syntax::Tree;

/// Functions that print a value as it is, or in quotes, or not at all.
const HARMLESS: &[&str] = &[
    "default", "float64", "indent", "int", "int64", "nindent", "quote", "required", "squote",
    "toJson", "toString", "toYaml", "tpl", "trim",
];

/// Among how many values the one that was printed is looked for.
pub(super) const MAX_VALUES: usize = 1000;

/// An action that prints something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Print {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// The values one of which it prints; none if it is not so simple.
    pub(super) values: Vec<Path>,
}

/// The way to a value from the outermost one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    /// Any item of a list, or value of a mapping.
    Each,
}

/// What `.` and variables stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Dot {
    /// What a template begins with: the values are one field of it.
    Top,
    Value(Path),
    Unknown,
}

impl Path {
    /// All values that it leads to; none if there are very many.
    pub(super) fn find<'v>(&self, values: &'v Tree) -> Vec<&'v Tree> {
        let mut found = vec![values];
        for step in &self.0 {
            found = match step {
                Step::Key(key) => found.into_iter().filter_map(|one| one.get(key)).collect(),
                Step::Each => found
                    .into_iter()
                    .flat_map(each)
                    .take(MAX_VALUES + 1)
                    .collect(),
            };
            if found.len() > MAX_VALUES {
                return Vec::new();
            }
        }
        found
    }

    fn then(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.0.push(step);
        path
    }
}

fn each(tree: &Tree) -> impl Iterator<Item = &Tree> {
    let values = tree.fields().iter().map(|field| &field.value);
    tree.items().iter().chain(values)
}

/// The actions of a template that print something, in their order.
pub(super) fn prints(text: &str) -> Vec<Print> {
    let mut scope = Scope {
        dot: Dot::Top,
        variables: Vec::new(),
        around: Vec::new(),
    };
    let mut found = Vec::new();
    for action in actions(text).unwrap_or_default() {
        if action.does == Does::Print {
            found.push(Print {
                start: action.start,
                end: action.end,
                values: scope.values(action.inner).unwrap_or_default(),
            });
        }
        scope.pass(&action);
    }
    found
}

struct Scope<'t> {
    dot: Dot,
    variables: Vec<(&'t str, Dot)>,
    /// What held around each word that waits for its `end`.
    around: Vec<(Opener, Dot, usize)>,
}

impl<'t> Scope<'t> {
    fn pass(&mut self, action: &Action<'t>) {
        match action.does {
            Does::Open(opener) => {
                let outer = self.dot.clone();
                self.around.push((opener, outer, self.variables.len()));
                self.enter(opener, action.inner);
            }
            Does::Else => {
                if let Some((opener, outer, count)) = self.around.last().cloned() {
                    self.variables.truncate(count);
                    let is_plain = action.inner.trim_start_matches("else").trim().is_empty();
                    self.dot = match opener {
                        Opener::With if !is_plain => Dot::Unknown,
                        _ => outer,
                    };
                }
            }
            Does::End => {
                if let Some((_, outer, count)) = self.around.pop() {
                    self.dot = outer;
                    self.variables.truncate(count);
                }
            }
            Does::Nothing => {
                if let Some((name, is_new, to)) = assigned(action.inner) {
                    let value = self.stands_for(to);
                    match is_new {
                        true => self.variables.push((name, value)),
                        false => self.forget(name),
                    }
                }
            }
            Does::Print => {}
        }
    }

    fn enter(&mut self, opener: Opener, inner: &'t str) {
        let rest = inner.split_once(char::is_whitespace);
        let rest = rest.map_or("", |(_, rest)| rest.trim());
        let (names, expression) = match rest.split_once(":=") {
            Some((names, expression)) if names.trim_start().starts_with('$') => {
                (names, expression.trim())
            }
            _ => ("", rest),
        };
        let names = names
            .split(',')
            .map(|name| name.trim().trim_start_matches('$'));
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let value = self.stands_for(expression);
        match opener {
            Opener::If => self
                .variables
                .extend(names.iter().map(|name| (*name, value.clone()))),
            Opener::With => {
                self.variables
                    .extend(names.iter().map(|name| (*name, value.clone())));
                self.dot = value;
            }
            Opener::Range => {
                let item = match value {
                    Dot::Value(path) => Dot::Value(path.then(Step::Each)),
                    _ => Dot::Unknown,
                };
                if let [.., last] = names.as_slice() {
                    let others = names.iter().take(names.len() - 1);
                    self.variables
                        .extend(others.map(|name| (*name, Dot::Unknown)));
                    self.variables.push((last, item.clone()));
                }
                self.dot = item;
            }
            Opener::Define => self.dot = Dot::Unknown,
        }
    }

    /// What is set where it may not be reached is not known behind it.
    fn forget(&mut self, name: &str) {
        for (known, value) in &mut self.variables {
            if *known == name {
                *value = Dot::Unknown;
            }
        }
    }

    /// What an expression stands for, if that is one value or the top.
    fn stands_for(&self, expression: &str) -> Dot {
        self.term(expression).unwrap_or(Dot::Unknown)
    }

    /// The values that an expression prints one of, as it is.
    fn values(&self, expression: &str) -> Option<Vec<Path>> {
        let mut found = Vec::new();
        let mut behind_bracket = false;
        for token in tokens(expression)? {
            let is_term = token.starts_with(['.', '$']);
            if is_term && behind_bracket {
                return None;
            }
            behind_bracket = token == ")";
            if is_term {
                match self.term(token) {
                    Some(Dot::Value(path)) => found.push(path),
                    Some(Dot::Top) => {}
                    Some(Dot::Unknown) | None => return None,
                }
            } else if token.starts_with(|c: char| c.is_ascii_alphabetic())
                && !HARMLESS.contains(&token)
                && !matches!(token, "true" | "false")
            {
                return None;
            }
        }
        Some(found)
    }

    /// What `.a.b`, `$.a` or `$x.a` stands for; nothing if it is none of these.
    fn term(&self, token: &str) -> Option<Dot> {
        let (start, rest) = match token.strip_prefix('$') {
            Some(rest) => {
                let (name, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                let mut known = self.variables.iter().rev();
                let start = match name {
                    "" => Dot::Top,
                    _ => known.find(|(known, _)| *known == name)?.1.clone(),
                };
                (start, rest)
            }
            None => (self.dot.clone(), token.starts_with('.').then_some(token)?),
        };
        let mut keys = rest.split('.').filter(|key| !key.is_empty());
        let is_name = |key: &str| key.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !rest.split('.').all(is_name) {
            return None;
        }
        let start = match start {
            Dot::Top => match keys.next() {
                None => return Some(Dot::Top),
                Some("Values") => Path::default(),
                // what else a template begins with is nobody's value
                Some(_) => return Some(Dot::Top),
            },
            Dot::Value(path) => path,
            Dot::Unknown => return Some(Dot::Unknown),
        };
        let path = keys.fold(start, |path, key| path.then(Step::Key(key.to_owned())));
        Some(Dot::Value(path))
    }
}

/// The words and brackets of an expression, without texts; nothing if a text has no end.
fn tokens(expression: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '`' | '\'' => {
                let mut escaped = false;
                let mut inside = rest.char_indices().skip(1);
                let end = inside.find(|&(_, c)| {
                    let is_end = c == first && !escaped;
                    escaped = c == '\\' && !escaped && first != '`';
                    is_end
                });
                end?.0 + 1
            }
            '(' | ')' | '|' | ',' => 1,
            _ => rest
                .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | ',' | '"' | '`'))
                .unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at_checked(length)?;
        if !token.starts_with(['"', '`', '\'']) {
            found.push(token);
        }
        rest = behind.trim_start();
    }
    Some(found)
}
