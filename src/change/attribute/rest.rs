//! What is left to blame where no place leads to a change.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::cause::Fields;
use super::listing::Listing;
use super::places::is_aside;
use crate::change::force::InForce;
use crate::change::{FieldChange, Side, Written};
use crate::finding::ResourceRef;

/// The changes that may have caused what no place leads to.
pub(super) struct Rest<'a> {
    fields: &'a [FieldChange],
    before: &'a [&'a InForce],
    after: &'a [&'a InForce],
    listing: Listing<'a>,
    /// Objects that somebody wrote, moved or removed, on each side.
    written: (Whole<'a>, Whole<'a>),
    known: HashMap<Arc<str>, Rc<Left>>,
}

/// The changes of whole objects, by place.
type Whole<'a> = HashMap<&'a Written, usize>;

/// What is left to blame in an environment.
#[derive(Default)]
struct Left {
    /// Objects that are in it on one side only, though nobody wrote or removed them: something else says
    /// which objects belong to it, or what they are called.
    strays: HashSet<Written>,
    /// Objects that are in it before or after only, because they were written, moved or removed, and
    /// that change.
    moved: [HashMap<Written, usize>; 2],
    /// What made strays come or go, by file.
    by_file: HashMap<Arc<str>, Fields>,
    all: Fields,
}

