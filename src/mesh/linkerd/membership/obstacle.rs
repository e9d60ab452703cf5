//! What keeps the injector from adding a proxy although it is asked.
//!
//! `linkerd/linkerd2: pkg/healthcheck/sidecar.go` (HasExistingSidecars), `pkg/inject/report.go`
//! (newReport), `charts/linkerd-control-plane/templates/proxy-injector-rbac.yaml` (selectors).

use std::sync::Arc;

use crate::k8s::{Index, node_at};
use crate::mesh::linkerd::settings::{Config, Selector};
use crate::model::{At, Because, Container, Decided, Labels, Tri, Workload};
use crate::syntax::Node;

/// The label that every namespace has.
const NAME: &str = "kubernetes.io/metadata.name";

/// Labels that the usual selectors look at, and the value that counts, if not any.
const USUAL: &[(&str, Option<&str>)] = &[
    ("config.linkerd.io/admission-webhooks", Some("disabled")),
    ("linkerd.io/control-plane-component", None),
    ("linkerd.io/cni-resource", None),
];

/// Where Kubernetes puts the token of a service account.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The pods share the node's network.
    HostNetwork,
    /// They have another proxy, or one that no control plane knows.
    OtherProxy,
    /// The injector's selectors pass them over.
    PassedOver,
    /// They have no token to show to the control plane.
    NoToken,
    /// They run already, without a proxy.
    Started,
}

impl Obstacle {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::HostNetwork => "host_network",
            Self::OtherProxy => "other_proxy",
            Self::PassedOver => "passed_over",
            Self::NoToken => "no_token",
            Self::Started => "started",
        }
    }
}

/// What is in the way of a workload that the injector has not been at, and the line that puts it
/// there.
pub fn of(index: &Index, workload: &Workload, config: &Config) -> Option<(Obstacle, Because)> {
    if workload.host_network {
        let at = workload.template_at("/spec/hostNetwork");
        return Some((Obstacle::HostNetwork, Because::Configured(at)));
    }
    if let Some(proxy) = existing(workload) {
        let at = At {
            resource: workload.resource,
            pointer: proxy.at.clone(),
        };
        return Some((Obstacle::OtherProxy, Because::Configured(at)));
    }
    let passed = namespace_passed_over(index, workload, config)
        .or_else(|| pods_passed_over(workload, config))
        .map(|because| (Obstacle::PassedOver, because));
    let without_token = || {
        let at = without_token(index, workload).filter(|_| !config.token_projection.value)?;
        Some((Obstacle::NoToken, Because::Configured(at)))
    };
    // a pod that runs without a proxy was not injected when it started, and will not be
    let started = || {
        let at = workload.template_at("/spec/containers");
        let started = (Obstacle::Started, Because::Configured(at));
        workload.started.then_some(started)
    };
    passed.or_else(without_token).or_else(started)
}

/// The container by which the injector takes a pod for injected already; Linkerd's own first.
pub fn existing(workload: &Workload) -> Option<&Container> {
    let known = |container: &&Container| {
        let has_image = |image: &str| container.image.starts_with(image);
        let sidecar = has_image("cr.l5d.io/linkerd/proxy:")
            || has_image("gcr.io/istio-release/proxyv2:")
            || matches!(&*container.name, "linkerd-proxy" | "istio-proxy");
        let init = has_image("cr.l5d.io/linkerd/proxy-init:")
            || has_image("gcr.io/istio-release/proxy_init:")
            || matches!(&*container.name, "linkerd-init" | "istio-init");
        sidecar || (container.init && init)
    };
    let all = || workload.containers.iter().filter(known);
    let proxy = all().find(|container| is_proxy(container) && &*container.name != "linkerd-init");
    proxy.or_else(|| all().next())
}

/// Whether a container that was there before the injector is, or prepares for, Linkerd's proxy.
pub fn is_proxy(container: &Container) -> bool {
    matches!(&*container.name, "linkerd-proxy" | "linkerd-init")
        || container.image.starts_with("cr.l5d.io/linkerd/")
}

/// Why the webhook does not look at a namespace. Its name is known even where its labels are not.
fn namespace_passed_over(index: &Index, workload: &Workload, config: &Config) -> Option<Because> {
    let namespace = index.namespace(&workload.namespace)?;
    let label = |key: &str| At::new(namespace.at.resource, "/metadata/labels").join(key);
    if let Some(labels) = &namespace.labels {
        return passed_over(&config.injector_namespaces, labels, &label, workload);
    }
    let named = |key: &str| key == NAME;
    let whole = &config.injector_namespaces;
    let mut by_name = whole.clone();
    by_name.value = Selector {
        match_labels: Labels::from_iter(
            (whole.value.match_labels.iter())
                .filter(|(key, _)| named(key))
                .map(|(key, value)| (Arc::clone(key), Arc::clone(value))),
        ),
        match_expressions: (whole.value.match_expressions.iter())
            .filter(|one| named(&one.key))
            .cloned()
            .collect(),
    };
    let labels = Labels::from([(NAME.into(), Arc::clone(&workload.namespace))]);
    passed_over(&by_name, &labels, &label, workload)
}

fn pods_passed_over(workload: &Workload, config: &Config) -> Option<Because> {
    let label = |key: &str| workload.label_at(key);
    passed_over(&config.injector_objects, &workload.labels, &label, workload)
}

/// Why a selector of the webhook passes something over: the selector, where one is written, or else
/// the label that the usual one looks at.
fn passed_over(
    selector: &Decided<Selector>,
    labels: &Labels,
    label: &dyn Fn(&str) -> At,
    workload: &Workload,
) -> Option<Because> {
    if selector.value.matches(Some(labels)) != Tri::No {
        return None;
    }
    let found = USUAL.iter().find(|(key, value)| {
        let own = labels.get(*key);
        own.is_some_and(|own| value.is_none_or(|value| **own == *value))
    });
    Some(match (&selector.because, found) {
        (Because::Configured(_), _) => selector.because.clone(),
        (_, Some((key, _))) => Because::Configured(label(key)),
        (_, None) => Because::Default {
            rule: "Linkerd injects nothing in kube-system and cert-manager",
            near: workload.at(),
        },
    })
}

/// The line that keeps the pods from having the token of their service account: their own word
/// counts before that of the account. A token that is mounted by hand will do, unless the pods
/// themselves want none.
fn without_token(index: &Index, workload: &Workload) -> Option<At> {
    let said = |at: &At| node_at(index, at).and_then(Node::as_bool);
    let own = workload.template_at("/spec/automountServiceAccountToken");
    match said(&own) {
        Some(true) => return None,
        Some(false) => return Some(own),
        None => {}
    }
    let namespace = Some(&*workload.namespace);
    let account = index.find("", "ServiceAccount", namespace, &workload.service_account)?;
    let at = At::new(account, "/automountServiceAccountToken");
    let first = node_at(
        index,
        &workload.template_at("/spec/containers/0/volumeMounts"),
    );
    let mounts = first.into_iter().flat_map(Node::items);
    let by_hand = mounts
        .filter_map(|mount| mount.get("mountPath")?.as_str())
        .any(|path| path == TOKEN);
    (said(&at) == Some(false) && !by_hand).then_some(at)
}
