//! Mesh-wide settings: which source counts, and what holds where it says nothing.
//!
//! Defaults: `istio/istio: pkg/config/mesh/mesh.go` (DefaultMeshConfig).

use std::sync::Arc;

use crate::k8s::{Index, step_into};
use crate::mesh::Settings;
use crate::model::{
    At, Because, Decided, LogState, Normalization, Problem, ProblemKind, ResourceId,
};
use crate::syntax::{Node, Value};

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
    /// `extensionProviders`.
    pub providers: Vec<Provider>,
    /// `pathNormalization.normalization`.
    pub normalization: Normalization,
    /// `defaultDestinationRuleExportTo`.
    pub destination_export_to: Vec<String>,
    /// `defaultConfig.interceptionMode` where it is `NONE`.
    pub no_interception: Option<At>,
}

/// One of `extensionProviders`.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// What it is: the field that holds its settings (`envoyFileAccessLog`).
    pub kind: String,
    /// Format of a log line, where it has one of its own.
    pub format: Option<(String, At)>,
    /// Why it can not be asked, of a provider that authorizes.
    pub unusable: Option<String>,
}

impl Provider {
    /// Whether it writes access logs.
    pub fn logs(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "envoyFileAccessLog" | "envoyHttpAls" | "envoyTcpAls" | "envoyOtelAls" | "stackdriver"
        )
    }

    /// Whether it can be asked to authorize.
    pub fn authorizes(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "envoyExtAuthzHttp" | "envoyExtAuthzGrpc"
        )
    }
}

/// The places that hold mesh configuration, the one that counts first, each as its address.
fn sources(index: &Index, problems: &mut Vec<Problem>) -> Vec<At> {
    let mut config_maps: Vec<ResourceId> = index
        .of_kind("", "ConfigMap")
        .iter()
        .copied()
        .filter(|&id| {
            let name = &*index.resource(id).key.name;
            (name == "istio" || name.starts_with("istio-"))
                && index.node(id).path(&["data", "mesh"]).is_some()
        })
        .collect();
    config_maps.sort_by_key(|&id| index.resource(id).key.name.to_string());
    for &other in config_maps.iter().skip(1) {
        problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            "a second mesh configuration: several control planes in one environment are not told apart yet, \
             the settings of the first one were taken for all",
            At::new(other, "/data/mesh"),
        ));
    }
    if let Some(&first) = config_maps.first() {
        return vec![At::new(first, "/data/mesh")];
    }
    let mut others = Vec::new();
    for &id in index.of_kind("install.istio.io", "IstioOperator") {
        others.push(At::new(id, "/spec/meshConfig"));
        others.push(At::new(id, "/spec/values/meshConfig"));
    }
    for &id in index.of_kind("sailoperator.io", "Istio") {
        others.push(At::new(id, "/spec/values/meshConfig"));
    }
    others
}

/// Looks settings up in their sources, the first that has one wins.
struct Reader<'a> {
    index: &'a Index,
    sources: Vec<At>,
    near: At,
}

impl<'a> Reader<'a> {
    fn find(&self, path: &[&str]) -> Option<(Node<'a>, At)> {
        self.sources.iter().find_map(|source| {
            let mut node = self.index.node(source.resource);
            for step in source.pointer.steps() {
                node = step_into(node, &step)?;
            }
            let mut at = source.clone();
            for step in path {
                node = step_into(node, step)?;
                at = at.join(step);
            }
            (!node.is_null()).then_some((node, at))
        })
    }

    fn text(&self, path: &[&str], default: &str, rule: &'static str) -> Decided<String> {
        match self
            .find(path)
            .and_then(|(node, at)| Some((node.as_str()?, at)))
        {
            Some((text, at)) => Decided::configured(text.to_owned(), at),
            None => self.default(default.to_owned(), rule),
        }
    }

    fn texts(&self, path: &[&str]) -> Vec<(String, At)> {
        let Some((node, at)) = self.find(path) else {
            return Vec::new();
        };
        node.items()
            .enumerate()
            .filter_map(|(i, item)| Some((item.as_str()?.to_owned(), at.join(i))))
            .collect()
    }

    /// A value nobody wrote: Istio's default where the settings are in the input, else assumed.
    fn default<T>(&self, value: T, rule: &'static str) -> Decided<T> {
        if self.sources.is_empty() {
            Decided::assumed(
                value,
                format!("{rule} (no mesh configuration in the input)"),
                self.near.clone(),
            )
        } else {
            Decided::default(value, rule, self.near.clone())
        }
    }
}

