//! The `input` document: everything rules see of one environment.
//!
//! Doc comments here are its documentation. Every item has `at`, an address that a rule passes
//! through unchanged (or lengthens with `/field`); there are no files and lines. Where one written
//! line decides for many, they stand together under that line, so that a rule says it once.

mod collect;
mod context;
mod decisions;
mod environment;
mod grants;
mod names;
mod notes;
mod policies;
mod probes;
mod settings;
mod spelling;
mod ways;

pub use collect::collect;

use std::collections::BTreeSet;

use serde::Serialize;

/// The sections of the document that are wanted; the others stay empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sections {
    /// All.
    All,
    /// Those of these names.
    Named(BTreeSet<String>),
}

impl Sections {
    fn fill<T>(&self, name: &str, items: impl FnOnce() -> Vec<T>) -> Vec<T> {
        match self {
            Self::Named(names) if !names.contains(name) => Vec::new(),
            _ => items(),
        }
    }
}

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Input {
    /// Number of this schema; it stays while changes only add.
    pub version: u32,
    /// The run.
    pub scan: Scan,
    /// The meshes that were found.
    pub meshes: Vec<Mesh>,
    /// Namespaces that are written or named.
    pub namespaces: Vec<Namespace>,
    /// Everything that runs pods.
    pub workloads: Vec<Workload>,
    /// Every port of every workload, with what is in force on it.
    pub listeners: Vec<Listener>,
    /// What listeners take, by the line that decides it; without those that certainly require mutual
    /// TLS, and those of the mesh's own parts.
    pub acceptance: Vec<Acceptance>,
    /// Ports in a mesh that nobody's policy guards, by namespace; without those of its own parts.
    pub unguarded: Vec<Unguarded>,
    /// Ports whose traffic does not pass the proxy that is there, by the line that says so.
    pub bypasses: Vec<Bypass>,
    /// Workloads outside every mesh, by the line that keeps them out.
    pub outsiders: Vec<Outsiders>,
    /// Access logs, by the line that decides about them.
    pub access_logs: Vec<AccessLogs>,
    /// What is set for proxies, by the line that decides it.
    pub proxy_settings: Vec<ProxySetting>,
    /// Calls between meshed workloads that go out in plaintext or cannot succeed, by the line that
    /// decides what the client sends.
    pub calls: Vec<Calls>,
    /// Ports that clients outside the cluster may call, one for each way in.
    pub exposures: Vec<Exposure>,
    /// Services that are offered to other clusters.
    pub exports: Vec<Export>,
    /// Probes of which a proxy decides whether they get through: those that it refuses, and those that
    /// it lets through to a port that is open to nobody else without an identity.
    pub probes: Vec<Probe>,
    /// Proxies before those of workloads that ask more than they do, by the line that sends calls
    /// through them.
    pub before: Vec<Before>,
    /// Groups of clients and the ports they may or may not call.
    pub edges: Vec<Edge>,
    /// Policies as they are written, in words that all meshes share.
    pub policies: Vec<Policy>,
    /// Those of them in which something stands out; see their `notes`. A rule that looks for what
    /// the notes name reads these, as a sound mesh has few.
    pub noted: Vec<Policy>,
    /// Rights to change what decides what is in force, by the line that gives them. RBAC objects are
    /// all that is looked at.
    pub grants: Vec<Grant>,
    /// Rights to watch calls as they are made, by the line that gives them.
    pub watchers: Vec<Grant>,
    /// What was not understood.
    pub problems: Vec<Problem>,
}

/// The run.
#[derive(Debug, Serialize)]
pub struct Scan {
    /// The environment's name.
    pub environment: String,
    /// Where the input comes from: `directory`, `stdin`.
    pub origin: String,
    /// The commit that is checked out, where there is one.
    pub revision: Option<String>,
    /// Kinds whose absence means something; all others may be elsewhere.
    pub complete: Vec<String>,
}

/// A value with the line that decided it.
#[derive(Debug, Clone, Serialize)]
pub struct Decided<T> {
    /// The value.
    pub value: T,
    /// The deciding address; where nothing is written, what it is about.
    pub at: String,
    /// Whether someone wrote it. Otherwise it is a default or an assumption.
    pub configured: bool,
}

