//! Replacements: a value of one object, written into fields of others.
//! `kustomize: api/filters/replacement`.

use super::limits::Limits;
use super::path::Path;
use super::scalar::{copied, plain, text};
use super::target::{Called, Named};
use super::{Refused, known, optional_text};
use crate::syntax::{Kind, Tree};

/// Why something is refused that kustomize makes something of.
const UNCLEAR: &str = "what this would come to is not clear";

/// The field that is meant where none is named.
const NAME: &str = "metadata.name";

/// An object with all it was called before.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What it is now.
    pub tree: Tree,
    /// What it is called and was called at earlier steps of the build.
    pub called: Vec<Called>,
}

impl Subject {
    fn is_named(&self, named: &Named) -> bool {
        self.called
            .iter()
            .any(|called| named.names(&self.tree, called))
    }
}

/// Does replacements in their order: a list of them, or one. What they write has the place of the
/// value that it comes from.
pub fn replace(objects: &mut [Subject], replacements: &Tree) -> Result<(), Refused> {
    let all = match &replacements.kind {
        Kind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(replacements),
    };
    let mut run = Run {
        limits: Limits::new(),
        empty: Vec::new(),
    };
    all.iter()
        .try_for_each(|one| replace_one(objects, one, &mut run))?;
    let mut empty = run.empty.into_iter();
    let is_left = |(object, path): &(usize, Path<'_>)| {
        let object = objects.get(*object);
        object.is_some_and(|object| path.leads_to_nothing(&object.tree))
    };
    match empty.find(is_left) {
        Some((_, path)) => Err(path.refused("the field is empty, and of no type")),
        None => Ok(()),
    }
}

/// What is known of all replacements together.
struct Run<'r> {
    limits: Limits,
    /// The fields written to that are empty, of objects by their number: kustomize can do nothing with what
    /// comes to stand there, unless something else comes to stand there or around it.
    empty: Vec<(usize, Path<'r>)>,
}

fn replace_one<'r>(
    objects: &mut [Subject],
    replacement: &'r Tree,
    run: &mut Run<'r>,
) -> Result<(), Refused> {
    known(replacement, &["source", "sourceValue", "targets"])?;
    let given = optional_text(replacement, "sourceValue")?;
    let source = replacement
        .get("source")
        .filter(|source| source.kind != Kind::Null);
    let value = match (given, source) {
        (Some((value, _)), None) => Value {
            tree: value.clone(),
            from: None,
            is_plain: true,
        },
        (None, Some(source)) => read(objects, source)?,
        _ => {
            let reason = "a replacement has either a `source` or a `sourceValue`";
            return Err(Refused::new(replacement, reason));
        }
    };
    let targets = replacement.get("targets").map_or(&[][..], Tree::items);
    if targets.is_empty() {
        return Err(Refused::new(replacement, "this has no `targets`"));
    }
    targets
        .iter()
        .try_for_each(|target| write(objects, target, &value, run))
}

/// What is to be written.
struct Value<'r> {
    tree: Tree,
    /// Where it comes from, if it is a list or a mapping: the number of an object, and the path in it.
    from: Option<(usize, Path<'r>)>,
    /// Whether it is what its text would be without quotes.
    is_plain: bool,
}

/// The value that a source means.
fn read<'r>(objects: &[Subject], source: &'r Tree) -> Result<Value<'r>, Refused> {
    let named = Named::read(source, &["fieldPath", "options"])?;
    if !named.marks.is_empty {
        return Err(Refused::new(
            source,
            "a source is not found by labels or annotations",
        ));
    }
    let numbered = objects.iter().enumerate();
    let mut found = numbered.filter(|(_, object)| object.is_named(&named));
    let (Some((number, object)), None) = (found.next(), found.next()) else {
        let reason = "this names not exactly one object";
        return Err(Refused::new(source, reason));
    };
    let (at, path) = optional_text(source, "fieldPath")?.unwrap_or((source, NAME));
    let path = Path::read(at, if path.is_empty() { NAME } else { path })?;
    let value = path.find(&object.tree)?;
    let value = value.filter(|value| match &value.kind {
        Kind::Null => false,
        Kind::List(items) => !items.is_empty(),
        Kind::Map(fields) => !fields.is_empty(),
        _ => true,
    });
    let value = value.ok_or_else(|| path.refused("the source has nothing there"))?;
    let options = Options::read(source)?;
    let is_scalar = !matches!(value.kind, Kind::List(_) | Kind::Map(_));
    let Some(delimiter) = options.delimiter else {
        return Ok(Value {
            tree: value.clone(),
            from: (!is_scalar).then_some((number, path)),
            is_plain: false,
        });
    };
    let whole = copied(value).filter(|_| is_scalar);
    let whole = whole.ok_or_else(|| path.refused("only a text can be taken apart"))?;
    let index = usize::try_from(options.index).ok();
    let parts = parts(&whole, delimiter);
    let part = index.and_then(|index| parts.get(index));
    let part = part.ok_or_else(|| path.refused("the value does not have so many parts"))?;
    Ok(Value {
        tree: Tree::text(*part, value.place),
        from: None,
        is_plain: !matches!(value.kind, Kind::Text(_)),
    })
}

