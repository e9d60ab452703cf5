//! Changes that decide which objects there are and what they are called, and are in none themselves.

use serde_json::Value;

use crate::change::FieldChange;
use crate::render::paths::{below, directory, resolve};
use crate::render::{decides_environment, decides_objects, home};

/// Such changes.
pub(super) struct Listing<'a>(Vec<Listed<'a>>);

struct Listed<'a> {
    /// Its number among all changes.
    number: usize,
    field: &'a FieldChange,
    directory: &'a str,
    /// Whether the file as a whole came or went, or is understood or not because of this.
    makes: bool,
}

impl<'a> Listing<'a> {
    /// Those of kustomizations and charts.
    pub fn of(fields: &'a [FieldChange]) -> Self {
        let listed = fields.iter().enumerate().filter_map(|(number, field)| {
            let file = &*field.after.as_ref().or(field.before.as_ref())?.at.file;
            let way = field.field.trim_start_matches('/');
            let step = way.split('/').next().unwrap_or_default();
            decides_objects(file, step).then(|| Listed {
                number,
                field,
                directory: directory(file),
                makes: decides_environment(step),
            })
        });
        Self(listed.collect())
    }

    /// Those that may have brought a file to an environment or taken it away: what names it, else what
    /// is in the environment's own directory, else what is nearest to the file; if the environment came
    /// or went as a whole, rather what is understood or not because of it.
    pub fn about(&self, environment: &str, file: &str, is_whole: bool) -> Vec<usize> {
        let near = |one: &Listed<'_>| in_common(one.directory, directory(file));
        let most = self.0.iter().map(near).max();
        let ways: [&dyn Fn() -> Vec<usize>; 4] = [
            &|| self.numbers(|one| one.names(file)),
            &|| self.numbers(|one| one.directory == home(environment)),
            &|| self.numbers(|one| is_whole && one.makes && Some(near(one)) == most),
            &|| self.numbers(|one| Some(near(one)) == most),
        ];
        let mut found = ways.into_iter().map(|way| way());
        found.find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Those in the environment's own directory by which it is there or not.
    pub fn making(&self, environment: &str) -> Vec<usize> {
        self.numbers(|one| one.directory == home(environment) && one.makes)
    }

    fn numbers(&self, keep: impl Fn(&Listed<'_>) -> bool) -> Vec<usize> {
        let kept = self.0.iter().filter(|one| keep(one));
        kept.map(|one| one.number).collect()
    }
}

impl Listed<'_> {
    /// Whether it names a file or a directory around it, before or after.
    fn names(&self, file: &str) -> bool {
        let sides = [&self.field.before, &self.field.after];
        let mut values = sides.into_iter().flatten().map(|side| &side.value);
        values.any(|value| self.leads_to(value, file))
    }

    fn leads_to(&self, value: &Value, file: &str) -> bool {
        match value {
            Value::String(text) => {
                // generators name files behind their keys
                let path = text.rsplit_once('=').map_or(&**text, |(_, path)| path);
                let mut targets = [text, path].into_iter();
                targets.any(|path| {
                    let target = resolve(self.directory, path);
                    target == file || below(file, &target).is_some()
                })
            }
            Value::Array(items) => items.iter().any(|item| self.leads_to(item, file)),
            Value::Object(fields) => fields.values().any(|value| self.leads_to(value, file)),
            _ => false,
        }
    }
}

/// How many steps two directories have in common.
fn in_common(one: &str, other: &str) -> usize {
    let steps = one.split('/').zip(other.split('/'));
    steps.take_while(|(one, other)| one == other).count()
}
