//! The fields of an authorization rule: what each looks at, and how its values are read.
//!
//! `istio/istio: pilot/pkg/security/authz/model/generator.go`. A `source` or `operation` field and
//! its `when` key are the same attribute; both are turned into an [`Attribute`] here and nowhere else.

use std::sync::Arc;

use ipnet::IpNet;

use super::principal::{TrustDomains, request_principal, text};
use crate::model::{PathMatch, Segment, StringMatch, Test};

/// What a field looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attribute {
    /// `principals`, `source.principal`.
    Principal,
    /// `namespaces`, `source.namespace`.
    Namespace,
    /// `serviceAccounts`, `source.serviceAccount`.
    ServiceAccount,
    /// `trustDomains`, `source.trustDomain`.
    TrustDomain,
    /// `ipBlocks`, `source.ip`.
    PeerAddress,
    /// `remoteIpBlocks`, `remote.ip`.
    ClientAddress,
    /// `requestPrincipals`, `request.auth.principal`.
    RequestPrincipal,
    /// `request.auth.audiences`, `request.auth.presenter`, `request.auth.claims[…]`: a claim.
    Claim(Vec<Arc<str>>),
    /// `request.headers[…]`, in lower case.
    Header(Arc<str>),
    /// `hosts`.
    Host,
    /// `methods`.
    Method,
    /// `paths`.
    Path,
    /// `ports`, `destination.port`.
    Port,
    /// `destination.ip`.
    DestinationAddress,
    /// `connection.sni`.
    ServerName,
    /// `experimental.envoy.filters.…`.
    Metadata(Arc<str>),
}

impl Attribute {
    /// A field of `source` or `operation`, without its `not`.
    pub fn of_field(field: &str) -> Option<Self> {
        Some(match field {
            "principals" => Self::Principal,
            "namespaces" => Self::Namespace,
            "serviceAccounts" => Self::ServiceAccount,
            "trustDomains" => Self::TrustDomain,
            "ipBlocks" => Self::PeerAddress,
            "remoteIpBlocks" => Self::ClientAddress,
            "requestPrincipals" => Self::RequestPrincipal,
            "hosts" => Self::Host,
            "methods" => Self::Method,
            "paths" => Self::Path,
            "ports" => Self::Port,
            _ => return None,
        })
    }

    /// A `when` key.
    pub fn of_key(key: &str) -> Option<Self> {
        let claim = |name: &str| Self::Claim(vec![name.into()]);
        Some(match key {
            "source.principal" => Self::Principal,
            "source.namespace" => Self::Namespace,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.trustDomain" => Self::TrustDomain,
            "source.ip" => Self::PeerAddress,
            "remote.ip" => Self::ClientAddress,
            "destination.ip" => Self::DestinationAddress,
            "destination.port" => Self::Port,
            "connection.sni" => Self::ServerName,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => claim("aud"),
            "request.auth.presenter" => claim("azp"),
            _ => return Self::of_bracketed_key(key),
        })
    }

    fn of_bracketed_key(key: &str) -> Option<Self> {
        if let Some(names) = key.strip_prefix("request.auth.claims") {
            let names = brackets(names)?;
            return Some(Self::Claim(names.into_iter().map(Into::into).collect()));
        }
        if let Some(name) = key.strip_prefix("request.headers") {
            return match brackets(name)?.as_slice() {
                [name] => Some(Self::Header(name.to_lowercase().into())),
                _ => None,
            };
        }
        key.strip_prefix("experimental.envoy.filters.")
            .filter(|rest| rest.contains('['))
            .map(|_| Self::Metadata(key.into()))
    }

    /// Whether only HTTP has it. On other connections an ALLOW rule that needs it is dropped, and
    /// in any other rule the field is.
    pub fn is_http(&self) -> bool {
        matches!(
            self,
            Self::RequestPrincipal
                | Self::Claim(_)
                | Self::Header(_)
                | Self::Host
                | Self::Method
                | Self::Path
        )
    }

