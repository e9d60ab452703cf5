//! Documents to environments: the worlds that are judged apart.
//!
//! Nothing is rendered here by running a program. Kustomizations that only collect resources and
//! set a namespace are understood; the others, and charts, become problems that say how to render
//! them.

mod chart;
mod checkout;
mod chosen;
mod delivery;
pub mod embedded;
mod files;
mod ground;
mod kustomize;
pub(crate) mod paths;
mod twins;
mod units;
mod worlds;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use chart::{
    Beside, Failure, Install, Installed, Job, KUBERNETES, Output, Overlay, Refused, Release,
    Rendered,
};
use chart::{Charts, Role};
use checkout::Checkout;
pub use chosen::unmatched;
use files::Files;
pub use ground::Ground;
use kustomize::Kustomizations;
use paths::{below, resolve};
pub use twins::told_apart;
use units::Units;

use crate::config::Config;

use crate::model::{Place, Problem};
use crate::syntax::Document;
use crate::text::{FileId, SourceFile, Sources, Span};

/// The objects that are applied together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The directory of its kustomization; `.` for plain manifests.
    pub name: String,
    /// Its documents, in the order of their files.
    pub members: Vec<Member>,
    /// What lies beside them and is no object: it may hold the values that something is installed
    /// with. Of plain manifests only, those of charts among them.
    pub values: Vec<Values>,
    /// All files that it was put together from: those of its members, and those that say how. None if
    /// nothing says that: it is what lies there.
    pub made_from: BTreeSet<FileId>,
    /// Whether it is more than the documents of files, each file whole.
    pub is_rendered: bool,
}

/// Documents, sorted into environments.
#[derive(Debug, Default)]
pub struct Sorted {
    /// In the order of their names.
    pub environments: Vec<Environment>,
    /// What could not be read or rendered.
    pub problems: Vec<Problem>,
    /// The files that kustomizations read which are not built, and all that these build on.
    pub unbuilt: BTreeSet<FileId>,
}

/// A document that is no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// Index among all documents of the scan.
    pub document: usize,
    /// The name of its file.
    pub file: Arc<str>,
}

/// A document of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Index among all documents of the scan.
    pub document: usize,
    /// The namespace that the renderer puts the object in, whatever the object itself says; objects
    /// that belong to no namespace stay without one.
    pub namespace: Option<Namespace>,
}

/// A namespace that a renderer sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
    /// Whether it is that of objects only which name none themselves.
    pub only_if_none: bool,
}

/// What says how files belong together, beside what lies in them.
#[derive(Debug, Clone, Default)]
pub struct Guide {
    /// Where the files lie.
    pub ground: Ground,
    /// What the user says.
    pub config: Option<Config>,
}

impl Guide {
    /// The same where files are counted from elsewhere.
    pub fn on(&self, ground: Ground) -> Self {
        let config = self.config.clone().map(|config| Config {
            home: match paths::below(&config.home, self.ground.root()) {
                Some(inside) => resolve(ground.root(), inside),
                None => ground.root().to_owned(),
            },
            ..config
        });
        Self { ground, config }
    }
}

impl Member {
    fn order(&self) -> (usize, Option<(&str, bool)>) {
        let namespace = self.namespace.as_ref();
        let namespace = namespace.map(|one| (&*one.name, one.only_if_none));
        (self.document, namespace)
    }
}

/// Whether a field of a file says which objects there are, or what they are called; of the file as a
/// whole, if no field is named.
pub(crate) fn decides_objects(file: &str, field: &str) -> bool {
    match is_chart(file) {
        true => field.is_empty(),
        false => is_kustomization(file) && !kustomize::HARMLESS.contains(&field),
    }
}

/// Whether a file is a kustomization, by its name.
pub(crate) fn is_kustomization(file: &str) -> bool {
    kustomize::NAMES.contains(&paths::base_name(file))
}

/// Whether kustomizations that only collect the documents of a file take them as they are.
pub(crate) fn is_taken_whole(source: &SourceFile, documents: &[Document]) -> bool {
    let mut sources = Sources::default();
    sources.add(source.clone());
    let files = Files::new(&sources, documents);
    let mut documents = documents.iter();
    documents.all(|document| kustomize::is_taken_whole(document, &files))
}

/// Whether a file makes its directory a chart.
pub(crate) fn is_chart(file: &str) -> bool {
    paths::base_name(file) == "Chart.yaml"
}

