//! A chart and the charts it is made of.

use std::cell::Cell;

use crate::render::files::Files;
use crate::render::paths::resolve;
use crate::syntax::{Document, Node};
use crate::text::{FileId, Span};

/// How deep charts may lie in one another.
const MAX_DEPTH: usize = 8;

/// How many charts are looked at for one.
const MAX_PARTS: usize = 500;

/// A chart, and those it is made of.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// Its directory.
    pub(super) directory: String,
    /// Its own name; as a part of another chart, what that calls it.
    pub(super) name: String,
    /// Its `Chart.yaml`.
    pub(super) manifest: FileId,
    /// The charts among its files.
    pub(super) parts: Vec<Chart>,
    /// The charts that it says it is made of.
    pub(super) dependencies: Vec<Dependency>,
    /// Whether it is made of more charts than are looked at.
    pub(super) is_cut: bool,
}

/// A chart that another one names.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    /// The name of the chart.
    pub(super) name: String,
    /// What it is called in the chart around it: its values stand below that key.
    pub(super) key: String,
    /// A directory that it is taken from.
    pub(super) directory: Option<String>,
    /// Where it is written.
    pub(super) span: Span,
}

impl Chart {
    /// The chart of a directory.
    pub(super) fn read(directory: &str, files: &Files<'_>) -> Option<Self> {
        let left = Cell::new(MAX_PARTS);
        let mut chart = Self::read_below(directory, files, MAX_DEPTH, &left)?;
        chart.is_cut = left.get() == 0;
        Some(chart)
    }

    /// The same without its parts.
    pub(super) fn alone(directory: &str, files: &Files<'_>) -> Option<Self> {
        Self::read_below(directory, files, 0, &Cell::new(1))
    }

    fn read_below(
        directory: &str,
        files: &Files<'_>,
        depth: usize,
        left: &Cell<usize>,
    ) -> Option<Self> {
        left.set(left.get().checked_sub(1)?);
        let manifest = files.id(&resolve(directory, "Chart.yaml"))?;
        let root = files.documents(manifest).next().map(Document::root)?;
        let name = root.get("name").and_then(Node::as_str)?.to_owned();
        let dependencies = dependencies(directory, root, files);
        let mut chart = Self {
            directory: directory.to_owned(),
            name,
            manifest,
            parts: Vec::new(),
            dependencies,
            is_cut: false,
        };
        if depth > 0 {
            chart.add_parts(files, depth - 1, left);
        }
        Some(chart)
    }

    /// The charts in its folder `charts`, and those that it takes from directories beside it: each under
    /// every name that it is called by here.
    fn add_parts(&mut self, files: &Files<'_>, depth: usize, left: &Cell<usize>) {
        let folder = resolve(&self.directory, "charts");
        let mut directories: Vec<String> = files
            .below(&folder)
            .filter_map(|(inside, _)| inside.strip_suffix("/Chart.yaml"))
            .filter(|inside| !inside.contains('/'))
            .map(|inside| resolve(&folder, inside))
            .collect();
        let vendored: Vec<String> = directories
            .iter()
            .filter_map(|directory| Some(Self::read_below(directory, files, 0, left)?.name))
            .collect();
        for dependency in &self.dependencies {
            if !vendored.contains(&dependency.name) {
                directories.extend(dependency.directory.clone());
            }
        }
        directories.dedup();
        for directory in directories {
            let Some(part) = Self::read_below(&directory, files, depth, left) else {
                continue;
            };
            let named = self.dependencies.iter();
            let keys: Vec<String> = named
                .filter(|dependency| dependency.name == part.name)
                .map(|dependency| dependency.key.clone())
                .collect();
            let copies = part.count().saturating_mul(keys.len().saturating_sub(1));
            left.set(left.get().saturating_sub(copies));
            if left.get() == 0 {
                return;
            }
            match keys.is_empty() {
                true => self.parts.push(part),
                false => self.parts.extend(keys.into_iter().map(|name| Self {
                    name,
                    ..part.clone()
                })),
            }
        }
    }

    /// How many charts it is, with all its parts.
    fn count(&self) -> usize {
        1 + self.parts.iter().map(Self::count).sum::<usize>()
    }

    /// The charts it says it is made of that are not among its parts.
    pub(super) fn missing(&self) -> impl Iterator<Item = &Dependency> {
        let is_there =
            |dependency: &&Dependency| self.parts.iter().any(|part| part.name == dependency.key);
        self.dependencies
            .iter()
            .filter(move |dependency| !is_there(dependency))
    }
}

/// Whether a chart is made for others only.
pub(super) fn is_library(chart: &Chart, files: &Files<'_>) -> bool {
    let root = files
        .documents(chart.manifest)
        .next()
        .map(|document| document.root());
    let kind = root
        .and_then(|root| root.get("type"))
        .and_then(Node::as_str);
    kind == Some("library")
}

/// The dependencies of a chart: those of `Chart.yaml`, and in charts of the first version those of
/// `requirements.yaml`.
fn dependencies(directory: &str, root: Node<'_>, files: &Files<'_>) -> Vec<Dependency> {
    let old = files.id(&resolve(directory, "requirements.yaml"));
    let old = old.and_then(|file| files.documents(file).next());
    let own = root.get("dependencies");
    let all = own
        .into_iter()
        .chain(old.and_then(|old| old.root().get("dependencies")));
    let read = |item: Node<'_>| {
        let text = |key| item.get(key).and_then(Node::as_str);
        let name = text("name")?.to_owned();
        let alias = text("alias").filter(|alias| !alias.is_empty());
        let beside = text("repository").and_then(|place| place.strip_prefix("file://"));
        let beside = beside.map(|path| resolve(directory, path));
        Some(Dependency {
            key: alias.map_or_else(|| name.clone(), str::to_owned),
            name,
            directory: beside.filter(|path| files.id(&resolve(path, "Chart.yaml")).is_some()),
            span: item.span(),
        })
    };
    all.flat_map(Node::items).filter_map(read).collect()
}
