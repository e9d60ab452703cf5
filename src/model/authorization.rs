use std::net::IpAddr;
use std::sync::Arc;

use super::{At, Because, Expression, Normalization};

/// What happens to a request that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It passes.
    Allow,
    /// It is refused.
    Deny,
    /// It is refused, as none of the rules before lets the caller in.
    Unlisted,
    /// It is marked, and goes on.
    Audit,
    /// Someone else is asked; it goes on if they agree.
    Delegate(Delegate),
}

/// The one who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// Name of the provider.
    pub provider: Arc<str>,
}

/// An ordered list of rules: the first that decides wins.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// The rules in the order they are asked.
    pub rules: Vec<Rule>,
    /// What happens where none decides, and because of what.
    pub otherwise: Effect,
    /// Why that is so.
    pub because: Because,
    /// What becomes of a request before it is compared.
    pub normalization: Normalization,
    /// The tokens that are looked at; without any, rules see no token.
    pub tokens: Option<Arc<[TokenRule]>>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which requests it is about.
    pub when: When,
    /// What happens to them.
    pub then: Effect,
    /// Where it is written.
    pub at: At,
}

/// A condition on a request.
#[derive(Debug, Clone)]
pub enum When {
    /// Every request.
    Always,
    /// No request.
    Never,
    /// A test, and the place where its value is written.
    Is(Test, At),
    /// All of these.
    All(Vec<When>),
    /// Any of these.
    Any(Vec<When>),
    /// Not this.
    Not(Box<When>),
}

impl When {
    /// All of these, without needless nesting.
    pub fn all(mut of: Vec<When>) -> Self {
        of.retain(|when| !matches!(when, Self::Always));
        if of.iter().any(|when| matches!(when, Self::Never)) {
            return Self::Never;
        }
        match of.len() {
            0 => Self::Always,
            1 => of.remove(0),
            _ => Self::All(of),
        }
    }

    /// Any of these, without needless nesting.
    pub fn any(mut of: Vec<When>) -> Self {
        of.retain(|when| !matches!(when, Self::Never));
        if of.iter().any(|when| matches!(when, Self::Always)) {
            return Self::Always;
        }
        match of.len() {
            0 => Self::Never,
            1 => of.remove(0),
            _ => Self::Any(of),
        }
    }

    /// The opposite.
    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Calls `visit` with every test in it.
    pub fn each_test<'a>(&'a self, visit: &mut dyn FnMut(&'a Test, &'a At)) {
        match self {
            Self::Always | Self::Never => {}
            Self::Is(test, at) => visit(test, at),
            Self::All(of) | Self::Any(of) => of.iter().for_each(|when| when.each_test(visit)),
            Self::Not(inner) => inner.each_test(visit),
        }
    }
}