/// Whether a field of a kustomization decides whether it is understood at all.
pub(crate) fn decides_environment(field: &str) -> bool {
    !kustomize::HONOURED.contains(&field)
}

/// The directory of the kustomization that an environment is named by.
pub(crate) fn home(environment: &str) -> &str {
    match is_kustomization(environment) {
        true => paths::directory(environment),
        false => environment,
    }
}

/// What helm is to be run on.
#[derive(Debug, Default)]
pub struct ToRender {
    /// The charts.
    pub jobs: Vec<Job>,
    /// Releases of charts that it cannot be run on, and why.
    pub refused: Vec<(Release, Refused)>,
}

/// The charts among documents that were read, each with all that it is installed with, as far as they are
/// not rendered yet. `beside` is what else lies in their directories.
pub fn charts(
    guide: &Guide,
    sources: &Sources,
    documents: &[Document],
    beside: &Beside,
    rendered: &Rendered,
) -> ToRender {
    let files = Files::new(sources, documents);
    let parts = Parts::find(&files);
    let mut units = parts.units(guide, sources, &files, rendered);
    let laid = worlds::lay_out(&mut units, guide, &parts.plain(guide, &files));
    let by_themselves = parts.charts.releases(&files).into_iter();
    let mut releases: Vec<Release> = by_themselves
        .map(|(_, release)| release)
        .filter(|release| !laid.charts.contains(&release.chart))
        .collect();
    releases.append(&mut units.releases);
    releases.retain(|release| !rendered.has(release));
    let (jobs, refused) = chart::jobs(releases, &files, beside);
    ToRender { jobs, refused }
}

/// Sorts the documents of a scan into environments.
///
/// `problems` are those of reading the documents. They come back with those found here, but for
/// the ones about parts of a chart: there is one problem for the chart instead. Kustomizations,
/// patches and the like, and the parts of charts are in no environment. What rendering makes of
/// documents is added behind them.
pub fn environments(
    guide: &Guide,
    sources: &Sources,
    documents: &mut Vec<Document>,
    problems: Vec<Problem>,
    rendered: &Rendered,
) -> Sorted {
    let (mut sorted, mut made) = sort(guide, sources, documents, problems, rendered);
    let more = embedded::attach(|file| sources.get(file), &mut made);
    sorted.problems.extend(more);
    documents.append(&mut made);
    sorted
}

/// What files are apart from plain manifests.
struct Parts<'a> {
    charts: Charts,
    kustomizations: Kustomizations<'a, 'a>,
}

impl<'a> Parts<'a> {
    fn find(files: &'a Files<'a>) -> Self {
        let charts = Charts::find(files);
        let is_part = |name: &str| charts.role(name, files) == Some(Role::Part);
        let kustomizations = Kustomizations::find(files, |name| !is_part(name));
        Self {
            charts,
            kustomizations,
        }
    }

    fn is_part(&self, name: &str, files: &Files<'_>) -> bool {
        self.charts.role(name, files) == Some(Role::Part)
    }

    /// All plain manifests, whoever has them applied.
    fn plain<'n>(&self, guide: &Guide, files: &Files<'n>) -> Vec<&'n str> {
        let config = guide.config.as_ref().map(|config| config.source.name());
        let taken = self.kustomizations.taken();
        let all = files.all().filter(|(name, _)| Some(*name) != config);
        all.filter(|(name, file)| !taken.contains(file) && !self.is_part(name, files))
            .map(|(name, _)| name)
            .collect()
    }

    fn units(
        &'a self,
        guide: &'a Guide,
        sources: &'a Sources,
        files: &'a Files<'a>,
        rendered: &'a Rendered,
    ) -> Units<'a> {
        let mut checkout = Checkout::new(files, &guide.ground);
        worlds::know(&mut checkout, files);
        Units::new(files, sources, self, checkout, rendered)
    }
}

