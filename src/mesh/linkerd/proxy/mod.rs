//! What is set for the proxy of a workload: by an annotation of its pods or of their namespace, by
//! the values that Linkerd is installed with, or by nobody.
//!
//! `linkerd/linkerd2: pkg/inject/inject.go` (ApplyAnnotationOverrides),
//! `charts/partials/templates/_proxy.tpl`.

mod environment;
mod escape;
mod filter;
mod ingress;
mod log;
mod network;
#[cfg(test)]
mod tests;

pub use ingress::sets_host;

use super::Linkerd;
use super::membership::annotation::Annotations;
use super::membership::is_template;
use super::membership::obstacle::{existing, is_proxy};
use super::settings::{Config, DefaultPolicy};
use crate::k8s::{Index, node_at};
use crate::model::{At, Because, Container, Decided, Setting, Workload};
use crate::syntax::Node;

/// Where settings of a proxy are looked up.
pub struct Proxy<'a> {
    index: &'a Index,
    config: &'a Config,
    /// The annotations of its workload; nothing for that of whoever says nothing.
    annotations: Option<Annotations<'a>>,
}

impl Linkerd {
    /// What is set for the proxy of a workload.
    pub(super) fn settings_of(&self, workload: &Workload) -> Vec<Setting> {
        let proxy = self.proxy(workload);
        let mut all = proxy.everywhere();
        all.extend(proxy.debug_containers(workload));
        all.extend(proxy.escapes(workload));
        all.extend(proxy.misplaced_access_log(workload));
        all.extend(self.by_host(workload));
        all
    }

    /// What is set for the proxy of every workload that says nothing else.
    pub(super) fn settings_of_all(&self) -> Vec<Setting> {
        let proxy = Proxy {
            index: &self.index,
            config: &self.config,
            annotations: None,
        };
        proxy.everywhere()
    }

    pub(super) fn proxy<'a>(&'a self, workload: &'a Workload) -> Proxy<'a> {
        Proxy {
            index: &self.index,
            config: &self.config,
            annotations: Some(Annotations::of(&self.index, workload)),
        }
    }
}

impl<'a> Proxy<'a> {
    /// What may be set for any proxy.
    fn everywhere(&self) -> Vec<Setting> {
        let mut all = self.log();
        all.extend(self.networks());
        all.extend(self.environment_settings());
        all.extend(self.invalid_default_policy());
        all
    }

    /// A setting that an annotation has, or else the installation. Nothing where an annotation may be
    /// that is not in the input.
    fn text(&self, name: &str, installed: &Decided<String>) -> Option<(String, Because)> {
        match self.annotation(name) {
            Some((value, at)) => Some((value.to_owned(), Because::Configured(at))),
            None if self.may_inherit(name) => None,
            None => Some((installed.value.clone(), installed.because.clone())),
        }
    }

    fn annotation(&self, name: &str) -> Option<(&'a str, At)> {
        self.annotations.as_ref()?.config(name)
    }

    fn may_inherit(&self, name: &str) -> bool {
        let annotations = self.annotations.as_ref();
        annotations.is_some_and(|annotations| annotations.may_inherit(name))
    }

    /// A value that Linkerd is installed with.
    fn installed(&self, path: &[&str]) -> Option<(Node<'a>, At)> {
        self.config.values.iter().find_map(|values| {
            let at = path.iter().fold(values.clone(), |at, step| at.join(step));
            let node = node_at(self.index, &at)?;
            (!node.is_null()).then_some((node, at))
        })
    }

    /// The container of the proxy, where it was there before the injector.
    fn container(&self) -> Option<&'a Container> {
        let workload = self.annotations.as_ref()?.workload;
        existing(workload).filter(|container| is_proxy(container))
    }

    /// A default policy that is none, and with it the one that holds instead.
    /// `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/workload.rs` (default_policy).
    fn invalid_default_policy(&self) -> Option<Setting> {
        let setting = |value: &str, at| Setting {
            name: "invalid_default_policy",
            value: value.to_owned(),
            because: Because::Configured(at),
        };
        let installed = self.config.default_policy.value;
        let Some((written, at)) = self.annotation("default-inbound-policy") else {
            // with such a value the controller does not start
            let (node, at) = self.installed(&["proxy", "defaultInboundPolicy"])?;
            let text = node.as_str().filter(|text| !is_template(text))?;
            let invalid = DefaultPolicy::parse(text).is_none();
            return invalid.then(|| setting("", at));
        };
        if DefaultPolicy::parse(written).is_some() || is_template(written) {
            return None;
        }
        // an empty one of a pod keeps that of its namespace away
        let annotations = self.annotations.as_ref()?;
        let key = "config.linkerd.io/default-inbound-policy";
        let hidden = annotations.own(key).and(annotations.of_namespace(key));
        let hidden = hidden.and_then(|(text, _)| DefaultPolicy::parse(text));
        let opens = hidden.is_some_and(|hidden| openness(hidden) < openness(installed));
        (!written.is_empty() || opens).then(|| setting(name(installed), at))
    }

    /// A container that shows all traffic of the pod, and where it comes from.
    /// `linkerd/linkerd2: pkg/inject/inject.go` (injectPodSpec), `charts/partials/templates/_debug.tpl`.
    fn debug_containers(&self, workload: &Workload) -> Vec<Setting> {
        let setting = |at| Setting {
            name: "debug_container",
            value: "linkerd-debug".to_owned(),
            because: Because::Configured(at),
        };
        let injected = self.container().is_none();
        let asked = self.annotation("enable-debug-sidecar");
        let asked = asked.filter(|(value, _)| injected && is_true(value));
        let there = workload.containers.iter().filter(|container| {
            let image = &*container.image;
            let name = image.split('@').next().unwrap_or(image);
            let name = match name.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => name,
                _ => name,
            };
            name.ends_with("linkerd/debug")
        });
        let at = |container: &Container| At {
            resource: workload.resource,
            pointer: container.at.clone(),
        };
        let there = there.map(|container| setting(at(container)));
        let asked = asked.map(|(_, at)| setting(at));
        asked.into_iter().chain(there).collect()
    }
}

/// What Go takes for true: `strconv.ParseBool`.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// How many a default policy lets in, in an order.
fn openness(policy: DefaultPolicy) -> u8 {
    match policy {
        DefaultPolicy::Deny => 0,
        DefaultPolicy::Allow {
            authenticated: true,
            cluster,
        } => 1 + u8::from(!cluster),
        DefaultPolicy::Allow { cluster: true, .. } => 3,
        DefaultPolicy::Allow { .. } | DefaultPolicy::Audit => 4,
    }
}

/// How a default policy is written.
fn name(policy: DefaultPolicy) -> &'static str {
    let all = [
        "all-unauthenticated",
        "all-authenticated",
        "cluster-unauthenticated",
        "cluster-authenticated",
        "audit",
    ];
    let is = |name: &&str| DefaultPolicy::parse(name) == Some(policy);
    all.into_iter().find(|name| is(name)).unwrap_or("deny")
}