impl<'a> Rest<'a> {
    pub fn new(
        fields: &'a [FieldChange],
        before: &'a [&'a InForce],
        after: &'a [&'a InForce],
    ) -> Self {
        let whole = |side: fn(&FieldChange) -> &Option<Side>| -> Whole<'a> {
            let all = fields.iter().enumerate();
            let whole = all.filter(|(_, field)| field.field.is_empty());
            whole
                .filter_map(|(i, field)| Some((&side(field).as_ref()?.at, i)))
                .collect()
        };
        Self {
            fields,
            before,
            after,
            listing: Listing::of(fields),
            written: (whole(|field| &field.before), whole(|field| &field.after)),
            known: HashMap::new(),
        }
    }

    /// The change of the object of a place as a whole, if that brought it to an environment or took it
    /// away.
    pub fn moved(&mut self, environment: &Arc<str>, at: &Written, after: bool) -> Option<usize> {
        let left = self.left(environment);
        let [gone, new] = &left.moved;
        let side = if after { new } else { gone };
        side.get(&at.object()).copied()
    }

    /// The changes that brought the object of a place to an environment or took it away; none if it is
    /// there on both sides, or was written or removed itself.
    pub fn brought(&mut self, environment: &Arc<str>, at: &Written) -> Fields {
        let left = self.left(environment);
        let stray = Some(at.object()).filter(|object| left.strays.contains(object));
        let found = stray.and_then(|object| left.by_file.get(&object.file));
        found.cloned().unwrap_or_default()
    }

    /// The changes that brought or took any workload of a name: of several of one name, another may be
    /// told as the one that came.
    pub fn namesakes(&mut self, environment: &Arc<str>, name: &str) -> Vec<usize> {
        let (before, after) = (
            named(self.before, environment),
            named(self.after, environment),
        );
        let mut found = Vec::new();
        for at in before.into_iter().flat_map(|one| one.of_name(name)) {
            found.extend(self.written.0.get(at));
            found.extend(self.brought(environment, at).iter());
        }
        for at in after.into_iter().flat_map(|one| one.of_name(name)) {
            found.extend(self.written.1.get(at));
            found.extend(self.brought(environment, at).iter());
        }
        found
    }

    /// All that may have changed something in an environment.
    pub fn all(&mut self, environment: &Arc<str>) -> Fields {
        Rc::clone(&self.left(environment).all)
    }

    fn left(&mut self, environment: &Arc<str>) -> Rc<Left> {
        if let Some(known) = self.known.get(environment) {
            return Rc::clone(known);
        }
        let left = Rc::new(self.find(environment));
        self.known.insert(Arc::clone(environment), Rc::clone(&left));
        left
    }

    fn find(&self, environment: &str) -> Left {
        let (strays, moved) = self.differing(environment);
        let is_whole = self.is_whole(environment);
        let made: Fields = match is_whole {
            true => self.listing.making(environment).into(),
            false => Fields::default(),
        };
        let files: BTreeSet<&Arc<str>> = strays.iter().map(|object| &object.file).collect();
        let by_file: HashMap<Arc<str>, Fields> = files
            .into_iter()
            .map(|file| {
                let found = match made.is_empty() {
                    true => self.listing.about(environment, file, is_whole).into(),
                    false => Rc::clone(&made),
                };
                (Arc::clone(file), found)
            })
            .collect();
        let by_file_all = by_file.values().flat_map(|found| found.iter().copied());
        let shaping = by_file_all.chain(made.iter().copied());
        let all = self.suspects(environment, shaping.collect());
        Left {
            strays,
            moved,
            by_file,
            all: all.into_iter().collect(),
        }
    }

    /// Of an environment that came or went, what made it; else, in its objects, changes of a mesh, and
    /// what else says which objects there are; else whatever changed in them; else anywhere.
    fn suspects(&self, environment: &str, shaping: BTreeSet<usize>) -> BTreeSet<usize> {
        let is_here = |field: &FieldChange| {
            holds(self.before, field.before.as_ref(), Some(environment))
                || holds(self.after, field.after.as_ref(), Some(environment))
        };
        let made = || match self.is_whole(environment) {
            true => shaping.clone(),
            false => BTreeSet::new(),
        };
        let of_mesh = || {
            let here = self.numbers(|field| field.of_mesh && is_here(field));
            here.chain(shaping.iter().copied()).collect()
        };
        let here = || {
            self.numbers(|field| !is_aside(field) && is_here(field))
                .collect()
        };
        let anywhere = || {
            self.numbers(|field| field.of_mesh || self.is_no_object(field))
                .collect()
        };
        let all = || (0..self.fields.len()).collect();
        let ways: [&dyn Fn() -> BTreeSet<usize>; 5] = [&made, &of_mesh, &here, &anywhere, &all];
        let mut found = ways.into_iter().map(|way| way());
        found.find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Whether an environment came or went as a whole.
    fn is_whole(&self, environment: &str) -> bool {
        let there = |all| named(all, environment).is_some();
        there(self.before) != there(self.after)
    }

    fn numbers(&self, keep: impl Fn(&FieldChange) -> bool) -> impl Iterator<Item = usize> {
        let all = self.fields.iter().enumerate();
        all.filter(move |(_, field)| keep(field)).map(|(i, _)| i)
    }

    fn is_no_object(&self, field: &FieldChange) -> bool {
        field.resource.is_none()
            && !holds(self.before, field.before.as_ref(), None)
            && !holds(self.after, field.after.as_ref(), None)
    }

    /// The objects that are in an environment on one side only: strays, and those that were written.
    fn differing(&self, environment: &str) -> (HashSet<Written>, [HashMap<Written, usize>; 2]) {
        let before = named(self.before, environment);
        let after = named(self.after, environment);
        let mut strays = HashSet::new();
        let mut moved = [HashMap::new(), HashMap::new()];
        let [gone, new] = &mut moved;
        for (side, other, written, moved) in [
            (before, after, &self.written.0, gone),
            (after, before, &self.written.1, new),
        ] {
            let there: HashSet<_> = objects(other).map(|(_, name)| key(name)).collect();
            let same = objects(other).map(|(at, name)| (&at.file, key(name)));
            let same: HashSet<_> = same.collect();
            for (at, name) in objects(side) {
                match written.get(at) {
                    Some(&change) if !there.contains(&key(name)) => {
                        moved.insert(at.clone(), change);
                    }
                    None if !same.contains(&(&at.file, key(name))) => {
                        strays.insert(at.clone());
                    }
                    _ => {}
                }
            }
        }
        (strays, moved)
    }
}

fn objects(side: Option<&InForce>) -> impl Iterator<Item = (&Written, &ResourceRef)> {
    side.into_iter().flat_map(InForce::objects)
}

type Key<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn key(name: &ResourceRef) -> Key<'_> {
    let namespace = name.namespace.as_deref();
    (&name.group, &name.kind, namespace, &name.name)
}

fn named<'a>(all: &[&'a InForce], environment: &str) -> Option<&'a InForce> {
    let mut all = all.iter().copied();
    all.find(|one| &**one.environment() == environment)
}

/// Whether a side of a change is in an object of the environment of a name, or of any.
fn holds(all: &[&InForce], side: Option<&Side>, only: Option<&str>) -> bool {
    let asked = |one: &&&InForce| only.is_none_or(|name| &**one.environment() == name);
    let mut all = all.iter().filter(asked);
    side.is_some_and(|side| all.any(|one| one.resource(&side.at).is_some()))
}
