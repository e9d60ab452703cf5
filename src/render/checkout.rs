use std::collections::{BTreeMap, BTreeSet};

use super::delivery::{Own, Repository, Whose};
use super::files::Files;
use super::ground::Ground;
use super::paths::{base_name, below, directory};
use crate::syntax::Tree;

/// The files of a scan by their paths from the top of the repository, as objects in it name them.
pub(super) struct Checkout<'a> {
    files: &'a Files<'a>,
    ground: &'a Ground,
    names: BTreeMap<String, &'a str>,
    directories: BTreeSet<String>,
    /// What is known about which repository this is.
    pub(super) own: Own,
}

impl<'a> Checkout<'a> {
    pub(super) fn new(files: &'a Files<'a>, ground: &'a Ground) -> Self {
        let paths = files
            .names()
            .filter_map(|name| Some((ground.path_of(name)?, name)));
        let names: BTreeMap<String, &str> = paths.collect();
        let mut directories = BTreeSet::new();
        for path in names.keys() {
            let mut above = directory(path);
            while directories.insert(above.to_owned()) && above != "." {
                above = directory(above);
            }
        }
        Self {
            files,
            ground,
            names,
            directories,
            own: Own::default(),
        }
    }

    /// Whether anything that is read lies in a directory.
    pub(super) fn has(&self, path: &str) -> bool {
        self.directories.contains(path)
    }

    /// The name of a file.
    pub(super) fn name(&self, path: &str) -> Option<&'a str> {
        self.names.get(path).copied()
    }

    /// The name of a directory.
    pub(super) fn shown(&self, path: &str) -> String {
        self.ground.name_of(path)
    }

    /// The path of a file or directory.
    pub(super) fn path(&self, name: &str) -> Option<String> {
        self.ground.path_of(name)
    }

    /// The files in a directory and below it: their paths from there, and their names.
    pub(super) fn below<'s>(&'s self, path: &'s str) -> impl Iterator<Item = (&'s str, &'a str)> {
        let first = match path {
            "." => String::new(),
            path => format!("{path}/"),
        };
        let files = self.names.range(first.clone()..);
        files
            .take_while(move |(at, _)| at.starts_with(&first))
            .filter_map(move |(at, name)| Some((below(at, path)?, *name)))
    }

    /// All directories.
    pub(super) fn all_directories(&self) -> impl Iterator<Item = &str> {
        self.directories.iter().map(String::as_str)
    }
}

impl Repository for Checkout<'_> {
    fn directories(&self) -> Vec<&str> {
        self.all_directories().collect()
    }

    fn files(&self) -> Vec<&str> {
        self.names.keys().map(String::as_str).collect()
    }

    fn content(&self, path: &str) -> Option<Tree> {
        let file = self.files.id(self.name(path)?)?;
        let root = self.files.documents(file).next()?.root();
        Some(root.into())
    }

    fn may_be_here(&self, address: &str) -> bool {
        self.own.whose_address(address) != Whose::Another
    }
}

/// Whether a file is one of YAML, by its name.
pub(super) fn is_yaml(name: &str) -> bool {
    let name = base_name(name);
    name.ends_with(".yaml") || name.ends_with(".yml")
}
