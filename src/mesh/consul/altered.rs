//! What changes the configuration of a proxy behind Consul's back, and is not understood.
//!
//! `hashicorp/consul: agent/xds/listeners.go`, `agent/xds/clusters.go` (escape hatches),
//! `agent/envoyextensions/registered_extensions.go`.

use super::Consul;
use super::annotation;
use super::entry::Kind;
use super::service::Name;
use super::written::Written;
use crate::model::{At, Workload};

/// Fields of a proxy's configuration that put another listener in the place of the one that asks who
/// calls. `hashicorp/consul: agent/xds/listeners.go` (finalizePublicListenerFromConfig).
const REPLACING: [&str; 3] = [
    "envoyPublicListenerJSON",
    "envoyBootstrapJSONTpl",
    "envoyExtraStaticListenersJSON",
];

/// Extensions of proxies that may let in or refuse calls by themselves.
const CHANGING: [&str; 4] = [
    "builtin/ext-authz",
    "builtin/lua",
    "builtin/property-override",
    "builtin/wasm",
];

/// Fields that put another listener or cluster in the place of that of an upstream.
const LEADING: [&str; 2] = ["envoyListenerJSON", "envoyClusterJSON"];

/// The field that puts another configuration in the place of all.
const WHOLE: [&str; 1] = ["envoyBootstrapJSONTpl"];

/// Calls to the workload of a proxy.
pub const INBOUND: &str = "inbound";

/// Calls of the workload of a proxy.
const OUTBOUND: &str = "outbound";

impl Consul {
    /// What replaces the listener of a workload's proxy, and is not understood.
    pub(super) fn replaced_listener(&self, workload: &Workload) -> Option<(String, At)> {
        let at = self.replaced(workload, &REPLACING)?;
        let what = "a listener written by hand takes the place of the proxy's own, and may ask nobody who calls";
        Some((what.to_owned(), at))
    }

    /// Where the configuration of a workload's proxy has one of these fields.
    fn replaced(&self, workload: &Workload, fields: &[&str]) -> Option<At> {
        let of_pod = || {
            let (text, at) = annotation::of(workload, "proxy-config-map")?;
            let config: serde_json::Value = serde_json::from_str(text).ok()?;
            let replaces = config.as_object()?.keys().any(|key| is_one(key, fields));
            replaces.then_some(at)
        };
        let of_all = self.entries.only(Kind::ProxyDefaults);
        let of_all = of_all.and_then(|entry| entry.fields(&self.index)?.get("config"));
        let own = self.own(workload);
        let own = own.and_then(|own| own.proxy_config(&self.index));
        let mut places = own.into_iter().chain(of_all);
        let written = places.find_map(|config| field_of(&config, fields));
        written.or_else(of_pod)
    }

    /// What changes how a service's proxy treats calls of one direction.
    pub(super) fn extended(&self, service: &Name, direction: &str) -> Option<(String, At)> {
        let (namespace, name) = (&service.namespace, &service.name);
        let own = self.entries.named(Kind::ServiceDefaults, namespace, name);
        let all = own
            .into_iter()
            .chain(self.entries.only(Kind::ProxyDefaults));
        let extensions =
            all.filter_map(|entry| Some(entry.fields(&self.index)?.each("envoyExtensions")));
        let mut extensions = extensions.flatten();
        extensions.find_map(|one| {
            let name = one.text("name")?;
            let what = format!("what the extension {name} does to calls");
            let changes = CHANGING.contains(&name) && is_about(&one, name, direction);
            changes.then(|| (what, one.field("name")))
        })
    }

    /// What changes how a client's proxy leads calls to a service.
    pub(super) fn altered(&self, client: &Workload, dialled: &Name) -> Vec<(String, At)> {
        let main = self.registered(client).first();
        let raw = main.and_then(|main| self.replaced_upstream(&main.name, dialled));
        let raw = raw.or_else(|| {
            let own = self.own(client)?;
            let mut upstreams = own
                .configs_of(&self.index, dialled, &self.config)
                .into_iter();
            upstreams.find_map(|config| field_of(&config, &LEADING))
        });
        let raw = raw.or_else(|| self.replaced(client, &WHOLE));
        let what = "configuration written by hand takes the place of that by which the client's proxy leads calls there";
        let extended = main.and_then(|main| self.extended(&main.name, OUTBOUND));
        let raw = raw.map(|at| (what.to_owned(), at));
        raw.into_iter().chain(extended).collect()
    }