    /// Whether it comes from a token.
    pub fn is_token(&self) -> bool {
        matches!(self, Self::RequestPrincipal | Self::Claim(_))
    }

    /// What it is about, in neutral words.
    pub fn dimension(&self) -> &'static str {
        match self {
            Self::Principal | Self::Namespace | Self::ServiceAccount | Self::TrustDomain => {
                "identity"
            }
            Self::PeerAddress => "address",
            Self::ClientAddress => "client_address",
            Self::RequestPrincipal | Self::Claim(_) => "token",
            Self::Header(_) => "header",
            Self::Host => "host",
            Self::Method => "method",
            Self::Path => "path",
            Self::Port => "port",
            Self::DestinationAddress => "destination",
            Self::ServerName => "server_name",
            Self::Metadata(_) => "other",
        }
    }

    /// The tests one value stands for (any of them), or why the webhook refuses it.
    pub fn tests(
        &self,
        value: &str,
        domains: &TrustDomains,
        policy_namespace: &str,
    ) -> Result<Vec<Test>, String> {
        let one = |test| Ok(vec![test]);
        match self {
            Self::Principal => Ok(domains
                .expand_principal(value)
                .iter()
                .map(|principal| Test::Identity(text(principal)))
                .collect()),
            Self::Namespace => one(Test::IdentityNamespace(value.into())),
            Self::ServiceAccount => {
                let (namespace, name) = value.split_once('/').unwrap_or((policy_namespace, value));
                if name.is_empty() || value.contains('*') || name.contains('/') {
                    return Err(format!(
                        "{value:?} is no service account: write name or namespace/name"
                    ));
                }
                one(Test::IdentityServiceAccount {
                    namespace: namespace.into(),
                    name: name.into(),
                })
            }
            Self::TrustDomain => Ok(domains
                .expand_domain(value)
                .iter()
                .map(|domain| Test::IdentityTrustDomain(text(domain)))
                .collect()),
            Self::PeerAddress => one(Test::PeerAddress(network(value)?)),
            Self::ClientAddress => one(Test::ClientAddress(network(value)?)),
            Self::DestinationAddress => one(Test::DestinationAddress(network(value)?)),
            Self::RequestPrincipal => one(request_principal(value)),
            Self::Claim(path) => one(Test::TokenClaim {
                path: path.clone(),
                value: text(value),
            }),
            Self::Header(name) => one(Test::Header {
                name: Arc::clone(name),
                value: text(value),
            }),
            Self::Host => one(Test::Host(text(value).lower_case())),
            Self::Method => one(Test::Method(text(value))),
            Self::Path => one(Test::Path(path(value)?)),
            Self::Port => match value.parse() {
                Ok(1..=u16::MAX) => one(Test::Port(value.parse().unwrap_or_default())),
                _ => Err(format!("{value:?} is no port")),
            },
            Self::ServerName => one(Test::ServerName(text(value))),
            Self::Metadata(key) => one(Test::Unknowable(Arc::clone(key))),
        }
    }
}

impl Attribute {
    /// The test that the node's proxy of ambient mode makes of a value; nothing for what it does not
    /// look at. It knows no aliases of trust domains.
    /// `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go` (stringToMatch).
    pub fn test_at_node(&self, value: &str, policy_namespace: &str) -> Option<Test> {
        match self {
            Self::Principal => Some(Test::Identity(text(value))),
            // a star in the middle means itself, and no namespace has one
            Self::Namespace if is_literal_star(value) => Some(Test::Identity(text(value))),
            Self::Namespace => Some(Test::IdentityNamespace(value.into())),
            Self::ServiceAccount | Self::PeerAddress | Self::DestinationAddress | Self::Port => {
                let none = TrustDomains(Vec::new());
                let tests = self.tests(value, &none, policy_namespace).ok()?;
                tests.into_iter().next()
            }
            _ => None,
        }
    }
}

