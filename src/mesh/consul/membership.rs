//! Is there a proxy in front of a workload?
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/webhook/mesh_webhook.go` (shouldInject).

use super::annotation::{self, INJECT, truth};
use super::settings::Config;
use crate::k8s::Index;
use crate::model::{At, Because, Decided, Membership, Tri, Workload};

/// Namespaces in which nothing is injected, whatever is configured.
const SYSTEM: [&str; 2] = ["kube-system", "kube-public"];

/// The container that the injector adds.
const PROXY: &str = "consul-dataplane";

/// Whether there is one, and because of which line.
pub fn of(index: &Index, workload: &Workload, config: &Config) -> Decided<Membership> {
    if let Some(proxy) = workload.containers.iter().find(|one| &*one.name == PROXY)
        && annotation::of(workload, "connect-inject-status").is_some()
    {
        let at = At {
            resource: workload.resource,
            pointer: proxy.at.clone(),
        };
        return Decided::configured(Membership::Meshed, at);
    }
    let out = |because| Decided::new(Membership::Unmeshed, because);
    let asked = annotation::of(workload, "connect-inject");
    let asks = match &asked {
        Some((text, at)) if text.contains("{{") => {
            let what = "what asks for a proxy is filled in elsewhere";
            return Decided::assumed(Membership::Unknown, what, at.clone());
        }
        Some((text, at)) => match truth(text) {
            Some(true) => Some(at),
            Some(false) => return out(Because::Configured(at.clone())),
            // the pod is refused, and nothing gets past a proxy that is not there
            None => return Decided::configured(Membership::Meshed, at.clone()),
        },
        None => None,
    };
    if asks.is_none() && !config.inject_by_default.value {
        return out(match &config.inject_by_default.because {
            Because::Configured(at) => Because::Configured(at.clone()),
            Because::Assumed { .. } | Because::Default { .. } => Because::Default {
                rule: "Consul injects its proxy where an annotation asks for it",
                near: workload.at(),
            },
        });
    }
    if let Some(obstacle) = obstacle(index, workload, config) {
        return obstacle;
    }
    Decided::new(
        Membership::Meshed,
        match asks {
            Some(at) => Because::Configured(at.clone()),
            None => config.inject_by_default.because.clone(),
        },
    )
}

/// What keeps the injector away from a pod that is to have a proxy.
fn obstacle(index: &Index, workload: &Workload, config: &Config) -> Option<Decided<Membership>> {
    let namespace = &*workload.namespace;
    let out = |because| Some(Decided::new(Membership::Unmeshed, because));
    // `hashicorp/consul-k8s: charts/consul/templates/connect-inject-mutatingwebhookconfiguration.yaml`
    if workload.label("app") == Some("consul") {
        return Some(Decided::configured(
            Membership::Unmeshed,
            workload.label_at("app"),
        ));
    }
    if SYSTEM.contains(&namespace) {
        return out(Because::Default {
            rule: "Consul injects nothing in kube-system and kube-public",
            near: workload.at(),
        });
    }
    if !config.injects.value {
        return out(config.injects.because.clone());
    }
    let lists = |list: &Decided<Vec<String>>| list.value.iter().any(|one| one == namespace);
    if lists(&config.deny_namespaces) {
        return out(config.deny_namespaces.because.clone());
    }
    let all = config.allow_namespaces.value.iter().any(|one| one == "*");
    if !all && !lists(&config.allow_namespaces) {
        return out(config.allow_namespaces.because.clone());
    }
    let labels = index
        .namespace(namespace)
        .and_then(|one| one.labels.clone());
    let mut known = labels.clone().unwrap_or_default();
    known.insert("kubernetes.io/metadata.name".into(), namespace.into());
    let selector = &config.inject_namespaces;
    match selector.value.matches(Some(&known)) {
        Tri::Yes => None,
        _ if labels.is_none() && selector.value.reads_other_than(&known) => Some(Decided::assumed(
            Membership::Unknown,
            "the labels of its namespace decide whether it is injected, and are not in the input",
            workload.at(),
        )),
        _ => out(selector.because.clone()),
    }
}

/// Whether a workload asks for a proxy.
pub fn asks(workload: &Workload) -> bool {
    workload.annotations.contains_key(INJECT) || workload.labels.contains_key(INJECT)
}
