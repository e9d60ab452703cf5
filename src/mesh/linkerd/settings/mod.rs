//! Settings of the whole mesh: what holds, because of which line, and what holds where nothing is
//! written.
//!
//! Defaults: `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml`.

mod flags;
mod reader;
mod recognize;
mod sources;

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::IpNet;

pub use flags::argument;
pub use recognize::CHARTS;

use super::port::{self, Ports};
use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::mesh::Settings;
use crate::model::{At, Decided, LogState, Problem};
use reader::Reader;

/// What a webhook looks at.
pub type Selector = LabelSelector;

/// Who may call a port that no Server selects.
/// `linkerd/linkerd2: policy-controller/k8s/index/src/defaults.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefaultPolicy {
    /// Everyone of these.
    Allow {
        /// Only who proves an identity.
        authenticated: bool,
        /// Only who calls from an address of the cluster.
        cluster: bool,
    },
    /// Nobody.
    Deny,
    /// Everyone, and it is logged.
    Audit,
}

impl DefaultPolicy {
    /// Reads one; nothing of what is no policy.
    pub fn parse(text: &str) -> Option<Self> {
        let allow = |authenticated, cluster| Self::Allow {
            authenticated,
            cluster,
        };
        Some(match text {
            "all-unauthenticated" => allow(false, false),
            "all-authenticated" => allow(true, false),
            "cluster-unauthenticated" => allow(false, true),
            "cluster-authenticated" => allow(true, true),
            "deny" => Self::Deny,
            "audit" => Self::Audit,
            _ => return None,
        })
    }

    /// Whether it lets in callers without an identity.
    pub fn takes_anyone(self) -> bool {
        match self {
            Self::Allow { authenticated, .. } => !authenticated,
            Self::Deny => false,
            Self::Audit => true,
        }
    }
}

/// The settings of a control plane, as far as they decide anything here.
#[derive(Debug)]
pub struct Config {
    /// What rules look at.
    pub neutral: Settings,
    /// The namespace of the control plane.
    pub control_plane: Decided<Arc<str>>,
    /// `proxy.defaultInboundPolicy`.
    pub default_policy: Decided<DefaultPolicy>,
    /// `clusterNetworks`.
    pub cluster_networks: Decided<Vec<IpNet>>,
    /// `policyController.probeNetworks`.
    pub probe_networks: Decided<Vec<IpNet>>,
    /// `proxy.opaquePorts`.
    pub opaque_ports: Decided<Ports>,
    /// `proxyInit.ignoreInboundPorts`.
    pub ignore_inbound: Decided<Ports>,
    /// `proxyInit.ignoreOutboundPorts`.
    pub ignore_outbound: Decided<Ports>,
    /// `proxyInit.skipSubnets`.
    pub skip_subnets: Decided<Vec<IpNet>>,
    /// `proxy.accessLog`; empty is off.
    pub access_log: Decided<String>,
    /// `proxy.logLevel`.
    pub log_level: Decided<String>,
    /// `proxy.logHTTPHeaders`.
    pub log_headers: Decided<String>,
    /// `identity.serviceAccountTokenProjection`.
    pub token_projection: Decided<bool>,
    /// `proxyInjector.namespaceSelector`.
    pub injector_namespaces: Decided<Selector>,
    /// `proxyInjector.objectSelector`.
    pub injector_objects: Decided<Selector>,
    /// `egress.globalEgressNetworkNamespace`.
    pub egress_namespace: Decided<Arc<str>>,
    /// `webhookFailurePolicy`.
    pub webhook_failure: Decided<String>,
    /// `controllerLogLevel`.
    pub controller_log_level: Decided<String>,
    /// `policyController.logLevel`.
    pub policy_log_level: Decided<String>,
    /// `proxyInit.privileged`.
    pub init_privileged: Decided<bool>,
    /// `proxyInit.closeWaitTimeoutSecs`.
    pub init_close_wait: Decided<String>,
    /// `proxyInit.runAsRoot`.
    pub init_as_root: Decided<bool>,
    /// `cniEnabled`: no init container sets up the network.
    pub cni: Decided<bool>,
    /// Where values of the chart stand.
    pub values: Vec<At>,
}

/// The first place that shows a control plane, where nothing of the mesh itself does.
pub fn trace(index: &Index) -> Option<crate::model::ResourceId> {
    let (sources, found) = sources::find(index);
    let source = sources
        .into_iter()
        .find(|one| one.rank != sources::Rank::Chart);
    let first = source.map(|one| one.at.resource);
    first.or_else(|| Some(found?.1.resource))
}

