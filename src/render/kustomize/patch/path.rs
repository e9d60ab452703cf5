//! Paths of replacements: `spec.template.spec.containers.[name=app].image`, `spec.rules.*.to`.
//! `kustomize: kyaml/utils/pathsplitter.go, kyaml/yaml/match.go, kyaml/yaml/fns.go`.

use regex::Regex;

use super::Refused;
use super::scalar::text;
use crate::syntax::{Field, Kind, Tree, Written};

/// A path, and where it is written.
#[derive(Clone)]
pub struct Path<'p> {
    steps: Vec<Step>,
    at: &'p Tree,
}

/// A step of a path.
#[derive(Debug, Clone)]
enum Step {
    /// A key of a mapping.
    Key(String),
    /// An item of a list.
    At(usize),
    /// The last item of a list, to read from; to write to, a key.
    Last,
    /// All items of a list; only to write to.
    Every,
    /// Items with a value for a key, or that are a value themselves.
    With(Wanted),
}

/// What is wanted of items of a list.
#[derive(Debug, Clone)]
struct Wanted {
    /// Empty for items that are no mappings.
    key: String,
    /// What is read has this value.
    value: String,
    /// What is written has one that fits this.
    expression: Option<Regex>,
}

/// What does to a value that a path leads to.
pub type Change<'c> = dyn FnMut(&mut Tree) -> Result<(), Refused> + 'c;

impl<'p> Path<'p> {
    /// Reads a path; `at` is where a refusal points.
    pub fn read(at: &'p Tree, path: &str) -> Result<Self, Refused> {
        let steps = split(path).into_iter().map(|step| Step::read(&step, at));
        let steps = steps.collect::<Result<_, _>>()?;
        Ok(Self { steps, at })
    }

    /// What it leads to.
    pub fn find<'t>(&self, object: &'t Tree) -> Result<Option<&'t Tree>, Refused> {
        let mut found = object;
        for step in &self.steps {
            let next = match (step, &found.kind) {
                (_, Kind::Null) => None,
                (Step::Key(key), Kind::Map(_)) => found.get(key),
                (Step::At(at), Kind::List(items)) => items.get(*at),
                (Step::Last, Kind::List(items)) if !items.is_empty() => items.last(),
                (Step::With(wanted), Kind::List(items)) => {
                    items.iter().find(|item| wanted.is(item))
                }
                _ => return Err(self.refused("this path does not fit the object")),
            };
            let Some(next) = next else {
                return Ok(None);
            };
            found = next;
        }
        Ok(Some(found))
    }

    /// Changes all that it leads to in an object. What is not there is made first if `create` says
    /// what it is to be; how many there were.
    pub fn each(
        &self,
        object: &mut Tree,
        create: Option<&Kind>,
        change: &mut Change<'_>,
    ) -> Result<usize, Refused> {
        self.walk(&self.steps, object, create, change)
    }

    fn walk(
        &self,
        steps: &[Step],
        tree: &mut Tree,
        create: Option<&Kind>,
        change: &mut Change<'_>,
    ) -> Result<usize, Refused> {
        let Some((step, rest)) = steps.split_first() else {
            change(tree)?;
            return Ok(1);
        };
        if let Some(create) = create {
            self.make(step, rest, tree, create)?;
        }
        let mut count = 0;
        match (step, &mut tree.kind) {
            (Step::Key(_) | Step::With(_) | Step::Every, Kind::Null) => {}
            (Step::Last, _) => return Err(self.refused("`-` is no place to write to")),
            (Step::Key(key), Kind::Map(_)) => {
                if let Some(value) = tree.get_mut(key) {
                    count += self.walk(rest, value, create, change)?;
                }
            }
            (Step::At(at), Kind::List(items)) => match items.get_mut(*at) {
                Some(item) => count += self.walk(rest, item, create, change)?,
                None => return Err(self.refused("the list has no such item")),
            },
            (Step::Every, Kind::List(items)) => {
                for item in items {
                    count += self.walk(rest, item, create, change)?;
                }
            }
            (Step::With(wanted), Kind::List(items)) => {
                for item in items {
                    if self.fits(item, wanted)? {
                        // of items that are no mappings, the rest of the path counts for nothing
                        let rest = if wanted.key.is_empty() { &[] } else { rest };
                        count += self.walk(rest, item, create, change)?;
                    }
                }
            }
            _ => return Err(self.refused("this path does not fit the object")),
        }
        Ok(count)
    }

    /// Makes what a step leads to, if it is not there.
    fn make(
        &self,
        step: &Step,
        rest: &[Step],
        tree: &mut Tree,
        create: &Kind,
    ) -> Result<(), Refused> {
        let place = self.at.place;
        let kind = match rest.first() {
            None => empty(create),
            Some(Step::With(_) | Step::At(_)) => Kind::List(Vec::new()),
            Some(_) => Kind::Map(Vec::new()),
        };
        let made = Tree { kind, place };
        let field = |key: &str, value| Field {
            key: key.to_owned(),
            key_span: place.span,
            value,
        };
        if tree.kind == Kind::Null {
            return Err(self.refused("below an empty field, nothing can be made"));
        }
        match (step, &mut tree.kind) {
            (Step::Key(key), Kind::Map(fields))
                if !fields.iter().any(|field| field.key == *key) =>
            {
                fields.push(field(key, made));
            }
            (Step::At(at), Kind::List(items)) if items.len() == *at => items.push(made),
            (Step::With(wanted), Kind::List(items)) => {
                for item in items.iter() {
                    if self.fits(item, wanted)? {
                        return Ok(());
                    }
                }
                let text = Tree::text(&wanted.value, place);
                let made = match wanted.key.as_str() {
                    "" => text,
                    key => Tree {
                        kind: Kind::Map(vec![field(key, text)]),
                        place,
                    },
                };
                if !self.fits(&made, wanted)? || super::scalar::is_other_when_plain(&wanted.value) {
                    return Err(self.refused("from this path, it is not clear what is to be made"));
                }
                items.push(made);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether an item has a value for a key that fits an expression, as it stands in its file.
    fn fits(&self, item: &Tree, wanted: &Wanted) -> Result<bool, Refused> {
        let Some(value) = wanted.part(item) else {
            return Ok(false);
        };
        let regex = wanted.expression.as_ref();
        let regex = regex.ok_or_else(|| self.refused("this is no regular expression"))?;
        if matches!(value.kind, Kind::List(_) | Kind::Map(_)) {
            return Err(self.refused("what is compared here is no scalar"));
        }
        let plain = text(value);
        let is_match = regex.is_match(&plain);
        // quotes belong to what is compared
        let is_sure = matches!(value.kind, Kind::Text(_))
            && ['"', '\'']
                .iter()
                .any(|quote| regex.is_match(&format!("{quote}{plain}{quote}")) != is_match);
        if is_sure && super::scalar::is_quoted(value) {
            return Err(self.refused("whether this fits depends on the quotes around a value"));
        }
        Ok(is_match)
    }

    /// Whether another path may lead to something within what this one leads to, or to that.
    pub fn may_hold(&self, other: &Self) -> bool {
        let is_like = |(own, other): (&Step, &Step)| match (own, other) {
            (Step::Key(own), Step::Key(other)) => own == other,
            (Step::At(own), Step::At(other)) => own == other,
            _ => true,
        };
        self.steps.len() <= other.steps.len() && self.steps.iter().zip(&other.steps).all(is_like)
    }

    /// Whether anything that it leads to is empty; what it does not fit is passed over.
    pub fn leads_to_nothing(&self, object: &Tree) -> bool {
        self.ends_in_nothing(&self.steps, object)
    }

    fn ends_in_nothing(&self, steps: &[Step], tree: &Tree) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return tree.kind == Kind::Null;
        };
        let mut items = tree.items().iter();
        match step {
            Step::Key(key) => tree
                .get(key)
                .is_some_and(|value| self.ends_in_nothing(rest, value)),
            Step::At(at) => items
                .nth(*at)
                .is_some_and(|item| self.ends_in_nothing(rest, item)),
            Step::Every => items.any(|item| self.ends_in_nothing(rest, item)),
            Step::With(wanted) => {
                let rest = if wanted.key.is_empty() { &[] } else { rest };
                let may_fit = |item: &Tree| self.fits(item, wanted).unwrap_or(true);
                items.any(|item| may_fit(item) && self.ends_in_nothing(rest, item))
            }
            Step::Last => false,
        }
    }

    /// How many steps it has.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Where it is written, and what it makes with it.
    pub fn place(&self) -> Written {
        self.at.place
    }

    /// A refusal that points at it.
    pub fn refused(&self, reason: &str) -> Refused {
        Refused::new(self.at, reason)
    }
}