/// Writes a value to all fields that a target means.
fn write<'r>(
    objects: &mut [Subject],
    target: &'r Tree,
    value: &Value<'r>,
    run: &mut Run<'r>,
) -> Result<(), Refused> {
    known(target, &["select", "reject", "fieldPaths", "options"])?;
    let missing = || Refused::new(target, "this selects no objects");
    let select = Named::read(target.get("select").ok_or_else(missing)?, &[])?;
    let rejects = target.get("reject").map_or(&[][..], Tree::items).iter();
    let rejects: Vec<Named> = rejects
        .map(|reject| Named::read(reject, &[]))
        .collect::<Result<_, _>>()?;
    let options = Options::read(target)?;
    let mut paths = Vec::new();
    for path in target.get("fieldPaths").map_or(&[][..], Tree::items) {
        let text = path
            .as_str()
            .ok_or_else(|| Refused::new(path, "this is no path"))?;
        paths.push(Path::read(path, text)?);
    }
    if paths.is_empty() {
        paths.push(Path::read(target, NAME)?);
    }
    let create = options.create.then_some(&value.tree.kind);
    for (number, object) in objects.iter_mut().enumerate() {
        // a selector of labels and one of names reject each for itself
        let is_rejected = rejects.iter().any(|reject| {
            let by_marks = !reject.marks.is_empty && reject.marks.matches(&object.tree);
            by_marks || (!reject.is_empty() && object.is_named(reject))
        });
        if is_rejected || !select.marks.matches(&object.tree) || !object.is_named(&select) {
            continue;
        }
        for path in &paths {
            // what is made there is made in the value, too
            let is_within =
                |(from, source): &(usize, Path<'_>)| *from == number && source.may_hold(path);
            if create.is_some() && value.from.as_ref().is_some_and(is_within) {
                let mut made = object.tree.clone();
                path.each(&mut made, create, &mut |_| Ok(()))?;
                if made != object.tree {
                    return Err(path.refused(UNCLEAR));
                }
            }
            let mut set = |field: &mut Tree| {
                let made = made(field, value, &options, path)?;
                if field.kind == Kind::Null {
                    run.empty.push((number, path.clone()));
                    return Ok(());
                }
                run.limits.take(&made, path.depth(), target)?;
                *field = made;
                Ok(())
            };
            if path.each(&mut object.tree, create, &mut set)? == 0 {
                return Err(path.refused("an object that is selected has nothing there"));
            }
        }
    }
    Ok(())
}

/// What becomes of a field. A scalar stays of its type: a number does not become a text, and an empty field
/// stays empty.
fn made(
    field: &Tree,
    value: &Value<'_>,
    options: &Options<'_>,
    path: &Path<'_>,
) -> Result<Tree, Refused> {
    let unclear = || path.refused(UNCLEAR);
    let mut written = copied(&value.tree).ok_or_else(unclear)?;
    let is_scalar = !matches!(field.kind, Kind::List(_) | Kind::Map(_));
    if is_scalar && matches!(value.tree.kind, Kind::List(_) | Kind::Map(_)) {
        return Err(path.refused("only a scalar goes where one is"));
    }
    if let Some(delimiter) = options.delimiter {
        if !is_scalar {
            return Err(path.refused("only a text can be put together"));
        }
        let whole = text(field).into_owned();
        let mut parts = parts(&whole, delimiter);
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &written),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = &written,
                None => parts.push(&written),
            },
        }
        written = parts.join(delimiter);
    }
    let is_made = field.place == path.place();
    let kind = match &field.kind {
        // a field that was just made is what its text is without quotes
        Kind::Text(_) if is_made => plain(&written).ok_or_else(unclear)?,
        Kind::Text(_) => Kind::Text(written),
        Kind::Null => Kind::Null,
        Kind::List(_) | Kind::Map(_) if value.is_plain => plain(&written).ok_or_else(unclear)?,
        Kind::List(_) | Kind::Map(_) => value.tree.kind.clone(),
        same => {
            let kind = plain(&written).ok_or_else(unclear)?;
            let is_number = |kind: &Kind| matches!(kind, Kind::Int(_) | Kind::UInt(_));
            let is_same = std::mem::discriminant(same) == std::mem::discriminant(&kind)
                || (is_number(same) && is_number(&kind));
            if !is_same {
                return Err(path.refused("the value is not of the type that the field has"));
            }
            kind
        }
    };
    let place = value.tree.place;
    Ok(Tree { kind, place })
}

/// How a value is taken apart or put together.
struct Options<'o> {
    delimiter: Option<&'o str>,
    index: i64,
    create: bool,
}

impl<'o> Options<'o> {
    fn read(of: &'o Tree) -> Result<Self, Refused> {
        let Some(options) = of.get("options") else {
            return Ok(Self {
                delimiter: None,
                index: 0,
                create: false,
            });
        };
        known(options, &["delimiter", "index", "create"])?;
        let delimiter = optional_text(options, "delimiter")?;
        let delimiter = delimiter
            .map(|(_, text)| text)
            .filter(|text| !text.is_empty());
        let index = match options.get("index").map(|index| (&index.kind, index)) {
            None | Some((Kind::Null, _)) => 0,
            Some((Kind::Int(index), _)) => *index,
            Some((_, at)) => return Err(Refused::new(at, "this is no whole number")),
        };
        let create = match options.get("create").map(|create| (&create.kind, create)) {
            None | Some((Kind::Null, _)) => false,
            Some((Kind::Bool(create), _)) => *create,
            Some((_, at)) => return Err(Refused::new(at, "this is neither true nor false")),
        };
        Ok(Self {
            delimiter,
            index,
            create,
        })
    }
}

/// The parts of a text.
fn parts<'t>(text: &'t str, delimiter: &str) -> Vec<&'t str> {
    text.split(delimiter).collect()
}