impl Config {
    /// The name of a service account.
    /// `linkerd/linkerd2: policy-controller/k8s/index/src/cluster_info.rs`.
    pub fn account_name(&self, namespace: &str, name: &str) -> String {
        format!("{name}.{}", self.namespace_name(namespace))
    }

    /// What the names of all service accounts of a namespace end with.
    pub fn namespace_name(&self, namespace: &str) -> String {
        let plane = &self.control_plane.value;
        let domain = &self.neutral.trust_domain.value;
        format!("{namespace}.serviceaccount.identity.{plane}.{domain}")
    }
}

/// Reads the settings; `near` is the place to point at where there are none.
pub fn read(index: &Index, near: At, problems: &mut Vec<Problem>) -> Config {
    let (sources, found) = sources::find(index);
    let flags = flags::all(index);
    let first = sources.first().map(|source| source.at.clone());
    let values = sources.iter().map(|source| source.at.clone()).collect();
    sources::report_passed_over(index, problems);
    let mut reader = Reader {
        index,
        near: first
            .or(flags.first().map(|flag| flag.at.clone()))
            .unwrap_or(near),
        sources,
        flags,
        problems,
        reported: BTreeSet::new(),
    };
    let control_plane = found.map_or_else(
        || {
            reader.default(
                "linkerd".into(),
                "Linkerd's default: its control plane is in linkerd",
            )
        },
        |(namespace, at)| Decided::configured(namespace, at),
    );
    let access_log = reader.text(
        &["proxy", "accessLog"],
        "",
        "Linkerd's default: no access log",
    );
    let default_policy = reader.parsed(
        &["proxy", "defaultInboundPolicy"],
        |text| DefaultPolicy::parse(text).ok_or(OPEN),
        OPEN,
        "Linkerd's default: all-unauthenticated",
    );
    Config {
        neutral: Settings {
            plaintext_default: Some(Decided::new(
                default_policy.value.takes_anyone(),
                default_policy.because.clone(),
            )),
            ..neutral(&mut reader, &control_plane, &access_log)
        },
        control_plane,
        default_policy,
        cluster_networks: reader.parsed(
            &["clusterNetworks"],
            |text| networks(text).ok_or_else(everywhere),
            known_networks("10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8"),
            "Linkerd's default: all private networks",
        ),
        probe_networks: reader.parsed(
            &["policyController", "probeNetworks"],
            |text| networks(text).ok_or_else(everywhere),
            everywhere(),
            "Linkerd's default: probes from anywhere",
        ),
        opaque_ports: reader.parsed(
            &["proxy", "opaquePorts"],
            |text| Ok(port::spelled(text)),
            port::spelled(port::USUALLY_OPAQUE),
            "Linkerd's default list of opaque ports",
        ),
        ignore_inbound: reader.parsed(
            &["proxyInit", "ignoreInboundPorts"],
            |text| Ok(port::each(text)),
            port::each("4567,4568"),
            "Linkerd's default: ports 4567 and 4568 pass by the proxy",
        ),
        ignore_outbound: reader.parsed(
            &["proxyInit", "ignoreOutboundPorts"],
            |text| Ok(port::each(text)),
            port::each("4567,4568"),
            "Linkerd's default: ports 4567 and 4568 pass by the proxy",
        ),
        skip_subnets: reader.parsed(
            &["proxyInit", "skipSubnets"],
            |text| networks(text).ok_or_else(|| text.split(',').filter_map(network).collect()),
            Vec::new(),
            "Linkerd's default: no subnet passes by the proxy",
        ),
        access_log,
        log_level: reader.text(
            &["proxy", "logLevel"],
            "warn,linkerd=info,hickory=error",
            "Linkerd's default log level of proxies",
        ),
        log_headers: reader.parsed(
            &["proxy", "logHTTPHeaders"],
            header_logging,
            "off".to_owned(),
            "Linkerd's default: headers are not logged",
        ),
        token_projection: reader.flag(
            &["identity", "serviceAccountTokenProjection"],
            true,
            "Linkerd's default: proxies get a token of their own",
        ),
        injector_namespaces: reader.selector(
            "namespaceSelector",
            &[
                ("config.linkerd.io/admission-webhooks", &["disabled"]),
                (
                    "kubernetes.io/metadata.name",
                    &["kube-system", "cert-manager"],
                ),
            ],
        ),
        injector_objects: reader.selector(
            "objectSelector",
            &[
                ("linkerd.io/control-plane-component", &[]),
                ("linkerd.io/cni-resource", &[]),
            ],
        ),
        egress_namespace: reader.parsed(
            &["egress", "globalEgressNetworkNamespace"],
            |text| Ok(text.into()),
            "linkerd-egress".into(),
            "Linkerd's default namespace of EgressNetworks for everyone",
        ),
        webhook_failure: reader.text(
            &["webhookFailurePolicy"],
            "Ignore",
            "Linkerd's default: without its webhooks, pods start without a proxy",
        ),
        controller_log_level: reader.text(
            &["controllerLogLevel"],
            "info",
            "Linkerd's default log level of controllers",
        ),
        policy_log_level: reader.text(
            &["policyController", "logLevel"],
            "info",
            "Linkerd's default log level of the policy controller",
        ),
        init_privileged: reader.flag(
            &["proxyInit", "privileged"],
            false,
            "Linkerd's default: the init container has two capabilities",
        ),
        init_close_wait: reader.text(
            &["proxyInit", "closeWaitTimeoutSecs"],
            "0",
            "Linkerd's default: the node's timeout is left alone",
        ),
        init_as_root: reader.flag(
            &["proxyInit", "runAsRoot"],
            false,
            "Linkerd's default: the init container is not root",
        ),
        cni: reader.flag(
            &["cniEnabled"],
            false,
            "Linkerd's default: an init container sets up the network",
        ),
        values,
    }
}

