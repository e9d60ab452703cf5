//! Applications that an ApplicationSet makes.
//!
//! `argoproj/argo-cd: applicationset/generators/{list,git,matrix}.go`.

use super::template::{Parameters, filled, scalar};
use super::{field, open, others, text};
use crate::config::pattern;
use crate::model::Problem;
use crate::render::paths::{base_name, directory};
use crate::syntax::{Field, Kind, Tree, Written};
use globset::GlobBuilder;

/// How many Applications one ApplicationSet makes at most.
const MAX_APPLICATIONS: usize = 2_000;

/// How deep generators may lie in each other.
const MAX_DEPTH: usize = 3;

/// What an ApplicationSet may look for in repositories.
pub(in crate::render) trait Repository {
    /// The directories, from the top.
    fn directories(&self) -> Vec<&str>;
    /// The files that are read, from the top.
    fn files(&self) -> Vec<&str>;
    /// What a file says.
    fn content(&self, path: &str) -> Option<Tree>;
    /// Whether an address may be that of this repository.
    fn may_be_here(&self, address: &str) -> bool;
}

/// The Applications that an ApplicationSet makes, and what of it is not understood.
pub(in crate::render) fn applications(
    set: &Tree,
    repository: &dyn Repository,
) -> (Vec<Tree>, Vec<Problem>) {
    let mut maker = Maker {
        repository,
        go: set.path(&["spec", "goTemplate"]).map(|go| &go.kind) == Some(&Kind::Bool(true)),
        problems: Vec::new(),
        who: super::who(set),
    };
    let Some(template) = set.path(&["spec", "template"]) else {
        return (Vec::new(), Vec::new());
    };
    if let Some(patch) = set
        .get("spec")
        .and_then(|spec| field(spec, "templatePatch"))
    {
        maker.open(&patch.value, "a `templatePatch`");
        return (Vec::new(), maker.problems);
    }
    let generators = set.path(&["spec", "generators"]);
    let generators = generators.map_or(&[][..], Tree::items);
    let mut made = Vec::new();
    for generator in generators {
        for values in maker.parameters(generator, MAX_DEPTH) {
            if made.len() >= MAX_APPLICATIONS {
                maker.open(
                    generator,
                    &format!("more than {MAX_APPLICATIONS} Applications"),
                );
                return (made, maker.problems);
            }
            let go = maker.go;
            match filled(template, &Parameters { values, go }) {
                Ok(template) => made.push(application(set, template)),
                Err(expression) => {
                    maker.open(template, &format!("`{expression}`"));
                    return (made, maker.problems);
                }
            }
        }
    }
    (made, maker.problems)
}

/// An Application out of a template that is filled in.
fn application(set: &Tree, mut template: Tree) -> Tree {
    let place = template.place;
    let said = |key: &str, value: Tree| Field {
        key: key.to_owned(),
        key_span: place.span,
        value,
    };
    template.set(said(
        "apiVersion",
        Tree::text("argoproj.io/v1alpha1", place),
    ));
    template.set(said("kind", Tree::text("Application", place)));
    let namespace = set.path(&["metadata", "namespace"]).cloned();
    if let (Some(namespace), Some(metadata)) = (namespace, template.get_mut("metadata")) {
        metadata.set(Field {
            key: "namespace".to_owned(),
            key_span: namespace.place.span,
            value: namespace,
        });
    }
    template
}

struct Maker<'a> {
    repository: &'a dyn Repository,
    go: bool,
    problems: Vec<Problem>,
    who: String,
}