    /// What distinguishes clients whose proxies are changed.
    pub(super) fn altered_key(&self, client: &Workload) -> String {
        let raw = self.raw_configuration(client).into_iter();
        let mut places: Vec<At> = raw.map(|one| one.because.at().clone()).collect();
        let main = self.registered(client).first();
        let extended = main.and_then(|main| self.extended(&main.name, OUTBOUND));
        places.extend(extended.map(|(_, at)| at));
        match places.is_empty() {
            true => String::new(),
            false => format!("{places:?}"),
        }
    }

    /// Where service-defaults of a client replace what leads to a service.
    fn replaced_upstream(&self, client: &Name, dialled: &Name) -> Option<At> {
        let (namespace, name) = (&client.namespace, &client.name);
        let entry = self.entries.named(Kind::ServiceDefaults, namespace, name)?;
        let upstreams = entry.fields(&self.index)?.get("upstreamConfig")?;
        let overrides = upstreams.each("overrides").into_iter();
        let own = overrides.filter(|one| one.text("name") == Some(&dialled.name));
        let mut all = own.chain(upstreams.get("defaults"));
        all.find_map(|one| field_of(&one, &LEADING))
    }
}

/// Whether a key is one of these fields, in any of its spellings.
fn is_one(key: &str, fields: &[&str]) -> bool {
    let plain = key.replace('_', "");
    fields.iter().any(|one| one.eq_ignore_ascii_case(&plain))
}

fn field_of(config: &Written<'_>, fields: &[&str]) -> Option<At> {
    let mut entries = config.entries().into_iter();
    let (_, written) = entries.find(|(key, _)| is_one(key, fields))?;
    Some(written.at().clone())
}

/// Whether an extension may be about calls of a direction.
fn is_about(extension: &Written<'_>, name: &str, direction: &str) -> bool {
    if name == "builtin/ext-authz" {
        return direction == INBOUND;
    }
    let arguments = extension.get("arguments");
    let listener = arguments.and_then(|arguments| {
        let mut entries = arguments.entries().into_iter();
        let (_, one) = entries.find(|(key, _)| is_one(key, &["listener", "listenerType"]))?;
        one.as_text()
    });
    listener.is_none_or(|listener| listener.eq_ignore_ascii_case(direction))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::mesh::consul::compile;

    const WEB: &str = "service {\n  name = \"web\"\n  port = 80\n  connect { sidecar_service { proxy { upstreams {\n    destination_name = \"api\"\n    config { envoy_cluster_json = \"{}\" }\n  } } } }\n}";

    #[test]
    fn what_changes_calls_is_known_by_their_direction() {
        let entry = |name: &str, rest: &str| {
            format!("Kind = \"service-defaults\"\nName = \"{name}\"\n{rest}\n")
        };
        let lua = |listener: &str| {
            format!(
                "EnvoyExtensions = [{{ Name = \"builtin/lua\" Arguments = {{ Listener = \"{listener}\" }} }}]"
            )
        };
        let overrides =
            "UpstreamConfig { Overrides = [{ Name = \"db\" EnvoyListenerJSON = \"{}\" }] }";
        let (web, api, db) = (
            entry("web", overrides),
            entry("api", &lua("inbound")),
            entry("db", &lua("outbound")),
        );
        let service = |name: &str| {
            format!(
                "service {{\n  name = \"{name}\"\n  port = 80\n  connect {{ sidecar_service {{}} }}\n}}"
            )
        };
        let (api_service, db_service) = (service("api"), service("db"));
        let files = [
            ("web.hcl", WEB),
            ("a.hcl", &*api_service),
            ("b.hcl", &*db_service),
            ("to-web.hcl", &*web),
            ("to-api.hcl", &*api),
            ("to-db.hcl", &*db),
        ];
        let (index, mut problems) = crate::mesh::sample::index(&files);
        let consul = compile(&index, &mut problems).unwrap();
        let name = |name: &str| Name {
            namespace: "default".into(),
            name: name.into(),
        };
        let inbound = |service: &str| consul.extended(&name(service), INBOUND).is_some();
        let outbound = |client: &str, service: &str| {
            let mut all = index.workloads().iter();
            let client = all.find(|one| &*one.name == client).unwrap();
            !consul.altered(client, &name(service)).is_empty()
        };
        assert!(inbound("api") && !inbound("db") && !inbound("web"));
        assert!(outbound("web", "api") && outbound("web", "db") && outbound("db", "web"));
        assert!(!outbound("web", "cache") && !outbound("api", "web"));
    }
}
