//! What starts without the injector, and who may log in to Consul.

use super::{known, setting};
use crate::k8s::{Index, node_at};
use crate::mesh::consul::settings::Config;
use crate::mesh::release::text;
use crate::mesh::webhooks;
use crate::model::{Because, Setting};

/// How the names of the chart's webhook configurations end.
/// `hashicorp/consul-k8s: charts/consul/templates/connect-inject-mutatingwebhookconfiguration.yaml`.
const ENDING: &str = "-connect-injector";

pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = failure(index);
    if found.is_empty() && config.injects.value {
        let policy = &config.injection_failure;
        found.extend(known(
            "injection_failure",
            policy.value.as_str(),
            &policy.because,
        ));
    }
    found.extend(login(config));
    found
}

/// What happens while webhooks do not answer, as they are registered.
fn failure(index: &Index) -> Vec<Setting> {
    let mut found = Vec::new();
    for kind in [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ] {
        let all = index.of_kind("admissionregistration.k8s.io", kind).iter();
        let names = all.map(|&id| &*index.resource(id).key.name);
        let ours: Vec<&str> = names.filter(|name| name.ends_with(ENDING)).collect();
        found.extend(webhooks::failure(index, kind, &ours, "validation_failure"));
    }
    for one in &mut found {
        if is_injector(index, &one.because) {
            one.name = "injection_failure";
        }
    }
    found
}

/// Whether a webhook looks at pods, and not at config entries.
fn is_injector(index: &Index, because: &Because) -> bool {
    let mut steps = because.at().pointer.steps();
    let (Some(list), Some(place)) = (steps.next(), steps.next()) else {
        return false;
    };
    let webhook = crate::model::At::new(because.at().resource, "")
        .join(list)
        .join(place);
    let path = webhook.join("clientConfig").join("service").join("path");
    node_at(index, &webhook).is_some() && text(index, &path) == Some("/mutate")
}

/// Whether the service account that every pod has without asking may log in and be a service.
/// `charts/consul/templates/server-acl-init-job.yaml`.
fn login(config: &Config) -> Option<Setting> {
    let selector = &config.login_selector;
    let because = Because::Configured(selector.because.at().clone());
    let is_open = selector.because.is_configured() && takes_default(&selector.value);
    (config.acls.value && is_open).then(|| setting("default_account_login", "open", because))
}

/// Whether a selector surely takes the account `default`.
/// `hashicorp/consul-k8s: control-plane/subcommand/server-acl-init/connect_inject.go`.
fn takes_default(selector: &str) -> bool {
    let plain: String = selector
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`'))
        .collect();
    let names = ["name", "uid"].iter().any(|field| {
        let field = format!("serviceaccount.{field}");
        let mut rest = plain.split(&field).skip(1);
        rest.any(|rest| !rest.starts_with("space"))
    });
    !names || plain == "serviceaccount.name==default"
}

#[cfg(test)]
mod tests {
    use super::takes_default;

    #[test]
    fn a_selector_takes_the_default_account_or_not() {
        for (selector, takes) in [
            ("", true),
            ("serviceaccount.namespace==shop", true),
            ("serviceaccount.name == \"default\"", true),
            ("serviceaccount.name!=default", false),
            (
                "serviceaccount.name != \"default\" and serviceaccount.namespace == shop",
                false,
            ),
            ("serviceaccount.name==web", false),
        ] {
            assert_eq!(takes_default(selector), takes, "{selector}");
        }
    }
}
