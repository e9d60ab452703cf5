//! Linkerd's objects as they are written, as far as they decide anything.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::settings::network;
use crate::model::Labels;

/// The group of Linkerd's policies.
pub const POLICY: &str = "policy.linkerd.io";
/// The versions of `Server`, the oldest first.
/// `linkerd/linkerd2: charts/linkerd-crds/templates/policy/server.yaml`.
pub const SERVER_VERSIONS: &[&str] = &["v1alpha1", "v1beta1", "v1beta2", "v1beta3"];
/// The group of the Gateway API.
pub const GATEWAY: &str = "gateway.networking.k8s.io";

/// `Server`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Server {
    /// The pods.
    pub pod_selector: Option<Selector>,
    /// The workloads outside the cluster.
    pub external_workload_selector: Option<Selector>,
    /// The port.
    pub port: Port,
    /// What is spoken.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Who may call whom nothing else lets in.
    pub access_policy: Option<String>,
}

/// A port of pods: a number, or the name of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Port {
    /// This number, declared or not.
    Number(u16),
    /// All declared ports of this name.
    Name(String),
}

impl Default for Port {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ProxyProtocol {
    /// It is found out per connection.
    #[serde(rename = "unknown")]
    Unknown,
    /// HTTP/1.
    #[serde(rename = "HTTP/1")]
    Http1,
    /// HTTP/2.
    #[serde(rename = "HTTP/2")]
    Http2,
    /// gRPC.
    #[serde(rename = "gRPC")]
    Grpc,
    /// Bytes.
    #[serde(rename = "opaque")]
    Opaque,
    /// TLS of the application's own.
    #[serde(rename = "TLS")]
    Tls,
}

/// A selector of pods or Servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Labels that must have these values.
    pub match_labels: Option<Labels>,
    /// Further requirements.
    pub match_expressions: Option<Vec<Expression>>,
}

/// A requirement on a label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Expression {
    /// The label.
    pub key: String,
    /// What is required of it.
    pub operator: Operator,
    /// The values, for `In` and `NotIn`.
    pub values: Option<Vec<String>>,
}

/// What is required of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Whether it takes these labels; an illegal requirement takes nothing.
    /// `linkerd/linkerd2: policy-controller/k8s/api/src/labels.rs`.
    pub fn matches(&self, labels: &Labels) -> bool {
        let wanted = self.match_labels.iter().flatten();
        let mut expressions = self.match_expressions.iter().flatten();
        expressions.all(|one| one.holds(labels))
            && wanted
                .into_iter()
                .all(|(key, value)| labels.get(key) == Some(value))
    }

    /// The first requirement that is illegal, so that the selector takes nothing.
    pub fn illegal(&self) -> Option<usize> {
        let mut all = self.match_expressions.iter().flatten();
        all.position(|one| !one.is_legal())
    }
}

impl Expression {
    fn is_legal(&self) -> bool {
        let listing = matches!(self.operator, Operator::In | Operator::NotIn);
        listing == self.values.is_some()
    }

    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(self.key.as_str());
        let values = self.values.iter().flatten();
        let listed = value.is_some_and(|value| values.clone().any(|one| **one == **value));
        self.is_legal()
            && match self.operator {
                Operator::In => listed,
                Operator::NotIn => !listed,
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
    }
}

/// A reference to an object; group and kind in any case.
#[derive(Debug, Clone, Deserialize)]
pub struct Reference {
    /// Its group; none is the core group.
    pub group: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, where it may be in another.
    pub namespace: Option<String>,
}

impl Reference {
    /// Whether it names an object of this kind.
    /// `linkerd/linkerd2: policy-controller/k8s/api/src/policy.rs` (targets_kind).
    pub fn is(&self, group: &str, kind: &str) -> bool {
        targets(self.group.as_deref(), &self.kind, group, kind)
    }

    /// What is wrong with its group: it is compared in any case, and written in lower case only.
    pub fn fault(&self) -> Option<String> {
        let group = self.group.as_deref()?;
        (!is_group(group)).then(|| format!("{group:?} is no group"))
    }

    /// Its kind with its group, as people write it.
    pub fn title(&self) -> String {
        match self.group.as_deref() {
            None | Some("") => self.kind.clone(),
            Some(group) => format!("{}.{group}", self.kind),
        }
    }
}

