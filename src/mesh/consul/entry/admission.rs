//! What Consul and the webhooks of its chart refuse: it has no effect.
//!
//! `hashicorp/consul-k8s: control-plane/api/v1alpha1/*_types.go` (Validate),
//! `hashicorp/consul: agent/structs/config_entry_intentions.go` (validate), `config_entry_mesh.go`,
//! `config_entry.go`.

use std::collections::BTreeSet;

use super::fields::unknown_in_file;
use super::{Entry, Kind, gateway};
use crate::k8s::Index;
use crate::mesh::consul::settings::Config;
use crate::mesh::consul::written::Written;
use crate::model::{At, Because};

/// Why something is refused, and the field.
pub type Refusal = (String, At);

/// The methods that the chart's webhook knows.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE",
];

/// The ways to look at a header, of which there is one.
const HEADER: [&str; 6] = ["present", "exact", "prefix", "suffix", "contains", "regex"];

/// The ways to look at a path, of which there is at most one.
const PATH: [&str; 3] = ["pathExact", "pathPrefix", "pathRegex"];

/// The longest that a description may be, in bytes.
const LONGEST: usize = 512;

/// Why an entry is refused, and the field.
pub(super) fn refusal(index: &Index, entry: &Entry, config: &Config) -> Option<Refusal> {
    if let Some(only) = entry.kind.only()
        && *entry.name != *only
    {
        return refuse(format!("its name must be {only}"), entry.named.clone());
    }
    if entry.name.is_empty() {
        return refuse("it names nothing", entry.named.clone());
    }
    let fields = entry.fields(index);
    let Some(fields) = &fields else {
        let needs = entry.kind == Kind::ServiceIntentions;
        return needs.then(|| ("it has no sources".to_owned(), entry.at.clone()));
    };
    let refused = match entry.kind {
        Kind::ServiceIntentions => intentions(fields, entry, config),
        Kind::ServiceDefaults => service_defaults(fields),
        Kind::ProxyDefaults => proxy_defaults(fields),
        Kind::Mesh => mesh(fields),
        Kind::JWTProvider => jwt_provider(fields),
        kind => gateway::refusal(kind, fields, has_namespaces(config)),
    };
    refused.or_else(|| unknown_in_file(entry, fields))
}

/// Whether entries may name namespaces of Consul, as far as is known.
fn has_namespaces(config: &Config) -> bool {
    config.namespaces.are_apart() || !config.neutral.known
}

fn refuse(what: impl Into<String>, at: At) -> Option<Refusal> {
    Some((what.into(), at))
}

/// A text that is none of those that a field takes.
fn other_than(fields: &Written<'_>, key: &str, known: &[&str]) -> Option<Refusal> {
    let text = fields.text(key).filter(|text| !known.contains(text))?;
    let what = format!("{text:?} is none of {}", known.join(", "));
    refuse(what, fields.field(key))
}

fn intentions(fields: &Written<'_>, entry: &Entry, config: &Config) -> Option<Refusal> {
    let apart = has_namespaces(config) || fields.is_own();
    let destination = fields.get("destination");
    if let Some(destination) = destination.filter(|_| !apart)
        && destination.text("namespace").is_some()
    {
        let what = "namespaces of Consul are not switched on";
        return refuse(what, destination.field("namespace"));
    }
    if let Some(refusal) = partly_wild(&entry.name, &entry.named) {
        return Some(refusal);
    }
    let sources = fields.each("sources");
    if sources.is_empty() {
        return refuse("it has no sources", fields.field("sources"));
    }
    let mut seen = BTreeSet::new();
    for source in &sources {
        let refusal = source_refusal(source, entry, apart).or_else(|| elsewhere(source, config));
        if refusal.is_some() {
            return refusal;
        }
        let text = |key| source.text(key).unwrap_or("");
        let mut key = ["name", "namespace", "partition", "peer", "samenessGroup"].map(text);
        if key[1].is_empty() && &*entry.namespace != "*" {
            key[1] = &entry.namespace;
        }
        if !seen.insert(key) {
            return refuse("it names this source twice", source.field("name"));
        }
    }
    fields.get("jwt").as_ref().and_then(nameless_provider)
}

