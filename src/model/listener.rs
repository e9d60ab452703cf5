use serde::Serialize;

use super::{At, Because, Decided, Ruleset, WorkloadId};

/// How traffic is protected on its way, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Not at all.
    Plaintext,
    /// Encrypted; the client proves nothing.
    Tls,
    /// Both sides prove who they are.
    Mtls,
}

impl Transport {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Tls => "tls",
            Self::Mtls => "mtls",
        }
    }
}

/// What the server side of a port takes, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsAcceptance {
    /// Mutual TLS only.
    Required,
    /// Mutual TLS or plaintext.
    Permissive,
    /// Plaintext only.
    Plaintext,
}

impl TlsAcceptance {
    /// The name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Permissive => "permissive",
            Self::Plaintext => "plaintext",
        }
    }
}

/// How a proxy reads the bytes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// As HTTP requests.
    Http,
    /// As a stream of bytes.
    Tcp,
}

/// Everything in force on one port of one workload.
#[derive(Debug, Clone)]
pub struct Listener {
    /// The workload.
    pub workload: WorkloadId,
    /// The port its containers listen on.
    pub port: u16,
    /// What is spoken there: `http`, `tcp`, `tls` (TLS of the application's own) or `auto`
    /// (found out per connection).
    pub protocol: Decided<&'static str>,
    /// What the server side takes.
    pub tls: Decided<TlsAcceptance>,
    /// The ways in.
    pub inlets: Vec<Inlet>,
    /// What could change the verdict and is not understood: verdicts are conditional on it.
    pub conditions: Vec<(String, At)>,
    /// What looks as if it let callers in, and does not count: why, and where that is written.
    pub passed_over: Vec<(String, At)>,
    /// Whether a proxy that serves others (a gateway) listens there, and no application.
    pub serves_others: bool,
    /// Why nothing can be said at all, where that is so.
    pub unjudged: Option<(String, At)>,
}

/// One way into a port.
#[derive(Debug, Clone)]
pub struct Inlet {
    /// Which sort of way.
    pub kind: InletKind,
    /// What it takes.
    pub accepts: Transport,
    /// How the bytes are read.
    pub layer: Layer,
    /// Who may pass; `None` where nobody asks.
    pub authorization: Option<std::sync::Arc<Ruleset>>,
    /// Why this way exists.
    pub because: Because,
}

/// Which sort of way into a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InletKind {
    /// Through the proxy with mutual TLS.
    Proxied,
    /// Through the proxy, which takes plaintext.
    Permissive,
    /// Past the proxy: the port is not captured.
    Bypass,
    /// There is no proxy.
    Direct,
}

impl InletKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proxied => "proxied",
            Self::Permissive => "permissive",
            Self::Bypass => "bypass",
            Self::Direct => "direct",
        }
    }
}

/// What a client's side sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsOrigination {
    /// What the application sends, untouched.
    Plaintext,
    /// Mutual TLS with the mesh's certificates.
    Mtls,
    /// TLS that is not the mesh's.
    ForeignTls,
}
