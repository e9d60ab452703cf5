//! Texts with parameters, as ApplicationSets write them.

use crate::syntax::{Field, Kind, Tree};

/// What is put into texts.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    /// A mapping: with templates of Go as it is written, else flat, its keys joined by dots.
    pub(super) values: Tree,
    /// Whether texts are templates of Go.
    pub(super) go: bool,
}

/// A value with all texts filled in, keys too; else the expression that is not understood.
pub(super) fn filled(tree: &Tree, parameters: &Parameters) -> Result<Tree, String> {
    let kind = match &tree.kind {
        Kind::Text(text) => Kind::Text(parameters.fill(text)?),
        Kind::List(items) => {
            let items = items.iter().map(|item| filled(item, parameters));
            Kind::List(items.collect::<Result<_, _>>()?)
        }
        Kind::Map(fields) => {
            let field = |field: &Field| {
                Ok(Field {
                    key: parameters.fill(&field.key)?,
                    key_span: field.key_span,
                    value: filled(&field.value, parameters)?,
                })
            };
            Kind::Map(fields.iter().map(field).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    };
    Ok(Tree {
        kind,
        place: tree.place,
    })
}

impl Parameters {
    /// A text with its expressions replaced; else the one that is not understood.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else {
                return Err(format!("{{{{{after}"));
            };
            let mut before = before;
            let mut after = after;
            let mut expression = inside;
            if self.go {
                if let Some(inner) = expression.strip_prefix("- ") {
                    (expression, before) = (inner, before.trim_end());
                }
                if let Some(inner) = expression.strip_suffix(" -") {
                    (expression, after) = (inner, after.trim_start());
                }
            }
            let value = match self.go {
                true => self.of_go(expression.trim()),
                false => self.values.get(expression.trim()).and_then(scalar),
            };
            out.push_str(before);
            out.push_str(&value.ok_or_else(|| format!("{{{{{inside}}}}}"))?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The value of an expression: a field, an item of a list, each perhaps with what stands for it if it
    /// is empty, or in small letters.
    fn of_go(&self, expression: &str) -> Option<String> {
        let mut steps = expression.split('|').map(str::trim);
        let first = steps.next()?;
        let mut value = match first.strip_prefix("index ") {
            Some(rest) => {
                let (list, at) = rest.trim().rsplit_once(' ')?;
                let list = self.at(list.trim())?;
                match at.trim().trim_matches('"').parse::<usize>() {
                    Ok(at) => list.items().get(at),
                    Err(_) => list.get(at.trim().trim_matches('"')),
                }
                .and_then(scalar)
            }
            None => self.at(first).and_then(scalar),
        };
        for step in steps {
            value = match step {
                "lower" => value.map(|value| value.to_lowercase()),
                "trim" => value.map(|value| value.trim().to_owned()),
                "quote" => value.map(|value| format!("{value:?}")),
                step => {
                    let default = step.strip_prefix("default ")?.trim();
                    let default = default.strip_prefix('"')?.strip_suffix('"')?;
                    let value = value.filter(|value| !value.is_empty());
                    Some(value.unwrap_or_else(|| default.to_owned()))
                }
            };
        }
        value
    }

    fn at(&self, path: &str) -> Option<&Tree> {
        let path = path.strip_prefix('.')?;
        let is_plain = |key: &str| key.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut steps = path.split('.');
        steps.try_fold(&self.values, |tree, key| {
            (is_plain(key) && !key.is_empty()).then(|| tree.get(key))?
        })
    }
}

/// A scalar as it is put into a text.
pub(super) fn scalar(tree: &Tree) -> Option<String> {
    match &tree.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Bool(value) => Some(value.to_string()),
        Kind::Int(value) => Some(value.to_string()),
        Kind::UInt(value) => Some(value.to_string()),
        Kind::Float(value) => Some(value.to_string()),
        Kind::Null | Kind::List(_) | Kind::Map(_) => None,
    }
}
