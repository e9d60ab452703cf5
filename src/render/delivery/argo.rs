//! Applications of Argo CD.

use super::super::chart::Overlay;
use super::{
    Argo, Directory, Installation, Manner, Order, Origin, ValuesFile, namespace, others, renamed,
    text, tidy, who,
};
use crate::model::{Place, Problem, ProblemKind};
use crate::syntax::{Kind, Tree};
use crate::text::Span;

/// The cluster that Argo CD runs in, by its names.
const OWN_CLUSTER: [&str; 2] = ["https://kubernetes.default.svc", "in-cluster"];

/// Fields about kustomizations that are understood, or change nothing a mesh is judged by.
const OF_KUSTOMIZATION: &[&str] = &[
    "images",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "commonAnnotations",
    "patches",
    "components",
    "replicas",
    "version",
    "namespace",
    "forceCommonLabels",
    "forceCommonAnnotations",
    "apiVersions",
    "kubeVersion",
    "ignoreMissingComponents",
];

/// Fields that change the kustomization, by their names there.
const CHANGES: &[(&str, &str)] = &[
    ("namespace", "namespace"),
    ("namePrefix", "namePrefix"),
    ("nameSuffix", "nameSuffix"),
    ("commonLabels", "commonLabels"),
    ("commonAnnotations", "commonAnnotations"),
    ("patches", "patches"),
    ("components", "components"),
];

/// Fields about charts that are understood, or change nothing a mesh is judged by.
const OF_CHART: &[&str] = &[
    "valueFiles",
    "values",
    "valuesObject",
    "releaseName",
    "version",
    "ignoreMissingValueFiles",
    "passCredentials",
    "skipSchemaValidation",
    "skipTests",
    "skipCrds",
    "namespace",
];

/// What an Application has applied: one thing for each of its sources that names a path.
pub(super) fn application(object: &Tree) -> Vec<Order> {
    let Some(spec) = object.get("spec") else {
        return Vec::new();
    };
    let several = spec.get("sources").map_or(&[][..], Tree::items);
    let sources: Vec<&Tree> = match several {
        [] => spec.get("source").into_iter().collect(),
        several => several.iter().collect(),
    };
    let orders = sources.iter();
    orders
        .filter_map(|source| order(object, spec, source, &sources))
        .collect()
}

/// The cluster that an Application applies everything to, by its name or its address.
pub(super) fn cluster(object: &Tree) -> Option<String> {
    let destination = object.path(&["spec", "destination"])?;
    let name = text(destination, &["name"]).or(text(destination, &["server"]))?;
    (!OWN_CLUSTER.contains(&name)).then(|| name.to_owned())
}

fn order(object: &Tree, spec: &Tree, source: &Tree, all: &[&Tree]) -> Option<Order> {
    if text(source, &["chart"]).is_some() {
        return None;
    }
    let written = source.get("path");
    if written.is_none() && source.get("ref").is_some() {
        return None;
    }
    let path = tidy(written.and_then(Tree::as_str).unwrap_or("."))?;
    let helm = source.get("helm");
    let kustomize = source.get("kustomize");
    let destination = namespace(spec.path(&["destination", "namespace"]), true);
    let name = helm.and_then(|helm| text(helm, &["releaseName"]));
    let name = name.or(text(object, &["metadata", "name"]));
    let mut refused = others(source.get("plugin"), "plugin.", &[]);
    refused.extend(others(
        source.path(&["directory", "jsonnet"]),
        "directory.jsonnet.",
        &[],
    ));
    Some(Order {
        who: who(object),
        at: written.unwrap_or(source).place.span,
        origin: Origin::Url(text(source, &["repoURL"])?.to_owned()),
        path,
        manner: Manner::Argo(Box::new(Argo {
            directory: directory(source.get("directory")),
            chart: Installation {
                name: name.unwrap_or("release").to_owned(),
                files: value_files(helm, all),
                written: values(helm),
                refused: others(helm, "helm.", OF_CHART),
            },
            of_kustomization: others(kustomize, "kustomize.", OF_KUSTOMIZATION),
            kustomized: renamed(kustomize, CHANGES),
        })),
        cluster: cluster(object),
        namespace: destination,
        changes: None,
        metadata: None,
        variables: None,
        refused,
        notes: pinned(object, source).into_iter().collect(),
    })
}

fn directory(written: Option<&Tree>) -> Directory {
    let get = |key: &str| written.and_then(|written| text(written, &[key]));
    let recurse = written.and_then(|written| written.get("recurse"));
    Directory {
        recurse: recurse.is_some_and(|recurse| recurse.kind == Kind::Bool(true)),
        include: get("include").map(str::to_owned),
        exclude: get("exclude").map(str::to_owned),
    }
}

/// The files of values: `$name/…` is a path of the source that is called so.
fn value_files(helm: Option<&Tree>, all: &[&Tree]) -> Vec<(ValuesFile, Span)> {
    let files = helm.and_then(|helm| helm.get("valueFiles"));
    let files = files.map_or(&[][..], Tree::items).iter();
    files
        .filter_map(|file| {
            let path = file.as_str()?;
            let file_of = match path.strip_prefix('$').and_then(|path| path.split_once('/')) {
                Some((name, path)) => {
                    let is_named = |source: &&&Tree| text(source, &["ref"]) == Some(name);
                    all.iter().find(is_named)?;
                    ValuesFile::FromTop(tidy(path)?)
                }
                None if path.starts_with('/') => ValuesFile::FromTop(tidy(path)?),
                None => ValuesFile::Beside(path.to_owned()),
            };
            Some((file_of, file.place.span))
        })
        .collect()
}

/// Values that are written in the Application; `valuesObject` counts instead of `values`.
fn values(helm: Option<&Tree>) -> Vec<Overlay> {
    let object = helm.and_then(|helm| helm.get("valuesObject"));
    let object = object.filter(|object| !object.fields().is_empty());
    object.cloned().map(Overlay::Written).into_iter().collect()
}

/// Says so if an Application applies what lies in one certain commit or release.
fn pinned(object: &Tree, source: &Tree) -> Option<Problem> {
    let revision = source.get("targetRevision")?;
    let name = revision.as_str()?;
    let is_commit = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = name.strip_prefix('v').unwrap_or(name);
    let mut parts = digits.split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_release = is_number(parts.next()) && is_number(parts.next());
    (is_commit || is_release).then(|| {
        let message = format!(
            "{} applies revision {name}; what lies here is taken for that",
            who(object)
        );
        let place = Place::Span(revision.place.span);
        Problem::new(ProblemKind::Assumption, message, place)
    })
}