/// A mesh.
#[derive(Debug, Serialize)]
pub struct Mesh {
    /// `istio`, `linkerd`, `consul`.
    pub kind: &'static str,
    /// Its settings, or the first object that shows it is there.
    pub at: String,
    /// Whether its settings are in the input; if not, its defaults are assumed.
    pub settings_known: bool,
    /// Who vouches for identities.
    pub trust_domain: Decided<String>,
    /// Whether it trusts others who vouch for identities of their own.
    pub federated: bool,
    /// The namespace whose policies count for the whole mesh.
    pub root_namespace: Decided<String>,
    /// Whether clients use mutual TLS by themselves.
    pub automatic_mtls: Decided<bool>,
    /// Whether calls without mutual TLS are taken where nothing else is said. Nothing where no setting
    /// says so, but policies for the whole mesh do.
    pub plaintext_default: Option<Decided<bool>>,
    /// How many services lead to workloads that are certainly in it.
    pub services: usize,
    /// What is logged where nothing else is said.
    pub access_log: LogState,
    /// The formats of log lines that its settings hold, in use or not.
    pub log_formats: Vec<Format>,
    /// Whether changes of the mesh's configuration are recorded.
    pub audit_log: LogState,
    /// Labels and annotations that ask for a proxy, and bring none. That no injector answers is said
    /// only where injectors are in the input.
    pub unanswered: Vec<Unanswered>,
    /// The versions of its parts that files name, each version of a part once.
    pub versions: Vec<Version>,
    /// What is set for the whole mesh apart from the fields above.
    pub posture: Vec<Setting>,
}

/// A setting of a mesh, as it is in force.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// What is set, in words that meshes share; see the rules that name it.
    pub name: &'static str,
    /// To what; of lists, one item.
    pub value: String,
    /// The deciding address; where nothing is written, the mesh's settings or first object.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
}

/// A setting of proxies, as it is in force.
#[derive(Debug, Serialize)]
pub struct ProxySetting {
    /// The mesh.
    pub mesh: &'static str,
    /// What is set, in words that meshes share; see the rules that name it.
    pub name: &'static str,
    /// To what; of lists, one item.
    pub value: String,
    /// The deciding address; where nothing is written, the mesh's settings or first object.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
    /// How many workloads it is in force for; none where it is for whoever will be in the mesh.
    pub count: usize,
    /// Some of them, at most ten.
    pub workloads: Vec<String>,
    /// Whether any of them is guarded by an authorization policy.
    pub guarded: bool,
}

/// A version of a part of a mesh.
#[derive(Debug, Serialize)]
pub struct Version {
    /// `all`, `control_plane`, `proxy`, `node_proxy`, `node_agent`.
    pub component: &'static str,
    /// As it is written: `1.30.4-distroless`.
    pub text: String,
    /// The release it is; nothing where it is a vendor's own build, or no version.
    pub release: Option<Release>,
    /// The first line that says so.
    pub at: String,
    /// The others.
    pub also: Vec<String>,
}

/// A release.
#[derive(Debug, Serialize)]
pub struct Release {
    /// `1` in `1.30.4`.
    pub major: u32,
    /// `30`.
    pub minor: u32,
    /// `4`; nothing where only the first two are said.
    pub patch: Option<u32>,
}

/// A label or annotation that asks for a proxy, and nobody answers.
#[derive(Debug, Serialize)]
pub struct Unanswered {
    /// Where it is written.
    pub at: String,
    /// The label or annotation with its value (`istio.io/rev=1-28`).
    pub label: String,
    /// The namespace it stands in.
    pub namespace: String,
    /// The workloads it asks for.
    pub workloads: Vec<String>,
    /// Why: `no_injector` in the input answers it; `misplaced`: it stands where none looks;
    /// `invalid_value`: none knows its value; `prevented`: something else is in the way.
    pub why: &'static str,
    /// What is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevented_by: Option<Prevention>,
}

/// What keeps a proxy away that is asked for.
#[derive(Debug, Serialize)]
pub struct Prevention {
    /// `host_network`: the pods share the node's; `other_proxy`: they have one already that is not
    /// the mesh's, or that it does not know; `passed_over`: injectors leave out the namespace or the
    /// pods; `namespace_left_out`, `system_namespace`: they leave out the namespace, by a setting or
    /// always; `injector_off`: there is none; `no_token`: the pods have none to prove who they are.
    pub what: &'static str,
    /// Where it is written.
    pub at: String,
}

