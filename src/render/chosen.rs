//! What the paths of a configuration file mean.

use std::collections::BTreeSet;

use super::checkout::Checkout;
use super::files::Files;
use super::paths::below;
use super::{Ground, Guide};
use crate::config::{Config, ConfigError, pattern};
use crate::text::{FileId, Sources, Span};

/// What a path of a configuration file means.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Files, by their names.
    pub(super) files: Vec<String>,
    /// Directories, by their paths; none lies in another one.
    pub(super) directories: Vec<String>,
}

/// What a path means among the files that were read.
pub(super) fn of(checkout: &Checkout<'_>, guide: &Guide, config: &Config, path: &str) -> Chosen {
    let Ok(glob) = pattern(path) else {
        return Chosen::default();
    };
    let fits = |name: &str| {
        let inside = guide.ground.path_from(&config.home, name);
        inside.is_some_and(|inside| match path.trim_end_matches('/') {
            "." | "" => inside == ".",
            _ => glob.is_match(&inside),
        })
    };
    let mut directories: Vec<String> = Vec::new();
    for path in checkout.all_directories() {
        let is_inside = |outer: &String| below(path, outer).is_some();
        if fits(&checkout.shown(path)) && !directories.iter().any(is_inside) {
            directories.push(path.to_owned());
        }
    }
    let mut files = Vec::new();
    for (inside, name) in checkout.below(".") {
        let is_inside = |outer: &String| below(inside, outer).is_some();
        if fits(name) && !directories.iter().any(is_inside) {
            files.push(name.to_owned());
        }
    }
    Chosen { files, directories }
}

/// Where something stands in a configuration file, if that is among the files read; else the beginning of
/// the first of them.
pub(super) fn place(files: &Files<'_>, config: &Config, span: Span) -> Span {
    match files.id(config.source.name()) {
        Some(file) => Span { file, ..span },
        None => Span {
            file: FileId(0),
            start: 0,
            end: 0,
        },
    }
}

/// What is wrong with the paths of a configuration file: those that mean nothing that was read. Where only
/// part of what it speaks of was read, none is.
pub fn unmatched(guide: &Guide, sources: &Sources, read: &[String]) -> Vec<ConfigError> {
    let Some(config) = &guide.config else {
        return Vec::new();
    };
    if !read
        .iter()
        .any(|path| guide.ground.covers(path, &config.home))
    {
        return Vec::new();
    }
    let files = Files::new(sources, &[]);
    let checkout = Checkout::new(&files, &guide.ground);
    let mut errors = Vec::new();
    for environment in &config.environments {
        for path in environment.paths.iter().chain(&environment.values) {
            let found = of(&checkout, guide, config, &path.text);
            if found.files.is_empty() && found.directories.is_empty() {
                let message = format!(
                    "`{}` of environment `{}` is nothing that is read: there is no such file or directory, or no YAML or JSON in it{}",
                    path.text,
                    environment.name.text,
                    nearest(&checkout, guide, config, &path.text)
                );
                errors.push(config.error(path.span, message));
            }
        }
    }
    errors
}

/// The path that was surely meant.
fn nearest(checkout: &Checkout<'_>, guide: &Guide, config: &Config, path: &str) -> String {
    let names = checkout.all_directories().map(|path| checkout.shown(path));
    let names = names.chain(checkout.below(".").map(|(_, name)| name.to_owned()));
    let inside = names.filter_map(|name| guide.ground.path_from(&config.home, &name));
    let inside: BTreeSet<String> = inside.filter(|path| path != ".").collect();
    let likeness = |one: &String| strsim::normalized_levenshtein(path, one);
    let nearest = inside
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|one| likeness(one) > 0.6) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    }
}

impl Ground {
    /// Whether a directory, counted as the top is, lies in what has a name.
    fn covers(&self, name: &str, directory: &str) -> bool {
        let whole = self.whole(name);
        whole == directory || whole == "/" || below(directory, &whole).is_some()
    }
}
