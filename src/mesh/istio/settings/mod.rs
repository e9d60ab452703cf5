//! Mesh-wide settings: what holds for a control plane, because of which line, and what holds where
//! nothing is written.
//!
//! Defaults: `istio/istio: pkg/config/mesh/mesh.go` (DefaultMeshConfig).

mod capture;
mod conflict;
mod discovery;
mod env;
mod injection;
mod installation;
mod place;
mod profile;
mod provider;
mod proxy_config;
mod reader;
mod recognize;
mod revisions;
mod sources;
mod tracing;
mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use capture::CaptureDefaults;
pub use discovery::Discovery;
pub use injection::Injection;
pub use installation::values_of;
pub use provider::Provider;
pub use revisions::Revisions;
pub use tracing::Tracing;
pub use traffic::{IngressMode, OutboundPolicy};

use crate::k8s::Index;
use crate::mesh::{Settings, release};
use crate::model::{
    At, Because, Decided, LogState, Normalization, Problem, ProblemKind, ResourceId,
};
use env::Flags;
use place::Sources;
use reader::{Reader, texts_in};

/// Istio's mesh configuration, as far as it decides anything here.
#[derive(Debug)]
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
    /// What is said about spans.
    pub tracing: Tracing,
    /// `extensionProviders`.
    pub providers: Vec<Provider>,
    /// `pathNormalization.normalization`.
    pub normalization: Normalization,
    /// `defaultDestinationRuleExportTo`.
    pub destination_export_to: Vec<String>,
    /// `defaultConfig.interceptionMode` where it is `NONE`.
    pub no_interception: Option<At>,
    /// What is captured of pods that say nothing about it.
    pub capture: CaptureDefaults,
    /// Whether sidecars listen for HBONE; nothing where no settings are in the input.
    pub hbone: Option<Decided<bool>>,
    /// `outboundTrafficPolicy.mode`.
    pub outbound_policy: Decided<OutboundPolicy>,
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
    /// The settings of the other control planes, by revision.
    others: BTreeMap<Arc<str>, MeshConfig>,
}

impl MeshConfig {
    /// The settings of the control plane of a revision.
    pub fn of(&self, revision: &str) -> &Self {
        self.others.get(revision).unwrap_or(self)
    }

    /// Whether two control planes agree on who is trusted, and where policies are mesh-wide.
    fn trusts_the_same(&self, other: &Self) -> bool {
        self.neutral.trust_domain.value == other.neutral.trust_domain.value
            && self.neutral.root_namespace.value == other.neutral.root_namespace.value
            && self.trust_domain_aliases == other.trust_domain_aliases
    }

    /// A switch of the control plane (`PILOT_ENABLE_AMBIENT`), where it is written.
    pub fn flag(&self, name: &str) -> Option<(bool, At)> {
        self.flags.get(name)
    }
}

/// Reads the settings of all control planes; `near` is the place to point at where there are none.
/// Those of the default revision stand for all that have none of their own.
pub fn read(index: &Index, near: At, problems: &mut Vec<Problem>) -> MeshConfig {
    let mut planes = sources::find(index, problems);
    let main = planes
        .remove(place::DEFAULT)
        .or_else(|| Some(planes.pop_first()?.1))
        .unwrap_or_default();
    let mut config = read_one(index, main, near.clone(), problems);
    for (revision, sources) in planes {
        let other = read_one(index, sources, near.clone(), problems);
        if !config.trusts_the_same(&other) {
            problems.push(Problem::at(
                ProblemKind::NotUnderstood,
                "this control plane has other trust domains or another root namespace than the first one; \
                 policies are judged by those of the first one",
                other.neutral.at.clone(),
            ));
        }
        let formats = &mut config.neutral.log_formats;
        formats.extend(other.neutral.log_formats.iter().cloned());
        config.others.insert(revision, other);
    }
    for over in release::passed_over(index, &["istiod"]) {
        problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            "what is set here is not looked at, and may change any setting; write it into the values of this object",
            over.at,
        ));
    }
    if let Some(discovery) = Discovery::find(index) {
        discovery.report(index, problems);
    }
    config
}

/// The first object that installs a control plane.
pub fn trace(index: &Index) -> Option<ResourceId> {
    let planes = sources::find(index, &mut Vec::new());
    let first = planes.into_values().next()?;
    first.mesh.first().map(|at| at.resource)
}

