use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Loaded, unreadable};
use crate::model::{Place, Problem, ProblemKind};
use crate::render::Beside;
use crate::render::paths::{base_name, below, directory};
use crate::text::{SourceFile, Sources};

/// How many bytes are read in all of files of charts that are no manifests.
const MAX_BESIDE_BYTES: usize = 256 * 1024 * 1024;
/// How many bytes such a file may have.
pub(super) const MAX_OTHER_BYTES: usize = 16 * 1024 * 1024;

/// What there is to read, by the name it is shown under: sorted, and each file once. `T` is what a
/// file is read by.
pub(super) struct Found<T> {
    files: BTreeMap<String, T>,
    /// Why the file or directory of a name is not read.
    problems: BTreeMap<String, Problem>,
    has_links: bool,
    /// Files that are no manifests, and may be parts of charts.
    others: BTreeMap<String, T>,
    /// Links among them.
    links: Vec<String>,
}

/// What a link in a directory leads to.
pub(super) enum Target<T> {
    Nowhere,
    /// Something in the directory; a file if its own name hides that it is to be read.
    Inside(Option<T>),
    Outside {
        may_be_directory: bool,
    },
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            problems: BTreeMap::new(),
            has_links: false,
            others: BTreeMap::new(),
            links: Vec::new(),
        }
    }
}

impl<T> Found<T> {
    pub(super) fn file(&mut self, name: String, file: T) {
        self.files.insert(name, file);
    }

    /// A file that is no manifest, and may be a part of a chart.
    pub(super) fn other(&mut self, name: String, file: T) {
        self.others.insert(name, file);
    }

    pub(super) fn unreadable(&mut self, name: String, reason: impl Into<String>) {
        let problem = unreadable(&name, reason);
        self.problems.insert(name, problem);
    }

    /// Something that is not there, and that nothing here needs.
    pub(super) fn absent(&mut self, name: String, reason: &str) {
        let place = Place::Path(name.clone());
        let problem = Problem::new(ProblemKind::DanglingReference, reason, place);
        self.problems.insert(name, problem);
    }

    /// A file named by the user. Whoever names it may not know that it is a link: inside the
    /// current directory it must not lead out of it.
    pub(super) fn named(&mut self, name: String, file: T, leads_out: bool) {
        if leads_out {
            let reason =
                "a link that leads out of the current directory; to read its target, name that";
            return self.unreadable(name, reason);
        }
        self.file(name, file);
    }

    /// A link in a directory; `wanted` if a file of its name would be read.
    pub(super) fn link(&mut self, name: String, wanted: bool, target: Target<T>) {
        self.has_links = true;
        self.links.push(name.clone());
        match target {
            Target::Nowhere if wanted => self.unreadable(name, "a link that leads nowhere"),
            // what lies inside is read where it lies, unless its own name hides what it is
            Target::Inside(Some(file)) if wanted => self.file(name, file),
            Target::Outside { may_be_directory } if wanted || may_be_directory => {
                let reason = "a link that leads out of the directory, which is not followed; to read its target, name that";
                self.unreadable(name, reason);
            }
            Target::Nowhere | Target::Inside(_) | Target::Outside { .. } => {}
        }
    }

    /// Whether there are links in what was looked at.
    pub(super) fn has_links(&self) -> bool {
        self.has_links
    }

    /// The files and what is wrong, unread.
    pub(super) fn into_parts(self) -> (BTreeMap<String, T>, Vec<Problem>) {
        (self.files, self.problems.into_values().collect())
    }

    /// What there is in the directories of charts beside manifests, each file yet to be read, and the links
    /// there, which nobody follows.
    pub(super) fn beside(&mut self) -> (Vec<(String, T)>, Vec<String>) {
        let charts: Vec<String> = self
            .files
            .keys()
            .filter(|name| base_name(name) == "Chart.yaml")
            .map(|name| directory(name).to_owned())
            .collect();
        let is_in_chart = |name: &str| charts.iter().any(|chart| below(name, chart).is_some());
        let others = std::mem::take(&mut self.others).into_iter();
        let others = others.filter(|(name, _)| is_in_chart(name)).collect();
        let links = std::mem::take(&mut self.links).into_iter();
        (others, links.filter(|name| is_in_chart(name)).collect())
    }

    /// Reads all files.
    pub(super) fn read(
        self,
        missing: Vec<PathBuf>,
        read: impl FnOnce(Vec<(String, T)>) -> Vec<(String, Result<String, String>)>,
    ) -> Loaded {
        let mut problems = self.problems;
        let mut sources = Sources::default();
        for (name, result) in read(self.files.into_iter().collect()) {
            match result {
                Ok(text) => {
                    sources.add(SourceFile::new(name, text));
                }
                Err(reason) => {
                    let problem = unreadable(&name, reason);
                    problems.insert(name, problem);
                }
            }
        }
        Loaded {
            sources,
            problems: problems.into_values().collect(),
            missing,
            beside: Beside::default(),
        }
    }
}

/// What lies in the directories of charts beside manifests: read, or left out for a reason.
pub(super) fn beside(
    read: impl IntoIterator<Item = (String, Result<Vec<u8>, String>)>,
    links: Vec<String>,
    problems: &[Problem],
) -> Beside {
    let mut beside = Beside::default();
    let mut left = MAX_BESIDE_BYTES;
    for (name, bytes) in read {
        let bytes = bytes.and_then(|bytes| {
            let rest = left.checked_sub(bytes.len());
            left = rest.ok_or("the files of all charts together are too large")?;
            Ok(bytes)
        });
        match bytes {
            Ok(bytes) => drop(beside.files.insert(name, bytes)),
            Err(reason) => drop(beside.left_out.insert(name, reason)),
        }
    }
    for link in links {
        let reason = "a link, which is not followed in a chart".to_owned();
        beside.left_out.insert(link, reason);
    }
    for problem in problems {
        if let Place::Path(name) = &problem.place {
            beside
                .left_out
                .insert(name.clone(), problem.message.clone());
        }
    }
    beside
}

/// Whether a file of a directory is read. The last name is kustomize's own.
pub(super) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json" | "hcl"))
        || path.file_name().is_some_and(|name| name == "Kustomization")
}