impl Step {
    fn read(step: &str, at: &Tree) -> Result<Self, Refused> {
        let inside = step
            .strip_prefix('[')
            .and_then(|step| step.strip_suffix(']'));
        match (step, step.parse(), inside) {
            ("", ..) => Err(Refused::new(at, "a part of this path is empty")),
            ("*", ..) => Ok(Self::Every),
            ("-", ..) => Ok(Self::Last),
            (_, Ok(at), _) => Ok(Self::At(at)),
            (_, _, Some(inside)) => match inside.split_once('=') {
                Some((key, value)) => Ok(Self::With(Wanted {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    expression: Regex::new(value).ok(),
                })),
                None => Err(Refused::new(
                    at,
                    "in brackets, a key and a value are expected",
                )),
            },
            _ if step.trim() != step => Err(Refused::new(at, "this path has spaces in it")),
            _ => Ok(Self::Key(step.to_owned())),
        }
    }
}

/// The parts of a path between dots. A dot behind a backslash or in brackets belongs to its part;
/// brackets with no `=` in them only hold a key together.
fn split(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = path.split('.').peekable();
    if path.starts_with('.') && rest.peek().is_some() {
        rest.next();
    }
    for part in rest {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push_str(&format!(".{part}"));
            }
            _ => parts.push(part.to_owned()),
        }
    }
    let mut joined = Vec::new();
    let mut parts = parts.into_iter();
    while let Some(mut part) = parts.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for more in parts.by_ref() {
                part.push_str(&format!(".{more}"));
                if more.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part = part.trim_matches(['[', ']']).to_owned();
            }
        }
        joined.push(part);
    }
    joined
}

impl Wanted {
    /// The part of an item that is compared.
    fn part<'t>(&self, item: &'t Tree) -> Option<&'t Tree> {
        match self.key.as_str() {
            "" => Some(item),
            key => item.get(key),
        }
    }

    /// Whether an item has this very value.
    fn is(&self, item: &Tree) -> bool {
        self.part(item).is_some_and(|part| text(part) == self.value)
    }
}

/// What is made for a value that is to come.
fn empty(kind: &Kind) -> Kind {
    match kind {
        Kind::List(_) => Kind::List(Vec::new()),
        Kind::Map(_) => Kind::Map(Vec::new()),
        _ => Kind::Text(String::new()),
    }
}