fn read_one(index: &Index, sources: Sources, near: At, problems: &mut Vec<Problem>) -> MeshConfig {
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
    let access_log_format = access_log_format(&reader);
    let providers = provider::providers(&reader);
    let formats = access_log_format.iter().cloned();
    let of_providers = providers.iter().filter_map(|p| p.format.clone());
    MeshConfig {
        neutral: Settings {
            log_formats: formats.chain(of_providers).collect(),
            ..neutral(&reader, &access_log_file, &default_log_providers)
        },
        trust_domain_aliases: aliases(&reader),
        access_log_format,
        access_log_service: reader
            .find(&["enableEnvoyAccessLogService"])
            .filter(|(node, _)| node.as_bool() == Some(true))
            .map(|(_, at)| at),
        access_log_file,
        default_log_providers,
        tracing: Tracing::read(&reader),
        providers,
        normalization: normalization(&reader, problems),
        destination_export_to: reader.words(&["defaultDestinationRuleExportTo"]),
        no_interception: reader
            .find(&["defaultConfig", "interceptionMode"])
            .filter(|(node, _)| node.as_str() == Some("NONE"))
            .map(|(_, at)| at),
        capture: CaptureDefaults::read(&reader),
        hbone: traffic::hbone(&reader),
        outbound_policy: traffic::outbound_policy(&reader),
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
        flags: Flags::read(index, &reader.sources),
        others: BTreeMap::new(),
    }
}

/// `accessLogFormat`. Where lines are JSON, what is no JSON object is passed over:
/// `istio/istio: pilot/pkg/model/telemetry_logging.go` (FileAccessLogFromMeshConfig).
fn access_log_format(reader: &Reader<'_>) -> Option<(String, At)> {
    let (node, at) = reader.find(&["accessLogFormat"])?;
    let format = node.as_str().filter(|format| !format.is_empty())?;
    let encoding = reader.find(&["accessLogEncoding"]);
    let is_json = encoding.and_then(|(node, _)| node.as_str()) == Some("JSON");
    type Object = serde_json::Map<String, serde_json::Value>;
    if is_json && serde_json::from_str::<Object>(format).is_err() {
        return None;
    }
    Some((format.to_owned(), at))
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
        federated: reader
            .find(&["caCertificates"])
            .is_some_and(|(list, _)| list.items().next().is_some()),
        root_namespace: arc(root_namespace(reader)),
        plaintext_default: None,
        automatic_mtls: match reader.find(&["enableAutoMtls"]) {
            Some((node, at)) => Decided::configured(node.as_bool() != Some(false), at),
            None => reader.default(
                true,
                "Istio's default: clients use mutual TLS by themselves",
            ),
        },
        access_log: Decided::new(if off { LogState::Off } else { LogState::On }, because),
        log_formats: Vec::new(),
        known: reader.known(),
        unanswered: Vec::new(),
    }
}

/// Where nothing is written, the chart takes the namespace that Istio is installed in.
fn root_namespace(reader: &Reader<'_>) -> Decided<String> {
    let written = reader.text(
        &["rootNamespace"],
        "istio-system",
        "Istio's default root namespace",
    );
    match place::first_text(reader.index, &reader.sources.namespaces) {
        Some((namespace, at)) if !written.because.is_configured() => {
            Decided::configured(namespace.to_owned(), at)
        }
        _ => written,
    }
}

/// Those of all places, sorted: `istio/istio: pkg/config/mesh/mesh.go` (ApplyMeshConfig).
fn aliases(reader: &Reader<'_>) -> Vec<String> {
    let all = reader.all(&["trustDomainAliases"]).into_iter();
    let mut aliases: Vec<String> = all.flat_map(texts_in).map(|(text, _)| text).collect();
    aliases.sort();
    aliases.dedup();
    aliases
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
        return Normalization::BASE;
    };
    match node.as_str() {
        Some("DEFAULT" | "BASE") => Normalization::BASE,
        Some("NONE") => Normalization::NONE,
        Some("MERGE_SLASHES") => Normalization::MERGE_SLASHES,
        Some("DECODE_AND_MERGE_SLASHES") => Normalization::DECODE_AND_MERGE_SLASHES,
        _ => {
            problems.push(Problem::at(
                ProblemKind::Rejected,
                "not a path normalization of Istio; BASE is taken, as where nothing is set",
                at,
            ));
            Normalization::BASE
        }
    }
}

#[cfg(test)]
mod tests;
