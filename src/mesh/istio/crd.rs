//! Istio's resources, as far as they are read. Absent and empty are told apart where Istio does.

use serde::Deserialize;

use crate::model::Labels;

/// `selector.matchLabels`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Labels the pods must have.
    pub match_labels: Labels,
}

/// `targetRef`, `targetRefs[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TargetRef {
    /// Group of the target.
    pub group: String,
    /// Kind of the target.
    pub kind: String,
    /// Name of the target.
    pub name: String,
    /// Its namespace; another one than the policy's own is never meant.
    pub namespace: String,
}

impl TargetRef {
    /// Its group; that of core objects has two names.
    /// `istio/istio: pkg/config/model.go` (CanonicalGroup).
    pub fn group(&self) -> &str {
        match self.group.as_str() {
            "core" => "",
            group => group,
        }
    }
}

/// Whether a text is a boolean that says yes, as Go reads it (`strconv.ParseBool`).
pub fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// How a spec chooses the pods it is about.
pub trait Selecting {
    /// Labels the pods must have; none where it narrows nothing.
    fn labels(&self) -> Option<&Labels> {
        None
    }
    /// The targets it names instead of pods.
    fn targets(&self) -> Vec<&TargetRef> {
        Vec::new()
    }
    /// Whether it names targets instead of pods.
    fn has_targets(&self) -> bool {
        !self.targets().is_empty()
    }
}

/// Labels that narrow anything: an absent and an empty selector do not.
fn narrow(selector: Option<&Selector>) -> Option<&Labels> {
    selector
        .map(|s| &s.match_labels)
        .filter(|labels| !labels.is_empty())
}

macro_rules! selecting {
    ($($name:ident),+) => {$(
        impl Selecting for $name {
            fn labels(&self) -> Option<&Labels> { narrow(self.selector.as_ref()) }
            fn targets(&self) -> Vec<&TargetRef> {
                self.target_ref.iter().chain(&self.target_refs).collect()
            }
        }
    )+};
}

selecting!(AuthorizationPolicy, RequestAuthentication, Telemetry);

impl Selecting for PeerAuthentication {
    fn labels(&self) -> Option<&Labels> {
        narrow(self.selector.as_ref())
    }
}

impl Selecting for DestinationRule {}

impl Selecting for Extension {
    fn labels(&self) -> Option<&Labels> {
        let old = self
            .workload_selector
            .as_ref()
            .map(|s| &s.labels)
            .filter(|l| !l.is_empty());
        narrow(self.selector.as_ref()).or(old)
    }
    fn targets(&self) -> Vec<&TargetRef> {
        self.target_ref.iter().chain(&self.target_refs).collect()
    }
}

/// `PeerAuthentication`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PeerAuthentication {
    /// The pods it is about.
    pub selector: Option<Selector>,
    /// Mode of all ports.
    pub mtls: Option<Mtls>,
    /// Mode by workload port.
    pub port_level_mtls: std::collections::BTreeMap<String, Mtls>,
}

/// `mtls`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Mtls {
    /// The mode.
    pub mode: Mode,
}

/// `mtls.mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// Whatever the level above says.
    #[default]
    Unset,
    /// Plaintext only.
    Disable,
    /// Mutual TLS or plaintext.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// `AuthorizationPolicy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthorizationPolicy {
    /// The pods it is about.
    pub selector: Option<Selector>,
    /// One target (deprecated form).
    pub target_ref: Option<TargetRef>,
    /// Targets.
    pub target_refs: Vec<TargetRef>,
    /// Its rules.
    pub rules: Vec<Option<Rule>>,
    /// What happens to requests that match.
    pub action: Action,
    /// Who is asked, of `CUSTOM`.
    pub provider: Option<Provider>,
}

/// `action`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// Let through.
    #[default]
    Allow,
    /// Refuse.
    Deny,
    /// Mark.
    Audit,
    /// Ask a provider.
    Custom,
}

impl Action {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Audit => "audit",
            Self::Custom => "delegate",
        }
    }
}

/// `provider`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Provider {
    /// Its name in `extensionProviders`.
    pub name: String,
}

/// One rule of an authorization policy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// Who; any of them.
    pub from: Vec<From>,
    /// What; any of them.
    pub to: Vec<To>,
    /// Further conditions; all of them.
    pub when: Vec<Condition>,
}

/// `from[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct From {
    /// The source.
    pub source: Option<Source>,
}

/// `to[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct To {
    /// The operation.
    pub operation: Option<Operation>,
}

/// Declares a struct of lists of texts with a way to go through them by the fields' own names.
macro_rules! lists {
    ($(#[$doc:meta])* $name:ident { $($field:ident = $written:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(#[doc = concat!("`", $written, "`")]
            #[serde(rename = $written)]
            pub $field: Vec<String>,)+
        }

        impl $name {
            /// Every list that is not empty, by its written name.
            pub fn lists(&self) -> impl Iterator<Item = (&'static str, &[String])> {
                [$(($written, self.$field.as_slice())),+]
                    .into_iter()
                    .filter(|(_, values)| !values.is_empty())
            }
        }
    };
}

lists! {
    /// `source`.
    Source {
        principals = "principals",
        not_principals = "notPrincipals",
        request_principals = "requestPrincipals",
        not_request_principals = "notRequestPrincipals",
        namespaces = "namespaces",
        not_namespaces = "notNamespaces",
        service_accounts = "serviceAccounts",
        not_service_accounts = "notServiceAccounts",
        trust_domains = "trustDomains",
        not_trust_domains = "notTrustDomains",
        ip_blocks = "ipBlocks",
        not_ip_blocks = "notIpBlocks",
        remote_ip_blocks = "remoteIpBlocks",
        not_remote_ip_blocks = "notRemoteIpBlocks",
    }
}