/// `[a][b]` → a, b; nothing if the text is anything else.
fn brackets(text: &str) -> Option<Vec<&str>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let names: Vec<&str> = inner.split("][").collect();
    let clean = names
        .iter()
        .all(|name| !name.is_empty() && !name.contains(['[', ']']));
    clean.then_some(names)
}

fn network(value: &str) -> Result<IpNet, String> {
    let parsed = if value.contains('/') {
        value.parse().ok()
    } else {
        value.parse::<std::net::IpAddr>().ok().map(IpNet::from)
    };
    parsed.ok_or_else(|| format!("{value:?} is no address or range"))
}

/// A path: a text match, or a template where it holds `{*}` or `{**}`.
fn path(value: &str) -> Result<PathMatch, String> {
    if !value.contains("{*}") && !value.contains("{**}") {
        return Ok(PathMatch::Text(text(value)));
    }
    if value
        .replace("{**}", "")
        .replace("{*}", "")
        .contains(['*', '{', '}'])
    {
        return Err(format!(
            "{value:?} mixes a path template with other wildcards"
        ));
    }
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.find('{') {
        let (literal, operator) = rest.split_at(at);
        if !literal.ends_with('/') {
            return Err(format!("in {value:?} an operator is not a whole segment"));
        }
        parts.push(Segment::Literal(literal.into()));
        let (part, length) = match operator.starts_with("{**}") {
            true => (Segment::Rest, 4),
            false => (Segment::One, 3),
        };
        parts.push(part);
        rest = operator.get(length..).unwrap_or("");
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(format!("in {value:?} an operator is not a whole segment"));
        }
    }
    if !rest.is_empty() {
        parts.push(Segment::Literal(rest.into()));
    }
    Ok(PathMatch::Template(parts))
}

/// Whether a value of this match can never be anything: a star that means nothing.
pub fn is_literal_star(value: &str) -> bool {
    match text(value) {
        StringMatch::Any | StringMatch::Fits(_) => false,
        StringMatch::Exact(rest) | StringMatch::Prefix(rest) | StringMatch::Suffix(rest) => {
            rest.contains('*')
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_with_brackets() {
        let claim = |names: &[&str]| Attribute::Claim(names.iter().map(|n| (*n).into()).collect());
        assert_eq!(
            Attribute::of_key("request.auth.claims[a][b.c]"),
            Some(claim(&["a", "b.c"]))
        );
        assert_eq!(
            Attribute::of_key("request.headers[X-Id]"),
            Some(Attribute::Header("x-id".into()))
        );
        assert_eq!(Attribute::of_key("request.headers[]"), None);
        assert_eq!(Attribute::of_key("request.headers"), None);
        assert_eq!(Attribute::of_key("source.nonsense"), None);
    }

    #[test]
    fn templates() {
        let literal = |t: &str| Segment::Literal(t.into());
        assert_eq!(
            path("/files/{*}/raw/{**}").unwrap(),
            PathMatch::Template(vec![
                literal("/files/"),
                Segment::One,
                literal("/raw/"),
                Segment::Rest
            ])
        );
        assert!(path("/a{*}").is_err());
        assert!(path("/{*}b").is_err());
        assert!(path("/{*}/b*").is_err());
        assert_eq!(
            path("/a*").unwrap(),
            PathMatch::Text(StringMatch::Prefix("/a".into()))
        );
    }

    #[test]
    fn addresses_and_ports() {
        assert!(network("10.0.0.1").is_ok());
        assert!(network("10.0.0.0/8").is_ok());
        assert!(network("10.0.0").is_err());
        let domains = TrustDomains(vec!["cluster.local".into()]);
        assert!(Attribute::Port.tests("0", &domains, "a").is_err());
        assert_eq!(
            Attribute::Port.tests("80", &domains, "a").unwrap(),
            [Test::Port(80)]
        );
    }

    #[test]
    fn stars_that_mean_nothing() {
        assert!(is_literal_star("/a/*/b"));
        assert!(is_literal_star("*x*"));
        assert!(!is_literal_star("/a*"));
        assert!(!is_literal_star("*"));
    }
}