/// The documents that rendering made stand apart.
fn sort(
    guide: &Guide,
    sources: &Sources,
    documents: &[Document],
    problems: Vec<Problem>,
    rendered: &Rendered,
) -> (Sorted, Vec<Document>) {
    let files = Files::new(sources, documents);
    let parts = Parts::find(&files);
    let plain = parts.plain(guide, &files);
    let mut units = parts.units(guide, sources, &files, rendered);
    let laid = worlds::lay_out(&mut units, guide, &plain);

    let is_laid = |name: &str| {
        files
            .id(name)
            .is_some_and(|file| laid.plain.contains(&file))
    };
    let rest: Vec<&str> = plain
        .iter()
        .copied()
        .filter(|name| !is_laid(name))
        .collect();
    let has_rest = rest.iter().any(|name| has_documents(&files, name));
    let mut alone = parts
        .charts
        .worlds(&files, rendered, has_rest, &laid.charts);
    let is_told = |problem: &Problem| {
        let name = file_of(problem).map(|file| sources.get(file).name());
        !name.is_some_and(|name| {
            let matters = alone.is_asked() && parts.charts.matters(name);
            parts.is_part(name, &files) && !matters
        })
    };
    let mut problems: Vec<Problem> = problems.into_iter().filter(is_told).collect();
    problems.append(&mut alone.problems);
    problems.extend(laid.problems);
    problems.extend(parts.kustomizations.circles());

    let is_rendered = |name: &str| {
        let mut charts = laid.rendered.iter();
        alone.has_rendered(name)
            || charts.any(|chart| below(name, &resolve(chart, "crds")).is_some())
    };
    let rest = plain_members(&files, rest.into_iter().filter(|name| !is_rendered(name)));
    let mut environments = laid.environments;
    let is_empty = |one: &Environment| one.members.is_empty() && one.values.is_empty();
    environments.retain(|environment| !is_empty(environment));
    if !rest.is_empty() {
        let is_beside = |name: &str| {
            let mut installed = laid.charts.iter();
            let is_installed = installed.any(|chart| below(name, chart).is_some());
            let is_part = parts.is_part(name, &files);
            match is_part {
                true => parts.charts.is_values(name) && !is_installed,
                false => plain.contains(&name) && !is_laid(name),
            }
        };
        environments.push(Environment {
            name: ".".to_owned(),
            members: rest,
            values: values(&files, |name| !is_beside(name)),
            made_from: BTreeSet::new(),
            is_rendered: false,
        });
    }
    let mut made = units.made;
    environments.extend(alone.environments(documents.len(), &mut made));
    tell_apart(&mut environments, &parts.kustomizations);
    environments.sort_by(|a, b| a.name.cmp(&b.name));
    let sorted = Sorted {
        environments,
        problems,
        unbuilt: laid.unbuilt,
    };
    (sorted, made)
}

fn has_documents(files: &Files<'_>, name: &str) -> bool {
    let file = files.id(name);
    file.is_some_and(|file| !files.indices(file).is_empty())
}

/// Gives each environment a name of its own. That of the top directory is the one of the plain manifests,
/// if there are any.
fn tell_apart(environments: &mut [Environment], kustomizations: &Kustomizations<'_, '_>) {
    let mut names = BTreeSet::new();
    for environment in environments.iter_mut().rev() {
        if names.insert(environment.name.clone()) {
            continue;
        }
        let file = kustomizations.name(&environment.name);
        let first = file.map_or_else(|| format!("{}~2", environment.name), str::to_owned);
        let others = (2..).map(|number| format!("{}~{number}", environment.name));
        let mut free = std::iter::once(first).chain(others);
        environment.name = free.find(|name| !names.contains(name)).unwrap_or_default();
        names.insert(environment.name.clone());
    }
}

fn plain_members<'n>(files: &Files<'_>, names: impl Iterator<Item = &'n str>) -> Vec<Member> {
    let indices: BTreeSet<usize> = names
        .filter_map(|name| files.id(name))
        .flat_map(|file| files.indices(file).iter().copied())
        .collect();
    indices
        .into_iter()
        .map(|document| Member {
            document,
            namespace: None,
        })
        .collect()
}

/// Documents that are no objects, without those of files that are taken.
fn values(files: &Files<'_>, is_taken: impl Fn(&str) -> bool) -> Vec<Values> {
    let of_file = |(name, file): (&str, FileId)| {
        let name: Arc<str> = name.into();
        let documents = files.indices(file).iter().copied();
        documents
            .filter(|&document| files.is_values(document))
            .map(move |document| Values {
                document,
                file: Arc::clone(&name),
            })
            .collect::<Vec<_>>()
    };
    files
        .all()
        .filter(|(name, _)| !is_taken(name))
        .flat_map(of_file)
        .collect()
}

fn file_of(problem: &Problem) -> Option<FileId> {
    match problem.place {
        Place::File(file) => Some(file),
        Place::Span(span) => Some(span.file),
        Place::Nowhere | Place::Path(_) | Place::At(_) => None,
    }
}

#[cfg(test)]
mod tests;
