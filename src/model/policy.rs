use std::sync::Arc;

use super::{At, WorkloadId};

/// A policy as it is written, in words that every mesh shares.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The object.
    pub at: At,
    /// What it is about.
    pub subject: Subject,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// How far it reaches as it is written: `mesh`, `namespace`, `workload` or `target`.
    pub scope: &'static str,
    /// The workloads it is in force for.
    pub selects: Vec<WorkloadId>,
    /// What it names or fits besides workloads of the input.
    pub targets: Vec<Target>,
    /// Workloads outside the mesh that its selector, or else its namespace, names: it does nothing
    /// for them.
    pub misses: Vec<WorkloadId>,
    /// Why it is in force for none although it looks as if it should, and where that is written.
    pub ineffective: Option<(Ineffective, At)>,
    /// Whether calls pass because of that which it would refuse.
    pub opens: bool,
}

/// Something that a policy names or fits: a proxy that is made, or what one stands in front of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// For people: `Service shop/api`.
    pub name: String,
    /// The proxy that takes the policy for it: `waypoint`, `gateway`; none that is in the input.
    pub proxy: Option<&'static str>,
    /// Whether that proxy certainly looks at no token.
    pub without_tokens: bool,
}

/// What a policy is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Who may call.
    Authorization(AuthorizationPolicy),
    /// Whether mutual TLS is required.
    Transport {
        /// What it says about all ports: `required`, `permissive`, `plaintext`, or nothing.
        mode: Option<&'static str>,
        /// What it says port by port.
        ports: Vec<PortMode>,
    },
    /// Which tokens are accepted; the addresses from which the keys of their issuers are fetched.
    Authentication(Vec<(Arc<str>, At)>),
    /// What clients send.
    Origination {
        /// The destination, in full.
        host: Arc<str>,
        /// What it makes them send.
        modes: Vec<Sends>,
    },
    /// What is logged.
    Telemetry(Vec<LogEntry>),
    /// Code that runs in proxies.
    Extension,
    /// Where requests are led.
    Routing,
}

/// What clients are made to send.
#[derive(Debug, Clone)]
pub struct Sends {
    /// `plaintext`, `tls` or `mtls`.
    pub mode: &'static str,
    /// The part of the destination that it is for, if not for all of it.
    pub subset: Option<Arc<str>>,
    /// Where it is written.
    pub at: At,
}

/// What a transport policy says about one port.
#[derive(Debug, Clone)]
pub struct PortMode {
    /// The workload port.
    pub port: u16,
    /// `required`, `permissive` or `plaintext`.
    pub mode: &'static str,
    /// What would hold for the port without this entry.
    pub otherwise: &'static str,
    /// Where it is written.
    pub at: At,
}

impl Subject {
    /// The name in facts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Authorization(_) => "authorization",
            Self::Transport { .. } => "transport",
            Self::Authentication(_) => "authentication",
            Self::Origination { .. } => "origination",
            Self::Telemetry(_) => "telemetry",
            Self::Extension => "extension",
            Self::Routing => "routing",
        }
    }
}

/// Why a policy is in force for no workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ineffective {
    /// No workload in its namespace has the labels.
    SelectsNothing,
    /// Workloads with the labels are in another namespace only.
    WrongNamespace,
    /// A selector does not count in the root namespace.
    SelectorInRoot,
    /// It names targets, which the workloads' proxies do not look at.
    TargetsIgnored,
    /// It is labelled for a control plane that runs none of the workloads.
    OtherRevision,
    /// The control plane does not look into its namespace.
    NotDiscovered,
    /// The proxies of the workloads do not read such policies.
    NotReadThere,
    /// Its selector fits proxies only that look at targets alone.
    SelectorAtWaypoint,
    /// Its selector asks for something that no labels can be.
    SelectorIllegal,
    /// None of the workloads with the labels has the port.
    PortUnknown,
    /// What it is about is not there.
    TargetMissing,
    /// What it is about is there in another API group only.
    TargetOfOtherGroup,
    /// It requires something that is not there.
    RequirementMissing,
    /// What it says of callers lets nobody in.
    NamesNobody,
    /// The way in which it names what it is about does not count.
    NotAttached,
    /// It asks for something there that is not supported.
    Unsupported,
    /// A policy of another kind takes its place.
    Evicted,
    /// It is about requests of another protocol than the one that is read.
    OtherProtocol,
    /// The proxies cannot read it, and refuse every call instead.
    Unreadable,
}

impl Ineffective {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::SelectsNothing => "selects_nothing",
            Self::WrongNamespace => "wrong_namespace",
            Self::SelectorInRoot => "selector_in_root",
            Self::TargetsIgnored => "targets_ignored",
            Self::OtherRevision => "other_revision",
            Self::NotDiscovered => "not_discovered",
            Self::NotReadThere => "not_read_there",
            Self::SelectorAtWaypoint => "selector_at_waypoint",
            Self::SelectorIllegal => "selector_illegal",
            Self::PortUnknown => "port_unknown",
            Self::TargetMissing => "target_missing",
            Self::TargetOfOtherGroup => "target_of_other_group",
            Self::RequirementMissing => "requirement_missing",
            Self::NamesNobody => "names_nobody",
            Self::NotAttached => "not_attached",
            Self::Unsupported => "unsupported",
            Self::Evicted => "evicted",
            Self::OtherProtocol => "other_protocol",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Who may call, as it is written.
#[derive(Debug, Clone)]
pub struct AuthorizationPolicy {
    /// `allow`, `deny`, `audit` or `delegate`.
    pub effect: &'static str,
    /// Where that is written (or would be).
    pub effect_at: At,
    /// Where it says that it is only tried out, if it does.
    pub dry_run: Option<At>,
    /// Who is asked, and why they cannot be.
    pub provider: Option<(Arc<str>, Option<String>)>,
    /// Its rules.
    pub rules: Vec<WrittenRule>,
    /// What of it some of the workloads' proxies do not enforce as it is written.
    pub lost: Vec<Lost>,
    /// What lets others in to all that it is about, so that naming whom it lets in keeps them out of
    /// nothing.
    pub wider: Vec<Wider>,
    /// Ports of its namespace's workloads that it looks as if it were about, and is not.
    pub gaps: Vec<(WorkloadId, u16)>,
}

/// What lets in more than a policy does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wider {
    /// The line.
    pub at: At,
    /// Whom: `anyone`, `mesh` (everyone with an identity), `many` (all of a namespace, or more),
    /// `others` (some that it does not name), `outside` (everyone outside who comes in by a gateway).
    pub whom: &'static str,
    /// The paths of its rules that they get to; to all of them, where there are none.
    pub paths: Vec<Arc<str>>,
}