/// Whether a text is a group, as objects may name one.
pub fn is_group(text: &str) -> bool {
    text.is_empty() || text.split('.').all(is_label)
}

/// Whether a text is a part of the name of a host, in lower case.
pub fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether group and kind of a reference name a kind.
pub fn targets(of: Option<&str>, named: &str, group: &str, kind: &str) -> bool {
    let core = |group: Option<&str>| match group {
        None | Some("") => "core".to_owned(),
        Some(group) => group.to_ascii_lowercase(),
    };
    core(of) == core(Some(group)) && named.eq_ignore_ascii_case(kind)
}

/// `AuthorizationPolicy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthorizationPolicy {
    /// What it is about.
    pub target_ref: Option<Reference>,
    /// Who is let in: all of these must hold. Whoever is, where there are none; it has to be there.
    pub required_authentication_refs: Option<Vec<Reference>>,
}

impl AuthorizationPolicy {
    /// What it requires.
    pub fn required(&self) -> &[Reference] {
        self.required_authentication_refs
            .as_deref()
            .unwrap_or_default()
    }
}

/// `MeshTLSAuthentication`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MeshTls {
    /// Names of identities.
    pub identities: Option<Vec<String>>,
    /// Service accounts and namespaces.
    pub identity_refs: Option<Vec<Reference>>,
}

/// `NetworkAuthentication`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NetworkAuthentication {
    /// Any of these.
    pub networks: Vec<Network>,
}

/// A network, without some parts of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Network {
    /// The network.
    pub cidr: Cidr,
    /// What of it does not count.
    pub except: Option<Vec<Cidr>>,
}

/// A network, or one address of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr(pub IpNet);

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let net = network(&text);
        net.map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no network and no address")))
    }
}

/// `ServerAuthorization`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServerAuthorization {
    /// The Servers.
    pub server: ServerReference,
    /// Who is let in.
    pub client: Client,
}

/// Servers, by name or by their labels.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServerReference {
    /// The name.
    pub name: Option<String>,
    /// Their labels.
    pub selector: Option<Selector>,
}

/// Who is let in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Client {
    /// From where; none is the cluster.
    pub networks: Option<Vec<Network>>,
    /// Whether anyone.
    pub unauthenticated: bool,
    /// With mutual TLS.
    #[serde(rename = "meshTLS")]
    pub mesh_tls: Option<ClientTls>,
}

/// Who is let in by mutual TLS.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientTls {
    /// Whether a client needs no identity.
    #[serde(rename = "unauthenticatedTLS")]
    pub unauthenticated_tls: bool,
    /// Names of identities.
    pub identities: Option<Vec<String>>,
    /// Service accounts.
    pub service_accounts: Option<Vec<Account>>,
}

/// A service account.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its namespace; none is the object's own.
    pub namespace: Option<String>,
}

/// `HTTPRoute` of either group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpRoute {
    /// What it is attached to.
    pub parent_refs: Vec<Parent>,
    /// The hosts it is about; none is any.
    pub hostnames: Vec<String>,
    /// Its rules.
    pub rules: Option<Vec<HttpRule>>,
}

/// What a route is attached to, or where it leads.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parent {
    /// Its group.
    pub group: Option<String>,
    /// Its kind.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// A part of it.
    pub section_name: Option<String>,
    /// A port of it.
    pub port: Option<u16>,
    /// Of where it leads: how much of all.
    pub weight: Option<i64>,
}

impl Parent {
    /// Whether it names an object of a kind of Linkerd's policies.
    pub fn is(&self, kind: &str) -> bool {
        let named = self.kind.as_deref();
        named.is_some_and(|named| targets(self.group.as_deref(), named, POLICY, kind))
    }

    /// Whether it names a Service.
    pub fn is_service(&self) -> bool {
        let named = self.kind.as_deref();
        named.is_some_and(|named| targets(self.group.as_deref(), named, "", "Service"))
    }
}

/// One rule of an `HTTPRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HttpRule {
    /// Any of these.
    pub matches: Option<Vec<HttpMatch>>,
    /// What becomes of the request.
    pub filters: Vec<Filter>,
    /// Where it leads.
    #[serde(rename = "backendRefs")]
    pub backend_refs: Vec<Parent>,
    /// How long it may take.
    pub timeouts: Option<Timeouts>,
}

