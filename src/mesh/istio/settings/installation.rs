//! What installs control planes: operators, charts, and who applies them.
//!
//! `istio/istio: operator/pkg/render/manifest.go` (translateIstioOperatorToHelm),
//! `istio-ecosystem/sail-operator: controllers/istio/istio_controller.go` (getActiveRevisionName).

use std::sync::Arc;

use super::place::{DEFAULT, Sources};
use super::recognize::{self, Found};
use crate::k8s::{Index, node_at};
use crate::mesh::release::{releases, text};
use crate::model::{At, ResourceId};
use crate::syntax::Node;

/// One object or document that installs a control plane, or something of it.
#[derive(Debug, Default)]
pub(super) struct Installation {
    /// What it says; without mesh configuration it says nothing about a control plane.
    pub(super) sources: Sources,
    /// Other names of its revision.
    pub(super) tags: Vec<Arc<str>>,
    /// Whether istioctl reads it, which makes the first installation the default one.
    pub(super) by_istioctl: bool,
}

/// What installs control planes, the kinds that count first are first.
pub(super) fn installations(index: &Index) -> Vec<Installation> {
    let mut all: Vec<Installation> = Vec::new();
    let operators = index.of_kind("install.istio.io", "IstioOperator");
    all.extend(operators.iter().filter_map(|&id| operator(index, id)));
    for kind in ["Istio", "IstioRevision"] {
        let objects = index.of_kind("sailoperator.io", kind);
        all.extend(objects.iter().map(|&id| sail(index, id, kind)));
    }
    let charts = releases(index, &["istiod", "base"]).into_iter();
    all.extend(charts.map(|release| chart(index, release.values)));
    all.extend(index.values().iter().flat_map(|&id| document(index, id)));
    all
}

/// The values of the chart istiod or base, with the mesh configuration in them.
fn chart(index: &Index, values: At) -> Installation {
    let node = node_at(index, &values);
    let is_control_plane = node.is_some_and(recognize::is_control_plane);
    let revision = text(index, &values.join("revision"));
    let list = node.and_then(|node| node.get("revisionTags"));
    let tags = list.into_iter().flat_map(Node::items);
    let mut one = Installation {
        tags: tags.filter_map(Node::as_str).map(Into::into).collect(),
        ..Installation::default()
    };
    one.sources.values.push(values.clone());
    if is_control_plane {
        one.sources.revision = Some(revision.unwrap_or(DEFAULT).into());
        one.sources.mesh.push(values.join("meshConfig"));
    }
    let profile = values.join("profile");
    one.sources.profile = text(index, &profile).map(|name| (name.to_owned(), profile));
    let namespace = values.join("global").join("istioNamespace");
    one.sources.namespaces.push(namespace);
    one
}

/// An IstioOperator; one that is about gateways only installs no control plane.
fn operator(index: &Index, id: ResourceId) -> Option<Installation> {
    let spec = At::new(id, "/spec");
    let pilot = spec.join("components").join("pilot");
    let enabled = node_at(index, &pilot.join("enabled")).and_then(Node::as_bool);
    let profile = text(index, &spec.join("profile"));
    if enabled == Some(false) || (profile == Some("empty") && enabled != Some(true)) {
        return None;
    }
    let mut one = chart(index, spec.join("values"));
    one.by_istioctl = true;
    one.sources.mesh = vec![
        spec.join("meshConfig"),
        spec.join("values").join("meshConfig"),
    ];
    let revision = text(index, &spec.join("revision"));
    let below = text(index, &spec.join("values").join("revision"));
    one.sources.revision = Some(revision.or(below).unwrap_or(DEFAULT).into());
    one.sources.variables.push(pilot.join("k8s").join("env"));
    one.sources.namespaces.push(spec.join("namespace"));
    if let Some(name) = profile {
        one.sources.profile = Some((name.to_owned(), spec.join("profile")));
    }
    Some(one)
}

/// An `Istio` or `IstioRevision` of the sail operator.
fn sail(index: &Index, id: ResourceId, kind: &str) -> Installation {
    let spec = At::new(id, "/spec");
    let mut one = chart(index, spec.join("values"));
    one.sources.mesh = vec![spec.join("values").join("meshConfig")];
    one.sources.revision = Some(sail_revision(index, id, kind));
    one.sources.namespaces.push(spec.join("namespace"));
    if let Some(profile) = text(index, &spec.join("profile")) {
        one.sources.profile = Some((profile.to_owned(), spec.join("profile")));
    }
    one
}

/// The revision that an `Istio` or `IstioRevision` installs.
pub(super) fn sail_revision(index: &Index, id: ResourceId, kind: &str) -> Arc<str> {
    let spec = At::new(id, "/spec");
    let name = &index.resource(id).key.name;
    let strategy = text(index, &spec.join("updateStrategy").join("type"));
    match text(index, &spec.join("version")) {
        Some(version) if kind == "Istio" && strategy == Some("RevisionBased") => {
            format!("{name}-{}", version.replace('.', "-")).into()
        }
        _ => Arc::clone(name),
    }
}

/// A document that is no object.
fn document(index: &Index, id: ResourceId) -> Vec<Installation> {
    let whole = At::new(id, "");
    match recognize::document(index.node(id)) {
        None => Vec::new(),
        Some(Found::Mesh) => {
            let mut one = Installation::default();
            one.sources.mesh.push(whole);
            vec![one]
        }
        Some(Found::Values(keys)) => keys
            .iter()
            .map(|key| chart(index, recognize::field(&whole, key)))
            .collect(),
    }
}

/// The values of another of Istio's charts, wherever it is installed from.
pub fn values_of(index: &Index, chart: &str) -> Vec<At> {
    let mut found = Vec::new();
    let of_kind = |group, kind| index.of_kind(group, kind).iter().copied();
    for id in of_kind("sailoperator.io", "ZTunnel").filter(|_| chart == "ztunnel") {
        let values = At::new(id, "/spec/values");
        found.push(values.join(chart));
        found.push(values);
    }
    for id in of_kind("install.istio.io", "IstioOperator") {
        found.push(At::new(id, "/spec/values").join(chart));
    }
    let charts = releases(index, &[chart]).into_iter();
    found.extend(charts.map(|release| release.values));
    for &id in index.values() {
        let whole = At::new(id, "");
        let node = index.node(id);
        if chart == "ztunnel" && recognize::is_ztunnel(node) {
            found.push(whole.clone());
        }
        if node.get(chart).is_some_and(Node::is_map) {
            found.push(whole.join(chart));
        }
    }
    found
}