/// What rules look at.
fn neutral(
    reader: &mut Reader<'_>,
    control_plane: &Decided<Arc<str>>,
    access_log: &Decided<String>,
) -> Settings {
    let domain = ["identityTrustDomain", "clusterDomain"];
    let written = domain.into_iter().find_map(|field| {
        let text = reader.text(&[field], "", "");
        (!text.value.is_empty()).then_some(text)
    });
    let trust_domain = match written {
        Some(text) => Decided {
            value: text.value.as_str().into(),
            because: text.because,
            rivals: text.rivals,
        },
        None => reader.default("cluster.local".into(), "Linkerd's default trust domain"),
    };
    Settings {
        at: reader.near().clone(),
        trust_domain,
        federated: false,
        root_namespace: control_plane.clone(),
        automatic_mtls: Decided::default(
            true,
            "calls between pods with Linkerd's proxy are mutual TLS",
            reader.near().clone(),
        ),
        plaintext_default: None,
        access_log: Decided::new(
            match is_log_format(&access_log.value) {
                true => LogState::On,
                false => LogState::Off,
            },
            access_log.because.clone(),
        ),
        log_formats: Vec::new(),
        known: reader.known(),
        unanswered: Vec::new(),
    }
}

/// Who may call where nothing is said.
const OPEN: DefaultPolicy = DefaultPolicy::Allow {
    authenticated: false,
    cluster: false,
};

/// All networks: what no one who might be in them is kept out of.
fn everywhere() -> Vec<IpNet> {
    known_networks("0.0.0.0/0,::/0")
}

/// `linkerd/linkerd2: charts/partials/templates/_proxy.tpl` fails with any other.
fn header_logging(text: &str) -> Result<String, String> {
    match text {
        "" | "off" | "insecure" => Ok(text.to_owned()),
        _ => Err("insecure".to_owned()),
    }
}

/// Whether a value of the access log switches it on.
/// `linkerd/linkerd2-proxy: linkerd/tracing/src/access_log.rs`.
pub fn is_log_format(value: &str) -> bool {
    value.eq_ignore_ascii_case("apache") || value.eq_ignore_ascii_case("json")
}

/// Networks in a text, as Linkerd writes lists; nothing if one is none.
pub fn networks(text: &str) -> Option<Vec<IpNet>> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(network).collect()
}

/// A network, or one address of it.
pub fn network(text: &str) -> Option<IpNet> {
    let net = text.parse::<IpNet>().ok().map(|net| net.trunc());
    net.or_else(|| text.parse::<std::net::IpAddr>().ok().map(Into::into))
}

fn known_networks(text: &str) -> Vec<IpNet> {
    networks(text).unwrap_or_default()
}

#[cfg(test)]
mod tests;
