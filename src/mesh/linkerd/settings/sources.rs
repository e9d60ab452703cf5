//! The places that hold the settings of a control plane.

use std::sync::Arc;

use super::flags::{self, Place};
use super::recognize::{self, CHARTS};
use crate::k8s::{Index, node_at};
use crate::mesh::release::{passed_over, releases};
use crate::model::{At, Problem, ProblemKind};

/// The label of the control plane's own namespace.
/// `linkerd/linkerd2: charts/linkerd-control-plane/templates/namespace.yaml`.
const IS_CONTROL_PLANE: &str = "linkerd.io/is-control-plane";

/// How near a place is to what the control plane reads; the first counts before the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// What was installed, as the injector reads it.
    Rendered,
    /// What it is installed with.
    Installed,
    /// The defaults that come with a chart.
    Chart,
}

/// Values of the chart.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) at: At,
    pub(super) rank: Rank,
}

/// The places, what counts first is first; and the namespace of the control plane, where one shows.
pub(super) fn find(index: &Index) -> (Vec<Source>, Option<Place>) {
    let mut sources = Vec::new();
    let mut namespaces: Vec<Place> = Vec::new();
    for &id in index.of_kind("", "ConfigMap") {
        let resource = index.resource(id);
        let at = At::new(id, "/data/values");
        if &*resource.key.name == "linkerd-config" && node_at(index, &at).is_some() {
            sources.push(Source {
                at,
                rank: Rank::Rendered,
            });
            let own = resource.key.namespace.clone();
            let own = own.filter(|_| !resource.namespace_assumed);
            let written = At::new(id, "/metadata/namespace");
            namespaces.extend(own.map(|namespace| (namespace, written)));
        }
    }
    for release in releases(index, CHARTS) {
        sources.push(Source {
            at: release.values,
            rank: Rank::Installed,
        });
        namespaces.extend(release.namespace);
    }
    sources.extend(index.values().iter().flat_map(|&id| documents(index, id)));
    sources.sort_by_key(|source| source.rank);
    namespaces.extend(flags::namespace(index));
    namespaces.extend(labelled(index));
    (sources, namespaces.into_iter().next())
}

/// What sets values and is not looked at. Certificates and keys decide nothing here, and belong
/// where they are taken from.
pub(super) fn report_passed_over(index: &Index, problems: &mut Vec<Problem>) {
    let is_certificate = |field: &str| field.ends_with("PEM") || field.ends_with("caBundle");
    for over in passed_over(index, CHARTS) {
        if !over.field.as_deref().is_some_and(is_certificate) {
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "what is set here is not looked at, and may change any setting of Linkerd; write it into the values \
                 of this object",
                over.at,
            ));
        }
    }
}

/// Values in a document that is no object.
fn documents(index: &Index, id: crate::model::ResourceId) -> Vec<Source> {
    let rank = match is_of_chart(&index.resource(id).key.name) {
        true => Rank::Chart,
        false => Rank::Installed,
    };
    let whole = At::new(id, "");
    let fields = recognize::document(index.node(id)).into_iter();
    let place = |field: String| match field.as_str() {
        "" => whole.clone(),
        field => whole.join(field),
    };
    fields
        .map(|field| Source {
            at: place(field),
            rank,
        })
        .collect()
}

/// Whether a file is the one that comes with the chart.
fn is_of_chart(name: &str) -> bool {
    CHARTS.iter().any(|chart| {
        let directory = name.strip_suffix("values.yaml");
        let inside = directory.and_then(|directory| directory.strip_suffix('/'));
        inside.is_some_and(|path| path.rsplit('/').next() == Some(chart))
    })
}

/// The namespace that is labelled as the control plane's.
fn labelled(index: &Index) -> Option<Place> {
    let mut all = index.namespaces().filter(|namespace| {
        let labels = namespace.labels.as_ref();
        labels.is_some_and(|labels| labels.get(IS_CONTROL_PLANE).is_some_and(|v| &**v == "true"))
    });
    let found = all.next()?;
    Some((
        Arc::clone(&found.name),
        At {
            resource: found.at.resource,
            pointer: crate::model::Pointer::new("/metadata/labels"),
        }
        .join(IS_CONTROL_PLANE),
    ))
}
