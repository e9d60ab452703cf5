//! Units put together: by the configuration, by what their objects have applied, and by themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::checkout::Checkout;
use super::delivery::{Order, Own, is_applier, open, orders};
use super::files::Files;
use super::paths::{below, directory};
use super::units::{Ask, Unit, Units, What};
use super::{Environment, Guide, Member, Namespace, Values, chosen};
use crate::model::Problem;
use crate::syntax::{Node, Tree};
use crate::text::{FileId, Span};

/// A world as far as it is known.
#[derive(Debug, Clone, Default)]
struct World {
    name: String,
    roots: BTreeSet<usize>,
    /// Whether it stands in the configuration.
    is_named: bool,
}

/// What comes of all units.
#[derive(Debug, Default)]
pub(super) struct Laid {
    pub(super) environments: Vec<Environment>,
    pub(super) problems: Vec<Problem>,
    /// The files that stand in some environment as they are.
    pub(super) plain: BTreeSet<FileId>,
    /// The files of kustomizations that are not built.
    pub(super) unbuilt: BTreeSet<FileId>,
    /// The charts that somebody installs.
    pub(super) charts: BTreeSet<String>,
    /// Those of them that were rendered.
    pub(super) rendered: BTreeSet<String>,
}

/// Which repository this is, and what all objects say that stand in it as they are.
pub(super) fn know(checkout: &mut Checkout<'_>, files: &Files<'_>) -> bool {
    let is_repository = |root: Node<'_>| {
        let text = |key| root.get(key).and_then(Node::as_str);
        text("kind") == Some("GitRepository")
            && text("apiVersion")
                .is_some_and(|version| version.starts_with("source.toolkit.fluxcd.io"))
    };
    let mut repositories = Vec::new();
    let mut all: Vec<Order> = Vec::new();
    let mut has_appliers = false;
    for document in files.all_documents() {
        let root = document.root();
        let items = root.get("items").into_iter().flat_map(Node::items);
        for object in std::iter::once(root).chain(items) {
            if is_repository(object) {
                repositories.push(Tree::from(object));
            }
            if is_applier(object) {
                has_appliers = true;
                all.extend(orders(&object.into()));
            }
        }
    }
    let own = Own::find(&repositories, &all, |path| checkout.has(path));
    checkout.own = own;
    has_appliers
}

/// Lays out all worlds.
pub(super) fn lay_out(units: &mut Units<'_>, guide: &Guide, plain: &[&str]) -> Laid {
    let mut worlds = named(units, guide);
    let claimed: Vec<usize> = worlds.iter().flat_map(|one| one.roots.clone()).collect();
    let mut candidates = Vec::new();
    let roots = units.kustomizations.roots().into_iter().map(str::to_owned);
    for home in roots.collect::<Vec<_>>() {
        let is_claimed = claimed.iter().any(|&unit| units.has_home(unit, &home));
        if !is_claimed {
            let unit = units.kustomization(&home);
            candidates.push((home, unit));
        }
    }
    let is_claimed = |units: &Units<'_>, name: &str| {
        let file = units.files.id(name);
        claimed.iter().any(|&unit| {
            let unit = units.all.get(unit);
            unit.zip(file)
                .is_some_and(|(unit, file)| unit.plain.contains(&file))
        })
    };
    let free: Vec<&str> = plain
        .iter()
        .copied()
        .filter(|name| !is_claimed(units, name))
        .collect();
    let mut problems = Vec::new();
    candidates.extend(seeds(units, &free, &mut problems));
    worlds.extend(topmost(units, candidates));
    elsewhere(units, &mut worlds);
    let mut laid = finished(units, worlds);
    laid.problems.append(&mut problems);
    laid
}