impl Maker<'_> {
    fn open(&mut self, at: &Tree, what: &str) {
        let message = format!(
            "which Applications {} makes is not known, as it uses what is not understood here: {what}; what they apply is judged by itself",
            self.who
        );
        self.problems.push(open(message, at.place.span));
    }

    /// The parameters that a generator gives, one mapping for each Application.
    fn parameters(&mut self, generator: &Tree, depth: usize) -> Vec<Tree> {
        let [field] = generator.fields() else {
            let strange = others(Some(generator), "", &["list", "git", "matrix"]);
            let what = strange.first().map_or("no generator", |(key, _)| key);
            self.open(generator, &format!("`{what}`"));
            return Vec::new();
        };
        let known: &[&str] = match field.key.as_str() {
            "list" => &["elements"],
            "git" => &[
                "repoURL",
                "revision",
                "directories",
                "files",
                "requeueAfterSeconds",
                "values",
            ],
            "matrix" => &["generators"],
            _ => &[],
        };
        if let Some((strange, _)) = others(Some(&field.value), "", known).first() {
            let what = match known.is_empty() {
                true => format!("the generator `{}`", field.key),
                false => format!("`{}.{strange}`", field.key),
            };
            self.open(&field.value, &what);
            return Vec::new();
        }
        match field.key.as_str() {
            "list" => self.list(&field.value),
            "git" => self.git(&field.value),
            "matrix" if depth > 0 => self.matrix(&field.value, depth - 1),
            other => {
                self.open(&field.value, &format!("the generator `{other}`"));
                Vec::new()
            }
        }
    }

    fn list(&mut self, list: &Tree) -> Vec<Tree> {
        let elements = list.get("elements").map_or(&[][..], Tree::items).iter();
        elements.map(|element| self.shaped(element)).collect()
    }

    /// The parameters of a mapping: flat, unless templates are those of Go.
    fn shaped(&self, element: &Tree) -> Tree {
        if self.go {
            return element.clone();
        }
        let mut fields = Vec::new();
        flatten(element, "", &mut fields);
        Tree {
            kind: Kind::Map(fields),
            place: element.place,
        }
    }

    fn matrix(&mut self, matrix: &Tree, depth: usize) -> Vec<Tree> {
        let generators = matrix.get("generators").map_or(&[][..], Tree::items);
        let [first, second] = generators else {
            self.open(matrix, "a matrix of other than two generators");
            return Vec::new();
        };
        let mut all = Vec::new();
        for one in self.parameters(first, depth) {
            let go = self.go;
            let known = Parameters {
                values: one.clone(),
                go,
            };
            // the second may speak of what the first gives
            let second = match filled(second, &known) {
                Ok(second) => second,
                Err(expression) => {
                    self.open(second, &format!("`{expression}`"));
                    return Vec::new();
                }
            };
            for other in self.parameters(&second, depth) {
                let mut both = one.clone();
                for field in other.fields() {
                    both.set(field.clone());
                }
                all.push(both);
                if all.len() > MAX_APPLICATIONS {
                    return all;
                }
            }
        }
        all
    }

    fn git(&mut self, git: &Tree) -> Vec<Tree> {
        let address = text(git, &["repoURL"]).unwrap_or_default();
        if !self.repository.may_be_here(address) {
            self.open(git, "a generator that looks into another repository");
            return Vec::new();
        }
        let directories = git.get("directories").map_or(&[][..], Tree::items);
        let files = git.get("files").map_or(&[][..], Tree::items);
        let found = match directories.is_empty() {
            false => self.directories(git, directories),
            true => self.files(git, files),
        };
        let Some(values) = git.get("values") else {
            return found;
        };
        let found = found.into_iter();
        found.map(|one| self.with_values(one, values)).collect()
    }

    /// Adds the values that a generator gives to all.
    fn with_values(&mut self, mut one: Tree, values: &Tree) -> Tree {
        let go = self.go;
        let known = Parameters {
            values: one.clone(),
            go,
        };
        match filled(values, &known) {
            Ok(values) if go => {
                one.set(said("values", values, one.place));
            }
            Ok(values) => {
                for field in values.fields() {
                    let key = format!("values.{}", field.key);
                    one.set(said(&key, field.value.clone(), one.place));
                }
            }
            Err(expression) => self.open(values, &format!("`{expression}`")),
        }
        one
    }

    fn directories(&mut self, git: &Tree, wanted: &[Tree]) -> Vec<Tree> {
        let all = self.repository.directories();
        let is_hidden = |path: &str| path.split('/').any(|step| step.starts_with('.'));
        let all = all
            .into_iter()
            .filter(|path| *path != "." && !is_hidden(path));
        let chosen = chosen(all.collect(), wanted, |glob, path| {
            pattern(glob).is_ok_and(|glob| glob.is_match(path))
        });
        chosen
            .iter()
            .map(|path| self.with_path(path, None, Vec::new(), git.place))
            .collect()
    }

    fn files(&mut self, git: &Tree, wanted: &[Tree]) -> Vec<Tree> {
        let all = self.repository.files();
        // releases differ in whether `*` stops at a slash
        let narrow = chosen(all.clone(), wanted, |glob, path| {
            pattern(glob).is_ok_and(|glob| glob.is_match(path))
        });
        let wide = chosen(all, wanted, |glob, path| {
            let glob = GlobBuilder::new(glob).literal_separator(false).build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
        });
        if narrow != wide {
            self.open(
                git,
                "a pattern of files that releases of Argo CD understand differently",
            );
            return Vec::new();
        }
        let mut found = Vec::new();
        for path in narrow {
            let Some(content) = self.repository.content(path) else {
                self.open(git, &format!("the file {path}, which cannot be read"));
                continue;
            };
            let several = content.items();
            let objects = match several.is_empty() {
                true => std::slice::from_ref(&content),
                false => several,
            };
            for object in objects {
                let own = self.shaped(object).fields().to_vec();
                found.push(self.with_path(directory(path), Some(base_name(path)), own, git.place));
            }
        }
        found
    }

    /// The parameters of a path, behind others.
    fn with_path(
        &self,
        path: &str,
        file: Option<&str>,
        mut fields: Vec<Field>,
        place: Written,
    ) -> Tree {
        let mut parts = vec![
            ("basename", base_name(path).to_owned()),
            ("basenameNormalized", normalized(base_name(path))),
        ];
        if let Some(file) = file {
            parts.push(("filename", file.to_owned()));
            parts.push(("filenameNormalized", normalized(file)));
        }
        let text = |text: &str| Tree::text(text, place);
        let steps: Vec<&str> = path.split('/').collect();
        if self.go {
            let mut inside = vec![said("path", text(path), place)];
            inside.extend(
                parts
                    .iter()
                    .map(|(key, value)| said(key, text(value), place)),
            );
            let steps = Tree {
                kind: Kind::List(steps.iter().map(|step| text(step)).collect()),
                place,
            };
            inside.push(said("segments", steps, place));
            let inside = Tree {
                kind: Kind::Map(inside),
                place,
            };
            fields.push(said("path", inside, place));
        } else {
            fields.push(said("path", text(path), place));
            for (key, value) in &parts {
                fields.push(said(&format!("path.{key}"), text(value), place));
            }
            for (number, step) in steps.iter().enumerate() {
                fields.push(said(&format!("path[{number}]"), text(step), place));
            }
        }
        Tree {
            kind: Kind::Map(fields),
            place,
        }
    }
}

