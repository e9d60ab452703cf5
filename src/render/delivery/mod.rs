//! Who has what applied: objects of Flux and Argo CD that name a path of this repository.
//!
//! The world of an object is the cluster that it ends up in. So what such an object has applied belongs to
//! the environment in which that object itself stands, and so on; the environment of another cluster is
//! named by that cluster.
//!
//! What is decided here, and why:
//!
//! - Whether a source is this repository, nothing in a checkout tells for sure. The one of Flux's own
//!   `GitRepository` named `flux-system` is; else the one under whose address most paths are there. Of a
//!   source that is known to be another one nothing is followed; where it cannot be told, the path decides
//!   by being there. What is not followed is judged as if nobody had it applied, so no object is lost.
//! - The top directory is there in every repository. It is followed only if the source surely is this one.
//! - A path of this repository that is not among the files read is a problem: what it has applied might
//!   be what makes something else safe, or unsafe.
//! - A field that changes objects in a way that is not understood leaves the whole path out of the
//!   environment, with a problem. Half of what is applied is no world.
//! - What is suspended is followed, with a problem: in the cluster is what was applied last.
//! - Revisions are not told apart: what lies here is taken for what is applied.
//!
//! `fluxcd/kustomize-controller: api/v1/kustomization_types.go`,
//! `fluxcd/pkg: kustomize/kustomize_generator.go`,
//! `argoproj/argo-cd: pkg/apis/application/v1alpha1/types.go, util/app/discovery/discovery.go`.

mod argo;
mod flux;
mod generate;
mod sources;
mod substitute;
mod template;

use super::Namespace;
use super::chart::Overlay;
use crate::model::{Place, Problem, ProblemKind};
use crate::syntax::{Field, Kind, Node, Tree};
use crate::text::Span;

pub(super) use generate::{Repository, applications};
pub(super) use sources::{Origin, Own, Whose};
pub(super) use substitute::{Reference, Variables, substitute};

/// Something that is to be applied.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Who says so: `Kustomization flux-system/apps`.
    pub(super) who: String,
    /// Where it says what.
    pub(super) at: Span,
    /// What the path is a path of.
    pub(super) origin: Origin,
    /// From the top of the repository.
    pub(super) path: String,
    pub(super) manner: Manner,
    /// The cluster it is applied to, if that is not the one of whoever says so.
    pub(super) cluster: Option<String>,
    /// The namespace that objects are put in.
    pub(super) namespace: Option<Namespace>,
    /// What is said in a kustomization besides what is written in it.
    pub(super) changes: Option<Tree>,
    /// Labels and annotations that all objects get.
    pub(super) metadata: Option<Tree>,
    /// What is put in for variables.
    pub(super) variables: Option<Variables>,
    /// What is not understood of it.
    pub(super) refused: Vec<(String, Span)>,
    /// What else is to be said of it, if it is followed.
    pub(super) notes: Vec<Problem>,
}

/// How a path is turned into objects.
#[derive(Debug, Clone)]
pub(super) enum Manner {
    /// As Flux does it: the kustomization there, or one of all YAML files below.
    Flux,
    /// As Argo CD does it: by what is there.
    Argo(Box<Argo>),
    /// A chart.
    Chart(Box<Installation>),
}

/// What an Application says about a path.
#[derive(Debug, Clone)]
pub(super) struct Argo {
    /// What of plain files is applied.
    pub(super) directory: Directory,
    /// If there is a chart.
    pub(super) chart: Installation,
    /// What is not understood if there is a kustomization.
    pub(super) of_kustomization: Vec<(String, Span)>,
    /// What is said in it besides.
    pub(super) kustomized: Option<Tree>,
}

/// Which files of a directory are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) recurse: bool,
    pub(super) include: Option<String>,
    pub(super) exclude: Option<String>,
}

/// How a chart is installed.
#[derive(Debug, Clone, Default)]
pub(super) struct Installation {
    pub(super) name: String,
    /// The files of values, from the directory of the chart or from the top, with their places.
    pub(super) files: Vec<(ValuesFile, Span)>,
    /// Further values, the last counting most.
    pub(super) written: Vec<Overlay>,
    /// What is not understood of it.
    pub(super) refused: Vec<(String, Span)>,
}

/// A file of values.
#[derive(Debug, Clone)]
pub(super) enum ValuesFile {
    /// From the directory of the chart.
    Beside(String),
    /// From the top of the repository.
    FromTop(String),
}

/// Whether an object may have something applied.
pub(super) fn is_applier(object: Node<'_>) -> bool {
    let kind = object.get("kind").and_then(Node::as_str);
    let Some(kind @ ("Application" | "ApplicationSet" | "Kustomization" | "HelmRelease")) = kind
    else {
        return false;
    };
    let version = object.get("apiVersion").and_then(Node::as_str);
    let group = version.and_then(|version| version.split_once('/'));
    matches!(
        (group.map(|(group, _)| group), kind),
        (Some("argoproj.io"), "Application" | "ApplicationSet")
            | (Some("kustomize.toolkit.fluxcd.io"), "Kustomization")
            | (Some("helm.toolkit.fluxcd.io"), "HelmRelease")
    )
}