/// The state of a log.
#[derive(Debug, Clone, Serialize)]
pub struct LogState {
    /// `on`, `partial`, `off`, `unknown`.
    pub state: &'static str,
    /// The deciding address.
    pub at: Option<String>,
}

/// A namespace.
#[derive(Debug, Serialize)]
pub struct Namespace {
    /// Name.
    pub name: String,
    /// Its object, or the first one that lies in it.
    pub at: String,
    /// Whether its labels are known.
    pub labels_known: bool,
    /// How many of its workloads are in a mesh.
    pub meshed: usize,
    /// How many are not.
    pub unmeshed: usize,
    /// How many workloads it has; of those that are neither, membership is not known.
    pub workloads: usize,
}

/// Something that runs pods.
#[derive(Debug, Serialize)]
pub struct Workload {
    /// `namespace/name`.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kind of the object (`Deployment`, …).
    pub kind: String,
    /// The object.
    pub at: String,
    /// The mesh it is in, or may be in.
    pub mesh: Option<&'static str>,
    /// `meshed`, `unmeshed`, `unknown`.
    pub membership: &'static str,
    /// What decided that.
    pub membership_at: String,
    /// Who it can prove to be.
    pub identity: Option<String>,
    /// Its service account.
    pub service_account: String,
    /// Its access log.
    pub access_log: AccessLog,
    /// The spans of its calls.
    pub tracing: Tracing,
    /// Whether it runs nothing at present.
    pub dormant: bool,
}

/// The access log of a workload.
#[derive(Debug, Serialize)]
pub struct AccessLog {
    /// `on`, `partial`, `off`, `unknown`.
    pub state: &'static str,
    /// The deciding address.
    pub at: Option<String>,
    /// The format of its lines, where one is configured.
    pub format: Option<String>,
}

/// The spans of a workload.
#[derive(Debug, Serialize)]
pub struct Tracing {
    /// `on`, `partial`, `off`, `unknown`: whether they are sent to a collector.
    pub state: &'static str,
    /// The deciding address.
    pub at: Option<String>,
    /// How many of a hundred requests are chosen, where the proxy chooses.
    pub sampling: Option<f64>,
}

/// A port of a workload.
#[derive(Debug, Serialize)]
pub struct Listener {
    /// `namespace/name:port`.
    pub id: String,
    /// `namespace/name`.
    pub workload: String,
    /// Namespace.
    pub namespace: String,
    /// The port its containers listen on.
    pub port: u16,
    /// Where the port is declared.
    pub at: String,
    /// The services that lead to it (`namespace/name:port`).
    pub services: Vec<String>,
    /// `meshed`, `unmeshed`, `unknown`: of its workload.
    pub membership: &'static str,
    /// What is spoken: `http`, `tcp`, `tls`, `auto`; `unknown` outside every mesh.
    pub protocol: &'static str,
    /// What its proxy takes; of a workload without one, `plaintext`.
    pub tls: Tls,
    /// Whether the proxy sees its traffic.
    pub captured: bool,
    /// What happens to a call that no rule is about: `allow`, `deny`; `none` where nobody asks.
    pub otherwise: &'static str,
}

/// What a port takes.
#[derive(Debug, Serialize)]
pub struct Tls {
    /// `required`, `permissive`, `plaintext`.
    pub mode: &'static str,
    /// The deciding address.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
}

/// A port in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Port {
    /// `namespace/name:port`.
    pub id: String,
    /// Where it is declared.
    pub at: String,
    /// The services that lead to it (`namespace/name:port`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

/// A port that has a name.
#[derive(Debug, Serialize)]
pub struct NamedPort {
    /// As its container gives it.
    pub name: String,
    /// `namespace/name:port`.
    pub id: String,
    /// Where it is declared.
    pub at: String,
}

