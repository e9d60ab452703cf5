//! Whom the injector passes over, or takes without being asked.
//!
//! `istio/istio: pkg/kube/inject/inject.go` (injectRequired),
//! `istio/istio: manifests/charts/istio-control/istio-discovery/templates/istiod-injector-configmap.yaml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reader::Reader;
use super::sources;
use crate::k8s::selector::LabelSelector;
use crate::k8s::{Index, node_at};
use crate::model::{At, Tri, Workload};
use crate::syntax::{Node, from_node};

/// What one control plane's injector does with pods that do not say for themselves.
#[derive(Debug, Default)]
pub struct Injection {
    /// Pods that are passed over.
    never: Vec<(LabelSelector, At)>,
    /// Pods that are not, whatever the policy is.
    always: Vec<LabelSelector>,
    /// Where it says that all others are passed over.
    off: Option<At>,
    /// Where it says that namespaces need not ask.
    pub unasked: Option<At>,
}

impl Injection {
    /// Those of all control planes, by revision.
    pub fn find(index: &Index) -> BTreeMap<Arc<str>, Self> {
        let mut all: BTreeMap<Arc<str>, Self> = BTreeMap::new();
        for (revision, sources) in sources::find(index, &mut Vec::new()) {
            let Some(near) = sources.values.first().cloned() else {
                continue;
            };
            let reader = Reader {
                index,
                sources,
                near,
            };
            all.insert(revision, Self::of_values(&reader));
        }
        for (revision, id) in sources::injectors(index) {
            let at = At::new(id, "/data/config");
            if let Some(node) = node_at(index, &at).filter(|node| node.is_map()) {
                let of_values = all.remove(&revision).unwrap_or_default();
                let own = Self {
                    unasked: of_values.unasked,
                    ..Self::of_config(node, &at)
                };
                all.insert(revision, own);
            }
        }
        all
    }

    fn of_values(reader: &Reader<'_>) -> Self {
        let hook = |field| reader.value(&["sidecarInjectorWebhook", field]);
        let policy = reader.value(&["global", "proxy", "autoInject"]);
        Self {
            never: selectors(hook("neverInjectSelector")),
            always: without_places(selectors(hook("alwaysInjectSelector"))),
            off: policy.filter(|(node, _)| is_off(*node)).map(|(_, at)| at),
            unasked: hook("enableNamespacesByDefault")
                .filter(|(node, _)| node.as_bool() == Some(true))
                .map(|(_, at)| at),
        }
    }

    fn of_config(config: Node<'_>, at: &At) -> Self {
        let field = |name: &str| Some((config.get(name)?, at.join(name)));
        Self {
            never: selectors(field("neverInjectSelector")),
            always: without_places(selectors(field("alwaysInjectSelector"))),
            off: field("policy")
                .filter(|(node, _)| is_off(*node))
                .map(|(_, at)| at),
            unasked: None,
        }
    }

    /// Where it says that a workload's pods, which do not say for themselves, are passed over.
    pub fn passes_over(&self, workload: &Workload) -> Option<At> {
        let takes = |selector: &LabelSelector| selector.matches(Some(&workload.labels)) == Tri::Yes;
        if let Some((_, at)) = self.never.iter().find(|(selector, _)| takes(selector)) {
            return Some(at.clone());
        }
        self.off.clone().filter(|_| !self.always.iter().any(takes))
    }
}

/// `global.proxy.autoInject`: anything but `enabled` is off.
fn is_off(policy: Node<'_>) -> bool {
    policy.as_str() != Some("enabled")
}

/// Selectors of a list with their places; an empty one takes nothing.
fn selectors(list: Option<(Node<'_>, At)>) -> Vec<(LabelSelector, At)> {
    let items = list.into_iter().flat_map(|(list, at)| {
        let items = list.items().enumerate();
        items
            .map(move |(i, one)| (one, at.join(i)))
            .collect::<Vec<_>>()
    });
    let read = items.filter_map(|(one, at)| Some((from_node::<LabelSelector>(one).ok()?, at)));
    read.filter(|(selector, _)| {
        !selector.match_labels.is_empty() || !selector.match_expressions.is_empty()
    })
    .collect()
}

fn without_places(selectors: Vec<(LabelSelector, At)>) -> Vec<LabelSelector> {
    selectors
        .into_iter()
        .map(|(selector, _)| selector)
        .collect()
}
