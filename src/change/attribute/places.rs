//! The field changes of a step, found by a place.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::change::force::InForce;
use crate::change::{FieldChange, Written};
use crate::finding::ResourceRef;

/// The changes on one side.
#[derive(Default)]
pub(super) struct Side {
    /// By where they are written.
    written: Map,
    /// By where that would be, of those that are written on the other side only.
    missing: Map,
}

/// Changes, by their places.
#[derive(Default)]
struct Map(BTreeMap<Written, Vec<usize>>);

/// The changes that a place leads to, and how many bytes of its pointer they have in common with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Met {
    pub common: usize,
    pub fields: Vec<usize>,
}

impl Side {
    /// The changes nearest to a place.
    pub fn nearest(&self, at: &Written) -> Met {
        self.written.nearest(at)
    }

    /// The changes nearest to a place, of those that are written on the other side only.
    pub fn missing(&self, at: &Written) -> Met {
        self.missing.nearest(at)
    }

    /// All changes of the object that a place is in.
    pub fn of_object(&self, at: &Written) -> Met {
        let object = at.object();
        let mut fields = self.written.below(&object);
        fields.extend(self.missing.below(&object));
        Met { common: 0, fields }
    }
}

impl Map {
    fn add(&mut self, at: Written, field: usize) {
        self.0.entry(at).or_default().push(field);
    }

    /// The changes at a place and below it, else the first above. An object as a whole is met by what
    /// came, went or moved as a whole.
    fn nearest(&self, at: &Written) -> Met {
        let fields = match at.is_object() {
            true => self.exactly(at),
            false => self.below(at),
        };
        let pointer = at.pointer.as_str();
        if !fields.is_empty() {
            let common = pointer.len();
            return Met { common, fields };
        }
        let ends = pointer.rmatch_indices('/').map(|(end, _)| end);
        let mut above = ends.map(|common| Met {
            common,
            fields: self.exactly(&at.shortened(common)),
        });
        above.find(|met| !met.fields.is_empty()).unwrap_or_default()
    }

    fn exactly(&self, at: &Written) -> Vec<usize> {
        self.0.get(at).cloned().unwrap_or_default()
    }

    fn below(&self, at: &Written) -> Vec<usize> {
        let mut found = self.exactly(at);
        // `0` comes after `/`: between them is what begins with the pointer and a further step
        let end = |mark: &str| Written {
            pointer: at.pointer.append(mark),
            ..at.clone()
        };
        let range = (Bound::Included(end("/")), Bound::Excluded(end("0")));
        found.extend(self.0.range(range).flat_map(|(_, fields)| fields));
        found
    }
}

/// The changes of both sides.
pub(super) fn sides(
    fields: &[FieldChange],
    before: &[&InForce],
    after: &[&InForce],
) -> (Side, Side) {
    let (mut was, mut is) = (Side::default(), Side::default());
    let mut twins = (Twins::new(before, after), Twins::new(after, before));
    for (i, field) in fields.iter().enumerate() {
        let part = !field.field.is_empty();
        match (&field.before, &field.after) {
            (Some(gone), None) if part => {
                let places = twins.0.of(&gone.at);
                places.into_iter().for_each(|at| is.missing.add(at, i));
            }
            (None, Some(new)) if part => {
                let places = twins.1.of(&new.at);
                places.into_iter().for_each(|at| was.missing.add(at, i));
            }
            _ => {}
        }
        for (side, all) in [(&field.before, &mut was), (&field.after, &mut is)] {
            if let Some(side) = side {
                all.written.add(side.at.clone(), i);
            }
        }
    }
    (was, is)
}

/// Where a field would be on the side where it is not written.
struct Twins<'a> {
    here: &'a [&'a InForce],
    there: &'a [&'a InForce],
    /// The objects there by name, of environments that were asked for.
    objects: HashMap<&'a str, Objects<'a>>,
}

type Objects<'a> = HashMap<&'a ResourceRef, &'a Written>;

impl<'a> Twins<'a> {
    fn new(here: &'a [&'a InForce], there: &'a [&'a InForce]) -> Self {
        Self {
            here,
            there,
            objects: HashMap::new(),
        }
    }

    fn of(&mut self, at: &Written) -> Vec<Written> {
        let root = at.object().pointer;
        let rest = at
            .pointer
            .as_str()
            .strip_prefix(root.as_str())
            .unwrap_or("");
        let mut found: Vec<Written> = Vec::new();
        for one in self.here {
            let name = one.resource(at);
            if let Some(twin) = name.and_then(|name| self.named(one.environment(), name)) {
                let pointer = twin.pointer.append(before_lists(rest));
                let at = Written {
                    pointer,
                    ..twin.clone()
                };
                if !found.contains(&at) {
                    found.push(at);
                }
            }
        }
        found
    }

    /// The object of a name in an environment there.
    fn named(&mut self, environment: &'a str, name: &ResourceRef) -> Option<&'a Written> {
        let there = self.there;
        let objects = self.objects.entry(environment).or_insert_with(|| {
            let mut all = there.iter();
            let one = all.find(|one| &**one.environment() == environment);
            let objects = one.into_iter().flat_map(|one| one.objects());
            objects.map(|(at, name)| (name, at)).collect()
        });
        objects.get(name).copied()
    }
}

/// As much of a pointer as leads into no list: items have other numbers on the other side.
fn before_lists(pointer: &str) -> &str {
    let mut end = 0;
    for step in pointer.split_inclusive('/').skip(1) {
        let name = step.trim_end_matches('/');
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
            break;
        }
        end += 1 + name.len();
    }
    pointer.get(..end).unwrap_or(pointer)
}

/// Whether a change of this field seldom has to do with who calls whom: there may be many of them
/// beside the one that has.
pub(super) fn is_aside(field: &FieldChange) -> bool {
    const ASIDE: [&str; 14] = [
        "args",
        "command",
        "env",
        "envFrom",
        "image",
        "imagePullPolicy",
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "replicas",
        "resources",
        "startupProbe",
        "volumeMounts",
        "volumes",
    ];
    let Some(side) = field.after.as_ref().or(field.before.as_ref()) else {
        return true;
    };
    let resource = field.resource.as_ref();
    let policy = resource.is_some_and(|one| crate::mesh::product_of(&one.group).is_some());
    let aside = |step: String| ASIDE.contains(&step.as_str()) || policy && step == "metadata";
    !field.of_mesh && side.at.pointer.steps().any(aside)
}
