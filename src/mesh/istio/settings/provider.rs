//! `extensionProviders`: who logs, traces and authorizes, by name.

use super::profile;
use super::reader::Reader;
use crate::model::At;
use crate::syntax::{Node, Value};

/// One of `extensionProviders`.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// What it is: the field that holds its settings (`envoyFileAccessLog`).
    pub kind: String,
    /// Format of a log line, where it has one of its own.
    pub format: Option<(String, At)>,
    /// The service it sends to, or asks.
    pub service: Option<(String, At)>,
    /// Whether it chooses by itself which spans it keeps.
    pub samples: bool,
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

/// The providers of all places, of those with one name the one that counts first; else those of
/// the profile.
pub(super) fn providers(reader: &Reader<'_>) -> Vec<Provider> {
    let mut found: Vec<Provider> = Vec::new();
    let written = reader.all(&["extensionProviders"]);
    for (list, at) in &written {
        for (i, node) in list.items().enumerate() {
            let one = provider(node, at.join(i));
            let is_new = |one: &Provider| !found.iter().any(|known| known.name == one.name);
            if let Some(one) = one.filter(is_new) {
                found.push(one);
            }
        }
    }
    if written.is_empty()
        && let Some((profile, at)) = &reader.sources.profile
    {
        let brought = profile::providers(profile).iter();
        found.extend(brought.map(|(name, kind, service)| Provider {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            format: None,
            service: Some(((*service).to_owned(), at.clone())),
            samples: false,
            unusable: None,
        }));
    }
    found
}

fn provider(node: Node<'_>, at: At) -> Option<Provider> {
    let name = node.get("name")?.as_str()?.to_owned();
    let settings = node.entries().find(|entry| entry.key != "name")?;
    let at = at.join(settings.key);
    let service = settings.value.get("service").and_then(Node::as_str);
    let mut fields = settings.value.entries();
    Some(Provider {
        name,
        kind: settings.key.to_owned(),
        format: log_format(settings.value, &at).or_else(|| sent(settings.key, settings.value, &at)),
        service: service.map(|text| (text.to_owned(), at.join("service"))),
        samples: fields.any(|field| field.key.ends_with("Sampler")),
        unusable: unusable(settings.key, settings.value),
    })
}

/// What a provider is sent beyond its usual fields, as a format would say it.
/// `istio/istio: pilot/pkg/model/telemetry_logging.go` (httpGrpcAccessLogFromTelemetry).
fn sent(kind: &str, settings: Node<'_>, at: &At) -> Option<(String, At)> {
    if !matches!(kind, "envoyHttpAls" | "envoyTcpAls") {
        return None;
    }
    let lists = [
        ("additionalRequestHeadersToLog", "REQ"),
        ("additionalResponseHeadersToLog", "RESP"),
        ("additionalResponseTrailersToLog", "TRAILER"),
        ("filterStateObjectsToLog", "FILTER_STATE"),
    ];
    let written = |name: &str| settings.get(name).filter(|list| list.items().len() > 0);
    let (first, _) = lists.iter().find(|(name, _)| written(name).is_some())?;
    let mut lines = Vec::new();
    for (name, operator) in lists {
        let items = written(name).into_iter().flat_map(Node::items);
        let texts = items.filter_map(Node::as_str);
        lines.extend(texts.map(|text| format!("%{operator}({text})%")));
    }
    if written("filterStateObjectsToLog").is_none() {
        lines.push("%FILTER_STATE(downstream_peer)%".to_owned());
        lines.push("%FILTER_STATE(upstream_peer)%".to_owned());
    }
    Some((lines.join("\n"), at.join(first)))
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
