//! What a client's proxy sends: DestinationRule, and mutual TLS by itself.
//!
//! `istio/istio: pilot/pkg/model/push_context.go` (destinationRule, mergeDestinationRule),
//! `istio/istio: pilot/pkg/networking/core/cluster_tls.go` (buildUpstreamTLSSettings).

use std::collections::HashMap;
use std::sync::Arc;

use super::scope::is_exported;
use crate::k8s::Index;
use crate::mesh::istio::crd::{ClientTls, ClientTlsMode, DestinationRule, TrafficPolicy};
use crate::mesh::istio::policy::{Object, Objects, selects};
use crate::model::{At, Service, Workload};

/// The cluster's own DNS domain.
pub const CLUSTER_DOMAIN: &str = "cluster.local";

/// The name under which a service is known to the mesh.
pub fn host_of(namespace: &str, name: &str) -> String {
    format!("{name}.{namespace}.svc.{CLUSTER_DOMAIN}")
}

/// The service that the mesh knows under a name.
pub fn service_of<'a>(index: &'a Index, host: &str) -> Option<&'a Service> {
    let (service, domain) = host.split_once(".svc.")?;
    let (name, namespace) = service.split_once('.')?;
    let service = index.service_named(namespace, name);
    service.filter(|_| domain == CLUSTER_DOMAIN)
}

/// A host as it is written, in full: a name without a dot is a service next to the object.
/// `istio/istio: pilot/pkg/model/config.go` (ResolveShortnameToFQDN).
pub fn resolve(host: &str, namespace: &str) -> String {
    if host == "*" || host.contains('.') {
        host.to_owned()
    } else {
        host_of(namespace, host)
    }
}

/// The rules of a namespace, by host.
#[derive(Debug, Default)]
struct Hosts {
    exact: HashMap<String, Vec<usize>>,
    /// Suffixes after the star, longest first.
    wildcards: Vec<(String, Vec<usize>)>,
}

impl Hosts {
    fn add(&mut self, host: String, rule: usize) {
        match host.strip_prefix('*') {
            None => self.exact.entry(host).or_default().push(rule),
            Some(suffix) => match self.wildcards.iter_mut().find(|(known, _)| known == suffix) {
                Some((_, rules)) => rules.push(rule),
                None => self.wildcards.push((suffix.to_owned(), vec![rule])),
            },
        }
    }

    fn seal(&mut self) {
        self.wildcards
            .sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
    }

    /// The rules for the most specific host that matches and that `usable` leaves something of.
    fn find(&self, host: &str, usable: impl Fn(usize) -> bool) -> Vec<usize> {
        let exact = self.exact.get(host).into_iter();
        let wild = self
            .wildcards
            .iter()
            .filter(|(suffix, _)| host.ends_with(suffix.as_str()))
            .map(|(_, rules)| rules);
        for rules in exact.chain(wild) {
            let left: Vec<usize> = rules.iter().copied().filter(|&rule| usable(rule)).collect();
            if !left.is_empty() {
                return left;
            }
        }
        Vec::new()
    }
}

/// The DestinationRules of an environment.
#[derive(Debug)]
pub struct DestinationRules {
    all: Vec<Object<DestinationRule>>,
    by_namespace: HashMap<Arc<str>, Hosts>,
    root: Arc<str>,
    default_export: Vec<String>,
    /// All rules for a host, whatever their namespace.
    by_exact_host: HashMap<String, Vec<usize>>,
    /// All rules for hosts with a star: what follows it, and the rule.
    wildcards: Vec<(String, usize)>,
    /// The rules that select client pods.
    selecting: Vec<usize>,
}

/// What a rule says about TLS to one port.
#[derive(Debug, Clone)]
pub enum Tls<'a> {
    /// Settings, and where they are written.
    Set(&'a ClientTls, At),
    /// Nothing; but the level above says `DISABLE`, which still makes endpoints be called in plaintext.
    PlainEndpoints(At),
    /// Nothing.
    Unset,
}