/// What listeners take, and the line that decides it.
#[derive(Debug, Serialize)]
pub struct Acceptance {
    /// The mesh.
    pub mesh: Option<&'static str>,
    /// `required`, `permissive`, `plaintext`.
    pub mode: &'static str,
    /// The deciding address; where nothing is written, the namespace.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
    /// Whether every one of these ports is certainly in a mesh.
    pub certain: bool,
    /// Others of equal rank that say something else; one of them may be in force instead.
    pub rivals: Vec<String>,
    /// The ports.
    pub ports: Vec<Port>,
    /// How many workloads they belong to.
    pub workloads: usize,
    /// Clients without a proxy that may call one of them today.
    pub plaintext_callers: Vec<String>,
    /// Whether an ordinary call without an identity, from wherever, certainly gets to one of them.
    pub open: bool,
    /// Those to which it does, and which have a name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_by_name: Vec<NamedPort>,
}

/// Ports of a namespace that no policy guards.
#[derive(Debug, Serialize)]
pub struct Unguarded {
    /// The mesh.
    pub mesh: Option<&'static str>,
    /// Whether that is so of some of them by a default of the mesh, whose settings are not in the
    /// input.
    pub assumed: bool,
    /// The namespace.
    pub namespace: String,
    /// The line that lets everyone in; without one the namespace, or the first port that lies in it.
    pub at: String,
    /// The ports.
    pub ports: Vec<Port>,
    /// How many workloads they belong to.
    pub workloads: usize,
    /// Whether every one of these workloads is certainly in a mesh.
    pub certain: bool,
    /// Whether any authorization policy was read, in force or not.
    pub policies_exist: bool,
}

/// Ports past the proxy.
#[derive(Debug, Serialize)]
pub struct Bypass {
    /// The line that says so.
    pub at: String,
    /// The ports.
    pub ports: Vec<Port>,
    /// The services that lead to them (`namespace/name:port`).
    pub services: Vec<String>,
}

/// Workloads outside every mesh.
#[derive(Debug, Serialize)]
pub struct Outsiders {
    /// The line that keeps them out, or what they lie in.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
    /// Their namespace.
    pub namespace: String,
    /// The workloads.
    pub workloads: Vec<String>,
    /// Those of them that a service leads to.
    pub served: Vec<String>,
    /// How many other workloads of the namespace are in a mesh.
    pub meshed_beside: usize,
    /// Policies about who calls, or how, that are written for them or for their namespace, and do
    /// nothing for them; at most ten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Whether one of these names them, by their labels or by the name of their service.
    pub named: bool,
    /// Whether they are a part of a mesh itself, or of what comes with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_mesh: bool,
}

/// Access logs that one line decides about.
#[derive(Debug, Serialize)]
pub struct AccessLogs {
    /// The mesh.
    pub mesh: &'static str,
    /// `on`, `partial`, `off`, `unknown`.
    pub state: &'static str,
    /// The deciding address; where nothing is written, the mesh's settings or first object.
    pub at: String,
    /// Whether someone wrote it.
    pub configured: bool,
    /// Whether it is assumed, because the mesh's settings are not in the input.
    pub assumed: bool,
    /// The format of the lines, where one is configured.
    pub format: Option<Format>,
    /// What a partial log leaves out: `filtered` calls, those of one `direction`, `requests` (there
    /// is a line for each connection), `successes`; those on ports whose requests the proxy does not
    /// read (`streams`), which may be all that a log which is off would lack.
    pub lacks: Option<&'static str>,
    /// How many workloads there are.
    pub count: usize,
    /// Some of them, at most ten.
    pub workloads: Vec<String>,
    /// Whether any of them is guarded by an authorization policy.
    pub guarded: bool,
}

/// A format of log lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Format {
    /// The text; of labels, one a line.
    pub text: String,
    /// Where it is written.
    pub at: String,
}

/// Calls that one line decides what clients send in.
#[derive(Debug, Serialize)]
pub struct Calls {
    /// The mesh of those that are called.
    pub mesh: Option<&'static str>,
    /// `plaintext`: they succeed without mutual TLS. `refused`: the server cannot take them.
    pub outcome: &'static str,
    /// What the clients send: `plaintext`, `tls`, `mtls`.
    pub sends: &'static str,
    /// The line that decides what they send.
    pub at: String,
    /// The line that decides what the server takes.
    pub accepts_at: String,
    /// One of the clients.
    pub from: String,
    /// Whether the outcome is certain for one of them.
    pub certain: bool,
    /// How many clients there are.
    pub clients: usize,
    /// The ports that are called.
    pub ports: Vec<Port>,
}