/// One attribute of a request against one value.
///
/// An attribute that is not there fails every test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The proven identity, whole.
    Identity(StringMatch),
    /// Namespace of the proven identity; `*` stands for any text, anywhere.
    IdentityNamespace(Arc<str>),
    /// Namespace and service account of the proven identity, in any trust domain.
    IdentityServiceAccount {
        /// Namespace.
        namespace: Arc<str>,
        /// Service account.
        name: Arc<str>,
    },
    /// Trust domain of the proven identity.
    IdentityTrustDomain(StringMatch),
    /// Address of the peer of the connection.
    PeerAddress(Cidr),
    /// Address of the peer of the connection, in ranges that hold all addresses of the cluster.
    PeerInside(Arc<[Cidr]>),
    /// Address of the client as headers have it.
    ClientAddress(Cidr),
    /// Address the connection was made to.
    DestinationAddress(Cidr),
    /// The workload's port.
    Port(u16),
    /// Server name in the TLS handshake of a client that is not the mesh's own.
    ServerName(StringMatch),
    /// HTTP method.
    Method(StringMatch),
    /// HTTP path, normalised, without the query.
    Path(PathMatch),
    /// HTTP authority with its port, whatever its case.
    Host(StringMatch),
    /// HTTP authority without its port, whatever its case.
    HostName(StringMatch),
    /// HTTP authority with its port, as it is sent.
    Authority(StringMatch),
    /// The first value that the query of the target gives a name, as it is written there.
    Query {
        /// Name of the parameter.
        name: Arc<str>,
        /// The value; [`StringMatch::Any`] takes an empty one too.
        value: StringMatch,
    },
    /// Any value that the query of the target gives a name, decoded.
    AnyQuery {
        /// Name of the parameter.
        name: Arc<str>,
        /// The value.
        value: StringMatch,
    },
    /// A line of an HTTP header; `host` is the authority as it is sent.
    Header {
        /// Name of the header, in lower case.
        name: Arc<str>,
        /// The value; [`StringMatch::Any`] takes an empty one too.
        value: StringMatch,
    },
    /// Issuer and subject of an accepted token; a subject match of `None` takes any but an empty one.
    TokenPrincipal {
        /// Issuer.
        issuer: StringMatch,
        /// Subject.
        subject: StringMatch,
    },
    /// A claim of an accepted token; of a list, any element.
    TokenClaim {
        /// Path of the claim.
        path: Vec<Arc<str>>,
        /// The value.
        value: StringMatch,
    },
    /// A claim of an accepted token that is a text; a list is none.
    TokenText {
        /// Issuer of that token.
        issuer: StringMatch,
        /// Path of the claim; `iss` alone is the issuer.
        path: Vec<Arc<str>>,
        /// The value.
        value: StringMatch,
    },
    /// A token is presented that none of these rules accepts.
    TokenRefused(Arc<[TokenRule]>),
    /// The request is one that is asked about, and not any.
    Given,
    /// Something that files cannot tell; the text says what.
    Unknowable(Arc<str>),
}

impl Test {
    /// Whether it fails without an accepted token.
    pub fn needs_token(&self) -> bool {
        matches!(
            self,
            Self::TokenPrincipal { .. } | Self::TokenClaim { .. } | Self::TokenText { .. }
        )
    }
}

/// Which tokens a server accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRule {
    /// Issuer.
    pub issuer: Arc<str>,
    /// Accepted audiences; empty takes any.
    pub audiences: Vec<Arc<str>>,
    /// Whether tokens are looked for where clients put them by default
    /// (`Authorization: Bearer`, query parameter `access_token`).
    pub default_location: bool,
    /// Whether an accepted token goes on to the next.
    pub forwards: bool,
}

/// A match on a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StringMatch {
    /// There, and not empty.
    Any,
    /// Exactly this.
    Exact(Arc<str>),
    /// Begins with this.
    Prefix(Arc<str>),
    /// Ends with this.
    Suffix(Arc<str>),
    /// Fits this as a whole.
    Fits(Expression),
}

impl StringMatch {
    /// Whether `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => !text.is_empty(),
            Self::Exact(value) => text == &**value,
            Self::Prefix(value) => text.starts_with(&**value),
            Self::Suffix(value) => text.ends_with(&**value),
            Self::Fits(expression) => expression.fits(text),
        }
    }

    /// This match on lower-case text.
    pub fn lower_case(&self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Exact(value) => Self::Exact(value.to_lowercase().into()),
            Self::Prefix(value) => Self::Prefix(value.to_lowercase().into()),
            Self::Suffix(value) => Self::Suffix(value.to_lowercase().into()),
            Self::Fits(expression) => Self::Fits(expression.clone()),
        }
    }
}

/// A match on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathMatch {
    /// As text.
    Text(StringMatch),
    /// By segments: a literal text, exactly one segment, or the rest.
    Template(Vec<Segment>),
}

/// A part of a path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// This text (slashes included).
    Literal(Arc<str>),
    /// One segment that is not empty.
    One,
    /// Anything, nothing included.
    Rest,
}

/// A range of addresses.
pub type Cidr = ipnet::IpNet;

/// Whether an address lies in a range.
pub fn contains(range: &Cidr, address: IpAddr) -> bool {
    range.contains(&address)
}
