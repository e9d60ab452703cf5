//! Settings of the whole mesh: what holds, because of which line, and what holds where nothing is
//! written.
//!
//! Defaults: `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml`.

mod reader;
mod sources;

use std::sync::Arc;

use ipnet::IpNet;

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
    let (sources, found) = sources::find(index, problems);
    let reader = Reader::new(index, sources, near);
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
    Config {
        neutral: neutral(&reader, &control_plane, &access_log),
        control_plane,
        default_policy: reader.parsed(
            &["proxy", "defaultInboundPolicy"],
            DefaultPolicy::parse,
            DefaultPolicy::Allow {
                authenticated: false,
                cluster: false,
            },
            "Linkerd's default: all-unauthenticated",
        ),
        cluster_networks: reader.parsed(
            &["clusterNetworks"],
            networks,
            known_networks("10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8"),
            "Linkerd's default: all private networks",
        ),
        probe_networks: reader.list(
            &["policyController", "probeNetworks"],
            known_networks("0.0.0.0/0,::/0"),
            "Linkerd's default: probes from anywhere",
        ),
        opaque_ports: reader.parsed(
            &["proxy", "opaquePorts"],
            |text| Some(port::each(text)),
            port::each("25,587,3306,4444,5432,6379,9300,11211"),
            "Linkerd's default list of opaque ports",
        ),
        ignore_inbound: reader.parsed(
            &["proxyInit", "ignoreInboundPorts"],
            |text| Some(port::each(text)),
            port::each("4567,4568"),
            "Linkerd's default: ports 4567 and 4568 pass by the proxy",
        ),
        ignore_outbound: reader.parsed(
            &["proxyInit", "ignoreOutboundPorts"],
            |text| Some(port::each(text)),
            port::each("4567,4568"),
            "Linkerd's default: ports 4567 and 4568 pass by the proxy",
        ),
        skip_subnets: reader.parsed(
            &["proxyInit", "skipSubnets"],
            networks,
            Vec::new(),
            "Linkerd's default: no subnet passes by the proxy",
        ),
        access_log,
        log_level: reader.text(
            &["proxy", "logLevel"],
            "warn,linkerd=info,hickory=error",
            "Linkerd's default log level of proxies",
        ),
        log_headers: reader.text(
            &["proxy", "logHTTPHeaders"],
            "off",
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
            |text| Some(text.into()),
            "linkerd-egress".into(),
            "Linkerd's default namespace of EgressNetworks for everyone",
        ),
    }
}

/// What rules look at.
fn neutral(
    reader: &Reader<'_>,
    control_plane: &Decided<Arc<str>>,
    access_log: &Decided<String>,
) -> Settings {
    let domain = ["identityTrustDomain", "clusterDomain"];
    let written = domain.into_iter().find_map(|field| {
        let (node, at) = reader.find(&[field])?;
        let text = node.as_str().filter(|text| !text.is_empty())?;
        Some(Decided::configured(text.into(), at))
    });
    let trust_domain = written.unwrap_or_else(|| {
        reader.default("cluster.local".into(), "Linkerd's default trust domain")
    });
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
        access_log: Decided {
            value: match is_log_format(&access_log.value) {
                true => LogState::On,
                false => LogState::Off,
            },
            because: access_log.because.clone(),
            rivals: Vec::new(),
        },
        log_formats: Vec::new(),
        known: reader.known(),
        unanswered: Vec::new(),
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
