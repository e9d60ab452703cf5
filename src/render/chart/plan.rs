//! Which charts there are to install, and with which values, as far as their folders tell.

use super::part::{Chart, is_library};
use super::{Charts, Release};
use crate::render::files::Files;
use crate::render::paths::{base_name, below};
use crate::text::FileId;

/// How long the name of a release may be.
const MAX_NAME: usize = 53;

/// Each chart with each of its values files: the name of the environment that it is, and the release.
///
/// A chart that is part of another one, or made for others only, is none. Where there are files of
/// further values, the chart with its own values alone is one beside them.
pub(super) fn releases(charts: &Charts, files: &Files<'_>) -> Vec<(String, Release)> {
    let mut found = Vec::new();
    for directory in charts.roots(files) {
        let Some(chart) = Chart::read(directory, files) else {
            continue;
        };
        if is_library(&chart, files) {
            continue;
        }
        let plain = Release::plain(directory, release_name(&chart.name));
        for file in overlays(directory, files) {
            let inside = below(file, directory).unwrap_or(file);
            let name = format!("{directory}:{inside}");
            found.push((name, plain.clone().with_file(file)));
        }
        found.push((directory.to_owned(), plain));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// A name that helm takes for a release.
fn release_name(chart: &str) -> String {
    let allowed = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        _ => '-',
    };
    let name: String = chart.chars().map(allowed).take(MAX_NAME).collect();
    match name.trim_matches('-') {
        "" => "release".to_owned(),
        name => name.to_owned(),
    }
}

/// The files of a chart that hold values beside its own.
fn overlays<'f>(directory: &str, files: &Files<'f>) -> Vec<&'f str> {
    let own = files.below(directory);
    let own = own.filter(|(inside, file)| is_overlay(inside) && holds_values(*file, files));
    own.map(|(_, file)| files.source(file).name()).collect()
}

/// Whether a file of a chart, by its path in there, is one of values beside the chart's own.
pub(super) fn is_overlay(inside: &str) -> bool {
    let name = base_name(inside);
    let stem = name.strip_suffix(".yaml").or(name.strip_suffix(".yml"));
    let Some(stem) = stem else {
        return false;
    };
    match inside.split_once('/') {
        None => {
            let after = stem.strip_prefix("values");
            let is_variant = after.is_some_and(|rest| rest.starts_with(['-', '.', '_']));
            is_variant || stem.ends_with("-values") || stem.ends_with(".values")
        }
        Some((folder, file)) => folder == "values" && !file.contains('/'),
    }
}

/// Whether what helm reads of a file is a mapping that is no object.
fn holds_values(file: FileId, files: &Files<'_>) -> bool {
    let indices = files.indices(file);
    indices.first().is_some_and(|&first| files.is_values(first))
}
