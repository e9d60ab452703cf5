//! Kustomizations and HelmReleases of Flux.

use super::super::chart::Overlay;
use super::{
    Installation, Manner, Order, Origin, ValuesFile, Variables, field, namespace, open, others,
    renamed, text, tidy, who,
};
use crate::syntax::{Kind, Tree};
use crate::text::Span;

/// Fields of a Kustomization that are understood, or change no object.
const KNOWN: &[&str] = &[
    "path",
    "sourceRef",
    "interval",
    "retryInterval",
    "timeout",
    "prune",
    "deletionPolicy",
    "wait",
    "force",
    "suspend",
    "dependsOn",
    "healthChecks",
    "healthCheckExprs",
    "driftIgnoreRules",
    "serviceAccountName",
    "kubeConfig",
    "decryption",
    "images",
    "targetNamespace",
    "namePrefix",
    "nameSuffix",
    "patches",
    "components",
    "commonMetadata",
    "postBuild",
    "ignoreMissingComponents",
    "validation",
];

/// Fields that change the kustomization, by their names there.
const CHANGES: &[(&str, &str)] = &[
    ("targetNamespace", "namespace"),
    ("namePrefix", "namePrefix"),
    ("nameSuffix", "nameSuffix"),
    ("patches", "patches"),
    ("images", "images"),
    ("components", "components"),
];

/// What a Kustomization has applied.
pub(super) fn kustomization(object: &Tree) -> Option<Order> {
    let spec = object.path(&["spec"])?;
    let written = spec.get("path");
    let at = written.or(spec.get("sourceRef")).unwrap_or(spec).place.span;
    let path = tidy(written.and_then(Tree::as_str).unwrap_or("."))?;
    Some(Order {
        who: who(object),
        at,
        origin: origin(object, spec.get("sourceRef")?),
        path,
        manner: Manner::Flux,
        cluster: cluster(object),
        namespace: None,
        changes: renamed(Some(spec), CHANGES),
        metadata: renamed(
            spec.get("commonMetadata"),
            &[("labels", "labels"), ("annotations", "annotations")],
        ),
        variables: Variables::of(object),
        refused: others(Some(spec), "", KNOWN),
        notes: suspended(object, spec).into_iter().collect(),
    })
}

/// What a HelmRelease has applied, if its chart lies in a git repository.
pub(super) fn helm_release(object: &Tree) -> Option<Order> {
    let spec = object.path(&["spec"])?;
    let chart = spec.path(&["chart", "spec"])?;
    let reference = chart.get("sourceRef")?;
    if text(reference, &["kind"]) != Some("GitRepository") {
        return None;
    }
    let written = chart.get("chart")?;
    let name = text(spec, &["releaseName"]).or(text(object, &["metadata", "name"]));
    let files = ["valuesFile", "valuesFiles"]
        .iter()
        .filter_map(|key| chart.get(key))
        .flat_map(|one| match one.items() {
            [] => std::slice::from_ref(one),
            items => items,
        })
        .filter_map(|one| {
            let path = tidy(one.as_str()?)?;
            Some((ValuesFile::FromTop(path), one.place.span))
        });
    let values = spec.get("values").cloned();
    let refused = others(
        Some(&Tree {
            kind: Kind::Map(
                ["valuesFrom", "postRenderers"]
                    .iter()
                    .filter_map(|key| field(spec, key).cloned())
                    .collect(),
            ),
            place: spec.place,
        }),
        "",
        &[],
    );
    let own = object.path(&["metadata", "namespace"]);
    Some(Order {
        who: who(object),
        at: written.place.span,
        origin: origin(object, reference),
        path: tidy(written.as_str()?)?,
        manner: Manner::Chart(Box::new(Installation {
            name: name.unwrap_or("release").to_owned(),
            files: files.collect(),
            written: values.into_iter().map(Overlay::Written).collect(),
            refused,
        })),
        cluster: cluster(object),
        namespace: namespace(spec.get("targetNamespace").or(own), true),
        changes: None,
        metadata: None,
        variables: None,
        refused: Vec::new(),
        notes: suspended(object, spec).into_iter().collect(),
    })
}

/// The cluster that something is applied to, by the name of the Secret that leads there.
pub(super) fn cluster(object: &Tree) -> Option<String> {
    let reference = object.path(&["spec", "kubeConfig"])?;
    let name = text(reference, &["secretRef", "name"]);
    let name = name.or(text(reference, &["configMapRef", "name"]));
    name.map(str::to_owned)
}

fn origin(object: &Tree, reference: &Tree) -> Origin {
    let own = text(object, &["metadata", "namespace"]);
    Origin::Named {
        kind: text(reference, &["kind"]).unwrap_or_default().to_owned(),
        namespace: text(reference, &["namespace"]).or(own).map(str::to_owned),
        name: text(reference, &["name"]).unwrap_or_default().to_owned(),
    }
}

fn suspended(object: &Tree, spec: &Tree) -> Option<crate::model::Problem> {
    let suspend = field(spec, "suspend")?;
    let span: Span = suspend.value.place.span;
    (suspend.value.kind == Kind::Bool(true)).then(|| {
        let message = format!(
            "{} is suspended: in the cluster is what it applied last, and judged is what lies here",
            who(object)
        );
        open(message, span)
    })
}