/// What an object has applied.
pub(super) fn orders(object: &Tree) -> Vec<Order> {
    match text(object, &["kind"]) {
        Some("Kustomization") => flux::kustomization(object).into_iter().collect(),
        Some("HelmRelease") => flux::helm_release(object).into_iter().collect(),
        Some("Application") => argo::application(object),
        _ => Vec::new(),
    }
}

/// The cluster that an object has everything applied to, if that is not its own.
pub(super) fn cluster(object: &Tree) -> Option<String> {
    match text(object, &["kind"]) {
        Some("Kustomization" | "HelmRelease") => flux::cluster(object),
        Some("Application") => argo::cluster(object),
        _ => None,
    }
}

/// An object as people call it.
fn who(object: &Tree) -> String {
    let kind = text(object, &["kind"]).unwrap_or_default();
    let name = text(object, &["metadata", "name"]).unwrap_or("without a name");
    match text(object, &["metadata", "namespace"]) {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

/// The text at the end of a path of keys, if there is any.
fn text<'t>(tree: &'t Tree, path: &[&str]) -> Option<&'t str> {
    let text = tree.path(path).and_then(Tree::as_str);
    text.filter(|text| !text.is_empty())
}

/// A field of a mapping.
fn field<'t>(tree: &'t Tree, key: &str) -> Option<&'t Field> {
    tree.fields().iter().find(|field| field.key == key)
}

/// Whether something is written that says anything.
fn says_something(tree: &Tree) -> bool {
    match &tree.kind {
        Kind::Null => false,
        Kind::Bool(value) => *value,
        Kind::Text(text) => !text.is_empty(),
        Kind::List(items) => !items.is_empty(),
        Kind::Map(fields) => !fields.is_empty(),
        Kind::Int(_) | Kind::UInt(_) | Kind::Float(_) => true,
    }
}

/// The fields of a mapping that say something and are none of those.
fn others(tree: Option<&Tree>, within: &str, known: &[&str]) -> Vec<(String, Span)> {
    let fields = tree.into_iter().flat_map(Tree::fields);
    let fields = fields.filter(|field| says_something(&field.value));
    fields
        .filter(|field| !known.contains(&field.key.as_str()))
        .map(|field| (format!("{within}{}", field.key), field.key_span))
        .collect()
}

/// A namespace that is written somewhere.
fn namespace(tree: Option<&Tree>, only_if_none: bool) -> Option<Namespace> {
    let tree = tree?;
    let name = tree.as_str().filter(|name| !name.is_empty())?;
    Some(Namespace {
        name: name.into(),
        span: tree.place.span,
        only_if_none,
    })
}

/// Fields of an object under the names that a kustomization has for them, if any says something.
fn renamed(tree: Option<&Tree>, names: &[(&str, &str)]) -> Option<Tree> {
    let tree = tree?;
    let fields = names.iter().filter_map(|(from, to)| {
        let field = field(tree, from).filter(|field| says_something(&field.value))?;
        Some(Field {
            key: (*to).to_owned(),
            ..field.clone()
        })
    });
    let fields: Vec<Field> = fields.collect();
    (!fields.is_empty()).then_some(Tree {
        kind: Kind::Map(fields),
        place: tree.place,
    })
}

/// A kustomization that says more: lists go on, mappings are added to, all else is replaced.
pub(super) fn changed(mut root: Tree, changes: &Tree) -> Tree {
    for change in changes.fields() {
        let mut new = change.clone();
        let known = root.get(&change.key).cloned();
        match (known.map(|known| known.kind), &mut new.value.kind) {
            (Some(Kind::List(mut items)), Kind::List(more)) => {
                items.append(more);
                new.value.kind = Kind::List(items);
            }
            (Some(Kind::Map(known)), Kind::Map(more)) => {
                let is_new = |field: &Field| !more.iter().any(|one| one.key == field.key);
                let kept: Vec<Field> = known.into_iter().filter(is_new).collect();
                more.splice(0..0, kept);
            }
            _ => {}
        }
        root.set(new);
    }
    root
}

/// Gives an object labels and annotations.
pub(super) fn label(object: &mut Tree, metadata: &Tree) {
    for item in object.get_mut("items").map_or(&mut [][..], Tree::items_mut) {
        label(item, metadata);
    }
    let Some(own) = object.get_mut("metadata") else {
        return;
    };
    for given in metadata.fields() {
        match own
            .get_mut(&given.key)
            .filter(|known| matches!(known.kind, Kind::Map(_)))
        {
            Some(known) => given.value.fields().iter().for_each(|one| {
                known.set(one.clone());
            }),
            None => {
                own.set(given.clone());
            }
        }
    }
}

/// A problem that leaves something unjudged.
pub(super) fn open(message: impl Into<String>, at: Span) -> Problem {
    Problem::new(ProblemKind::NotFollowed, message, Place::Span(at))
}

/// A path as it is written, from the top, without needless dots; nothing if it leads out.
fn tidy(path: &str) -> Option<String> {
    let path = super::paths::resolve(".", path.trim_start_matches('/'));
    (path != ".." && !path.starts_with("../")).then_some(path)
}
