//! Charts that an Argo CD Application or a Flux HelmRelease installs, and the values they get.
//!
//! `argoproj/argo-cd: pkg/apis/application/v1alpha1/types.go`,
//! `fluxcd/helm-controller: api/v2/helmrelease_types.go`.

use std::sync::Arc;

use crate::k8s::{Index, node_at, same_content};
use crate::model::{At, ResourceId};
use crate::syntax::Node;

/// A chart that is installed.
#[derive(Debug, Clone)]
pub(super) struct Release {
    /// Its values; nothing need be written there.
    pub(super) values: At,
    /// The namespace it is installed in, and where that is written.
    pub(super) namespace: Option<(Arc<str>, At)>,
}

/// A value that counts before all others, and comes from where nobody looks: an Argo CD Application
/// sets it by itself, or a Flux HelmRelease takes it from elsewhere.
#[derive(Debug, Clone)]
pub(super) struct PassedOver {
    /// Where it is written.
    pub(super) at: At,
    /// What it is set to, where that is written there.
    pub(super) value: At,
    /// The one field that it sets (`proxy.logLevel`); nothing where it may set any.
    pub(super) field: Option<String>,
}

/// The releases of some charts.
pub(super) fn releases(index: &Index, charts: &[&str]) -> Vec<Release> {
    let applications = sources(index, charts).map(|(id, source)| Release {
        values: argo_values(index, &source),
        namespace: namespace(index, At::new(id, "/spec/destination/namespace")),
    });
    let releases = helm_releases(index, charts).map(|id| {
        let target = namespace(index, At::new(id, "/spec/targetNamespace"));
        let own = || namespace(index, At::new(id, "/metadata/namespace"));
        Release {
            values: At::new(id, "/spec/values"),
            namespace: target.or_else(own),
        }
    });
    applications.chain(releases).collect()
}

/// Values of some charts that count before all others and are not looked at.
pub(super) fn passed_over(index: &Index, charts: &[&str]) -> Vec<PassedOver> {
    let each = |list: At, field: &'static str| {
        let count = node_at(index, &list).map_or(0, |node| node.items().len());
        (0..count).map(move |i| PassedOver {
            at: list.join(i).join("name"),
            value: list.join(i).join("value"),
            field: text(index, &list.join(i).join(field)).map(str::to_owned),
        })
    };
    let taken = helm_releases(index, charts)
        .flat_map(|id| each(At::new(id, "/spec/valuesFrom"), "targetPath"));
    let set = sources(index, charts)
        .flat_map(|(_, source)| each(source.join("helm").join("parameters"), "name"));
    taken.chain(set).collect()
}

/// The first field of `other`, at `at`, that `one` has with another value.
pub(super) fn differing(one: Node<'_>, other: Node<'_>, at: &At) -> Option<At> {
    if one.is_map() && other.is_map() {
        let mut fields = other.entries().filter_map(|entry| {
            let known = one.get(entry.key)?;
            differing(known, entry.value, &at.join(entry.key))
        });
        return fields.next();
    }
    (!same_content(one, other)).then(|| at.clone())
}

/// The text at an address, if there is any.
pub(super) fn text<'a>(index: &'a Index, at: &At) -> Option<&'a str> {
    let text = node_at(index, at).and_then(Node::as_str);
    text.filter(|text| !text.is_empty())
}

fn namespace(index: &Index, at: At) -> Option<(Arc<str>, At)> {
    Some((text(index, &at)?.into(), at))
}

fn is_one_of(index: &Index, at: &At, charts: &[&str]) -> bool {
    text(index, at).is_some_and(|chart| charts.contains(&chart))
}

/// HelmReleases of some charts.
fn helm_releases<'a>(
    index: &'a Index,
    charts: &'a [&str],
) -> impl Iterator<Item = ResourceId> + 'a {
    let all = index.of_kind("helm.toolkit.fluxcd.io", "HelmRelease");
    all.iter()
        .copied()
        .filter(move |&id| is_one_of(index, &At::new(id, "/spec/chart/spec/chart"), charts))
}

/// `source` and `sources` of Argo CD Applications that install some charts.
fn sources<'a>(
    index: &'a Index,
    charts: &'a [&str],
) -> impl Iterator<Item = (ResourceId, At)> + 'a {
    let all = index.of_kind("argoproj.io", "Application").iter();
    all.flat_map(move |&id| {
        let several = At::new(id, "/spec/sources");
        let count = node_at(index, &several).map_or(0, |node| node.items().len());
        let one = std::iter::once(At::new(id, "/spec/source"));
        one.chain((0..count).map(move |i| several.join(i)))
            .map(move |source| (id, source))
    })
    .filter(move |(_, source)| is_one_of(index, &source.join("chart"), charts))
}

fn argo_values(index: &Index, source: &At) -> At {
    let helm = source.join("helm");
    let object = helm.join("valuesObject");
    match node_at(index, &object).is_some() {
        true => object,
        false => helm.join("values"),
    }
}