fn source_refusal(source: &Written<'_>, entry: &Entry, apart: bool) -> Option<Refusal> {
    let Some(name) = source.text("name") else {
        return refuse("this source has no name", source.field("name"));
    };
    if let Some(refusal) = partly_wild(name, &source.field("name")) {
        return Some(refusal);
    }
    if !apart && source.text("namespace").is_some() {
        let what = "namespaces of Consul are not switched on";
        return refuse(what, source.field("namespace"));
    }
    if name != "*" && source.text("namespace") == Some("*") {
        let what = "a name in all namespaces is none";
        return refuse(what, source.field("namespace"));
    }
    let description = source.text("description");
    if description.is_some_and(|text| text.len() > LONGEST) {
        let what = format!("a description has at most {LONGEST} characters");
        return refuse(what, source.field("description"));
    }
    let places = ["partition", "peer", "samenessGroup"];
    let said: Vec<&str> = places
        .into_iter()
        .filter(|key| source.text(key).is_some())
        .collect();
    if let [_, second, ..] = said.as_slice() {
        return refuse(
            "a source has one of partition, peer and samenessGroup",
            source.field(second),
        );
    }
    for key in said {
        if source.text(key).is_some_and(|text| text.contains('*')) {
            return refuse("there is no wildcard here", source.field(key));
        }
    }
    let permissions = source.each("permissions");
    let action = source.text("action");
    match (action, permissions.is_empty()) {
        (Some(_), false) => {
            return refuse(
                "a source has an action or permissions, and not both",
                source.field("action"),
            );
        }
        (None, true) => {
            return refuse(
                "a source has an action or permissions",
                source.field("action"),
            );
        }
        _ => {}
    }
    if !permissions.is_empty() && (&*entry.name == "*" || &*entry.namespace == "*") {
        let what = "permissions are for one service, and not for all";
        return refuse(what, source.field("permissions"));
    }
    let refused = permissions.iter().find_map(permission);
    refused.or_else(|| other_than(source, "action", &["allow", "deny"]))
}

/// Sources from other places, as far as only the enterprise edition knows these.
/// `hashicorp/consul: agent/structs/config_entry_intentions_ce.go`.
fn elsewhere(source: &Written<'_>, config: &Config) -> Option<Refusal> {
    let known = config.neutral.known && !source.is_own();
    if known && config.partition.is_none() && source.text("partition").is_some() {
        let what = "partitions of Consul are not switched on";
        return refuse(what, source.field("partition"));
    }
    let edition = &config.enterprise;
    let assumed = matches!(edition.because, Because::Assumed { .. });
    let community = config.neutral.known && !edition.value && !assumed;
    if community && source.text("samenessGroup").is_some() {
        let what = "sameness groups are a part of the enterprise edition";
        return refuse(what, source.field("samenessGroup"));
    }
    None
}

fn partly_wild(name: &str, at: &At) -> Option<Refusal> {
    let partly = name.len() > 1 && name.contains('*');
    partly.then(|| ("a wildcard stands alone".to_owned(), at.clone()))
}

fn permission(permission: &Written<'_>) -> Option<Refusal> {
    if permission.text("action").is_none() {
        return refuse("this permission has no action", permission.field("action"));
    }
    if let Some(refusal) = other_than(permission, "action", &["allow", "deny"]) {
        return Some(refusal);
    }
    let Some(http) = permission.get("http") else {
        return refuse(
            "this permission says nothing of requests",
            permission.field("http"),
        );
    };
    let paths: Vec<&str> = PATH
        .into_iter()
        .filter(|key| http.text(key).is_some())
        .collect();
    if let [_, second, ..] = paths.as_slice() {
        return refuse(
            "a permission looks at a path in one way",
            http.field(second),
        );
    }
    for key in ["pathExact", "pathPrefix"] {
        if http.text(key).is_some_and(|path| !path.starts_with('/')) {
            return refuse("a path begins with /", http.field(key));
        }
    }
    let mut seen = BTreeSet::new();
    for (method, at) in http.texts("methods") {
        let upper = method.to_uppercase();
        // Consul itself takes small letters
        let known = METHODS.contains(&if http.is_own() { &*upper } else { method });
        if !known || !seen.insert(upper.clone()) {
            return refuse(format!("{method:?} is no method, or stands here twice"), at);
        }
    }
    let headers = http.each("header");
    if paths.is_empty() && headers.is_empty() && seen.is_empty() {
        return refuse(
            "this permission says nothing of requests",
            http.at().clone(),
        );
    }
    let refused = headers.iter().find_map(header);
    refused.or_else(|| permission.get("jwt").as_ref().and_then(nameless_provider))
}

fn header(header: &Written<'_>) -> Option<Refusal> {
    if header.text("name").is_none() {
        return refuse("this header has no name", header.field("name"));
    }
    let is_said = |key: &&str| header.text(key).is_some() || header.is_on(key);
    let said: Vec<&str> = HEADER.into_iter().filter(is_said).collect();
    match said.as_slice() {
        [] => refuse("this says nothing of the header", header.at().clone()),
        ["present" | "regex"] if header.is_on("ignoreCase") => refuse(
            "ignoreCase has no place beside this",
            header.field("ignoreCase"),
        ),
        [_] => None,
        [_, second, ..] => refuse("a header is looked at in one way", header.field(second)),
    }
}

