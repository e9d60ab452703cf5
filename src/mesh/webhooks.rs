//! What happens when an admission webhook does not answer.

use crate::k8s::Index;
use crate::model::{At, Because, Setting};
use crate::syntax::Node;

/// What the API server does without an answer of the webhooks of some configurations, as settings of
/// this name. A star at the end of a configuration's name stands for any ending.
/// `kubernetes/kubernetes: pkg/apis/admissionregistration/v1/defaults.go`, `v1beta1/defaults.go`.
pub(super) fn failure(
    index: &Index,
    kind: &str,
    names: &[&str],
    setting: &'static str,
) -> Vec<Setting> {
    let is_named = |name: &str| {
        names.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *known,
        })
    };
    let all = index.of_kind("admissionregistration.k8s.io", kind).iter();
    let named = all.filter(|&&id| is_named(&index.resource(id).key.name));
    named
        .flat_map(|&id| {
            let webhooks = index.node(id).get("webhooks");
            let webhooks = webhooks.into_iter().flat_map(Node::items).enumerate();
            let is_old = &*index.resource(id).version == "v1beta1";
            webhooks.map(move |(i, webhook)| {
                let near = At::new(id, "/webhooks").join(i);
                let written = webhook.get("failurePolicy").and_then(Node::as_str);
                let (value, because) = match (written, is_old) {
                    (Some(text), _) => (text, Because::Configured(near.join("failurePolicy"))),
                    (None, true) => ("Ignore", default("v1beta1: calls pass without it", near)),
                    (None, false) => ("Fail", default("v1: nothing passes without it", near)),
                };
                Setting {
                    name: setting,
                    value: value.to_owned(),
                    because,
                }
            })
        })
        .collect()
}

fn default(rule: &'static str, near: At) -> Because {
    Because::Default { rule, near }
}
