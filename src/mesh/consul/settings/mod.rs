//! Settings of the whole mesh: the values of the consul chart, and the configuration of servers and
//! agents.
//!
//! Defaults: `hashicorp/consul-k8s: charts/consul/values.yaml`,
//! `hashicorp/consul: agent/config/default.go`.

mod acl;
mod agents;
mod audit;
mod edition;
mod gateways;
mod reader;
mod recognize;
mod rendered;
mod server;
mod sources;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use acl::{default_allow, default_policy, enabled as acls_of, intention_policy};
pub use audit::Void;
pub use edition::release;
pub use server::{Origin, Server};

use super::written;
use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::mesh::Settings;
use crate::model::{At, Decided, LogState, Problem, ResourceId};
use edition::Edition;
use reader::Reader;

/// The settings of a control plane, as far as they decide anything here.
#[derive(Debug)]
pub struct Config {
    /// What rules look at.
    pub neutral: Settings,
    /// Whether calls that no intention is about are let in; nothing where that is not in the input.
    pub default_allow: Decided<Option<bool>>,
    /// `acl.enabled`, `global.acls.manageSystemACLs`.
    pub acls: Decided<bool>,
    /// `connectInject.enabled`.
    pub injects: Decided<bool>,
    /// `connectInject.default`.
    pub inject_by_default: Decided<bool>,
    /// `connectInject.namespaceSelector`.
    pub inject_namespaces: Decided<LabelSelector>,
    /// `connectInject.k8sAllowNamespaces`.
    pub allow_namespaces: Decided<Vec<String>>,
    /// `connectInject.k8sDenyNamespaces`.
    pub deny_namespaces: Decided<Vec<String>>,
    /// `connectInject.transparentProxy.defaultEnabled`.
    pub transparent_proxy: Decided<bool>,
    /// `connectInject.transparentProxy.defaultOverwriteProbes`.
    pub overwrite_probes: Decided<bool>,
    /// Whether every proxy opens a port for metrics: `connectInject.metrics.defaultEnabled`,
    /// `global.metrics.enabled`.
    pub metrics: Decided<bool>,
    /// `connectInject.metrics.defaultPrometheusScrapePort`.
    pub metrics_port: u16,
    /// How namespaces of Kubernetes become namespaces of Consul.
    pub namespaces: Namespaces,
    /// The datacenters that are here, as far as they are named.
    pub datacenters: BTreeSet<String>,
    /// The partition of the cluster, where partitions are switched on.
    pub partition: Option<Arc<str>>,
    /// The namespace the chart is installed in.
    pub control_plane: Decided<Arc<str>>,
    /// Gateways that the chart makes.
    pub gateways: Vec<ChartGateway>,
    /// `connectInject.apiGateway.managedGatewayClass.serviceType`.
    pub api_gateway_service: Decided<String>,
    /// Release of Consul that runs, where that is written.
    pub release: Option<(u32, u32, Option<u32>)>,
    /// Whether it is the enterprise edition.
    pub enterprise: Decided<bool>,
    /// Where values of the chart stand.
    pub values: Vec<At>,
    /// Whether changes by Consul's API are logged, and because of what.
    pub audit: Decided<LogState>,
    /// Why no log is written although one is configured.
    pub audit_void: Option<Void>,
    /// What the names of the chart's objects begin with: `global.name`.
    pub release_name: String,
    /// Servers.
    pub servers: Vec<Server>,
    /// Agents that are no servers.
    pub clients: Vec<Server>,
    /// What happens while the injector does not answer, as the chart would have it.
    pub injection_failure: Decided<String>,
    /// Which service accounts may log in; an empty text lets all of them in.
    pub login_selector: Decided<String>,
}

/// How namespaces of Kubernetes become namespaces of Consul.
/// `hashicorp/consul-k8s: control-plane/namespaces/namespaces.go` (ConsulNamespace).
#[derive(Debug, Clone)]
pub enum Namespaces {
    /// All are one.
    One,
    /// All are the one of this name.
    Fixed(Arc<str>),
    /// Each is one, with this before its name.
    Mirrored(Arc<str>),
}

impl Config {
    /// Whether a datacenter may be the one that is here.
    pub fn may_be_here(&self, datacenter: &str) -> bool {
        self.datacenters.is_empty() || self.datacenters.contains(datacenter)
    }

    /// The partition that callers from here are of.
    pub fn home_partition(&self) -> &str {
        self.partition.as_deref().unwrap_or("default")
    }
}

impl Namespaces {
    /// The namespace of Consul for one of Kubernetes.
    pub fn of(&self, namespace: &str) -> Arc<str> {
        match self {
            Self::One => "default".into(),
            Self::Fixed(name) => Arc::clone(name),
            Self::Mirrored(prefix) => format!("{prefix}{namespace}").into(),
        }
    }