/// Reads the mesh configuration; `near` is the place to point at where there is none.
pub fn read(index: &Index, near: At, problems: &mut Vec<Problem>) -> MeshConfig {
    let sources = sources(index, problems);
    let near = sources.first().cloned().unwrap_or(near);
    let reader = Reader {
        index,
        sources,
        near,
    };
    let access_log_file = access_log_file(&reader);
    let default_log_providers = reader.texts(&["defaultProviders", "accessLogging"]);
    let automatic = match reader.find(&["enableAutoMtls"]) {
        Some((node, at)) => Decided::configured(node.as_bool() != Some(false), at),
        None => reader.default(
            true,
            "Istio's default: clients use mutual TLS by themselves",
        ),
    };
    let log_state = if access_log_file.value.is_empty() && default_log_providers.is_empty() {
        LogState::Off
    } else {
        LogState::On
    };
    let access_log_format = reader
        .find(&["accessLogFormat"])
        .and_then(|(node, at)| Some((node.as_str()?.to_owned(), at)))
        .filter(|(format, _)| !format.is_empty());
    let providers = providers(&reader);
    let neutral = Settings {
        at: reader.near.clone(),
        trust_domain: arc(reader.text(
            &["trustDomain"],
            "cluster.local",
            "Istio's default trust domain",
        )),
        root_namespace: arc(reader.text(
            &["rootNamespace"],
            "istio-system",
            "Istio's default root namespace",
        )),
        automatic_mtls: automatic,
        access_log: Decided {
            value: log_state,
            because: default_log_providers
                .first()
                .map_or(access_log_file.because.clone(), |(_, at)| {
                    Because::Configured(at.clone())
                }),
            rivals: Vec::new(),
        },
        log_formats: access_log_format
            .iter()
            .cloned()
            .chain(
                providers
                    .iter()
                    .filter_map(|provider| provider.format.clone()),
            )
            .collect(),
        known: !reader.sources.is_empty(),
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
        destination_export_to: reader
            .texts(&["defaultDestinationRuleExportTo"])
            .into_iter()
            .map(|(text, _)| text)
            .collect(),
        no_interception: reader
            .find(&["defaultConfig", "interceptionMode"])
            .filter(|(node, _)| node.as_str() == Some("NONE"))
            .map(|(_, at)| at),
    }
}

fn arc(text: Decided<String>) -> Decided<Arc<str>> {
    Decided {
        value: text.value.into(),
        because: text.because,
        rivals: text.rivals,
    }
}

/// The profile `demo` switches the log on: `istio/istio: manifests/helm-profiles/demo.yaml`.
fn access_log_file(reader: &Reader<'_>) -> Decided<String> {
    if let Some((node, at)) = reader.find(&["accessLogFile"]) {
        return Decided::configured(node.as_str().unwrap_or("").to_owned(), at);
    }
    let demo = reader.sources.iter().find(|source| {
        let profile = reader
            .index
            .node(source.resource)
            .path(&["spec", "profile"]);
        profile.and_then(Node::as_str) == Some("demo")
    });
    match demo {
        Some(source) => Decided::configured(
            "/dev/stdout".to_owned(),
            At::new(source.resource, "/spec/profile"),
        ),
        None => reader.default(
            String::new(),
            "Istio writes no access log unless it is told to",
        ),
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

fn providers(reader: &Reader<'_>) -> Vec<Provider> {
    let Some((list, at)) = reader.find(&["extensionProviders"]) else {
        return Vec::new();
    };
    list.items()
        .enumerate()
        .filter_map(|(i, node)| provider(node, at.join(i)))
        .collect()
}

fn provider(node: Node<'_>, at: At) -> Option<Provider> {
    let name = node.get("name")?.as_str()?.to_owned();
    let settings = node.entries().find(|entry| entry.key != "name")?;
    let at = at.join(settings.key);
    Some(Provider {
        name,
        kind: settings.key.to_owned(),
        format: log_format(settings.value, &at),
        unusable: unusable(settings.key, settings.value),
    })
}

/// The text of a log format, or the texts of its labels one a line.
fn log_format(settings: Node<'_>, at: &At) -> Option<(String, At)> {
    let format = settings.get("logFormat")?;
    let at = at.join("logFormat");
    if let Some(text) = format.get("text").and_then(Node::as_str) {
        return Some((text.to_owned(), at.join("text")));
    }
    let labels = format.get("labels")?;
    let mut lines = Vec::new();
    label_lines(labels, &mut lines);
    Some((lines.join("\n"), at.join("labels")))
}

/// Labels may hold labels in turn.
fn label_lines(labels: Node<'_>, lines: &mut Vec<String>) {
    for entry in labels.entries() {
        lines.push(format!(
            "{}: {}",
            entry.key,
            entry.value.as_str().unwrap_or("")
        ));
        label_lines(entry.value, lines);
    }
}

/// What makes istiod refuse a provider that authorizes: it then installs the rules as refusals.
/// `istio/istio: pilot/pkg/security/authz/builder/extauthz.go`.
fn unusable(kind: &str, settings: Node<'_>) -> Option<String> {
    if !kind.starts_with("envoyExtAuthz") {
        return None;
    }
    let port = settings.get("port").and_then(Node::as_i64).unwrap_or(0);
    if !(1..=65_535).contains(&port) {
        return Some(format!("{port} is no port"));
    }
    let service = settings.get("service").and_then(Node::as_str).unwrap_or("");
    if service.is_empty() {
        return Some("it names no service".to_owned());
    }
    if kind != "envoyExtAuthzHttp" {
        return None;
    }
    let prefix = settings.get("pathPrefix").and_then(Node::as_str);
    if prefix.is_some_and(|prefix| !prefix.starts_with('/')) {
        return Some("pathPrefix does not begin with a slash".to_owned());
    }
    let status = settings
        .get("statusOnError")
        .map(|node| match node.value() {
            Value::Text(text) => text.to_owned(),
            _ => node.as_i64().map(|n| n.to_string()).unwrap_or_default(),
        });
    status
        .filter(|status| !is_http_status(status))
        .map(|status| format!("statusOnError {status:?} is no HTTP status"))
}

/// The status codes that Envoy knows (`envoyproxy/envoy: api/envoy/type/v3/http_status.proto`).
fn is_http_status(text: &str) -> bool {
    matches!(
        text.parse::<u16>().unwrap_or(0),
        100 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=417 | 421..=424 | 426 | 428 | 429
            | 431 | 500..=508 | 510 | 511
    )
}
