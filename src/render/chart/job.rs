//! What helm is run on: the files of a chart as they were read, and the values laid over its own.

use std::collections::BTreeMap;

use super::mark::Marks;
use super::part::Chart;
use super::release::{Overlay, Release};
use crate::render::files::Files;
use crate::render::paths::{base_name, below, directory};
use crate::syntax::{Kind, Tree};
use crate::text::Span;

/// How many bytes a chart may have.
const MAX_CHART_BYTES: usize = 64 * 1024 * 1024;

/// How many bytes all charts together may have: where one lies in another, its files count twice.
const MAX_ALL_BYTES: usize = 512 * 1024 * 1024;

/// How deep charts may be made of others that lie beside them.
const MAX_DEPTH: usize = 8;

/// The version of Kubernetes that charts are rendered for: each helm would take another one.
pub const KUBERNETES: &str = "v1.33.0";

/// The directory that a chart is written to.
const TOP: &str = "chart";

/// What lies in the directories of charts beside manifests.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Files that are no manifests, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was not read, by name, and why.
    pub left_out: BTreeMap<String, String>,
}

/// A chart to be rendered.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its files, by their paths in the directory that helm is run in.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Templates with marks, which tell where each line comes from, by the same paths.
    pub marked: BTreeMap<String, Vec<u8>>,
    /// What the marks look like.
    pub(super) marks: Marks,
    /// What its templates ask a cluster for, in words.
    pub(super) asks: Vec<&'static str>,
    /// What it is installed with, each time.
    pub installs: Vec<Install>,
}

/// A chart as it is installed once.
#[derive(Debug, Clone)]
pub struct Install {
    /// The release.
    pub release: Release,
    /// Texts with the values laid over those of the chart, in their order.
    pub values: Vec<String>,
}

/// Why a chart is not rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub reason: String,
    /// Where it is written, if that is not the chart as a whole.
    pub place: Option<Span>,
}

impl Job {
    /// The directory of the chart among its files.
    pub const CHART: &'static str = TOP;

    /// The files of a chart.
    pub(super) fn of(chart: &Chart, files: &Files<'_>, beside: &Beside) -> Result<Self, Refused> {
        let mut found = BTreeMap::new();
        collect(chart, TOP, files, beside, &mut found, MAX_DEPTH)?;
        let all: Vec<u8> = found.values().flatten().copied().collect();
        let marks = Marks::of(&all);
        let mark = |(path, text): (&String, &Vec<u8>)| {
            let text = std::str::from_utf8(text).ok()?;
            Some((path.clone(), marks.put(text)?.into_bytes()))
        };
        let templates = found.iter().filter(|(path, _)| is_template(path));
        Ok(Self {
            marked: templates.filter_map(mark).collect(),
            asks: asks(&found),
            files: found,
            marks,
            installs: Vec::new(),
        })
    }
}

impl Install {
    /// A release with the texts of its values.
    pub(super) fn of(release: Release, files: &Files<'_>) -> Result<Self, Refused> {
        let text = |overlay: &Overlay| match overlay {
            Overlay::File(name) => match files.id(name) {
                Some(file) => Ok(files.source(file).text().to_owned()),
                None => Err(refused(format!("{name} is not among the files read"))),
            },
            Overlay::Written(tree) => Ok(json(tree).to_string()),
        };
        let names = [release.name.as_str(), release.namespace_name()];
        if let Some(name) = names.into_iter().find(|name| !is_name(name)) {
            return Err(refused(format!(
                "{name:?} is no name that a release or a namespace can have"
            )));
        }
        let values = release.values.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Self { release, values })
    }
}

/// What templates ask a cluster for, where there is none.
fn asks(files: &BTreeMap<String, Vec<u8>>) -> Vec<&'static str> {
    let templates = files
        .iter()
        .filter(|(path, _)| path.contains("/templates/"));
    let texts = templates.filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let texts: Vec<&str> = texts.filter(|text| text.contains("{{")).collect();
    let has = |word: &str| texts.iter().any(|text| text.contains(word));
    let all = [
        (
            ".Capabilities",
            "what the cluster offers (.Capabilities), which is taken to be Kubernetes 1.33 and no more",
        ),
        (
            "lookup \"",
            "what is in the cluster (lookup), which is nothing here",
        ),
    ];
    let asked = all.into_iter().filter(|(word, _)| has(word));
    asked.map(|(_, what)| what).collect()
}

/// Whether helm takes a text for a name, and not for anything else.
fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63
        && text.starts_with(is_plain)
        && text.ends_with(is_plain)
        && text.chars().all(|c| is_plain(c) || matches!(c, '-' | '.'))
}

fn refused(reason: impl Into<String>) -> Refused {
    Refused {
        reason: reason.into(),
        place: None,
    }
}

