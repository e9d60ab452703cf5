//! Variables that are given to a proxy besides those it is set up with. They stand behind them, so
//! that they count.
//!
//! `linkerd/linkerd2: pkg/inject/inject.go` (MergeAdditionalEnv), `charts/partials/templates/_proxy.tpl`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Proxy;
use crate::model::{At, Because, Setting};
use crate::syntax::Node;

/// What security rests on.
/// `linkerd/linkerd2-proxy: linkerd/app/src/env.rs`, `linkerd/tracing/src/lib.rs`.
const SECURITY: &[&str] = &["INBOUND_", "POLICY_", "IDENTITY_", "TAP_", "SHUTDOWN_"];

/// Variables by name, with their value and where it is written.
pub(super) type Environment = BTreeMap<String, (String, At)>;

#[derive(Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: String,
}

impl Proxy<'_> {
    /// The variables that are given besides.
    pub(super) fn environment(&self) -> Environment {
        let mut all = Environment::new();
        if self.container().is_some() {
            return all;
        }
        all.extend(self.listed("additionalEnv"));
        let key = "config.linkerd.io/proxy-additional-env";
        let annotations = self.annotations.as_ref();
        let of_namespace = annotations.and_then(|all| all.of_namespace(key));
        let own = annotations.and_then(|all| all.own(key));
        for (text, at) in of_namespace.into_iter().chain(own) {
            // what is none is passed over as a whole
            let variables: Vec<Variable> = serde_json::from_str(text).unwrap_or_default();
            all.extend((variables.into_iter()).map(|one| (one.name, (one.value, at.clone()))));
        }
        all.extend(self.listed("experimentalEnv"));
        all
    }

    fn listed(&self, field: &str) -> Vec<(String, (String, At))> {
        let Some((list, at)) = self.installed(&["proxy", field]) else {
            return Vec::new();
        };
        let text = |node: Node<'_>, key| {
            node.get(key)
                .and_then(|n: Node<'_>| n.as_str().map(str::to_owned))
        };
        let variables = list.items().enumerate().filter_map(|(i, node)| {
            let value = text(node, "value").unwrap_or_default();
            Some((text(node, "name")?, (value, at.join(i).join("name"))))
        });
        variables.collect()
    }

    /// Those on which security rests.
    pub(super) fn environment_settings(&self) -> Vec<Setting> {
        let counts = |name: &str| {
            let own = name.strip_prefix("LINKERD2_PROXY_");
            own.is_some_and(|own| {
                matches!(own, "LOG" | "ACCESS_LOG")
                    || SECURITY.iter().any(|part| own.starts_with(part))
            })
        };
        let all = self.environment().into_iter();
        let setting = |(name, (_, at))| Setting {
            name: "proxy_environment",
            value: name,
            because: Because::Configured(at),
        };
        all.filter(|(name, _)| counts(name)).map(setting).collect()
    }

    /// A variable of a proxy that was there before the injector; the last of a name counts.
    pub(super) fn of_container(&self, name: &str) -> Option<(String, Because)> {
        let workload = self.annotations.as_ref()?.workload;
        let at = At {
            resource: workload.resource,
            pointer: self.container()?.at.join("env"),
        };
        let list = crate::k8s::node_at(self.index, &at)?;
        let named = |node: &Node<'_>| node.get("name").and_then(Node::as_str) == Some(name);
        let (i, node) = list
            .items()
            .enumerate()
            .filter(|(_, node)| named(node))
            .last()?;
        let value = node.get("value").and_then(Node::as_str)?.to_owned();
        Some((value, Because::Configured(at.join(i).join("value"))))
    }

    /// What stands for a variable that such a proxy does not have.
    pub(super) fn near_container(&self) -> Because {
        let near = match (&self.annotations, self.container()) {
            (Some(annotations), Some(container)) => At {
                resource: annotations.workload.resource,
                pointer: container.at.clone(),
            },
            _ => self.config.neutral.at.clone(),
        };
        Because::Default {
            rule: "the proxy's own default",
            near,
        }
    }
}
