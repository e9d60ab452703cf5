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

impl Request {
    /// The same request, where a header line that names the host is the host, unless another is given.
    pub fn with_host_of_headers(mut self) -> Self {
        let (named, others) = self
            .headers
            .into_iter()
            .partition::<Vec<_>, _>(|line| names_host(&line.name));
        let first = named.into_iter().next();
        let named = first.map(|line| line.value.trim().to_owned());
        self.host = self.host.or(named);
        self.headers = others;
        self
    }
}

/// Whether a header of this name is the authority.
pub fn names_host(header: &str) -> bool {
    header.eq_ignore_ascii_case("host") || header.eq_ignore_ascii_case(":authority")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_may_name_the_host() {
        let asked = |host: Option<&str>, header: &str| {
            let line = |name: &str, value: &str| HeaderLine {
                name: name.to_owned(),
                value: value.to_owned(),
            };
            let request = Request {
                host: host.map(str::to_owned),
                headers: vec![line("X", "y"), line(header, " Api:80 ")],
                ..Request::default()
            };
            let request = request.with_host_of_headers();
            (request.host, request.headers.len())
        };
        let host = |text: &str| Some(text.to_owned());
        assert_eq!(asked(None, "Host"), (host("Api:80"), 1));
        assert_eq!(asked(None, ":authority"), (host("Api:80"), 1));
        assert_eq!(asked(Some("web"), "host"), (host("web"), 1));
        assert_eq!(asked(None, "X-Host"), (None, 2));
    }
}