/// Whether a file is a template whose text is printed where it stands.
fn is_template(path: &str) -> bool {
    let name = base_name(path);
    let is_yaml = [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| name.ends_with(end));
    path.contains("/templates/") && is_yaml && !name.starts_with('_')
}

/// The files of a chart and of those it is made of, as helm would have them in one directory.
fn collect(
    chart: &Chart,
    at: &str,
    files: &Files<'_>,
    beside: &Beside,
    found: &mut BTreeMap<String, Vec<u8>>,
    depth: usize,
) -> Result<(), Refused> {
    if depth == 0 || chart.is_cut {
        return Err(refused("it is made of too many charts"));
    }
    complete(chart, beside)?;
    let own = files
        .all()
        .map(|(name, id)| (name, files.source(id).text().as_bytes()));
    let others = beside
        .files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let mut size: usize = found.values().map(Vec::len).sum();
    for (name, bytes) in own.chain(others) {
        let Some(inside) = below(name, &chart.directory) else {
            continue;
        };
        // what it names is fetched, from wherever that may be
        if base_name(inside) == "values.schema.json" {
            continue;
        }
        size = size.saturating_add(bytes.len());
        if size > MAX_CHART_BYTES {
            let most = MAX_CHART_BYTES / (1024 * 1024);
            return Err(refused(format!("its files are larger than {most} MiB")));
        }
        found.insert(format!("{at}/{inside}"), bytes.to_vec());
    }
    let folder = format!("{}/charts", chart.directory);
    let from_elsewhere =
        |part: &&Chart| directory(&part.directory) != folder.trim_start_matches("./");
    let mut done: Vec<&str> = Vec::new();
    for part in chart.parts.iter().filter(from_elsewhere) {
        if !done.contains(&part.directory.as_str()) {
            done.push(&part.directory);
            let at = format!("{at}/charts/{}", part.name);
            collect(part, &at, files, beside, found, depth - 1)?;
        }
    }
    Ok(())
}

/// That nothing of a chart is missing: what is rendered without a part of it is another chart.
fn complete(chart: &Chart, beside: &Beside) -> Result<(), Refused> {
    let mut left_out = beside.left_out.iter();
    if let Some((name, reason)) = left_out.find(|(name, _)| below(name, &chart.directory).is_some())
    {
        return Err(refused(format!(
            "{name}, a part of it, was not read: {reason}"
        )));
    }
    let is_packed = |name: &&String| {
        let inside = below(name, &chart.directory).unwrap_or("");
        format!("/{inside}").contains("/charts/") && inside.ends_with(".tgz")
    };
    if let Some(packed) = beside.files.keys().find(is_packed) {
        let reason = format!("{packed} is a packed chart, which is not read; unpack it (tar -xzf)");
        return Err(refused(reason));
    }
    if let Some(missing) = chart.missing().next() {
        return Err(Refused {
            reason: format!(
                "it is made of chart {}, which is not among its files, and nothing is fetched \
                 (helm dependency build --skip-refresh, and unpack what comes)",
                missing.name
            ),
            place: Some(missing.span),
        });
    }
    chart
        .parts
        .iter()
        .try_for_each(|part| complete(part, beside))
}

/// Values as helm reads them.
fn json(tree: &Tree) -> serde_json::Value {
    use serde_json::Value;
    match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Int(value) => (*value).into(),
        Kind::UInt(value) => (*value).into(),
        Kind::Float(value) => (*value).into(),
        Kind::Text(text) => text.as_str().into(),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|field| (field.key.clone(), json(&field.value)));
            Value::Object(fields.collect())
        }
    }
}

/// What helm is to be run on for releases, and what stands in the way of the others.
pub(in crate::render) fn jobs(
    releases: Vec<Release>,
    files: &Files<'_>,
    beside: &Beside,
) -> (Vec<Job>, Vec<(Release, Refused)>) {
    let mut jobs: BTreeMap<String, Result<Job, Refused>> = BTreeMap::new();
    let mut size: usize = 0;
    let mut left_out = Vec::new();
    for release in releases {
        let Some(chart) = Chart::read(&release.chart, files) else {
            let reason = "there is no Chart.yaml with a name in its directory";
            left_out.push((release, refused(reason)));
            continue;
        };
        let job = jobs.entry(release.chart.clone()).or_insert_with(|| {
            let job = Job::of(&chart, files, beside)?;
            size = size.saturating_add(job.files.values().map(Vec::len).sum());
            match size > MAX_ALL_BYTES {
                true => Err(refused("the files of all charts together are too large")),
                false => Ok(job),
            }
        });
        match (job, Install::of(release.clone(), files)) {
            (Ok(job), Ok(install)) => job.installs.push(install),
            (Err(refused), _) => left_out.push((release, refused.clone())),
            (_, Err(refused)) => left_out.push((release, refused)),
        }
    }
    (
        jobs.into_values().filter_map(Result::ok).collect(),
        left_out,
    )
}