/// The worlds that the configuration names.
fn named(units: &mut Units<'_>, guide: &Guide) -> Vec<World> {
    let Some(config) = &guide.config else {
        return Vec::new();
    };
    let mut worlds = Vec::new();
    for environment in &config.environments {
        let mut roots = BTreeSet::new();
        for path in &environment.paths {
            let found = chosen::of(&units.checkout, guide, config, &path.text);
            let values = environment.values.iter();
            let values: Vec<String> = values
                .flat_map(|one| chosen::of(&units.checkout, guide, config, &one.text).files)
                .collect();
            let namespace = environment.namespace.as_ref().map(|written| Namespace {
                name: written.text.as_str().into(),
                span: chosen::place(units.files, config, written.span),
                only_if_none: true,
            });
            let mut what = Vec::new();
            if !found.files.is_empty() {
                what.push(What::Files(found.files));
            }
            for path in found.directories {
                let home = units.checkout.shown(&path);
                what.push(match () {
                    () if units.kustomizations.has(&home) => What::Kustomization(home, None),
                    () if units.charts.is_chart(&home) => {
                        let name = environment.name.text.clone();
                        let mut release = super::chart::Release::plain(home, name);
                        release.namespace = namespace.clone();
                        for file in &values {
                            release = release.with_file(file);
                        }
                        What::Chart(release)
                    }
                    () => What::All(path, values.clone()),
                });
            }
            for what in what {
                roots.insert(units.whole(Ask {
                    what,
                    namespace: namespace.clone(),
                    metadata: None,
                    variables: None,
                }));
            }
        }
        worlds.push(World {
            name: environment.name.text.clone(),
            roots,
            is_named: true,
        });
    }
    worlds
}

/// Directories of plain files in which somebody has something of this repository applied.
///
/// What lies in such a directory is taken for one cluster. If it is Flux's, that is all below it, as for
/// the directory that Flux was set up with, unless something of it goes elsewhere or is there twice.
fn seeds(
    units: &mut Units<'_>,
    plain: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<(String, usize)> {
    let mut by_directory: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in plain {
        by_directory
            .entry(directory(name))
            .or_default()
            .push((*name).to_owned());
    }
    let mut seeds = Vec::new();
    for (home, names) in by_directory {
        let has_appliers = names.iter().any(|name| has_appliers(units.files, name));
        if !has_appliers {
            continue;
        }
        let flat = units.whole(Ask::plain(What::Files(names)));
        let applies = units
            .all
            .get(flat)
            .is_some_and(|unit| !unit.orders.is_empty());
        if !applies {
            let unit = units.all.get(flat);
            problems.extend(unit.into_iter().flat_map(|unit| unit.problems.clone()));
            continue;
        }
        let unit = whole_tree(units, home, flat).unwrap_or(flat);
        seeds.push((home.to_owned(), unit));
    }
    seeds
}

/// All below a directory that Flux's objects lie in, if that is surely one cluster.
fn whole_tree(units: &mut Units<'_>, home: &str, flat: usize) -> Option<usize> {
    let path = units.checkout.path(home).filter(|path| path != ".")?;
    let unit = units.all.get(flat)?;
    let stays_out = unit.orders.iter().all(|(_, target)| {
        let target = units
            .all
            .get(*target)
            .and_then(|unit| unit.directory.as_deref());
        target.is_none_or(|target| target != home && below(target, home).is_none())
    });
    let found = appliers_in(units, &path);
    let is_flux = found.iter().any(|(kind, ..)| kind == "Kustomization");
    let names: BTreeSet<_> = found.iter().collect();
    if !stays_out || !is_flux || names.len() < found.len() {
        return None;
    }
    Some(units.whole(Ask::plain(What::Below(path, None))))
}

/// Kind, namespace and name of all that has something applied and lies below a directory.
fn appliers_in(units: &Units<'_>, path: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (_, name) in units.checkout.below(path) {
        let documents = units.files.id(name).into_iter();
        for document in documents.flat_map(|file| units.files.documents(file)) {
            let root = document.root();
            let text = |path: &[&str]| {
                let text = root.path(path).and_then(Node::as_str);
                text.unwrap_or_default().to_owned()
            };
            if is_applier(root) {
                found.push((
                    text(&["kind"]),
                    text(&["metadata", "namespace"]),
                    text(&["metadata", "name"]),
                ));
            }
        }
    }
    found
}

fn has_appliers(files: &Files<'_>, name: &str) -> bool {
    let documents = files
        .id(name)
        .into_iter()
        .flat_map(|file| files.documents(file));
    documents.map(|one| one.root()).any(|root| {
        let items = root.get("items").into_iter().flat_map(Node::items);
        std::iter::once(root).chain(items).any(is_applier)
    })
}