/// A way by which clients outside the cluster may call a port.
#[derive(Debug, Serialize)]
pub struct Exposure {
    /// The mesh of the workload, if it is, or may be, in one.
    pub mesh: Option<&'static str>,
    /// Whether the workload is a part of the mesh itself, or of what comes with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_mesh: bool,
    /// The line that lets them in: of a Service, of a node's port, of what a gateway listens for.
    pub at: String,
    /// The gateway that they pass; nothing where they get straight to the port.
    pub via: Option<String>,
    /// The line because of which that gateway is there, or listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_at: Option<String>,
    /// What they send to the first that takes it: `plaintext`, `tls`, `mtls`.
    pub takes: &'static str,
    /// Whether that gateway reads requests.
    pub http: bool,
    /// The line of the route that leads from the gateway to the port.
    pub route: Option<String>,
    /// Whether calls that no rule about callers singles out pass, without a token and from anywhere.
    pub open: bool,
    /// `allow` or `conditional`.
    pub verdict: &'static str,
    /// `meshed`, `unmeshed`, `unknown`: of the workload.
    pub membership: &'static str,
    /// The port.
    pub port: Port,
}

/// A service that is offered to other clusters.
#[derive(Debug, Serialize)]
pub struct Export {
    /// The line that offers it.
    pub at: String,
    /// The service: `namespace/name`.
    pub service: String,
    /// Whether all callers from there are one and the same to it.
    pub as_one: bool,
    /// To whom it is offered (`peer east`); nothing where that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The ports behind it that let in callers from there whom no rule names.
    pub open: Vec<Port>,
}

/// A probe of which a proxy decides.
#[derive(Debug, Serialize)]
pub struct Probe {
    /// `refused`; or `open`: it gets through, as does anyone who asks for the same.
    pub state: &'static str,
    /// What it asks for.
    pub path: String,
    /// Where it is written.
    pub at: String,
    /// The port.
    pub port: Port,
}

/// A proxy before those of workloads (a waypoint), which asks more than they do.
#[derive(Debug, Serialize)]
pub struct Before {
    /// The line that sends calls through it.
    pub at: String,
    /// Its name.
    pub name: String,
    /// The ports that it has rules for.
    pub ports: Vec<Port>,
    /// Those of them that callers without an identity reach past it.
    pub passed_by_anyone: Vec<Port>,
    /// Those of them that workloads of the mesh reach past it whom no rule names.
    pub passed_by_mesh: Vec<Port>,
}

/// A group of clients and a port.
#[derive(Debug, Serialize)]
pub struct Edge {
    /// The clients.
    pub source: Source,
    /// The workload that is called: `namespace/name`.
    pub destination: String,
    /// Its port.
    pub port: u16,
    /// `allow`, `conditional`, `unknown`, `deny`: whether any request passes.
    pub verdict: &'static str,
    /// The weakest transport among the open ways.
    pub transport: Option<&'static str>,
    /// What the clients send.
    pub sends: &'static str,
    /// The line that decides what they send; of clients outside, the one that lets them in.
    pub sends_at: String,
    /// The stage that decided: `entry`, `origination`, `acceptance`, `authorization`, `condition`.
    pub stage: &'static str,
    /// Why.
    pub because: String,
    /// The deciding address.
    pub at: String,
}

/// A group of clients.
#[derive(Debug, Serialize)]
pub struct Source {
    /// `workloads` or `outside`.
    pub kind: &'static str,
    /// `meshed`, `unmeshed`, `unknown`.
    pub membership: &'static str,
    /// How many workloads.
    pub count: usize,
    /// Whether it is everyone who is not singled out by a rule.
    pub everyone_else: bool,
    /// Some of them, at most ten.
    pub workloads: Vec<String>,
}