fn nameless_provider(jwt: &Written<'_>) -> Option<Refusal> {
    let providers = jwt.each("providers").into_iter();
    let mut nameless = providers.filter(|provider| provider.text("name").is_none());
    let first = nameless.next()?;
    refuse("this provider has no name", first.field("name"))
}

fn service_defaults(fields: &Written<'_>) -> Option<Refusal> {
    let of_objects = fields.get("mode").filter(|_| !fields.is_own());
    if let Some(mode) = of_objects {
        return refuse(
            "the mode is set by an annotation of the pods",
            mode.at().clone(),
        );
    }
    let protocol = || match fields.is_own() {
        true => None,
        false => other_than(fields, "protocol", &["tcp", "http", "http2", "grpc"]),
    };
    let exposed = || exposed_protocol(fields);
    let balance = || other_than(fields, "balanceInboundConnections", &["exact_balance"]);
    mutual_tls(fields)
        .or_else(protocol)
        .or_else(exposed)
        .or_else(balance)
}

fn exposed_protocol(fields: &Written<'_>) -> Option<Refusal> {
    let paths = fields.path(&["expose", "paths"])?.items();
    let known = ["http", "http2"];
    let wrong = paths
        .iter()
        .find_map(|path| other_than(path, "protocol", &known));
    wrong.or_else(|| {
        let relative =
            |path: &&Written<'_>| path.text("path").is_some_and(|text| !text.starts_with('/'));
        let path = paths.iter().find(relative).filter(|path| !path.is_own())?;
        refuse("a path begins with /", path.field("path"))
    })
}

fn mutual_tls(fields: &Written<'_>) -> Option<Refusal> {
    other_than(fields, "mutualTLSMode", &["strict", "permissive"])
}

fn proxy_defaults(fields: &Written<'_>) -> Option<Refusal> {
    let of_objects = fields.get("mode").filter(|_| !fields.is_own());
    if let Some(mode) = of_objects {
        return refuse(
            "the mode is set by an annotation of the pods",
            mode.at().clone(),
        );
    }
    let logs = || {
        let logs = fields.get("accessLogs")?;
        if logs.text("jsonFormat").is_some() && logs.text("textFormat").is_some() {
            return refuse("a log has one format", logs.field("textFormat"));
        }
        let json = logs.text("jsonFormat");
        if json.is_some_and(|text| serde_json::from_str::<serde_json::Value>(text).is_err()) {
            return refuse("this is no JSON", logs.field("jsonFormat"));
        }
        let to_file = logs.text("type") == Some("file");
        if to_file && logs.text("path").is_none() {
            return refuse("a log in a file has a path", logs.field("type"));
        }
        if !to_file && logs.text("path").is_some() {
            return refuse("a path is for a log in a file", logs.field("path"));
        }
        other_than(&logs, "type", &["stdout", "stderr", "file"])
    };
    let exposed = || exposed_protocol(fields);
    mutual_tls(fields).or_else(logs).or_else(exposed)
}

fn mesh(fields: &Written<'_>) -> Option<Refusal> {
    let normalization = fields.path(&["http", "incoming", "requestNormalization"])?;
    let slashes = [
        "IMPLEMENTATION_SPECIFIC_DEFAULT",
        "KEEP_UNCHANGED",
        "REJECT_REQUEST",
        "UNESCAPE_AND_REDIRECT",
        "UNESCAPE_AND_FORWARD",
    ];
    let underscores = ["ALLOW", "REJECT_REQUEST", "DROP_HEADER"];
    other_than(&normalization, "pathWithEscapedSlashesAction", &slashes)
        .or_else(|| other_than(&normalization, "headersWithUnderscoresAction", &underscores))
}

/// `hashicorp/consul: agent/structs/config_entry_jwt_provider.go` (Validate).
fn jwt_provider(fields: &Written<'_>) -> Option<Refusal> {
    let Some(keys) = fields.get("jsonWebKeySet") else {
        return refuse("it names no keys", fields.field("jsonWebKeySet"));
    };
    match (keys.get("local"), keys.get("remote")) {
        (Some(_), Some(remote)) => refuse(
            "its keys are local or remote, and not both",
            remote.at().clone(),
        ),
        (None, None) => refuse("its keys are neither local nor remote", keys.at().clone()),
        _ => None,
    }
}