/// A part of a policy that some proxies do not enforce as it is written.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The rule, a field of it, or what is said of all rules.
    pub at: At,
    /// What becomes of it.
    pub how: Loss,
    /// The workloads whose proxies these are.
    pub on: Vec<WorkloadId>,
    /// Whether a proxy before one of them would enforce it, were it told to.
    pub before: bool,
    /// The line that is to blame, if it is another one.
    pub by: Option<At>,
}

/// What becomes of a part of a policy that a proxy cannot enforce as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The whole policy is passed over.
    Unread,
    /// What is left of the rule matches nothing.
    Void,
    /// What is left of the rule matches more than is written.
    Widened,
    /// The rule is left out; the policy still refuses whom no other rule lets in.
    Dropped,
    /// It keeps its callers from nothing: the default lets them in to all that it does not list.
    Open,
    /// The same, and a refusal of everyone else, which would have been about them, is not.
    Exempt,
    /// Nobody has to show the token that it asks for.
    Tokenless,
    /// Another line has the last word, though this one goes first.
    Outdone,
    /// A rule before it takes all of its calls.
    Shadowed,
    /// It is about calls that have the header, whatever its value: who leaves it out is not meant.
    Absent,
}

impl Loss {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Void => "void",
            Self::Widened => "widened",
            Self::Dropped => "dropped",
            Self::Open => "open",
            Self::Exempt => "exempt",
            Self::Tokenless => "tokenless",
            Self::Outdone => "outdone",
            Self::Shadowed => "shadowed",
            Self::Absent => "absent",
        }
    }
}

/// One rule as it is written.
#[derive(Debug, Clone)]
pub struct WrittenRule {
    /// The rule.
    pub at: At,
    /// Who: any of these, each of which must hold wholly.
    pub sources: Vec<Vec<Constraint>>,
    /// What: any of these, each of which must hold wholly.
    pub operations: Vec<Vec<Constraint>>,
    /// Further conditions: all of these.
    pub conditions: Vec<Constraint>,
}

/// One field of a rule.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// The field.
    pub at: At,
    /// Its name as it is written.
    pub field: Arc<str>,
    /// What it is about: `identity`, `address`, `client_address`, `token`, `header`, `host`,
    /// `method`, `path`, `port`, `destination`, `server_name` or `other`.
    pub dimension: &'static str,
    /// Whether it takes what is *not* listed.
    pub negated: bool,
    /// Whether it means something on HTTP only.
    pub http: bool,
    /// The values.
    pub values: Vec<WrittenValue>,
}

/// One value of a field.
#[derive(Debug, Clone)]
pub struct WrittenValue {
    /// As it is written.
    pub text: Arc<str>,
    /// Where.
    pub at: At,
    /// Whether it takes everything that is there at all.
    pub any: bool,
    /// Whether it holds a star that means nothing.
    pub literal_star: bool,
    /// The one identity it names, if it names exactly one: namespace and service account.
    pub account: Option<(Arc<str>, Arc<str>)>,
    /// The one namespace it names, if it names a namespace and no account.
    pub namespace: Option<Arc<str>>,
    /// What is wrong with its form, in a person's words.
    pub malformed: Option<String>,
    /// Trust domains of the mesh that it takes as well, though it does not look so.
    pub also: Vec<Arc<str>>,
    /// Others who call under this one identity, in a person's words.
    pub stands_for: Option<Arc<str>>,
    /// Whether these are clients outside, who come in by a gateway.
    pub outside: bool,
}

impl Constraint {
    /// What takes these values, whatever is spoken.
    pub fn new(field: &str, dimension: &'static str, at: At, values: Vec<WrittenValue>) -> Self {
        Self {
            at,
            field: field.into(),
            dimension,
            negated: false,
            http: false,
            values,
        }
    }
}

impl WrittenValue {
    /// A value that is what it looks like.
    pub fn plain(text: &str, at: At) -> Self {
        Self {
            text: text.into(),
            at,
            any: false,
            literal_star: false,
            account: None,
            namespace: None,
            malformed: None,
            also: Vec::new(),
            stands_for: None,
            outside: false,
        }
    }
}

/// One entry of a log policy.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// The entry.
    pub at: At,
    /// Whether it switches off.
    pub disabled: bool,
    /// The providers it names, and whether each writes logs.
    pub providers: Vec<(Arc<str>, bool, At)>,
    /// Whether it decides anything: an entry that switches off nobody does not.
    pub effective: bool,
    /// The filter, where it has one.
    pub filter: Option<(Arc<str>, At)>,
}