/// A policy as it is written.
#[derive(Debug, Serialize)]
pub struct Policy {
    /// `authorization`, `transport`, `authentication`, `origination`, `telemetry`, `extension`,
    /// `routing`.
    pub subject: &'static str,
    /// What stands out: `ineffective`, `transport`, `telemetry`, `passes_without_token`, `keys`,
    /// `uncalled`, `subset`;
    /// of authorization `dry_run`, `delegate`, `deny`, `no_source`, `negated`, `any`, `literal_star`,
    /// `malformed`, `unknown_identity`, `unproven_identity`, `wide_identity`, `host`, `header`,
    /// `client_address`, `token`, `token_never_read`, `odd_method`, `odd_port`, `rest_of_path`, `lost`, `wider`,
    /// `gaps`, `stands_for`.
    pub notes: Vec<&'static str>,
    /// The mesh it belongs to.
    pub mesh: &'static str,
    /// The object.
    pub at: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `mesh`, `namespace`, `workload`, `target`.
    pub scope: &'static str,
    /// How many workloads it is in force for.
    pub selects: usize,
    /// Some of them, at most ten.
    pub workloads: Vec<String>,
    /// Whether all of them are parts of the mesh itself, or of what comes with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_mesh: bool,
    /// What it names or fits besides workloads of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Why it is in force for none: `selects_nothing`, `wrong_namespace`, `selector_in_root`,
    /// `targets_ignored`, `not_read_there`, `selector_at_waypoint`, `other_revision`,
    /// `not_discovered`, `selector_illegal`, `port_unknown`, `target_missing`,
    /// `target_of_other_group`, `requirement_missing`, `names_nobody`, `not_attached`,
    /// `unsupported`, `evicted`, `other_protocol`, `unreadable`.
    pub ineffective: Option<Ineffective>,
    /// Whether calls pass because of that which it would refuse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub opens: bool,
    /// Of an authorization policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Of a transport policy: what it says about all ports, at `/spec/mtls/mode` (`required`,
    /// `permissive`, `plaintext`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    /// Of a transport policy: what it says port by port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortMode>,
    /// Of an origination policy: the destination, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Of an origination policy: whether workloads behind its destination are in a mesh, and no client
    /// in the input that is in a mesh calls them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub uncalled: bool,
    /// Of an origination policy: whether all workloads behind its destination are in a mesh.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_mesh: bool,
    /// Of an origination policy: what it makes clients send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<Sends>,
    /// Of an authentication policy: ports whose rules ask for no token, and let calls without one
    /// in whoever makes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passes_without_token: Vec<Port>,
    /// Of an authentication policy: from where the keys of issuers are fetched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeySource>,
    /// Of a telemetry policy: its entries about access logs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogEntry>,
}

/// From where keys of an issuer of tokens are fetched.
#[derive(Debug, Serialize)]
pub struct KeySource {
    /// The address.
    pub uri: String,
    /// Where it is written.
    pub at: String,
}

/// Something that a policy names or fits: a proxy that is made, or what one stands in front of.
#[derive(Debug, Serialize)]
pub struct Target {
    /// `Service shop/api`, `Gateway shop/edge`.
    pub name: String,
    /// The proxy that takes the policy for it: `waypoint`, `gateway`; none that is in the input.
    pub proxy: Option<&'static str>,
}

/// Why a policy is in force for nobody.
#[derive(Debug, Serialize)]
pub struct Ineffective {
    /// The reason.
    pub reason: &'static str,
    /// Where it is written.
    pub at: String,
}

/// What a transport policy says about a port.
#[derive(Debug, Serialize)]
pub struct PortMode {
    /// The port as it is written.
    pub port: u16,
    /// `required`, `permissive`, `plaintext`.
    pub mode: &'static str,
    /// What would hold without the entry.
    pub otherwise: &'static str,
    /// Where it is written.
    pub at: String,
    /// Whether a selected workload listens on it.
    pub listened: bool,
    /// Services that have it as their own port, and lead to another port of a selected workload.
    pub service_ports: Vec<String>,
}

/// What clients are made to send.
#[derive(Debug, Serialize)]
pub struct Sends {
    /// `plaintext`, `tls`, `mtls`.
    pub mode: &'static str,
    /// The part of the destination that it is for, which routes may choose; if not for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// Where it is written.
    pub at: String,
}

