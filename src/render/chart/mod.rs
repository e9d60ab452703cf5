//! Helm charts: found, and never guessed at.

mod action;
mod failure;
mod install;
mod job;
mod known;
mod lines;
mod mark;
mod output;
mod part;
mod place;
mod plan;
mod release;
mod rendered;
mod scope;
mod value;
mod values;
mod world;

use std::collections::BTreeMap;

pub use install::Installed;
pub use job::{Beside, Install, Job, KUBERNETES, Refused};
pub use release::{Overlay, Release};
pub use rendered::{Failure, Output, Rendered};

use super::files::Files;
use super::paths::{base_name, below, directory};
use crate::model::{Place, Problem, ProblemKind};
pub(super) use job::jobs;
use part::Chart;

/// Folders of a chart that hold no manifests to apply as they are. Whatever else lies in a
/// repository whose top is a chart may well be applied by hand.
const CHART_FOLDERS: [&str; 5] = ["templates", "charts", "files", "ci", "tests"];

/// The charts of a scan.
#[derive(Debug, Default)]
pub(super) struct Charts {
    /// Their directories.
    directories: Vec<String>,
}

/// What a file is to the chart it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A template, values, or something else that is no manifest.
    Part,
    /// A manifest that helm applies as it is, or knows nothing of.
    Manifest,
}

impl Charts {
    pub(super) fn find(files: &Files<'_>) -> Self {
        let directories = files
            .names()
            .filter(|name| base_name(name) == "Chart.yaml")
            .map(|name| directory(name).to_owned())
            .collect();
        Self { directories }
    }

    /// What a file is to the innermost chart around it; `None` outside of charts.
    pub(super) fn role(&self, name: &str, files: &Files<'_>) -> Option<Role> {
        let inside = self
            .directories
            .iter()
            .filter_map(|chart| below(name, chart))
            .min_by_key(|inside| inside.len())?;
        let (folder, file) = inside.split_once('/').unwrap_or(("", inside));
        let is_part = file == "Chart.yaml"
            || file.starts_with("values")
            || CHART_FOLDERS.contains(&folder)
            || !files.has_objects(name);
        Some(match folder {
            "crds" => Role::Manifest,
            _ if is_part => Role::Part,
            _ => Role::Manifest,
        })
    }

    /// Whether a directory is one of a chart.
    pub(super) fn is_chart(&self, directory: &str) -> bool {
        self.directories.iter().any(|chart| chart == directory)
    }

    /// Whether a file holds the values of the chart it lies in.
    pub(super) fn is_values(&self, name: &str) -> bool {
        base_name(name).starts_with("values")
            && self
                .directories
                .iter()
                .any(|chart| chart == directory(name))
    }

    /// One problem for each chart that is not part of another one, if it renders to anything and was not
    /// tried.
    fn problems(&self, files: &Files<'_>, are_tried: bool) -> Vec<Problem> {
        let mut templates: BTreeMap<&str, usize> = BTreeMap::new();
        for chart in self.outermost() {
            let is_template = |name: &&str| {
                below(name, chart)
                    .is_some_and(|inside| format!("/{inside}").contains("/templates/"))
            };
            templates.insert(chart, files.names().filter(is_template).count());
        }
        templates
            .into_iter()
            .filter(|(chart, _)| !(are_tried && self.is_known(chart, files)))
            .filter_map(|(chart, count)| problem(chart, count, files))
            .collect()
    }

    /// Each chart that stands alone, with each of its values files: the name of the environment that it
    /// is, and the release.
    pub(super) fn releases(&self, files: &Files<'_>) -> Vec<(String, Release)> {
        plan::releases(self, files)
    }

    /// What a release adds to the environment it is installed in; nothing where there is no such chart.
    pub(super) fn install(
        &self,
        release: &Release,
        files: &Files<'_>,
        rendered: &Rendered,
    ) -> Option<Installed> {
        let chart = Chart::read(&release.chart, files)?;
        Some(match rendered.of(release) {
            Some(Ok(output)) => install::rendered(release, &chart, files, output),
            Some(Err(failure)) => install::failed(release, &chart, files, failure),
            None => install::unrendered(release, &chart, files),
        })
    }

    /// The charts that are part of no other one.
    fn roots(&self, files: &Files<'_>) -> Vec<&str> {
        let in_charts = |chart: &str| {
            let mut all = self.directories.iter();
            all.any(|outer| below(chart, outer).is_some_and(|inside| inside.starts_with("charts/")))
        };
        let taken: Vec<String> = self
            .directories
            .iter()
            .filter_map(|directory| Chart::alone(directory, files))
            .flat_map(|chart| chart.dependencies.into_iter())
            .filter_map(|dependency| dependency.directory)
            .collect();
        let all = self.directories.iter().map(String::as_str);
        all.filter(|chart| !in_charts(chart) && !taken.iter().any(|one| one == chart))
            .collect()
    }

    fn outermost(&self) -> impl Iterator<Item = &str> {
        self.directories.iter().map(String::as_str).filter(|chart| {
            let is_inside = |outer: &String| outer != chart && below(chart, outer).is_some();
            !self.directories.iter().any(is_inside)
        })
    }
}

fn problem(chart: &str, templates: usize, files: &Files<'_>) -> Option<Problem> {
    let manifest = files.id(&super::paths::resolve(chart, "Chart.yaml"))?;
    let root = files
        .documents(manifest)
        .next()
        .map(|document| document.root());
    let name = root.and_then(|root| root.get("name"));
    let has_dependencies = root
        .and_then(|root| root.get("dependencies"))
        .is_some_and(|dependencies| dependencies.items().len() > 0);
    let subject = match templates {
        0 if !has_dependencies => return None,
        0 => "the dependencies".to_owned(),
        1 => "1 template".to_owned(),
        count => format!("{count} templates"),
    };
    let verb = if templates == 1 { "is" } else { "are" };
    let message = format!(
        "{subject} of chart {} {verb} not rendered; render them with your helm (--render)",
        name.and_then(|name| name.as_str())
            .unwrap_or(base_name(chart))
    );
    let place = name.map_or(Place::File(manifest), |name| Place::Span(name.span()));
    Some(Problem::new(
        ProblemKind::UnrenderedTemplate,
        message,
        place,
    ))
}

#[cfg(test)]
mod tests;