impl DestinationRules {
    /// Sorts the rules; `default_export` is `defaultDestinationRuleExportTo`.
    pub fn new(
        rules: Objects<DestinationRule>,
        root: Arc<str>,
        default_export: Vec<String>,
    ) -> Self {
        let all = rules.into_vec();
        let mut by_namespace: HashMap<Arc<str>, Hosts> = HashMap::new();
        let mut by_exact_host: HashMap<String, Vec<usize>> = HashMap::new();
        let mut wildcards = Vec::new();
        for (i, rule) in all.iter().enumerate() {
            let host = resolve(&rule.spec.host, &rule.namespace);
            match host.strip_prefix('*') {
                Some(suffix) => wildcards.push((suffix.to_owned(), i)),
                None => by_exact_host.entry(host.clone()).or_default().push(i),
            }
            by_namespace
                .entry(Arc::clone(&rule.namespace))
                .or_default()
                .add(host, i);
        }
        by_namespace.values_mut().for_each(Hosts::seal);
        let selecting = all
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.spec.workload_selector.is_some())
            .map(|(i, _)| i)
            .collect();
        Self {
            all,
            by_namespace,
            root,
            default_export,
            by_exact_host,
            wildcards,
            selecting,
        }
    }

    /// All rules, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Object<DestinationRule>> {
        self.all.iter()
    }

    /// The namespaces whose clients may see other rules for a host than all others do.
    pub fn distinguished(&self, host: &str) -> Vec<Arc<str>> {
        let mut namespaces: Vec<Arc<str>> = Vec::new();
        let exact = self.by_exact_host.get(host).into_iter().flatten();
        let wild = self
            .wildcards
            .iter()
            .filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        for &i in exact.chain(wild.map(|(_, i)| i)) {
            let Some(rule) = self.all.get(i) else {
                continue;
            };
            namespaces.push(Arc::clone(&rule.namespace));
            let named = self
                .export_to(rule)
                .iter()
                .filter(|to| *to != "*" && *to != ".");
            namespaces.extend(named.map(|to| Arc::from(to.as_str())));
        }
        if !namespaces.is_empty() {
            namespaces.push(Arc::clone(&self.root));
        }
        namespaces
    }

    /// Which rules with a selector are about a client's pods.
    pub fn selector_key(&self, client: &Workload) -> String {
        self.selecting
            .iter()
            .filter(|&&i| {
                self.all.get(i).is_some_and(|rule| {
                    let labels = rule
                        .spec
                        .workload_selector
                        .as_ref()
                        .map(|s| &s.match_labels);
                    rule.namespace == client.namespace && selects(labels, client)
                })
            })
            .map(|i| format!("{i},"))
            .collect()
    }

    /// The rules that a client applies to a host: the first namespace with any match wins.
    pub fn find(
        &self,
        client: &Workload,
        host: &str,
        service_namespace: &str,
        revision: &str,
    ) -> Vec<&Object<DestinationRule>> {
        let near = &*client.namespace;
        let own = if near == &*self.root {
            self.search(near, host, |rule| {
                self.is_private(rule) && rule.is_read_by(revision)
            })
        } else {
            self.search(near, host, |rule| rule.is_read_by(revision))
        };
        if !own.is_empty() {
            return own;
        }
        let visible = |rule: &Object<DestinationRule>| {
            self.is_exported(rule, near) && rule.is_read_by(revision)
        };
        let there = self.search(service_namespace, host, visible);
        if !there.is_empty() {
            return there;
        }
        self.search(&self.root, host, visible)
    }

    fn search(
        &self,
        namespace: &str,
        host: &str,
        usable: impl Fn(&Object<DestinationRule>) -> bool,
    ) -> Vec<&Object<DestinationRule>> {
        let Some(hosts) = self.by_namespace.get(namespace) else {
            return Vec::new();
        };
        hosts
            .find(host, |i| self.all.get(i).is_some_and(&usable))
            .into_iter()
            .filter_map(|i| self.all.get(i))
            .collect()
    }

    fn export_to<'a>(&'a self, rule: &'a Object<DestinationRule>) -> &'a [String] {
        if rule.spec.export_to.is_empty() {
            &self.default_export
        } else {
            &rule.spec.export_to
        }
    }

    fn is_private(&self, rule: &Object<DestinationRule>) -> bool {
        self.export_to(rule).iter().any(|to| to == ".") || rule.spec.workload_selector.is_some()
    }

    fn is_exported(&self, rule: &Object<DestinationRule>, to: &str) -> bool {
        match rule.spec.workload_selector {
            Some(_) => to == &*rule.namespace,
            None => is_exported(self.export_to(rule), &rule.namespace, to),
        }
    }

    /// What the rules that were found say about TLS to a service port: of those that select the
    /// client's pods the first, else the first that says anything. What a subset says comes first.
    pub fn tls<'a>(
        &self,
        found: &[&'a Object<DestinationRule>],
        client: &Workload,
        port: u16,
        subset: Option<&str>,
    ) -> Tls<'a> {
        let of_subset = found.iter().find_map(|rule| {
            let all = rule.spec.subsets.iter().enumerate();
            let (i, one) = all
                .into_iter()
                .find(|(_, s)| Some(s.name.as_str()) == subset)?;
            let policy = one.traffic_policy.as_ref()?;
            Some((rule, policy, format!("/spec/subsets/{i}/trafficPolicy")))
        });
        if let Some((rule, policy, base)) = of_subset {
            match policy_tls(rule, policy, &base, port) {
                Tls::Unset => {}
                said => return said,
            }
        }
        let selecting = found.iter().find(|rule| {
            let labels = rule
                .spec
                .workload_selector
                .as_ref()
                .map(|s| &s.match_labels);
            labels.is_some() && rule.namespace == client.namespace && selects(labels, client)
        });
        let general = found.iter().find(|rule| {
            rule.spec.workload_selector.is_none() && rule.spec.traffic_policy.is_some()
        });
        let Some(rule) = selecting.or(general) else {
            return Tls::Unset;
        };
        match &rule.spec.traffic_policy {
            Some(policy) => policy_tls(rule, policy, "/spec/trafficPolicy", port),
            None => Tls::Unset,
        }
    }
}

