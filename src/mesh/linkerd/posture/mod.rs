//! What is set for the whole mesh and matters to its security, under names that rules judge.
//!
//! A control plane that is not in the input says nothing: what it would be by default is left out.

mod anchors;
mod dashboard;
mod keys;

use super::settings::Config;
use crate::k8s::Index;
use crate::k8s::rbac::Request;
use crate::mesh::{PolicyResource, release, webhooks};
use crate::model::{Because, Decided, Problem, Setting};

/// The chart of the dashboard and of tap.
const VIZ_CHARTS: &[&str] = &["linkerd-viz"];

/// The label of what an extension's chart installs.
const EXTENSION: &str = "linkerd.io/extension";

/// What lets someone watch calls as they are made.
/// `linkerd/linkerd2: viz/tap/api/handlers.go` (handleTap).
const WATCHED: &[PolicyResource] = &[
    tapped("namespaces/tap"),
    tapped("deployments/tap"),
    tapped("pods/tap"),
];

const fn tapped(resource: &'static str) -> PolicyResource {
    PolicyResource {
        verbs: &["watch"],
        ..PolicyResource::object("calls", "tap.linkerd.io", resource)
    }
}

/// What is set for the whole mesh.
pub(super) struct Posture {
    /// The settings.
    pub(super) settings: Vec<Setting>,
    /// The objects by which calls are watched, where they can be.
    pub(super) watched: &'static [PolicyResource],
}

/// Reads it.
pub(super) fn read(index: &Index, config: &Config, problems: &mut Vec<Problem>) -> Posture {
    let mut settings = failure(index, config);
    settings.extend(keys::all(index, config));
    settings.extend(anchors::all(index, config, problems));
    settings.extend(logs(config));
    settings.extend(init(config));
    settings.extend(dashboard::all(index));
    Posture {
        settings,
        watched: match has_tap(index) {
            true => WATCHED,
            false => &[],
        },
    }
}

/// A setting, if the control plane that it is about is in the input.
fn setting(name: &'static str, value: &str, because: &Because) -> Option<Setting> {
    let is_known = !matches!(because, Because::Assumed { .. });
    is_known.then(|| Setting {
        name,
        value: value.to_owned(),
        because: because.clone(),
    })
}

/// What happens while webhooks do not answer: as they are registered, else as the chart would do it.
/// `linkerd/linkerd2: charts/linkerd-control-plane/templates/proxy-injector-rbac.yaml`,
/// `destination-rbac.yaml`.
fn failure(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = webhooks::failure(
        index,
        "MutatingWebhookConfiguration",
        &["linkerd-proxy-injector-webhook-config"],
        "injection_failure",
    );
    found.extend(webhooks::failure(
        index,
        "ValidatingWebhookConfiguration",
        &[
            "linkerd-policy-validator-webhook-config",
            "linkerd-sp-validator-webhook-config",
        ],
        "validation_failure",
    ));
    if found.is_empty() {
        let Decided { value, because, .. } = &config.webhook_failure;
        for name in ["injection_failure", "validation_failure"] {
            found.extend(setting(name, value, because));
        }
    }
    found
}

/// How much controllers write to their logs. The injector writes whole pods at `debug`:
/// `linkerd/linkerd2: controller/proxy-injector/webhook.go`.
fn logs(config: &Config) -> impl Iterator<Item = Setting> {
    let levels = [
        ("control_plane_log_level", &config.controller_log_level),
        ("policy_controller_log_level", &config.policy_log_level),
    ];
    let settings = levels.map(|(name, level)| setting(name, &level.value, &level.because));
    settings.into_iter().flatten()
}

/// The rights of the container that sets up a pod's network.
/// `linkerd/linkerd2: charts/partials/templates/_proxy-init.tpl`.
fn init(config: &Config) -> Option<Setting> {
    let close_wait = &config.init_close_wait;
    if config.cni.value {
        return None;
    }
    if config.init_privileged.value {
        return setting(
            "network_setup",
            "privileged",
            &config.init_privileged.because,
        );
    }
    if close_wait.value.parse::<u64>().is_ok_and(|secs| secs > 0) {
        return setting("network_setup", "privileged", &close_wait.because);
    }
    let root = config.init_as_root.value;
    let rights = if root { "root" } else { "capabilities" };
    setting("network_setup", rights, &config.init_as_root.because)
}

/// Whether calls can be watched: the extension for it is there, or a role names its API.
fn has_tap(index: &Index) -> bool {
    let by_label = index.resources().any(|(_, resource)| {
        let extension = resource.labels.get(EXTENSION);
        extension.is_some_and(|name| &**name == "viz")
    });
    let names_it = Request {
        verb: "watch",
        group: "tap.linkerd.io",
        resource: "pods/tap",
        name: None,
    };
    let mut rules = index.rbac().bindings.iter().flat_map(|b| b.rules.iter());
    by_label
        || !release::releases(index, VIZ_CHARTS).is_empty()
        || rules.any(|rule| rule.allows(&names_it) && !rule.groups.iter().any(|one| one == "*"))
}
