use super::job::Refused;
use super::mark::Marks;
use super::release::Release;

/// What came of rendering charts; of nothing, where that was not asked for.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// Each release, and what came of it.
    pub(super) releases: Vec<(Release, Result<Output, Failure>)>,
}

/// What helm printed for a release.
#[derive(Debug, Clone)]
pub struct Output {
    /// What is in force.
    pub plain: String,
    /// The same of templates with marks; nothing if helm does not render these.
    pub marked: Option<String>,
    pub(super) marks: Marks,
    pub(super) asks: Vec<&'static str>,
}

/// Why there is no output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Helm was not run.
    Refused(Refused),
    /// Helm was stopped, or could not be run: the reason.
    Stopped(String),
    /// Helm failed: what it said.
    Said(String),
}

impl Output {
    /// What helm printed for the chart of a job.
    pub fn new(job: &super::Job, plain: String, marked: Option<String>) -> Self {
        Self {
            plain,
            marked,
            marks: job.marks.clone(),
            asks: job.asks.clone(),
        }
    }
}

impl Rendered {
    /// Notes what came of a release.
    pub fn add(&mut self, release: Release, result: Result<Output, Failure>) {
        self.releases.push((release, result));
    }

    /// Each release, and what came of it.
    pub fn releases(&self) -> impl Iterator<Item = (&Release, &Result<Output, Failure>)> {
        self.releases
            .iter()
            .map(|(release, result)| (release, result))
    }

    /// Whether no chart was to be rendered.
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// Whether a release was rendered, or tried.
    pub(in crate::render) fn has(&self, release: &Release) -> bool {
        self.of(release).is_some()
    }

    /// Adds what came of others.
    pub fn append(&mut self, other: Self) {
        self.releases.extend(other.releases);
    }

    pub(super) fn of(&self, release: &Release) -> Option<&Result<Output, Failure>> {
        let mut all = self.releases.iter();
        all.find_map(|(known, result)| (known == release).then_some(result))
    }
}
