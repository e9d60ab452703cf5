use super::{Config, ConfigError, Environment, Written, pattern};
use crate::model::Place;
use crate::syntax::{Entry, Node, parse};
use crate::text::{SourceFile, Span};

/// The keys of the file.
const KEYS: &[&str] = &["environments"];

/// The keys of an environment.
const OF_ENVIRONMENT: &[&str] = &["paths", "namespace", "values"];

/// How much a key may differ from a known one to be taken for a slip of the pen: 1 is not at all.
const NEAR: f64 = 0.6;

/// The environments that a file names.
pub(super) fn environments(source: &SourceFile) -> Result<Vec<Environment>, Vec<ConfigError>> {
    let mut reader = Reader {
        source,
        errors: Vec::new(),
    };
    let (documents, mut problems) = parse(Config::FILE, source);
    problems.extend(documents.iter().flat_map(|one| one.duplicate_keys(source)));
    for problem in problems {
        let span = match problem.place {
            Place::Span(span) => span,
            _ => Span {
                file: Config::FILE,
                start: 0,
                end: 0,
            },
        };
        reader.wrong(span, problem.message);
    }
    if let Some(second) = documents.get(1) {
        reader.wrong(second.span(), "a second document: there is one only");
    }
    let root = documents.first().map(|document| document.root());
    let environments = root.map_or_else(Vec::new, |root| reader.file(root));
    match reader.errors.is_empty() {
        true => Ok(environments),
        false => Err(reader.errors),
    }
}

struct Reader<'a> {
    source: &'a SourceFile,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        let error = ConfigError::at(self.source, span, message);
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn file(&mut self, root: Node<'_>) -> Vec<Environment> {
        let mut environments = Vec::new();
        for entry in self.entries(root, "the file", KEYS) {
            for one in self.entries(entry.value, "`environments`", &[]) {
                environments.extend(self.environment(one));
            }
        }
        environments
    }

    /// The entries of a mapping, without those of unknown keys; without any known, all.
    fn entries<'n>(&mut self, node: Node<'n>, what: &str, known: &[&str]) -> Vec<Entry<'n>> {
        if !node.is_map() {
            if !node.is_null() {
                self.wrong(node.span(), format!("{what} takes a mapping"));
            }
            return Vec::new();
        }
        let mut entries: Vec<_> = node.entries().collect();
        entries.retain(|entry| {
            let is_known = known.is_empty() || known.contains(&entry.key);
            if !is_known {
                let message = format!(
                    "{what} has no key `{}`{}",
                    entry.key,
                    hint(entry.key, known)
                );
                self.wrong(entry.key_span, message);
            }
            is_known
        });
        entries
    }

    fn environment(&mut self, entry: Entry<'_>) -> Option<Environment> {
        let what = format!("environment `{}`", entry.key);
        if entry.key.trim().is_empty() {
            self.wrong(entry.key_span, "an environment needs a name");
        }
        let mut environment = Environment {
            name: Written {
                text: entry.key.to_owned(),
                span: entry.key_span,
            },
            paths: Vec::new(),
            namespace: None,
            values: Vec::new(),
        };
        for field in self.entries(entry.value, &what, OF_ENVIRONMENT) {
            match field.key {
                "paths" => environment.paths = self.paths(field),
                "values" => environment.values = self.paths(field),
                _ => environment.namespace = self.text(field.value, field.key),
            }
        }
        if environment.paths.is_empty() {
            self.wrong(entry.key_span, format!("{what} names no `paths`"));
            return None;
        }
        Some(environment)
    }

    fn paths(&mut self, field: Entry<'_>) -> Vec<Written> {
        if !field.value.is_list() {
            let message = format!("`{}` takes a list of paths", field.key);
            self.wrong(field.value.span(), message);
        }
        let items = field.value.items();
        let paths: Vec<_> = items.filter_map(|item| self.path(item)).collect();
        paths
    }

    fn path(&mut self, item: Node<'_>) -> Option<Written> {
        let path = self.text(item, "path")?;
        let leads_out = path.text.split('/').any(|step| step == "..");
        if leads_out || path.text.starts_with('/') {
            let message = format!(
                "`{}` leads out of the directory of this file: paths start there and stay below it",
                path.text
            );
            self.wrong(path.span, message);
            return None;
        }
        if let Err(error) = pattern(&path.text) {
            self.wrong(path.span, format!("`{}` is no path: {error}", path.text));
            return None;
        }
        Some(path)
    }

    fn text(&mut self, node: Node<'_>, what: &str) -> Option<Written> {
        let text = node.as_str().filter(|text| !text.trim().is_empty());
        let Some(text) = text else {
            self.wrong(node.span(), format!("`{what}` takes a text"));
            return None;
        };
        Some(Written {
            text: text.to_owned(),
            span: node.span(),
        })
    }
}

/// The known keys, or the one that was surely meant.
fn hint(key: &str, known: &[&str]) -> String {
    let likeness = |one: &&&str| strsim::jaro_winkler(key, one);
    let nearest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .filter(|one| likeness(one) >= NEAR);
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => format!("; it takes {}", known.join(", ")),
    }
}