    /// Whether Consul tells namespaces apart.
    pub fn are_apart(&self) -> bool {
        !matches!(self, Self::One)
    }
}

/// A gateway that the chart makes.
#[derive(Debug, Clone)]
pub struct ChartGateway {
    /// `ingress`, `terminating` or `mesh`.
    pub kind: &'static str,
    /// Its name, which is its service's too.
    pub name: Arc<str>,
    /// Where it is written.
    pub at: At,
    /// The type of its Kubernetes Service.
    pub service: Decided<String>,
    /// The ports of that Service.
    pub ports: Vec<u16>,
}

/// The first place that shows a control plane, where nothing of the mesh itself does.
pub fn trace(index: &Index) -> Option<ResourceId> {
    sources::trace(index)
}

/// Reads the settings; `near` is the place to point at where there are none.
pub fn read(index: &Index, near: At, problems: &mut Vec<Problem>) -> Config {
    let found = sources::find(index);
    sources::report_passed_over(index, &found, problems);
    let places = found.values.iter().map(|source| source.at.clone());
    let values: Vec<At> = places.collect();
    let has_servers = !found.servers.is_empty();
    let clients = found
        .clients
        .iter()
        .filter(|one| one.origin == Origin::Files);
    let agents: Vec<Server> = match has_servers {
        true => found.servers.clone(),
        false => clients.cloned().collect(),
    };
    let first = agents.first().cloned();
    let own = || first.as_ref().map(|agent| agent.at.clone());
    let near = values.first().cloned().or_else(own).unwrap_or(near);
    let known = !values.is_empty() || first.is_some();
    let mut reader = Reader {
        index,
        values: found.values,
        servers: agents,
        near,
        problems,
        reported: BTreeSet::new(),
    };
    let reader = &mut reader;
    let control_plane = match found.namespace {
        Some((namespace, at)) => Decided::configured(namespace, at),
        None => {
            let what = "Consul's usual namespace: consul";
            Decided::assumed("consul".into(), what, reader.near.clone())
        }
    };
    let edition = reader.of_servers(Edition::Unknown, edition::of);
    let first = first.as_ref();
    let audit = match has_servers {
        true => reader.of_servers(LogState::Unknown, audit::log),
        false => {
            let what = "what Consul's servers run with is not in the input";
            Decided::assumed(LogState::Unknown, what, reader.near.clone())
        }
    };
    let metrics_port = &["connectInject", "metrics", "defaultPrometheusScrapePort"];
    Config {
        neutral: neutral(reader, known, &control_plane),
        default_allow: default_allow_of(reader, &found.clients),
        acls: acls(reader),
        injects: reader.flag_or(
            &["connectInject", "enabled"],
            &["global", "enabled"],
            true,
            "the chart's default: the injector runs",
        ),
        inject_by_default: reader.flag(
            &["connectInject", "default"],
            false,
            "Consul injects its proxy where an annotation asks for it",
        ),
        inject_namespaces: reader.namespace_selector(),
        allow_namespaces: reader.texts(
            &["connectInject", "k8sAllowNamespaces"],
            &["*"],
            "the chart's default: pods of all namespaces may be injected",
        ),
        deny_namespaces: reader.texts(
            &["connectInject", "k8sDenyNamespaces"],
            &[],
            "the chart's default: no namespace is left out",
        ),
        transparent_proxy: reader.flag(
            &["connectInject", "transparentProxy", "defaultEnabled"],
            true,
            "the chart's default: all traffic is led through the proxy",
        ),
        overwrite_probes: reader.flag(
            &[
                "connectInject",
                "transparentProxy",
                "defaultOverwriteProbes",
            ],
            true,
            "the chart's default: probes are led past the proxy's TLS",
        ),
        metrics: reader.flag_or(
            &["connectInject", "metrics", "defaultEnabled"],
            &["global", "metrics", "enabled"],
            false,
            "the chart's default: proxies open no port for metrics",
        ),
        metrics_port: reader
            .find(metrics_port)
            .and_then(|it| port(&it))
            .unwrap_or(20200),
        namespaces: namespaces(reader, edition.value),
        datacenters: datacenters(reader, &found.servers, &found.clients),
        partition: partition(reader),
        control_plane,
        gateways: gateways::all(reader),
        api_gateway_service: reader.text(
            &[
                "connectInject",
                "apiGateway",
                "managedGatewayClass",
                "serviceType",
            ],
            "LoadBalancer",
            "the chart's default type of the Services of API gateways",
        ),
        release: first.and_then(|first| edition::release_of(index, first)),
        enterprise: edition::is_enterprise(&edition),
        values,
        audit,
        audit_void: first
            .filter(|_| has_servers)
            .and_then(|first| audit::void(index, first)),
        release_name: reader.text(&["global", "name"], "consul", "").value,
        servers: found.servers,
        clients: found.clients,
        injection_failure: reader.text(
            &["connectInject", "failurePolicy"],
            "Fail",
            "the chart's default: nothing starts without the injector",
        ),
        login_selector: reader.parsed(
            &["connectInject", "aclBindingRuleSelector"],
            |written| written.node().as_str().map(str::to_owned),
            "serviceaccount.name!=default".to_owned(),
            "the chart's default: all service accounts but `default` may log in",
        ),
    }
}