lists! {
    /// `operation`.
    Operation {
        hosts = "hosts",
        not_hosts = "notHosts",
        ports = "ports",
        not_ports = "notPorts",
        methods = "methods",
        not_methods = "notMethods",
        paths = "paths",
        not_paths = "notPaths",
    }
}

/// `when[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    /// The attribute.
    pub key: String,
    /// Any of these.
    pub values: Vec<String>,
    /// None of these.
    pub not_values: Vec<String>,
}

/// `RequestAuthentication`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RequestAuthentication {
    /// The pods it is about.
    pub selector: Option<Selector>,
    /// One target (deprecated form).
    pub target_ref: Option<TargetRef>,
    /// Targets.
    pub target_refs: Vec<TargetRef>,
    /// The tokens that are accepted.
    pub jwt_rules: Vec<JwtRule>,
}

/// `jwtRules[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct JwtRule {
    /// Issuer.
    pub issuer: String,
    /// Accepted audiences; empty takes any.
    pub audiences: Vec<String>,
    /// Headers to look in instead of `Authorization`.
    pub from_headers: Vec<FromHeader>,
    /// Query parameters to look in instead of `access_token`.
    pub from_params: Vec<String>,
    /// Cookies to look in.
    pub from_cookies: Vec<String>,
    /// Whether an accepted token goes on to the next.
    pub forward_original_token: bool,
    /// From where the issuer's keys are fetched.
    #[serde(alias = "jwks_uri")]
    pub jwks_uri: String,
    // nothing is made of these; they are named so that a slip in a name shows
    jwks: String,
    output_payload_to_header: String,
    output_claim_to_headers: Vec<ClaimToHeader>,
    space_delimited_claims: Vec<String>,
    timeout: String,
}

/// `jwtRules[].fromHeaders[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct FromHeader {
    name: String,
    prefix: String,
}

/// `jwtRules[].outputClaimToHeaders[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ClaimToHeader {
    header: String,
    claim: String,
}

/// `DestinationRule`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DestinationRule {
    /// The destination.
    pub host: String,
    /// How it is called.
    pub traffic_policy: Option<TrafficPolicy>,
    /// Parts of the destination that routes may choose.
    pub subsets: Vec<Subset>,
    /// Who sees the rule.
    pub export_to: Vec<String>,
    /// The client pods it is about.
    pub workload_selector: Option<Selector>,
}

/// `subsets[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subset {
    /// Its name.
    pub name: String,
    /// Labels of its pods.
    pub labels: Labels,
    /// How it is called.
    pub traffic_policy: Option<TrafficPolicy>,
}

/// `trafficPolicy`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TrafficPolicy {
    /// TLS of all ports.
    pub tls: Option<ClientTls>,
    /// By service port.
    pub port_level_settings: Vec<PortSettings>,
}

/// `portLevelSettings[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PortSettings {
    /// The service port.
    pub port: PortSelector,
    /// TLS of this port.
    pub tls: Option<ClientTls>,
}

/// `port`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PortSelector {
    /// The number.
    pub number: u32,
}

/// `tls` of a destination.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientTls {
    /// The mode.
    pub mode: ClientTlsMode,
    /// A Secret with the certificates.
    pub credential_name: String,
    /// The server name to ask for; empty for one that is made of the host.
    pub sni: String,
}

/// `tls.mode` of a destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClientTlsMode {
    /// None, whatever the server wants.
    #[default]
    Disable,
    /// TLS without a client certificate.
    Simple,
    /// TLS with certificates of one's own.
    Mutual,
    /// The mesh's mutual TLS.
    IstioMutual,
}

/// `Telemetry`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Telemetry {
    /// The pods it is about.
    pub selector: Option<Selector>,
    /// One target (deprecated form).
    pub target_ref: Option<TargetRef>,
    /// Targets.
    pub target_refs: Vec<TargetRef>,
    /// Access logs.
    pub access_logging: Vec<AccessLogging>,
    /// Spans.
    pub tracing: Vec<Tracing>,
}

/// `tracing[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tracing {
    /// Which direction it is about.
    pub r#match: Option<LogMatch>,
    /// Who takes the spans; the first counts.
    pub providers: Vec<Provider>,
    /// Whether none are sent.
    pub disable_span_reporting: Option<bool>,
    /// How many of a hundred requests are chosen.
    pub random_sampling_percentage: Option<f64>,
}

/// `accessLogging[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AccessLogging {
    /// Which direction it is about.
    pub r#match: Option<LogMatch>,
    /// Who writes.
    pub providers: Vec<Provider>,
    /// Whether they stop.
    pub disabled: Option<bool>,
    /// Which calls are written.
    pub filter: Option<LogFilter>,
}

/// `match` of an access log, or of spans.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LogMatch {
    /// Direction.
    pub mode: LogMode,
}

/// `match.mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogMode {
    /// Both.
    #[default]
    ClientAndServer,
    /// Outbound.
    Client,
    /// Inbound.
    Server,
}

/// `filter` of an access log.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LogFilter {
    /// A CEL expression.
    pub expression: String,
}

/// What is read of `EnvoyFilter`, `WasmPlugin`, `TrafficExtension` and `Sidecar`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Extension {
    /// The pods it is about (`WasmPlugin`, `TrafficExtension`).
    pub selector: Option<Selector>,
    /// The pods it is about (`EnvoyFilter`, `Sidecar`).
    pub workload_selector: Option<WorkloadSelector>,
    /// One target (deprecated form).
    pub target_ref: Option<TargetRef>,
    /// Targets.
    pub target_refs: Vec<TargetRef>,
}

/// `workloadSelector`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WorkloadSelector {
    /// Labels the pods must have.
    pub labels: Labels,
}
