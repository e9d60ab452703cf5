//! Variables that Flux puts in after a kustomization is built.
//!
//! `fluxcd/pkg: kustomize/kustomize_varsub.go, envsubst`.

use std::collections::{BTreeMap, BTreeSet};

use super::text;
use crate::syntax::{Field, Kind, Tree, Written};
use crate::text::Span;

/// What is on an object that is left as it is.
const DISABLED: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// The variables of a Kustomization.
#[derive(Debug, Clone, Default)]
pub(in crate::render) struct Variables {
    /// What is written, each with its place.
    known: BTreeMap<String, (String, Written)>,
    /// What has a value somewhere that is not told.
    hidden: BTreeSet<String>,
    /// The objects that hold further ones: kind, namespace, name, and where they are named.
    from: Vec<Reference>,
}

/// An object that holds variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::render) struct Reference {
    pub(in crate::render) kind: String,
    pub(in crate::render) namespace: Option<String>,
    pub(in crate::render) name: String,
    pub(in crate::render) span: Span,
}

/// What came of an object.
#[derive(Debug, Default)]
pub(in crate::render) struct Substituted {
    /// Whether anything in it is another now.
    pub(in crate::render) changed: bool,
    /// Variables whose values are not known, each where it is first used.
    pub(in crate::render) unknown: BTreeMap<String, Span>,
}

impl Variables {
    /// Those of a Kustomization, if it has any.
    pub(super) fn of(object: &Tree) -> Option<Self> {
        let post = object.path(&["spec", "postBuild"])?;
        let mut variables = Self::default();
        for field in post.get("substitute").map_or(&[][..], Tree::fields) {
            if let Some(value) = super::template::scalar(&field.value) {
                let value = (value.replace('\n', ""), field.value.place);
                variables.known.insert(field.key.clone(), value);
            }
        }
        for one in post.get("substituteFrom").map_or(&[][..], Tree::items) {
            let get = |key: &str| text(one, &[key]).unwrap_or_default().to_owned();
            variables.from.push(Reference {
                kind: get("kind"),
                namespace: text(object, &["metadata", "namespace"]).map(str::to_owned),
                name: get("name"),
                span: one.place.span,
            });
        }
        let is_used = !variables.known.is_empty() || !variables.from.is_empty();
        is_used.then_some(variables)
    }

    /// Takes in the objects that hold further variables, as far as `find` has them. Those that are written
    /// in the Kustomization count before, later objects before earlier ones.
    pub(in crate::render) fn complete(&mut self, find: impl Fn(&Reference) -> Option<Tree>) {
        let mut open = Vec::new();
        for reference in std::mem::take(&mut self.from).into_iter().rev() {
            let Some(object) = find(&reference) else {
                open.push(reference);
                continue;
            };
            for key in ["data", "stringData"] {
                for field in object.get(key).map_or(&[][..], Tree::fields) {
                    let is_new =
                        !self.known.contains_key(&field.key) && !self.hidden.contains(&field.key);
                    match (is_new, reference.kind.as_str(), field.value.as_str()) {
                        (false, ..) => {}
                        (_, "ConfigMap", Some(value)) if open.is_empty() => {
                            let value = (value.replace('\n', ""), field.value.place);
                            self.known.insert(field.key.clone(), value);
                        }
                        // secrets are never looked into, and what is not here may say otherwise
                        _ => {
                            self.hidden.insert(field.key.clone());
                        }
                    }
                }
            }
        }
        self.from = open;
    }

    /// The objects with variables that are not here.
    pub(in crate::render) fn missing(&self) -> &[Reference] {
        &self.from
    }

    /// The value of a variable: nothing if it is not known, no text if it surely has none.
    fn value(&self, name: &str) -> Option<Option<&(String, Written)>> {
        match self.known.get(name) {
            Some(value) => Some(Some(value)),
            None if self.hidden.contains(name) || !self.from.is_empty() => None,
            None => Some(None),
        }
    }
}

/// Puts variables into an object.
pub(in crate::render) fn substitute(object: &mut Tree, variables: &Variables) -> Substituted {
    let mut done = Substituted::default();
    let is_disabled = ["labels", "annotations"]
        .iter()
        .any(|map| text(object, &["metadata", map, DISABLED]) == Some("disabled"));
    if !is_disabled {
        walk(object, variables, &mut done);
    }
    done
}

fn walk(tree: &mut Tree, variables: &Variables, done: &mut Substituted) {
    match &mut tree.kind {
        Kind::List(items) => items.iter_mut().for_each(|one| walk(one, variables, done)),
        Kind::Map(fields) => {
            for Field {
                key,
                key_span,
                value,
            } in fields
            {
                if let Some((text, _)) = filled(key, *key_span, variables, done) {
                    *key = text;
                }
                walk(value, variables, done);
            }
        }
        Kind::Text(text) => {
            if let Some((text, place)) = filled(text, tree.place.span, variables, done) {
                *tree = Tree::plain(text, place.unwrap_or(tree.place));
            }
        }
        _ => {}
    }
}

/// A text with its variables put in, and the place of the only one it consists of; nothing if it has none.
fn filled(
    text: &str,
    at: Span,
    variables: &Variables,
    done: &mut Substituted,
) -> Option<(String, Option<Written>)> {
    if !text.contains("${") {
        return None;
    }
    match with_values(text, variables) {
        Ok(filled) => {
            done.changed |= filled.is_some();
            filled
        }
        Err(name) => {
            done.unknown.entry(name.to_owned()).or_insert(at);
            None
        }
    }
}

/// A text with its variables put in, and the place of the only one it consists of; nothing if a brace is not
/// closed. The variable whose value is not known, if there is one.
fn with_values<'e>(
    text: &'e str,
    variables: &Variables,
) -> Result<Option<(String, Option<Written>)>, &'e str> {
    let mut out = String::new();
    let mut rest = text;
    let mut place = None;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let Some((inside, after)) = braced(after) else {
            return Ok(None);
        };
        let (value, written) = value(inside, variables)?;
        out.push_str(&value);
        place = written.filter(|_| text.len() == inside.len() + 3);
        rest = after;
    }
    out.push_str(rest);
    Ok(Some((out, place)))
}

/// What stands before the brace that closes an open one, and what follows it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    for (at, _) in text.match_indices(['{', '}']) {
        let (inside, after) = text.split_at_checked(at)?;
        match after.strip_prefix('}') {
            None => depth += usize::from(inside.ends_with('$')),
            Some(after) if depth == 1 => return Some((inside, after)),
            Some(_) => depth -= 1,
        }
    }
    None
}

/// The value of what stands between braces, or the variable whose value is not known.
fn value<'e>(
    expression: &'e str,
    variables: &Variables,
) -> Result<(String, Option<Written>), &'e str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = expression.find(|c| !is_part(c)).unwrap_or(expression.len());
    let (name, operation) = expression.split_at(end);
    if name.is_empty() {
        return Err(expression);
    }
    let default = match operation {
        "" => None,
        other => {
            let forms = [":=", ":-", "="];
            let default = forms.iter().find_map(|form| other.strip_prefix(form));
            // other operations are not understood, nor are dollars in defaults that are not to be read as such
            let is_understood = |default: &&str| !default.contains("$$");
            Some(default.filter(is_understood).ok_or(expression)?)
        }
    };
    match (variables.value(name).ok_or(name)?, default) {
        (Some((text, written)), _) if !text.is_empty() => Ok((text.clone(), Some(*written))),
        (_, Some(default)) => with_values(default, variables)?.ok_or(expression),
        _ => Ok((String::new(), None)),
    }
}
