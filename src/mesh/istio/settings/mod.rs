//! Mesh-wide settings: what holds for a control plane, because of which line, and what holds where
//! nothing is written.
//!
//! Defaults: `istio/istio: pkg/config/mesh/mesh.go` (DefaultMeshConfig).

mod env;
mod profile;
mod provider;
mod reader;
mod sources;
mod traffic;

use std::sync::Arc;

pub use provider::Provider;
#[allow(unused_imports)] // for ambient and gateways
pub use traffic::{IngressMode, OutboundPolicy};

use crate::k8s::Index;
use crate::mesh::Settings;
use crate::model::{At, Because, Decided, LogState, Normalization, Problem, ProblemKind};
use env::Flags;
use reader::Reader;

/// Istio's mesh configuration, as far as it decides anything here.
#[derive(Debug)]
#[allow(dead_code)] // what ambient and gateways ask for
pub struct MeshConfig {
    /// What rules look at.
    pub neutral: Settings,
    /// Other trust domains that are taken for our own.
    pub trust_domain_aliases: Vec<String>,
    /// `accessLogFile`; empty is off.
    pub access_log_file: Decided<String>,
    /// `accessLogFormat`, where one is written.
    pub access_log_format: Option<(String, At)>,
    /// `enableEnvoyAccessLogService`.
    pub access_log_service: Option<At>,
    /// `defaultProviders.accessLogging`.
    pub default_log_providers: Vec<(String, At)>,
    /// `extensionProviders`.
    pub providers: Vec<Provider>,
    /// `pathNormalization.normalization`.
    pub normalization: Normalization,
    /// `defaultDestinationRuleExportTo`.
    pub destination_export_to: Vec<String>,
    /// `defaultConfig.interceptionMode` where it is `NONE`.
    pub no_interception: Option<At>,
    /// Whether sidecars listen for HBONE; nothing where no settings are in the input.
    pub hbone: Option<Decided<bool>>,
    /// `outboundTrafficPolicy.mode`.
    pub outbound_policy: Decided<OutboundPolicy>,
    /// `inboundTrafficPolicy.mode` where it is `LOCALHOST`.
    pub inbound_traffic_policy: Option<At>,
    /// `ingressControllerMode`.
    pub ingress_controller_mode: Decided<IngressMode>,
    /// `ingressClass`.
    pub ingress_class: Decided<String>,
    /// `ingressSelector`: the label `istio` of the pods that serve Ingress objects.
    pub ingress_selector: Decided<String>,
    /// `defaultVirtualServiceExportTo`; empty is everyone.
    pub virtual_service_export_to: Vec<String>,
    /// `defaultServiceExportTo`; empty is everyone.
    pub service_export_to: Vec<String>,
    /// `defaultConfig.gatewayTopology.numTrustedProxies`.
    pub num_trusted_proxies: Option<(u32, At)>,
    /// Switches of the control plane.
    flags: Flags,
}

impl MeshConfig {
    /// A switch of the control plane (`PILOT_ENABLE_AMBIENT`), where it is written.
    #[allow(dead_code)] // for ambient and gateways
    pub fn flag(&self, name: &str) -> Option<(bool, At)> {
        self.flags.get(name)
    }
}