fn said(key: &str, value: Tree, place: Written) -> Field {
    Field {
        key: key.to_owned(),
        key_span: place.span,
        value,
    }
}

/// The paths that a list asks for and does not exclude.
fn chosen<'p>(
    all: Vec<&'p str>,
    wanted: &[Tree],
    fits: impl Fn(&str, &str) -> bool,
) -> Vec<&'p str> {
    let excludes = |one: &Tree| one.get("exclude").map(|one| &one.kind) == Some(&Kind::Bool(true));
    let asks = |path: &str, out: bool| {
        let mut wanted = wanted.iter().filter(|one| excludes(one) == out);
        wanted.any(|one| text(one, &["path"]).is_some_and(|glob| fits(glob, path)))
    };
    all.into_iter()
        .filter(|path| asks(path, false) && !asks(path, true))
        .collect()
}

/// A name in the form that Kubernetes takes for names.
fn normalized(name: &str) -> String {
    let name = name.to_lowercase();
    let allowed = |c: char| match c {
        'a'..='z' | '0'..='9' | '-' | '.' => c,
        _ => '-',
    };
    let name: String = name.chars().map(allowed).take(253).collect();
    name.trim_matches(['-', '.']).to_owned()
}

fn flatten(tree: &Tree, before: &str, fields: &mut Vec<Field>) {
    let inside = |key: &str| match before {
        "" => key.to_owned(),
        before => format!("{before}.{key}"),
    };
    for field in tree.fields() {
        flatten(&field.value, &inside(&field.key), fields);
    }
    for (number, item) in tree.items().iter().enumerate() {
        flatten(item, &inside(&number.to_string()), fields);
    }
    if let Some(value) = scalar(tree) {
        fields.push(said(before, Tree::text(value, tree.place), tree.place));
    }
}
