//! What a release adds to the environment it is installed in.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::part::Chart;
use super::place::{Printed, Template};
use super::release::{Overlay, Release};
use super::rendered::{Failure, Output};
use super::{failure, known, lines, output, scope, values};
use crate::model::{Place, Problem, ProblemKind};
use crate::render::embedded::attach;
use crate::render::files::Files;
use crate::render::paths::resolve;
use crate::syntax::{Document, Field, Kind, Node, Tree, Written, parse};
use crate::text::{FileId, SourceFile, Span};

/// What comes of a release.
#[derive(Debug, Default)]
pub struct Installed {
    /// Whether its templates were rendered.
    pub is_rendered: bool,
    /// Its objects, to be put behind the documents that were read.
    pub objects: Vec<Document>,
    /// The values it is installed with, and the name of the file that says so, where they are settings of
    /// a mesh and its objects are not there. To be put behind the documents that were read.
    pub values: Vec<(Document, Arc<str>)>,
    /// What of it is not judged, and why.
    pub problems: Vec<Problem>,
    /// All files that count for it.
    pub files: BTreeSet<FileId>,
}

/// Installs a chart without rendering it.
pub(super) fn unrendered(release: &Release, chart: &Chart, files: &Files<'_>) -> Installed {
    let mut installed = Installed {
        files: files_of(release, chart, files),
        ..Installed::default()
    };
    let effective = values::effective(release, chart, files);
    if let Some(settings) = known::settings(chart, effective) {
        let name: Arc<str> = values_file(release, chart).into();
        installed.values.push((settings.to_document(0), name));
    }
    installed
}

/// Installs a chart that helm did not render.
pub(super) fn failed(
    release: &Release,
    chart: &Chart,
    files: &Files<'_>,
    failure: &Failure,
) -> Installed {
    let mut installed = unrendered(release, chart, files);
    let (reason, place) = match failure {
        Failure::Refused(refused) => (refused.reason.clone(), refused.place.map(Place::Span)),
        Failure::Stopped(reason) => (reason.clone(), None),
        Failure::Said(said) => {
            let own: Vec<&SourceFile> = files_of(release, chart, files)
                .into_iter()
                .filter(|&file| Some(file) != files.id(&values_file(release, chart)))
                .map(|file| files.source(file))
                .filter(|file| {
                    file.name().contains("/templates/") || file.name().ends_with("Chart.yaml")
                })
                .collect();
            let is_known = |text: &str| own.iter().any(|file| file.text().contains(text));
            (failure::told(said, is_known), place_of(said, chart, files))
        }
    };
    let of_chart = chart_place(chart, files);
    let with = match release.values.last() {
        Some(Overlay::File(name)) => format!(" with {name}"),
        _ => String::new(),
    };
    installed.problems.push(Problem::new(
        ProblemKind::UnrenderedTemplate,
        format!(
            "chart {}{with} is not rendered, so its objects are not judged: {reason}",
            chart.name
        ),
        place.unwrap_or(of_chart),
    ));
    installed
}

/// The line of a template that helm names.
fn place_of(said: &str, chart: &Chart, files: &Files<'_>) -> Option<Place> {
    let (path, line) = failure::place(said)?;
    let part = Part::all(chart, values::nothing_in(chart.manifest), files);
    let (file, _) = part
        .iter()
        .filter_map(|part| part.file(&path, files))
        .next_back()?;
    let source = files.source(file);
    let text = source.line(line);
    let start = source.line_start(line) + (text.len() - text.trim_start().len()) as u32;
    let end = start + text.trim().len() as u32;
    Some(Place::Span(Span { file, start, end }))
}

/// Where a chart says its name.
fn chart_place(chart: &Chart, files: &Files<'_>) -> Place {
    let mut documents = files.documents(chart.manifest);
    let name = documents
        .next()
        .and_then(|document| document.root().get("name"));
    name.map_or(Place::File(chart.manifest), |name| Place::Span(name.span()))
}

/// Installs a chart that was rendered.
pub(super) fn rendered(
    release: &Release,
    chart: &Chart,
    files: &Files<'_>,
    output: &Output,
) -> Installed {
    let mut installed = Installed {
        is_rendered: true,
        files: files_of(release, chart, files),
        ..Installed::default()
    };
    if !output.asks.is_empty() {
        let asked = output.asks.join(", and for ");
        let message = format!("templates of chart {} ask for {asked}", chart.name);
        let place = chart_place(chart, files);
        let problem = Problem::new(ProblemKind::Assumption, message, place);
        installed.problems.push(problem);
    }
    let parts = Part::all(chart, values::effective(release, chart, files), files);
    let marked = output
        .marked
        .as_deref()
        .map(|marked| output.marks.take(marked));
    let marked = marked.unwrap_or_default();
    let lines = lines::of(&output.plain, &marked);
    for (piece, lines) in output::pieces(&output.plain).into_iter().zip(lines) {
        let found = parts
            .iter()
            .rev()
            .find_map(|part| part.file(piece.source, files));
        // what a packed chart prints stands nowhere that was read
        let (file, values) = found.unwrap_or((chart.manifest, &parts.first().values));
        let source = files.source(file);
        let prints = scope::prints(source.text());
        let text = SourceFile::new("", piece.text);
        let printed = Printed {
            output: &text,
            template: Template {
                file,
                source,
                prints: &prints,
                values,
            },
            lines: match found {
                Some(_) => lines::of_verbatim(&piece, source.text()).unwrap_or(lines),
                None => Vec::new(),
            },
        };
        add(release, &printed, &mut installed);
    }
    installed
}

