use std::borrow::Cow;
use std::sync::Arc;

use super::{
    At, Because, Decided, Expression, Identity, Layer, Ruleset, ServiceId, TlsOrigination,
};

/// One way of a call to the workload that is called: what the caller sends, and the proxies that it
/// passes before the workload's own.
#[derive(Debug, Clone)]
pub struct Way {
    /// Where it begins, if not at a workload that calls: in a person's words, and the line.
    pub entry: Option<(Cow<'static, str>, At)>,
    /// What the caller sends to the first that takes it.
    pub sends: Decided<TlsOrigination>,
    /// What the caller's own side asks before it sends anything.
    pub gates: Vec<Gate>,
    /// The proxies on the way, in their order.
    pub hops: Vec<Hop>,
    /// The service that the call comes out at; `None` where the pod itself is dialled.
    pub service: Option<(ServiceId, u16)>,
    /// The host that is asked for, where the request does not say.
    pub host: Option<String>,
    /// The server name of the last TLS handshake, where a proxy makes one.
    pub server_name: Option<String>,
    /// Whether what is inside is TLS of the caller's own, which no proxy on the way ends.
    pub sealed: bool,
    /// What could change it and is not understood.
    pub conditions: Vec<(String, At)>,
    /// What else has to hold and is not known: it can refuse a call, and let none in.
    pub needs: Vec<(String, At)>,
    /// Why it ends before the workload, if it does.
    pub ends: Option<(Cow<'static, str>, Because)>,
}

impl Way {
    /// A way without proxies of others.
    pub fn straight(sends: Decided<TlsOrigination>, service: Option<(ServiceId, u16)>) -> Self {
        Self {
            entry: None,
            sends,
            gates: Vec::new(),
            hops: Vec::new(),
            service,
            host: None,
            server_name: None,
            sealed: false,
            conditions: Vec::new(),
            needs: Vec::new(),
            ends: None,
        }
    }

    /// Everything that is asked on the way, in order.
    pub fn all_gates(&self) -> impl Iterator<Item = &Gate> {
        let of_hops = self.hops.iter().flat_map(|hop| &hop.gates);
        self.gates.iter().chain(of_hops)
    }
}

/// A proxy that others call: a gateway, a waypoint.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Its name for people: `the gateway shop/front`.
    pub name: Arc<str>,
    /// The object it is there because of.
    pub at: At,
    /// Who it proves to be to the next.
    pub identity: Option<Identity>,
    /// What it asks, in order.
    pub gates: Vec<Gate>,
    /// What it sends on.
    pub sends: Decided<TlsOrigination>,
    /// How it learns the client's address.
    pub addresses: Addresses,
    /// What could change what it does and is not understood.
    pub conditions: Vec<(String, At)>,
}

/// How a proxy learns the address of the client, as rules on it see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// The last one that headers name; else the peer.
    Last,
    /// The one that so many trusted proxies in front have added; the peer where there are none.
    Trusted(u32),
}

/// Something that is asked of every call at one place.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Whether it decides where calls go rather than who may pass.
    pub routes: bool,
    /// The rules. Of routes, to allow means to lead to the workload that is called.
    pub rules: Arc<Ruleset>,
    /// How it reads the bytes.
    pub layer: Layer,
    /// The port, as its rules see it.
    pub port: u16,
    /// What becomes of the request behind it.
    pub rewrite: Option<Rewrite>,
}

/// What a route makes of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rewrite {
    /// The path.
    pub path: Option<PathRewrite>,
    /// The host.
    pub host: Option<Arc<str>>,
    /// The headers, in order.
    pub headers: Vec<HeaderChange>,
}

/// What becomes of the lines of a header; its name is in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeaderChange {
    /// There are none.
    Remove(Arc<str>),
    /// There is this one.
    Set(Arc<str>, Arc<str>),
    /// There is this one more.
    Add(Arc<str>, Arc<str>),
}

impl HeaderChange {
    /// That there are none.
    pub fn remove(name: &str) -> Self {
        Self::Remove(name.to_lowercase().into())
    }

    /// That there is this one.
    pub fn set(name: &str, value: &str) -> Self {
        Self::Set(name.to_lowercase().into(), value.into())
    }

    /// That there is this one more.
    pub fn add(name: &str, value: &str) -> Self {
        Self::Add(name.to_lowercase().into(), value.into())
    }
}

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathRewrite {
    /// It is this.
    Whole(Arc<str>),
    /// The text it begins with is replaced.
    Prefix {
        /// What it began with.
        from: Arc<str>,
        /// What it begins with.
        to: Arc<str>,
    },
    /// The segments it begins with are replaced.
    Segments {
        /// What it began with.
        from: Arc<str>,
        /// What it begins with.
        to: Arc<str>,
    },
    /// What fits is replaced.
    Fits {
        /// What is looked for.
        expression: Expression,
        /// What it becomes.
        to: Arc<str>,
    },
    /// Something that files cannot tell.
    Unknowable,
}

impl PathRewrite {
    /// The path that comes out; nothing where that cannot be told.
    pub fn of(&self, path: &str) -> Option<String> {
        match self {
            Self::Whole(whole) => Some(whole.to_string()),
            Self::Prefix { from, to } => Some(format!("{to}{}", path.strip_prefix(&**from)?)),
            Self::Segments { from, to } => {
                let rest = path.strip_prefix(&**from)?.trim_start_matches('/');
                let to = to.trim_end_matches('/');
                Some(match (to, rest) {
                    ("", "") => "/".to_owned(),
                    (to, "") => to.to_owned(),
                    (to, rest) => format!("{to}/{rest}"),
                })
            }
            Self::Fits { expression, to } => Some(expression.replace(path, to)),
            Self::Unknowable => None,
        }
    }

    /// A path that comes out as this one, if there is one to be found.
    pub fn before(&self, path: &str) -> Option<String> {
        match self {
            Self::Prefix { from, to } | Self::Segments { from, to } => {
                Some(format!("{from}{}", path.strip_prefix(&**to)?))
            }
            Self::Whole(_) | Self::Fits { .. } | Self::Unknowable => None,
        }
    }
}

/// What is called outside the cluster.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Its host, if it is called by name.
    pub host: Option<String>,
    /// Its address, if it is known.
    pub ip: Option<std::net::IpAddr>,
    /// Its port.
    pub port: u16,
}
