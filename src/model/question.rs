use std::net::IpAddr;

use super::WorkloadId;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// A workload, with the address of its pod if that is known.
    Workload(WorkloadId, Option<IpAddr>),
    /// Someone outside the cluster, without an identity, who has to find a way in.
    External(Option<IpAddr>),
    /// Someone without an identity who can open a connection to the pod itself.
    Address(IpAddr),
}

impl Client {
    /// The address the call comes from, if it is known.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Self::Workload(_, ip) | Self::External(ip) => ip,
            Self::Address(ip) => Some(ip),
        }
    }
}

/// An HTTP request. A method, path or host that is not given may be any; a header or token that
/// is not given is not sent.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method.
    pub method: Option<String>,
    /// Path, as sent, with its query.
    pub path: Option<String>,
    /// Authority.
    pub host: Option<String>,
    /// Header lines.
    pub headers: Vec<HeaderLine>,
    /// Tokens.
    pub tokens: Vec<Token>,
}

/// One line of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine {
    /// Name, in any case.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A token that a client presents.
#[derive(Debug, Clone, Default)]
pub struct Token {
    /// Who issued it.
    pub issuer: String,
    /// The provider that vouches for it, by its name, where it is given by that.
    pub provider: Option<String>,
    /// What it says.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Whether its signature and dates are right.
    pub valid: bool,
}