fn add(release: &Release, printed: &Printed<'_>, installed: &mut Installed) {
    let (mut documents, mut problems) = parse(printed.template.file, printed.output);
    problems.extend(attach(|_| printed.output, &mut documents));
    let moved = problems.into_iter().map(|problem| match problem.place {
        Place::Span(span) => {
            let place = Place::Span(printed.span(span));
            Problem { place, ..problem }
        }
        _ => problem,
    });
    installed.problems.extend(moved);
    for document in documents
        .iter()
        .filter(|document| !is_test(document.root()))
    {
        let number = FIRST + installed.objects.len();
        let made = printed.document(document, number, |tree| settle(tree, release));
        installed.objects.push(made);
    }
}

/// The number of the first document that is made: no file has so many.
const FIRST: usize = 1 << 30;

/// Whether an object is there only while a release is tested.
fn is_test(object: Node<'_>) -> bool {
    let hooks = object.path(&["metadata", "annotations", "helm.sh/hook"]);
    let mut hooks = hooks
        .and_then(Node::as_str)
        .unwrap_or("")
        .split(',')
        .peekable();
    hooks.peek() != Some(&"") && hooks.all(|hook| hook.trim().starts_with("test"))
}

/// Puts objects that name no namespace into that of the release.
fn settle(tree: &mut Tree, release: &Release) {
    let Some(namespace) = &release.namespace else {
        return;
    };
    if let Some(Tree {
        kind: Kind::List(items),
        ..
    }) = tree.get_mut("items")
    {
        items.iter_mut().for_each(|item| settle(item, release));
    }
    let Some(metadata) = tree.get_mut("metadata") else {
        return;
    };
    let written = metadata.get("namespace").and_then(Tree::as_str);
    if written.is_none_or(str::is_empty) {
        let place = Written {
            span: namespace.span,
            line_end: namespace.span.end,
        };
        metadata.set(Field {
            key: "namespace".to_owned(),
            key_span: namespace.span,
            value: Tree::text(&*namespace.name, place),
        });
    }
}

/// A chart as helm calls it in its output, with the values it sees.
struct Part {
    prefix: String,
    directory: String,
    values: Tree,
}

/// A chart and all its parts; the chart itself is first.
struct Parts(Part, Vec<Part>);

impl Parts {
    fn first(&self) -> &Part {
        &self.0
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &Part> {
        std::iter::once(&self.0).chain(&self.1)
    }
}

impl Part {
    fn all(chart: &Chart, values: Tree, files: &Files<'_>) -> Parts {
        let mut below = Vec::new();
        let prefix = chart.name.clone();
        Self::below(chart, &prefix, &values, files, &mut below);
        let directory = chart.directory.clone();
        let own = Self {
            prefix,
            directory,
            values,
        };
        Parts(own, below)
    }

    fn below(chart: &Chart, prefix: &str, values: &Tree, files: &Files<'_>, found: &mut Vec<Self>) {
        for part in &chart.parts {
            let prefix = format!("{prefix}/charts/{}", part.name);
            let values = values::of_part(values, part, files);
            Self::below(part, &prefix, &values, files, found);
            found.push(Self {
                prefix,
                directory: part.directory.clone(),
                values,
            });
        }
    }

    /// The file that helm names, if it is one of this chart.
    fn file(&self, source: &str, files: &Files<'_>) -> Option<(FileId, &Tree)> {
        let inside = source.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        let file = files.id(&resolve(&self.directory, inside))?;
        Some((file, &self.values))
    }
}

/// The file whose name the values of a release go by: the last that is laid over the others.
fn values_file(release: &Release, chart: &Chart) -> String {
    let mut overlays = release.values.iter().rev();
    let last = overlays.find_map(|overlay| match overlay {
        Overlay::File(name) => Some(name.clone()),
        Overlay::Written(_) => None,
    });
    last.unwrap_or_else(|| resolve(&chart.directory, "values.yaml"))
}

/// All files of a chart and of the values laid over its own.
fn files_of(release: &Release, chart: &Chart, files: &Files<'_>) -> BTreeSet<FileId> {
    let mut directories = vec![chart.directory.as_str()];
    directories.extend(
        chart
            .dependencies
            .iter()
            .filter_map(|one| one.directory.as_deref()),
    );
    let own = directories
        .into_iter()
        .flat_map(|directory| files.below(directory));
    let laid_over = release.values.iter().filter_map(|overlay| match overlay {
        Overlay::File(name) => files.id(name),
        Overlay::Written(tree) => Some(tree.place.span.file),
    });
    let said = release
        .namespace
        .iter()
        .map(|namespace| namespace.span.file);
    own.map(|(_, id)| id).chain(laid_over).chain(said).collect()
}
