//! Settings of the whole mesh: the values of the consul chart, and the configuration of servers and
//! agents.

use std::sync::Arc;

use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::mesh::Settings;
use crate::model::{At, Decided, LogState, Problem};

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

/// Reads the settings; `near` is the place to point at where there are none.
pub fn read(_index: &Index, near: At, _problems: &mut Vec<Problem>) -> Config {
    const ABSENT: &str = "Consul's settings are not in the input";
    fn assumed<T>(value: T, near: &At) -> Decided<T> {
        Decided::assumed(value, ABSENT, near.clone())
    }
    Config {
        neutral: Settings {
            at: near.clone(),
            trust_domain: assumed("consul".into(), &near),
            federated: false,
            root_namespace: assumed("consul".into(), &near),
            automatic_mtls: assumed(true, &near),
            plaintext_default: Some(assumed(false, &near)),
            access_log: assumed(LogState::Off, &near),
            log_formats: Vec::new(),
            known: false,
            unanswered: Vec::new(),
        },
        default_allow: assumed(None, &near),
        acls: assumed(false, &near),
        injects: assumed(true, &near),
        inject_by_default: assumed(false, &near),
        inject_namespaces: assumed(LabelSelector::default(), &near),
        allow_namespaces: assumed(vec!["*".to_owned()], &near),
        deny_namespaces: assumed(Vec::new(), &near),
        transparent_proxy: assumed(true, &near),
        overwrite_probes: assumed(true, &near),
        metrics: assumed(false, &near),
        metrics_port: 20200,
        namespaces: Namespaces::One,
        control_plane: assumed("consul".into(), &near),
        gateways: Vec::new(),
        api_gateway_service: assumed("LoadBalancer".to_owned(), &near),
        release: None,
        enterprise: assumed(false, &near),
        values: Vec::new(),
        audit: assumed(LogState::Unknown, &near),
    }
}