/// Who may call, as it is written.
#[derive(Debug, Serialize)]
pub struct Authorization {
    /// `allow`, `deny`, `audit`, `delegate`.
    pub effect: &'static str,
    /// Where that is written, or would be.
    pub effect_at: String,
    /// Where it says that it is only tried out.
    pub dry_run_at: Option<String>,
    /// Who is asked.
    pub provider: Option<Provider>,
    /// Its rules, without those that no selected workload's proxy enforces as they are written: see
    /// `lost`.
    pub rules: Vec<Rule>,
    /// The ports of the workloads it selects. Here and in the lists below, ports of gateways and of
    /// workloads in ambient mode are left out: what a policy means to them is not worked out.
    pub ports: Vec<u16>,
    /// Whether these are all: no selected workload is left out, and each has a known port.
    pub ports_known: bool,
    /// Those that are, or may be, read as HTTP.
    pub http_ports: Vec<Port>,
    /// Those that are read as a stream of bytes.
    pub tcp_ports: Vec<Port>,
    /// Those on which calls come in without mutual TLS, so that callers prove no identity.
    pub plaintext_ports: Vec<Port>,
    /// Those on which all rules together let an ordinary call of someone whom no rule names pass, or
    /// where that depends on what is not known; of ALLOW policies with a rule for everything, or for
    /// everything that anyone with an identity calls.
    pub open_ports: Vec<Port>,
    /// Those on which nothing but plaintext is taken, so that nobody can prove an identity.
    pub unproven_ports: Vec<Port>,
    /// Those of the plaintext ports on which all rules together let some call without an identity
    /// pass, or where that depends on what is not known.
    pub anonymous_ports: Vec<Port>,
    /// Selected workloads on which no token is looked at, and targets whose proxy looks at none.
    pub without_tokens: Vec<String>,
    /// What of it some proxies do not enforce as it is written. Their ports are in none of the lists
    /// above, unless these are all of the selected workloads' and other rules are left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// What lets others in to all that it is about, so that naming whom it lets in keeps them out of
    /// nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wider: Vec<Wider>,
    /// Ports of its namespace's workloads that it looks as if it were about and is not, and that are
    /// open to callers without an identity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Port>,
}

