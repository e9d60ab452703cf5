//! Documents inside strings: the mesh configuration and the injector's values in a ConfigMap, values
//! of a chart in the object that installs it, a proxy's configuration in an annotation, configuration
//! of Consul's servers in values of its chart and in the ConfigMaps that it renders, patches in a
//! kustomization.

use super::kustomize;
use crate::model::Problem;
use crate::syntax::{Document, Node, NodeId, embedded};
use crate::text::{FileId, SourceFile};

/// The annotation that holds a proxy's configuration.
const PROXY_CONFIG: &str = "proxy.istio.io/config";

/// Where pod templates have their annotations.
const ANNOTATIONS: &[&[&str]] = &[
    &["metadata", "annotations"],
    &["spec", "template", "metadata", "annotations"],
    &[
        "spec",
        "jobTemplate",
        "spec",
        "template",
        "metadata",
        "annotations",
    ],
];

/// Charts whose values are looked at.
const CHARTS: &[&str] = &[
    "istiod",
    "base",
    "ztunnel",
    "linkerd-control-plane",
    "linkerd-enterprise-control-plane",
    "linkerd-viz",
    CONSUL,
];

/// The chart of Consul.
const CONSUL: &str = "consul";

/// Texts in its values that hold a document.
/// `hashicorp/consul-k8s: charts/consul/values.yaml`.
const CONSUL_TEXTS: &[&[&str]] = &[
    &["server", EXTRA],
    &["client", EXTRA],
    &["connectInject", "namespaceSelector"],
];

/// The text among them that agents read, which take JSON alone: no comments, no commas at the end.
const EXTRA: &str = "extraConfig";

/// How the names of its ConfigMaps end that servers read, and a file that they always hold.
const CONSUL_MAPS: &[(&str, &str)] = &[
    ("-server-config", "server.json"),
    ("-server-tmp-extra-config", "extra-from-values.json"),
];

/// Attaches the documents that texts in the documents of a file hold, so that addresses lead into
/// them.
///
/// `source` gives the file that a place is in.
pub fn attach<'s>(
    source: impl Fn(FileId) -> &'s SourceFile,
    documents: &mut [Document],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents {
        let mut found = Vec::new();
        let root = document.root();
        let items = root.get("items").into_iter().flat_map(Node::items);
        for object in std::iter::once(root).chain(items) {
            for (holder, is_sure) in holders(object) {
                let source = source(holder.span().file);
                match embedded(source, holder) {
                    Ok(mut inner) => {
                        attach_in_values(source, &mut inner);
                        found.push((holder.id(), inner));
                    }
                    Err(problem) if is_sure => problems.push(problem),
                    Err(_) => {}
                }
            }
            for patch in kustomize::inline_patches(object) {
                let source = source(patch.span().file);
                found.extend(
                    embedded(source, patch)
                        .ok()
                        .map(|inner| (patch.id(), inner)),
                );
            }
            let texts = texts_in_values(object).into_iter();
            found.extend(texts.filter_map(|text| mapping_in(source(text.span().file), text)));
        }
        for (holder, inner) in found {
            document.attach(holder, inner);
        }
    }
    problems
}

/// Attaches what texts in values of Consul's chart hold, where the values themselves stand in a text.
fn attach_in_values(source: &SourceFile, values: &mut Document) {
    let texts = texts_of(values.root()).into_iter();
    let found: Vec<_> = texts.filter_map(|text| mapping_in(source, text)).collect();
    for (holder, inner) in found {
        values.attach(holder, inner);
    }
}

/// The mapping that a text holds; other charts have texts of the same names.
fn mapping_in(source: &SourceFile, text: Node<'_>) -> Option<(NodeId, Document)> {
    let inner = embedded(source, text).ok()?;
    inner.root().is_map().then(|| (text.id(), inner))
}

/// Texts in values of Consul's chart: a document that is no object may be values, or those of a chart
/// around it, and what installs a chart has them.
fn texts_in_values(object: Node<'_>) -> Vec<Node<'_>> {
    match object.get("kind").and_then(Node::as_str) {
        None => {
            let below = object.entries().map(|entry| entry.value);
            std::iter::once(object)
                .chain(below)
                .flat_map(texts_of)
                .collect()
        }
        Some("HelmRelease") => object
            .path(&["spec", "values"])
            .map_or_else(Vec::new, texts_of),
        Some("Application") => {
            let values =
                sources(object).filter_map(|source| source.path(&["helm", "valuesObject"]));
            values.flat_map(texts_of).collect()
        }
        Some(_) => Vec::new(),
    }
}

/// Texts in values of Consul's chart.
fn texts_of(values: Node<'_>) -> Vec<Node<'_>> {
    let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    let texts = CONSUL_TEXTS.iter().filter_map(|path| {
        let node = values.path(path)?;
        let text = node.as_str().filter(|text| !text.trim().is_empty())?;
        (path.last() != Some(&EXTRA) || is_json(text)).then_some(node)
    });
    texts.collect()
}

/// `source` and `sources` of an Argo CD Application.
fn sources(application: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let one = application.path(&["spec", "source"]);
    let several = application.path(&["spec", "sources"]);
    one.into_iter()
        .chain(several.into_iter().flat_map(Node::items))
}

/// The texts of an object that hold a document, and whether each surely does.
fn holders(object: Node<'_>) -> Vec<(Node<'_>, bool)> {
    let mut found = Vec::new();
    match object.get("kind").and_then(Node::as_str) {
        None => return found,
        Some("ConfigMap") => {
            let name = object.path(&["metadata", "name"]).and_then(Node::as_str);
            // any other may be the one that istiod's environment names
            let is_sure = name.is_some_and(|name| name == "istio" || name.starts_with("istio-"));
            found.extend(object.path(&["data", "mesh"]).map(|text| (text, is_sure)));
            if name == Some("linkerd-config") {
                found.extend(object.path(&["data", "values"]).map(|text| (text, true)));
            }
            if name.is_some_and(|name| name.starts_with("istio-sidecar-injector")) {
                let texts = ["config", "values"].map(|key| object.path(&["data", key]));
                found.extend(texts.into_iter().flatten().map(|text| (text, true)));
            }
            let mut maps = CONSUL_MAPS.iter();
            let is_consuls = maps.any(|(ending, file)| {
                name.is_some_and(|name| name.ends_with(ending))
                    && object.path(&["data", file]).is_some()
            });
            if is_consuls {
                let data = object.get("data").into_iter().flat_map(Node::entries);
                let files = data.filter(|entry| entry.key.ends_with(".json"));
                found.extend(files.map(|entry| (entry.value, true)));
            }
        }
        Some("Application") => {
            for source in sources(object) {
                let chart = source.get("chart").and_then(Node::as_str);
                if chart.is_some_and(|chart| CHARTS.contains(&chart)) {
                    found.extend(source.path(&["helm", "values"]).map(|text| (text, true)));
                }
            }
        }
        Some(_) => {
            let annotations = ANNOTATIONS.iter().filter_map(|path| object.path(path));
            found.extend(annotations.filter_map(|map| Some((map.get(PROXY_CONFIG)?, true))));
        }
    }
    found.retain(|(text, _)| text.as_str().is_some_and(|text| !text.trim().is_empty()));
    found
}