/// Reads the mesh configuration; `near` is the place to point at where there is none.
pub fn read(index: &Index, near: At, problems: &mut Vec<Problem>) -> MeshConfig {
    let sources = sources::find(index, problems);
    let near = sources.mesh.first().cloned().unwrap_or(near);
    let reader = Reader {
        index,
        sources,
        near,
    };
    let access_log_file = reader.text(
        &["accessLogFile"],
        "",
        "Istio writes no access log unless it is told to",
    );
    let default_log_providers = reader.texts(&["defaultProviders", "accessLogging"]);
    let access_log_format = reader
        .find(&["accessLogFormat"])
        .and_then(|(node, at)| Some((node.as_str()?.to_owned(), at)))
        .filter(|(format, _)| !format.is_empty());
    let providers = provider::providers(&reader);
    let formats = access_log_format.iter().cloned();
    let of_providers = providers.iter().filter_map(|p| p.format.clone());
    let log_formats = formats.chain(of_providers).collect();
    let neutral = Settings {
        log_formats,
        ..neutral(&reader, &access_log_file, &default_log_providers)
    };
    MeshConfig {
        neutral,
        trust_domain_aliases: reader
            .texts(&["trustDomainAliases"])
            .into_iter()
            .map(|(t, _)| t)
            .collect(),
        access_log_format,
        access_log_service: reader
            .find(&["enableEnvoyAccessLogService"])
            .filter(|(node, _)| node.as_bool() == Some(true))
            .map(|(_, at)| at),
        access_log_file,
        default_log_providers,
        providers,
        normalization: normalization(&reader, problems),
        destination_export_to: reader.words(&["defaultDestinationRuleExportTo"]),
        no_interception: reader
            .find(&["defaultConfig", "interceptionMode"])
            .filter(|(node, _)| node.as_str() == Some("NONE"))
            .map(|(_, at)| at),
        hbone: traffic::hbone(&reader),
        outbound_policy: traffic::outbound_policy(&reader),
        inbound_traffic_policy: traffic::inbound_localhost(&reader),
        ingress_controller_mode: traffic::ingress_mode(&reader),
        ingress_class: reader.text(&["ingressClass"], "istio", "Istio's default Ingress class"),
        ingress_selector: reader.text(
            &["ingressSelector"],
            "ingressgateway",
            "Istio's default: pods labelled istio: ingressgateway serve Ingress objects",
        ),
        virtual_service_export_to: reader.words(&["defaultVirtualServiceExportTo"]),
        service_export_to: reader.words(&["defaultServiceExportTo"]),
        num_trusted_proxies: traffic::num_trusted_proxies(&reader),
        flags: Flags::read(&reader),
    }
}

/// What rules look at, without the formats of logs.
fn neutral(
    reader: &Reader<'_>,
    file: &Decided<String>,
    default_log_providers: &[(String, At)],
) -> Settings {
    let off = file.value.is_empty() && default_log_providers.is_empty();
    let because = match default_log_providers.first() {
        Some((_, at)) => Because::Configured(at.clone()),
        None => file.because.clone(),
    };
    Settings {
        at: reader.near.clone(),
        trust_domain: arc(reader.text(
            &["trustDomain"],
            "cluster.local",
            "Istio's default trust domain",
        )),
        root_namespace: arc(root_namespace(reader)),
        automatic_mtls: match reader.find(&["enableAutoMtls"]) {
            Some((node, at)) => Decided::configured(node.as_bool() != Some(false), at),
            None => reader.default(
                true,
                "Istio's default: clients use mutual TLS by themselves",
            ),
        },
        access_log: Decided {
            value: if off { LogState::Off } else { LogState::On },
            because,
            rivals: Vec::new(),
        },
        log_formats: Vec::new(),
        known: reader.known(),
    }
}

/// Where nothing is written, the chart takes the namespace that Istio is installed in.
fn root_namespace(reader: &Reader<'_>) -> Decided<String> {
    let written = reader.text(
        &["rootNamespace"],
        "istio-system",
        "Istio's default root namespace",
    );
    match reader.find_value(&["global", "istioNamespace"]) {
        Some((node, at)) if !written.because.is_configured() => match node.as_str() {
            Some(namespace) => Decided::configured(namespace.to_owned(), at),
            None => written,
        },
        _ => written,
    }
}

fn arc(text: Decided<String>) -> Decided<Arc<str>> {
    Decided {
        value: text.value.into(),
        because: text.because,
        rivals: text.rivals,
    }
}

fn normalization(reader: &Reader<'_>, problems: &mut Vec<Problem>) -> Normalization {
    let Some((node, at)) = reader.find(&["pathNormalization", "normalization"]) else {
        return Normalization::Base;
    };
    match node.as_str() {
        Some("DEFAULT" | "BASE") => Normalization::Base,
        Some("NONE") => Normalization::None,
        Some("MERGE_SLASHES") => Normalization::MergeSlashes,
        Some("DECODE_AND_MERGE_SLASHES") => Normalization::DecodeAndMergeSlashes,
        _ => {
            problems.push(Problem::at(
                ProblemKind::Rejected,
                "not a path normalization of Istio; BASE is taken, as where nothing is set",
                at,
            ));
            Normalization::Base
        }
    }
}

#[cfg(test)]
mod tests;