/// The worlds of those units that no other one has applied.
fn topmost(units: &Units<'_>, candidates: Vec<(String, usize)>) -> Vec<World> {
    let reached: Vec<BTreeSet<usize>> = candidates
        .iter()
        .map(|(_, unit)| units.reached([*unit], true))
        .collect();
    // whether what the one reaches holds the other
    let holds = |one: usize, other: usize| {
        let (Some(reached), Some((_, unit))) = (reached.get(one), candidates.get(other)) else {
            return false;
        };
        units.hold(reached, *unit)
    };
    let comes_first = |one: usize, other: usize| {
        let key = |at: usize| {
            let name = candidates.get(at).map_or("", |(name, _)| name);
            (name.matches('/').count(), name.to_owned(), at)
        };
        key(one) < key(other)
    };
    let applies = |at: usize| {
        let unit = candidates
            .get(at)
            .and_then(|(_, unit)| units.all.get(*unit));
        unit.is_some_and(|unit| !unit.orders.is_empty())
    };
    let mut worlds = Vec::new();
    for (at, (name, unit)) in candidates.iter().enumerate() {
        let is_applied = (0..candidates.len()).any(|by| {
            by != at && applies(by) && holds(by, at) && !(holds(at, by) && comes_first(at, by))
        });
        if is_applied {
            continue;
        }
        let within = reached.get(at).cloned().unwrap_or_default();
        let (name, root) = match units.around(name, *unit, &within) {
            Some((directory, around)) => (directory, around),
            None => (name.clone(), *unit),
        };
        worlds.push(World {
            name,
            roots: BTreeSet::from([root]),
            is_named: false,
        });
    }
    worlds
}

/// Adds the worlds of other clusters, by their names.
fn elsewhere(units: &Units<'_>, worlds: &mut Vec<World>) {
    let mut done = 0;
    while let Some(world) = worlds.get(done).cloned() {
        done += 1;
        let mut found: BTreeMap<&String, BTreeSet<usize>> = BTreeMap::new();
        for unit in units.reached(world.roots.iter().copied(), false) {
            let orders = units.all.get(unit).map_or(&[][..], |unit| &unit.orders);
            for (cluster, target) in orders {
                if let Some(cluster) = cluster {
                    found.entry(cluster).or_default().insert(*target);
                }
            }
        }
        for (cluster, targets) in found {
            let known = worlds.iter().position(|one| one.name == *cluster);
            match known.and_then(|at| Some((at, worlds.get_mut(at)?))) {
                Some((at, known)) => {
                    let before = known.roots.len();
                    known.roots.extend(targets);
                    if known.roots.len() > before && at < done {
                        done = at;
                    }
                }
                None => worlds.push(World {
                    name: cluster.clone(),
                    roots: targets,
                    is_named: false,
                }),
            }
        }
    }
}

/// Environments out of worlds.
fn finished(units: &mut Units<'_>, worlds: Vec<World>) -> Laid {
    let mut laid = Laid::default();
    let mut used = BTreeSet::new();
    let mut moved: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for world in worlds {
        let within = units.reached(world.roots.iter().copied(), false);
        let mut environment = Environment {
            name: world.name,
            members: Vec::new(),
            values: Vec::new(),
            made_from: BTreeSet::new(),
            is_rendered: false,
        };
        let is_plain = within.len() == 1 && !world.is_named;
        environment.is_rendered = !is_plain;
        for unit in within.iter().filter_map(|&unit| units.all.get(unit)) {
            environment.is_rendered |= unit.is_rendered;
            for (member, cluster) in &unit.members {
                match cluster {
                    Some(cluster) => {
                        moved
                            .entry(cluster.clone())
                            .or_default()
                            .push(member.clone());
                    }
                    None => environment.members.push(member.clone()),
                }
            }
            environment.values.extend(unit.values.iter().cloned());
            environment.made_from.extend(&unit.files);
        }
        used.extend(within);
        laid.environments.push(environment);
    }
    for environment in &mut laid.environments {
        environment
            .members
            .extend(moved.remove(&environment.name).unwrap_or_default());
        tidy(environment);
    }
    // nothing is followed there, so that there is no environment
    for (name, members) in moved {
        let mut environment = Environment {
            name,
            members,
            values: Vec::new(),
            made_from: BTreeSet::new(),
            is_rendered: false,
        };
        tidy(&mut environment);
        laid.environments.push(environment);
    }
    let mut left_out = BTreeSet::new();
    let mut homes = BTreeSet::new();
    let mut unknown: BTreeMap<(String, String), (Span, usize)> = BTreeMap::new();
    for unit in used.iter().filter_map(|&unit| units.all.get(unit)) {
        laid.problems.extend(unit.problems.iter().cloned());
        for (key, (span, objects)) in &unit.unknown {
            unknown.entry(key.clone()).or_insert((*span, 0)).1 += objects;
        }
        laid.plain.extend(&unit.plain);
        laid.charts.extend(unit.charts.iter().cloned());
        laid.rendered.extend(unit.rendered.iter().cloned());
        left_out.extend(unit.left_out.iter().cloned());
        homes.extend(unit.homes.iter().cloned());
    }
    for ((name, from), (span, objects)) in unknown {
        let objects = match objects {
            1 => "1 object uses it".to_owned(),
            many => format!("{many} objects use it, and this is the first"),
        };
        let message = format!("the value of the variable `{name}` is not known: {from}; {objects}");
        laid.problems.push(open(message, span));
    }
    below_left_out(units, &left_out, homes, &mut laid);
    laid
}

