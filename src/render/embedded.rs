//! Documents inside strings: the mesh configuration and the injector's values in a ConfigMap, values
//! of a chart in the object that installs it, a proxy's configuration in an annotation.

use crate::model::Problem;
use crate::syntax::{Document, Node, embedded};
use crate::text::Sources;

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
];

/// Attaches the documents that texts hold, so that addresses lead into them.
pub fn attach(sources: &Sources, documents: &mut [Document]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for document in documents {
        let mut found = Vec::new();
        let root = document.root();
        let items = root.get("items").into_iter().flat_map(Node::items);
        for object in std::iter::once(root).chain(items) {
            for (holder, is_sure) in holders(object) {
                match embedded(document, sources.get(document.file()), holder) {
                    Ok(inner) => found.push((holder.id(), inner)),
                    Err(problem) if is_sure => problems.push(problem),
                    Err(_) => {}
                }
            }
        }
        for (holder, inner) in found {
            document.attach(holder, inner);
        }
    }
    problems
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
        }
        Some("Application") => {
            let one = object.path(&["spec", "source"]);
            let several = object.path(&["spec", "sources"]);
            let several = several.into_iter().flat_map(Node::items);
            for source in one.into_iter().chain(several) {
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