/// What rules look at.
fn neutral(reader: &Reader<'_>, known: bool, control_plane: &Decided<Arc<str>>) -> Settings {
    let near = reader.near.clone();
    Settings {
        at: near.clone(),
        trust_domain: Decided::assumed(
            "consul".into(),
            "the trust domain is made when Consul starts first, and is in no file",
            near.clone(),
        ),
        federated: false,
        root_namespace: control_plane.clone(),
        automatic_mtls: Decided::default(
            true,
            "calls between proxies of Consul are mutual TLS",
            near.clone(),
        ),
        plaintext_default: Some(Decided::default(
            false,
            "Consul's default: proxies take calls with mutual TLS only",
            near.clone(),
        )),
        access_log: Decided::default(LogState::Off, "Consul's default: no access log", near),
        log_formats: Vec::new(),
        known,
        unanswered: Vec::new(),
    }
}

/// Whether calls that no intention is about are let in. A proxy is told by the agent that it is
/// registered at, so an agent that says something else than the servers leaves it open.
/// `hashicorp/consul: agent/agent.go` (proxycfg.NewManager, IntentionDefaultAllow).
fn default_allow_of(reader: &mut Reader<'_>, clients: &[Server]) -> Decided<Option<bool>> {
    let index = reader.index;
    let of_servers = reader.of_servers(None, acl::default_allow);
    let of_files = |agent: &&Server| agent.origin == Origin::Files;
    if !reader.servers.iter().any(|one| of_files(&one)) {
        return of_servers;
    }
    let said = clients.iter().filter(of_files);
    let mut said = said.map(|agent| acl::default_allow(index, agent));
    match said.find(|one| one.value != of_servers.value) {
        Some(other) => {
            let what = "an agent says another default than the servers do, and proxies do as the agent does that they \
                        are registered at";
            Decided::assumed(None, what, other.because.at().clone())
        }
        None => of_servers,
    }
}

/// Whether ACLs are on. The chart sets them up on servers that run elsewhere too.
fn acls(reader: &mut Reader<'_>) -> Decided<bool> {
    if !reader.servers.is_empty() {
        return reader.of_servers(false, acl::enabled);
    }
    reader.flag(
        &["global", "acls", "manageSystemACLs"],
        false,
        "the chart's default: it sets up no ACLs",
    )
}

/// How namespaces of Kubernetes become namespaces of Consul, which only the enterprise edition has.
/// `hashicorp/consul-k8s: charts/consul/templates/connect-inject-deployment.yaml`.
fn namespaces(reader: &mut Reader<'_>, edition: Edition) -> Namespaces {
    const PART: [&str; 2] = ["connectInject", "consulNamespaces"];
    let mut text = |field: &str, default: &str| -> Arc<str> {
        let found = reader.find(&[PART[0], PART[1], field]);
        let text = found.and_then(|it| it.as_text());
        text.unwrap_or(default).into()
    };
    let (prefix, fixed) = (
        text("mirroringK8SPrefix", ""),
        text("consulDestinationNamespace", "default"),
    );
    let on = reader.flag(&["global", "enableConsulNamespaces"], false, "");
    if !on.value || edition == Edition::Community {
        return Namespaces::One;
    }
    match reader
        .flag(&[PART[0], PART[1], "mirroringK8S"], true, "")
        .value
    {
        true => Namespaces::Mirrored(prefix),
        false => Namespaces::Fixed(fixed),
    }
}

/// The datacenters that values of the chart and agents name.
fn datacenters(
    reader: &mut Reader<'_>,
    servers: &[Server],
    clients: &[Server],
) -> BTreeSet<String> {
    let index = reader.index;
    let values = reader.find(&["global", "datacenter"]);
    let agents = servers.iter().chain(clients);
    let own = agents.filter_map(|agent| agent.own(index, &[&["datacenter"]]));
    let all = values.into_iter().chain(own);
    all.filter_map(|it| Some(it.as_text()?.to_lowercase()))
        .collect()
}

/// The partition of Kubernetes, which has one as a whole.
fn partition(reader: &mut Reader<'_>) -> Option<Arc<str>> {
    let on = reader.flag(&["global", "adminPartitions", "enabled"], false, "");
    let name = reader.text(&["global", "adminPartitions", "name"], "default", "");
    on.value.then(|| name.value.into())
}

fn port(written: &written::Written<'_>) -> Option<u16> {
    let number = written.as_number()?;
    u16::try_from(number).ok().filter(|&port| port > 0)
}

#[cfg(test)]
mod tests;