/// Of kustomizations that are not built, those below that can be are judged alone.
fn below_left_out(
    units: &mut Units<'_>,
    left_out: &BTreeSet<String>,
    mut homes: BTreeSet<String>,
    laid: &mut Laid,
) {
    for home in left_out {
        laid.unbuilt.extend(units.kustomizations.files(home));
        for base in units.below_left_out(home) {
            if homes.contains(&base) {
                continue;
            }
            let unit = units.kustomization(&base);
            let Some(unit) = units.all.get(unit) else {
                continue;
            };
            homes.extend(unit.homes.iter().cloned());
            laid.problems.extend(unit.problems.iter().cloned());
            let members = unit.members.iter().map(|(member, _)| member.clone());
            let mut environment = Environment {
                name: base,
                members: members.collect(),
                values: unit.values.clone(),
                made_from: unit.files.clone(),
                is_rendered: unit.is_rendered,
            };
            tidy(&mut environment);
            laid.environments.push(environment);
        }
    }
}

/// What is applied twice in the same way is there once.
fn tidy(environment: &mut Environment) {
    let members = &mut environment.members;
    members.sort_by(|a, b| a.order().cmp(&b.order()));
    members.dedup_by(|a, b| a.order() == b.order());
    let values = &mut environment.values;
    let key = |one: &Values| one.document;
    values.sort_by_key(key);
    values.dedup_by_key(|one| key(one));
}

impl Units<'_> {
    /// The units that are applied with some, directly or not; with `everywhere` also those on other
    /// clusters.
    fn reached(&self, from: impl IntoIterator<Item = usize>, everywhere: bool) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(one) = open.pop() {
            if !reached.insert(one) {
                continue;
            }
            let orders = self.all.get(one).map_or(&[][..], |unit| &unit.orders);
            let near = orders
                .iter()
                .filter(|(cluster, _)| everywhere || cluster.is_none());
            open.extend(near.map(|(_, target)| *target));
        }
        reached
    }

    fn has_home(&self, unit: usize, home: &str) -> bool {
        let unit = self.all.get(unit);
        unit.is_some_and(|unit| unit.homes.contains(home))
    }

    /// Whether what a unit consists of is all among others.
    fn hold(&self, others: &BTreeSet<usize>, unit: usize) -> bool {
        let Some(wanted) = self.all.get(unit) else {
            return false;
        };
        let all = || others.iter().filter_map(|&one| self.all.get(one));
        match wanted.plain.is_empty() {
            true => {
                let home = wanted.directory.as_ref().or(wanted.left_out.first());
                home.is_some_and(|home| all().any(|one| one.homes.contains(home)))
            }
            false => {
                let is_there = |file: &FileId| all().any(|one: &Unit| one.plain.contains(file));
                wanted.plain.iter().all(is_there)
            }
        }
    }

    /// The directory that a unit itself has applied, if it lies there, and what that comes to: it is
    /// applied like that, and not as it is.
    fn around(&self, name: &str, unit: usize, within: &BTreeSet<usize>) -> Option<(String, usize)> {
        let others = within.iter().copied().filter(|one| *one != unit);
        let around = others.filter_map(|one| {
            let directory = self.all.get(one)?.directory.as_deref()?;
            let lies_there = name == directory || below(name, directory).is_some();
            (lies_there && self.hold(&BTreeSet::from([one]), unit)).then_some((directory, one))
        });
        let widest = around.min_by_key(|(directory, _)| directory.len());
        widest.map(|(directory, one)| (directory.to_owned(), one))
    }
}
