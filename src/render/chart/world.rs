//! The environments that charts are by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::part::Chart;
use super::{Charts, Installed, Rendered, plan};
use crate::model::Problem;
use crate::render::files::Files;
use crate::render::paths::{below, resolve};
use crate::render::{Environment, Member, Values};
use crate::syntax::Document;

/// What charts come to.
#[derive(Debug, Default)]
pub(in crate::render) struct Worlds {
    /// Each release that is an environment.
    environments: Vec<(String, Installed)>,
    /// What is not judged.
    pub(in crate::render) problems: Vec<Problem>,
    /// Charts that were rendered, by directory.
    rendered: BTreeSet<String>,
    /// Whether charts were to be rendered at all.
    is_asked: bool,
}

impl Charts {
    /// The environments of charts. Without their objects they are such only if they say how a mesh is
    /// set, and if no plain manifests lie around them which they may be meant for, or there are several
    /// of them to choose from. Those that somebody installs (`taken`) are none.
    pub(in crate::render) fn worlds(
        &self,
        files: &Files<'_>,
        rendered: &Rendered,
        has_plain: bool,
        taken: &BTreeSet<String>,
    ) -> Worlds {
        let mut releases = self.releases(files);
        releases.retain(|(_, release)| !taken.contains(&release.chart));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (_, release) in &releases {
            *counts.entry(release.chart.clone()).or_default() += 1;
        }
        let mut worlds = Worlds {
            is_asked: !rendered.is_empty(),
            ..Worlds::default()
        };
        for (name, release) in releases {
            let Some(mut installed) = self.install(&release, files, rendered) else {
                continue;
            };
            worlds.problems.append(&mut installed.problems);
            if installed.is_rendered {
                worlds.rendered.insert(release.chart.clone());
            }
            let is_one_of_several = counts.get(&release.chart).is_some_and(|&count| count > 1);
            let stands_alone = !has_plain || is_one_of_several;
            let says_something = !installed.values.is_empty() && stands_alone;
            if !installed.objects.is_empty() || says_something {
                worlds.environments.push((name, installed));
            }
        }
        worlds
            .problems
            .extend(self.problems(files, worlds.is_asked));
        worlds
    }

    /// Whether what is wrong with a part of a chart is told though the chart is: it may be an environment
    /// that is not there because of that.
    pub(in crate::render) fn matters(&self, name: &str) -> bool {
        let mut all = self.directories.iter();
        all.any(|directory| below(name, directory).is_some_and(plan::is_overlay))
    }

    /// Whether a chart can be read.
    pub(super) fn is_known(&self, directory: &str, files: &Files<'_>) -> bool {
        Chart::alone(directory, files).is_some()
    }
}

impl Worlds {
    /// Whether a manifest is among what was rendered.
    pub(in crate::render) fn has_rendered(&self, name: &str) -> bool {
        let mut all = self.rendered.iter();
        all.any(|chart| below(name, &resolve(chart, "crds")).is_some())
    }

    /// Whether charts were to be rendered.
    pub(in crate::render) fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// The environments; their documents are put behind those that were read and `made`.
    pub(in crate::render) fn environments(
        self,
        read: usize,
        made: &mut Vec<Document>,
    ) -> Vec<Environment> {
        let mut add = |document: Document| {
            made.push(document);
            read + made.len() - 1
        };
        let environment = |(name, installed): (String, Installed)| Environment {
            name,
            members: installed
                .objects
                .into_iter()
                .map(|object| Member {
                    document: add(object),
                    namespace: None,
                })
                .collect(),
            values: installed
                .values
                .into_iter()
                .map(|(values, file): (Document, Arc<str>)| Values {
                    document: add(values),
                    file,
                })
                .collect(),
            made_from: installed.files,
            is_rendered: true,
        };
        self.environments.into_iter().map(environment).collect()
    }
}
