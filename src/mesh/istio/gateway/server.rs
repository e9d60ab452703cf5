//! `Gateway` of Istio, and what each of its servers takes.

use serde::Deserialize;

use crate::mesh::istio::crd::Selecting;
use crate::model::{Labels, TlsOrigination};

/// `Gateway` of Istio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// The pods that serve it.
    pub selector: Labels,
    /// What they listen for.
    pub servers: Vec<Server>,
}

impl Selecting for Gateway {}

/// `servers[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The port.
    pub port: ServerPort,
    /// The hosts, each possibly with the namespaces that may serve it.
    pub hosts: Vec<String>,
    /// The address it listens at; empty is every one.
    pub bind: String,
    /// How TLS is ended.
    pub tls: Option<ServerTls>,
}

/// `port` of a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServerPort {
    /// The number.
    pub number: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `GRPC`, `HTTP2`, ….
    pub protocol: String,
}

/// `tls` of a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerTls {
    /// The mode.
    pub mode: ServerTlsMode,
    /// Whether requests are only told to come again over HTTPS.
    pub https_redirect: bool,
}

/// `tls.mode` of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServerTlsMode {
    /// It passes through, led by its server name.
    #[default]
    Passthrough,
    /// It is ended.
    Simple,
    /// It is ended, and the client shows a certificate.
    Mutual,
    /// The same, if it has one.
    OptionalMutual,
    /// The mesh's own.
    IstioMutual,
    /// It passes through to the service that its server name stands for.
    AutoPassthrough,
}

/// What a server does, in neutral words.
pub struct Kind {
    /// What clients send there.
    pub sends: TlsOrigination,
    /// Which of a VirtualService's routes count: `http`, `tls`, `tcp`.
    pub routes: &'static str,
    /// Whether TLS passes through it.
    pub sealed: bool,
}

impl Server {
    /// Whether it takes requests without TLS.
    pub fn is_http(&self) -> bool {
        let protocol = self.port.protocol.to_uppercase();
        matches!(
            protocol.as_str(),
            "HTTP" | "HTTP2" | "GRPC" | "GRPC-WEB" | "HTTP_PROXY"
        )
    }

    /// The mode of its TLS, if it has any.
    pub fn mode(&self) -> Option<ServerTlsMode> {
        self.tls.as_ref().map(|tls| tls.mode)
    }

    /// Whether requests are only told to come again over HTTPS.
    pub fn redirects(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.https_redirect)
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        let tls = self.tls.as_ref();
        let kind = |sends, routes, sealed| Kind {
            sends,
            routes,
            sealed,
        };
        let ended = |routes| match tls.map_or(ServerTlsMode::Simple, |tls| tls.mode) {
            ServerTlsMode::Passthrough => kind(TlsOrigination::ForeignTls, "tls", true),
            ServerTlsMode::AutoPassthrough => kind(TlsOrigination::Mtls, "tls", true),
            ServerTlsMode::IstioMutual => kind(TlsOrigination::Mtls, routes, false),
            _ => kind(TlsOrigination::ForeignTls, routes, false),
        };
        match self.port.protocol.to_uppercase().as_str() {
            _ if self.is_http() => kind(TlsOrigination::Plaintext, "http", false),
            "HTTPS" => ended("http"),
            "TLS" => ended("tcp"),
            _ => kind(TlsOrigination::Plaintext, "tcp", false),
        }
    }
}