/// What one policy says about TLS to a service port.
fn policy_tls<'a>(
    rule: &'a Object<DestinationRule>,
    policy: &'a TrafficPolicy,
    base: &str,
    port: u16,
) -> Tls<'a> {
    let for_port = policy
        .port_level_settings
        .iter()
        .enumerate()
        .find(|(_, settings)| settings.port.number == u32::from(port));
    match (for_port, &policy.tls) {
        (Some((i, settings)), top) => match (&settings.tls, top) {
            (Some(tls), _) => Tls::Set(
                tls,
                rule.at(&format!("{base}/portLevelSettings/{i}/tls/mode")),
            ),
            (None, Some(top)) if top.mode == ClientTlsMode::Disable => {
                Tls::PlainEndpoints(rule.at(&format!("{base}/tls/mode")))
            }
            (None, _) => Tls::Unset,
        },
        (None, Some(tls)) => Tls::Set(tls, rule.at(&format!("{base}/tls/mode"))),
        (None, None) => Tls::Unset,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::service_of;
    use crate::mesh::istio::sample::{compile, deployment};

    #[test]
    fn a_service_has_one_name() {
        let text = format!(
            "{}---\napiVersion: v1\nkind: Service\nmetadata: {{name: api, namespace: shop}}\n\
             spec: {{selector: {{app: api}}}}\n---\napiVersion: networking.istio.io/v1\n\
             kind: Gateway\nmetadata: {{name: g, namespace: shop}}\n",
            deployment("shop", "api")
        );
        let sample = compile(&[("all.yaml", &text)]);
        let found = |host: &str| service_of(&sample.index, host).map(|service| &*service.name);
        assert_eq!(found("api.shop.svc.cluster.local"), Some("api"));
        for other in [
            "api",
            "api.shop",
            "api.shop.svc",
            "api.shop.svc.example.com",
            "api.other.svc.cluster.local",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