/// How long a request may take, as texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Timeouts {
    /// All of it.
    pub request: Option<String>,
    /// Each try.
    pub backend_request: Option<String>,
}

/// What a request must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpMatch {
    /// Its path.
    pub path: Option<PathMatch>,
    /// Its headers: all of these.
    pub headers: Vec<ValueMatch>,
    /// Its query: all of these.
    pub query_params: Vec<ValueMatch>,
    /// Its method.
    pub method: Option<String>,
}

/// A match on the path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PathMatch {
    /// `Exact`, `PathPrefix` or `RegularExpression`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The value.
    pub value: Option<String>,
}

/// A match on a header or a parameter of the query.
#[derive(Debug, Clone, Deserialize)]
pub struct ValueMatch {
    /// `Exact` or `RegularExpression`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What becomes of a request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Filter {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it is sent.
    pub request_redirect: Option<Redirect>,
    /// What becomes of its headers.
    pub request_header_modifier: Option<HeaderModifier>,
    /// What becomes of the headers of the answer.
    pub response_header_modifier: Option<HeaderModifier>,
    /// What becomes of the address.
    #[serde(rename = "urlRewrite")]
    pub url_rewrite: Option<IgnoredAny>,
    /// Who gets a copy.
    pub request_mirror: Option<IgnoredAny>,
    /// What someone else makes of it.
    pub extension_ref: Option<IgnoredAny>,
}

/// Where a request is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Redirect {
    /// The code of the answer.
    pub status_code: Option<u16>,
    /// The scheme.
    pub scheme: Option<String>,
    /// The host.
    pub hostname: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The path.
    pub path: Option<NewPath>,
}

/// The path that a request is sent to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewPath {
    /// Instead of the whole path.
    pub replace_full_path: Option<String>,
    /// Instead of what the route matched.
    pub replace_prefix_match: Option<String>,
}

/// What becomes of headers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HeaderModifier {
    /// Lines that take the place of others.
    pub set: Vec<HeaderLine>,
    /// Lines beside others.
    pub add: Vec<HeaderLine>,
    /// Headers that go.
    pub remove: Vec<String>,
}

/// A line of a header.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HeaderLine {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// `GRPCRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GrpcRoute {
    /// What it is attached to.
    pub parent_refs: Vec<Parent>,
    /// The hosts it is about; none is any.
    pub hostnames: Vec<String>,
    /// Its rules.
    pub rules: Option<Vec<GrpcRule>>,
}

/// One rule of a `GRPCRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GrpcRule {
    /// Any of these.
    pub matches: Option<Vec<GrpcMatch>>,
    /// What becomes of the request.
    pub filters: Vec<Filter>,
    /// Where it leads.
    #[serde(rename = "backendRefs")]
    pub backend_refs: Vec<Parent>,
}

/// What a call must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GrpcMatch {
    /// What is called.
    pub method: Option<MethodMatch>,
    /// Its headers: all of these.
    pub headers: Vec<ValueMatch>,
}

/// A match on what is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MethodMatch {
    /// `Exact` or `RegularExpression`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The method.
    pub method: Option<String>,
}

/// `TLSRoute` and `TCPRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StreamRoute {
    /// What it is attached to.
    pub parent_refs: Vec<Parent>,
    /// The server names it is about; none is any.
    pub hostnames: Vec<String>,
    /// Its rules, of which there must be one.
    pub rules: Vec<BTreeMap<String, serde_json::Value>>,
}

/// `EgressNetwork`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EgressNetwork {
    /// The networks; none is everything outside the cluster.
    pub networks: Option<Vec<Network>>,
    /// What becomes of calls that no route takes; it has to be there.
    pub traffic_policy: Option<TrafficPolicy>,
}

/// What becomes of calls that no route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TrafficPolicy {
    /// They pass.
    Allow,
    /// They are refused.
    Deny,
}

/// `HTTPLocalRateLimitPolicy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RateLimit {
    /// The Server.
    pub target_ref: Option<Reference>,
    /// For all clients together.
    pub total: Option<Limit>,
    /// For each client.
    pub identity: Option<Limit>,
    /// For some clients.
    pub overrides: Vec<Override>,
}

/// How many requests.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// In a second.
    pub requests_per_second: u32,
}

/// A limit for some clients.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// In a second.
    pub requests_per_second: u32,
    /// The clients.
    #[serde(default)]
    pub client_refs: Vec<Reference>,
}