/// What lets in more than a policy does.
#[derive(Debug, Serialize)]
pub struct Wider {
    /// The line.
    pub at: String,
    /// Whom: `anyone`, `mesh` (everyone with an identity), `many` (all of a namespace, or more),
    /// `others` (some that it does not name), `outside` (everyone outside who comes in by a gateway).
    pub whom: &'static str,
    /// The paths of its rules that they get to; to all of them, where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// A part of a policy that some proxies do not enforce as it is written.
#[derive(Debug, Serialize)]
pub struct Lost {
    /// The rule, a field of it, or what is said of all rules.
    pub at: String,
    /// `unread`: the policy is passed over. `void`: what is left of the rule matches nothing.
    /// `widened`: it matches more than is written. `dropped`: the rule is left out. `open`: it keeps
    /// its callers from nothing, as the default lets them in to all that it does not list; `exempt`:
    /// the same, and a refusal of everyone else, which would have been about them, is not.
    /// `tokenless`: nobody has to show the token that it asks for. `outdone`: another line has the last
    /// word, though this one goes first. `shadowed`: a rule before it takes all of its calls. `absent`:
    /// it is about calls that have the header, and who leaves it out is not meant.
    pub how: &'static str,
    /// The workloads whose proxies these are.
    pub workloads: Vec<String>,
    /// Whether a proxy before one of them would enforce it, were it told to.
    pub before: bool,
    /// The line that is to blame, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Who is asked.
#[derive(Debug, Serialize)]
pub struct Provider {
    /// Name.
    pub name: String,
    /// Why it cannot be asked.
    pub unusable: Option<String>,
    /// Others that policies ask about one of the same workloads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
}

/// One rule.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// The rule.
    pub at: String,
    /// Who: any of these, each wholly. None: everyone.
    pub sources: Vec<Vec<Constraint>>,
    /// What: any of these, each wholly. None: everything.
    pub operations: Vec<Vec<Constraint>>,
    /// Further conditions, all of them.
    pub conditions: Vec<Constraint>,
    /// Whether any field means something on HTTP only.
    pub http: bool,
    /// Whether it takes every call: it has no constraint that excludes anything.
    pub everything: bool,
}

/// One field of a rule.
#[derive(Debug, Serialize)]
pub struct Constraint {
    /// The field.
    pub at: String,
    /// Its name as it is written.
    pub field: String,
    /// `identity`, `address`, `client_address`, `token`, `header`, `host`, `method`, `path`, `port`,
    /// `destination`, `server_name`, `other`.
    pub dimension: &'static str,
    /// Whether it takes what is *not* listed.
    pub negated: bool,
    /// Whether it takes everything, or (not negated) everyone who proves anything at all.
    pub any: bool,
    /// The values.
    pub values: Vec<Value>,
}

/// One value of a field.
#[derive(Debug, Serialize)]
pub struct Value {
    /// As it is written.
    pub text: String,
    /// Where.
    pub at: String,
    /// Whether it takes everything that is there at all.
    pub any: bool,
    /// Whether it holds a star that means nothing.
    pub literal_star: bool,
    /// Of a port: services that have it as their own port, and lead to another port of a selected
    /// workload (`namespace/name:port`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_ports: Vec<String>,
    /// Whether the one identity it names is in the input: `yes`; `no`, though workloads of its
    /// namespace are; `namespace_unknown`, also where it names that namespace alone. Nothing where it
    /// names no single identity.
    pub identity_known: Option<&'static str>,
    /// The known identity that looks most like it, where it is not known; of a namespace, the one of
    /// which it is a slip.
    pub nearest: Option<String>,
    /// What is wrong with its form.
    pub malformed: Option<String>,
    /// Of an identity: trust domains of the mesh that it takes as well, though it does not look so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Of an identity: others who call under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<String>,
    /// Whether these are clients outside, who come in by a gateway.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// Of a path that a DENY rule refuses, where slashes are not merged: another spelling of it that
    /// no rule refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub around: Option<Around>,
}

/// Another spelling of a path.
#[derive(Debug, Serialize)]
pub struct Around {
    /// The path.
    pub path: String,
    /// Whether what is allowed lets some call of it pass.
    pub passes: bool,
}

/// One entry of a log policy.
#[derive(Debug, Serialize)]
pub struct LogEntry {
    /// The entry.
    pub at: String,
    /// Whether it switches off.
    pub disabled: bool,
    /// Whether it decides anything.
    pub effective: bool,
    /// The providers it names.
    pub providers: Vec<LogProvider>,
    /// Its filter.
    pub filter: Option<Format>,
}

/// A provider that a log policy names.
#[derive(Debug, Serialize)]
pub struct LogProvider {
    /// Name.
    pub name: String,
    /// Whether it writes access logs.
    pub logs: bool,
    /// Where it is named.
    pub at: String,
}

/// Rights to write what decides what is in force, and who has them.
#[derive(Debug, Serialize)]
pub struct Grant {
    /// The mesh.
    pub mesh: &'static str,
    /// The rule of the role; of a role that Kubernetes comes with, where the binding names it.
    pub at: String,
    /// Who has them; of very many, those who can do most with them.
    pub holders: Vec<Holder>,
    /// How many others have them, apart from those who are meant to, and from users, groups and accounts
    /// without pods in a namespace that counts for itself only.
    pub unseen: usize,
}

/// Who has rights, and how far they go.
#[derive(Debug, Clone, Serialize)]
pub struct Holder {
    /// `user ann`, `group dev`, `service account ci/deployer`.
    pub name: String,
    /// `everyone`, `workload` (a service account that runs pods of the input, or all service accounts
    /// of a namespace with workloads), `service_account`, `user`, `group`, `administrator` (a user or
    /// group that may do everything everywhere), `control_plane` (of the mesh itself), `platform` (of
    /// Kubernetes).
    pub class: &'static str,
    /// The name alone: `ann`, `dev`, `ci/deployer`.
    pub subject: String,
    /// Of service accounts: their namespace.
    pub namespace: Option<String>,
    /// Where a binding names it.
    pub at: String,
    /// The role that is bound: `ClusterRole edit`.
    pub role: String,
    /// The namespace in which the rights hold; everywhere, if none.
    pub scope: Option<String>,
    /// Whether what is written there counts for the whole mesh.
    pub mesh_wide: bool,
    /// What is decided by what it may write, what opens most first: `authorization`, `transport`,
    /// `code`, `telemetry`, `routing`, `settings`, `membership`, `admission`. Of who may watch: `calls`.
    pub parts: Vec<&'static str>,
    /// What it may write: `authorizationpolicies.security.istio.io`.
    pub resources: Vec<String>,
}

/// Something that was not understood.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Which sort of problem.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, if it is about a resource.
    pub at: Option<String>,
    /// Group of that resource.
    pub group: Option<String>,
    /// Kind of that resource.
    pub resource_kind: Option<String>,
}
