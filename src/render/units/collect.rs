//! The objects of a path.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::{Unit, Units, What};
use crate::render::chart::{Release, Role};
use crate::render::checkout::is_yaml;
use crate::render::delivery::{Directory, changed};
use crate::render::kustomize::{self, Built, Object};
use crate::render::paths::{self, base_name, directory};
use crate::render::{Member, Values};
use crate::syntax::{Field, Kind, Tree};

impl Units<'_> {
    pub(super) fn collect(&mut self, what: What, unit: &mut Unit) {
        match what {
            What::Kustomization(directory, None) => self.build(&directory, unit),
            What::Kustomization(directory, Some(changes)) => {
                let root = self.kustomizations.root(&directory);
                if let Some(root) = root {
                    self.instead(&directory, &changed(root, &changes), unit);
                }
            }
            What::Files(names) => names.iter().for_each(|name| self.plain(name, unit)),
            What::Chart(release) => self.install(&release, unit),
            What::Below(path, None) => drop(self.below(&path, None, unit)),
            What::Below(path, Some(changes)) => self.generated(&path, changes, unit),
            What::All(path, values) => drop(self.below(&path, Some(&values), unit)),
            What::Directory(path, directory) => self.directory(&path, &directory, unit),
        }
    }

    /// The documents of a file as they are.
    fn plain(&self, name: &str, unit: &mut Unit) {
        let Some(file) = self.files.id(name) else {
            return;
        };
        unit.files.insert(file);
        if !unit.plain.insert(file) {
            return;
        }
        for &document in self.files.indices(file) {
            let member = Member {
                document,
                namespace: None,
            };
            unit.members.push((member, None));
            if self.files.is_values(document) {
                unit.values.push(Values {
                    document,
                    file: name.into(),
                });
            }
        }
    }

    fn build(&mut self, directory: &str, unit: &mut Unit) {
        let built = self.building.build(directory);
        unit.homes.insert(directory.to_owned());
        match built {
            Ok(built) => {
                unit.directory.get_or_insert_with(|| directory.to_owned());
                self.add(built, unit);
            }
            Err(problem) => {
                unit.problems.push(problem);
                unit.left_out.insert(directory.to_owned());
            }
        }
    }

    /// Builds a kustomization that says something else than what is written there.
    fn instead(&mut self, directory: &str, root: &Tree, unit: &mut Unit) {
        unit.homes.insert(directory.to_owned());
        match self.kustomizations.instead(directory, root) {
            Ok(built) => {
                unit.directory.get_or_insert_with(|| directory.to_owned());
                self.add(built, unit);
            }
            Err(problem) => {
                unit.problems.push(problem);
                if self.kustomizations.has(directory) {
                    unit.left_out.insert(directory.to_owned());
                }
            }
        }
    }

    /// Builds the kustomization that Flux makes of all below a directory.
    fn generated(&mut self, path: &str, changes: Tree, unit: &mut Unit) {
        let home = self.checkout.shown(path);
        let mut below = Unit::default();
        let resources = self.below(path, None, &mut below);
        let place = changes.place;
        let item = |path: &String| {
            let inside = paths::below(path, &home).unwrap_or(path);
            Tree::text(format!("./{inside}"), place)
        };
        let resources = Field {
            key: "resources".to_owned(),
            key_span: place.span,
            value: Tree {
                kind: Kind::List(resources.iter().map(item).collect()),
                place,
            },
        };
        let root = Tree {
            kind: Kind::Map(vec![resources]),
            place,
        };
        self.instead(&home, &changed(root, &changes), unit);
        unit.homes.extend(below.homes);
        unit.plain.extend(below.plain);
        unit.directory = Some(home);
    }

    /// The objects of a kustomization.
    fn add(&mut self, built: Built, unit: &mut Unit) {
        let Built {
            objects,
            files,
            problems,
            is_collected,
        } = built;
        unit.is_rendered |= !is_collected;
        for file in &files {
            let name = self.sources.get(*file).name();
            if kustomize::NAMES.contains(&base_name(name)) {
                unit.homes.insert(paths::directory(name).to_owned());
            }
        }
        unit.files.extend(files);
        unit.problems.extend(problems);
        for object in objects {
            let member = match object {
                Object::Read {
                    document,
                    namespace,
                } => Member {
                    document,
                    namespace,
                },
                Object::Made { tree, number } => Member {
                    document: self.shared(tree, number),
                    namespace: None,
                },
            };
            unit.members.push((member, None));
        }
    }

    fn install(&mut self, release: &Release, unit: &mut Unit) {
        unit.charts.insert(release.chart.clone());
        unit.is_rendered = true;
        self.releases.push(release.clone());
        let Some(installed) = self.charts.install(release, self.files, self.rendered) else {
            return;
        };
        for document in installed.objects {
            let document = self.make(document);
            let member = Member {
                document,
                namespace: None,
            };
            unit.members.push((member, None));
        }
        for (document, file) in installed.values {
            let document = self.make(document);
            unit.values.push(Values { document, file });
        }
        if installed.is_rendered {
            unit.rendered.insert(release.chart.clone());
        }
        unit.problems.extend(installed.problems);
        unit.files.extend(installed.files);
    }

    /// All below a directory. A kustomization there stands for all that lies in its own directory. The
    /// names of all files and kustomizations.
    fn below(&mut self, path: &str, all: Option<&[String]>, unit: &mut Unit) -> Vec<String> {
        let mut kustomizations = BTreeSet::new();
        let mut charts = BTreeSet::new();
        let mut files = Vec::new();
        for (inside, name) in self.checkout.below(path) {
            let above = ancestors(inside, name);
            if let Some(home) = above.iter().find(|home| self.kustomizations.has(home)) {
                kustomizations.insert(home.to_string());
            } else if let Some(chart) = above.iter().find(|home| self.charts.is_chart(home)) {
                charts.insert(chart.to_string());
            } else if all.is_some() || is_yaml(name) {
                files.push(name);
            }
        }
        let mut names: Vec<String> = files.iter().map(|name| (*name).to_owned()).collect();
        for home in kustomizations {
            self.build(&home, unit);
            names.push(home);
        }
        for name in files {
            self.plain(name, unit);
        }
        for chart in charts {
            let Some(values) = all else { continue };
            let name = base_name(&chart).to_owned();
            let mut release = Release::plain(chart, name);
            for file in values {
                release = release.with_file(file);
            }
            self.install(&release, unit);
        }
        unit.directory = Some(self.checkout.shown(path));
        names
    }

    fn directory(&mut self, path: &str, wanted: &Directory, unit: &mut Unit) {
        let glob = |pattern: &Option<String>| {
            let pattern = pattern.as_deref()?;
            let glob = GlobBuilder::new(pattern).literal_separator(false).build();
            glob.ok().map(|glob| glob.compile_matcher())
        };
        let (include, exclude) = (glob(&wanted.include), glob(&wanted.exclude));
        let fits = |inside: &str| {
            (wanted.recurse || !inside.contains('/'))
                && include.as_ref().is_none_or(|glob| glob.is_match(inside))
                && exclude.as_ref().is_none_or(|glob| !glob.is_match(inside))
        };
        let names: Vec<&str> = self
            .checkout
            .below(path)
            .filter(|(inside, name)| fits(inside) && (is_yaml(name) || name.ends_with(".json")))
            .map(|(_, name)| name)
            .filter(|name| self.charts.role(name, self.files) != Some(Role::Part))
            .collect();
        for name in names {
            self.plain(name, unit);
        }
        unit.is_rendered |= wanted.include.is_some() || wanted.exclude.is_some();
        unit.directory = Some(self.checkout.shown(path));
    }
}

/// The directories that a file lies in, outermost first, beginning below the one that `inside` starts at.
fn ancestors(inside: &str, name: &str) -> Vec<String> {
    let mut home = directory(name);
    let mut all = Vec::new();
    for _ in 0..inside.matches('/').count() {
        all.push(home.to_owned());
        home = directory(home);
    }
    all.reverse();
    all
}
