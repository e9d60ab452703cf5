//! What facts are collected from, and what collectors ask of it.

use super::{Decided, Port};

use crate::mesh::Mesh;
use crate::model::{self, Addresses, At, Identity, Inlet, InletKind, Request, Transport, Tri};
use crate::reach::{Asked, Caller, ClientAddress, Graph, ListenerPort, World, authorize};

/// What the facts are collected from.
pub(super) struct Context<'a> {
    /// The environment.
    pub world: &'a World,
    /// Its graph.
    pub graph: &'a Graph,
}

impl Context<'_> {
    pub(super) fn address(&self, at: &At) -> String {
        self.world.index.address(at)
    }

    pub(super) fn workload_name(&self, id: model::WorkloadId) -> String {
        self.world.index.workload(id).to_string()
    }

    /// Whether a port is one that a proxy opens by itself, and not its workload's.
    pub(super) fn is_opened(&self, listener: &ListenerPort) -> bool {
        let workload = self.world.index.workload(listener.workload);
        let mesh = self.world.mesh_of(listener.workload);
        let opened = mesh.map(|mesh| mesh.opened_ports(workload));
        let mut opened = opened.into_iter().flatten();
        opened.any(|(port, at)| port == listener.port && at == listener.at)
    }

    pub(super) fn port(&self, listener: &ListenerPort) -> Port {
        Port {
            id: format!(
                "{}:{}",
                self.world.index.workload(listener.workload),
                listener.port
            ),
            at: self.address(&listener.at),
            services: self.services(listener),
        }
    }

    /// The services that lead to a port, with their own port.
    pub(super) fn services(&self, listener: &ListenerPort) -> Vec<String> {
        let workload = self.world.index.workload(listener.workload);
        let services = self.world.services_to(workload, listener.port);
        services
            .into_iter()
            .map(|(service, port)| format!("{service}:{port}"))
            .collect()
    }

    /// The place that stands for a namespace.
    pub(super) fn namespace_at(&self, namespace: &str, near: &At) -> At {
        let known = self.world.index.namespace(namespace);
        known.map_or_else(|| near.clone(), |namespace| namespace.at.clone())
    }

    pub(super) fn decided<T, U>(&self, decided: &model::Decided<T>, value: U) -> Decided<U> {
        Decided {
            value,
            at: self.address(decided.because.at()),
            configured: decided.because.is_configured(),
        }
    }
}

/// Whether a proxy sees the traffic of a port.
pub(super) fn is_captured(listener: &ListenerPort) -> bool {
    let inlets = listener.meshed.iter().flat_map(|listener| &listener.inlets);
    let mut all = inlets.clone();
    all.next().is_some() && !inlets.clone().any(is_bypass)
}

/// Whether it leads everyone past the proxy.
pub(super) fn is_bypass(inlet: &Inlet) -> bool {
    inlet.kind == InletKind::Bypass && inlet.authorization.is_none()
}

/// Whether it is worked out what policies mean to a port.
pub(super) fn is_judged(listener: &ListenerPort) -> bool {
    let meshed = listener.meshed.as_ref();
    meshed.is_none_or(|meshed| meshed.unjudged.is_none() && !meshed.serves_others)
}

/// Whether the rules of a port let a caller pass who proves no identity and shows no token; without
/// a request, whether they let any of its requests pass.
pub(super) fn lets_in_someone_unnamed(listener: &ListenerPort, request: Option<&Request>) -> Tri {
    lets_in(listener, None, request)
}

/// Whether the rules of a port let an ordinary call pass of a workload of its mesh that no rule
/// names; without one, of a caller without an identity.
pub(super) fn lets_in_a_stranger(listener: &ListenerPort, mesh: &dyn Mesh) -> Tri {
    let stranger = mesh.account("meshvet-any", "meshvet-any");
    lets_in(listener, Some(&stranger), Some(&ordinary()))
}

/// Whether any way into a port lets a call pass; an identity is proven by mutual TLS only.
pub(super) fn lets_in(
    listener: &ListenerPort,
    identity: Option<&Identity>,
    request: Option<&Request>,
) -> Tri {
    let inlets = listener.meshed.iter().flat_map(|listener| &listener.inlets);
    Tri::any(inlets.filter_map(|inlet| {
        let caller = Caller {
            identity: identity.filter(|_| inlet.accepts == Transport::Mtls),
            peer: None,
            inside: true,
            destination: None,
            port: listener.port,
            server_name: None,
            layer: inlet.layer,
            client: ClientAddress::Read(Addresses::Last),
        };
        match &inlet.authorization {
            Some(rules) => Some(authorize(&[Asked::who(rules, caller)], request).passes),
            // the proxy takes plaintext and asks nobody
            None => (inlet.kind == InletKind::Permissive).then_some(Tri::Yes),
        }
    }))
}

/// A request that no rule singles out: its path stands in none. What is public or refused on
/// purpose does not count.
pub(super) fn ordinary() -> Request {
    Request {
        method: Some("GET".to_owned()),
        path: Some("/meshvet-any".to_owned()),
        ..Request::default()
    }
}

/// Whether the rules of an HTTP port ask for no token, and let in whoever has none.
pub(super) fn passes_without_token(listener: &ListenerPort) -> bool {
    let Some(meshed) = listener.meshed.as_ref().filter(|_| is_captured(listener)) else {
        return false;
    };
    let mut asks = false;
    for rules in meshed
        .inlets
        .iter()
        .filter_map(|i| i.authorization.as_ref())
    {
        for rule in &rules.rules {
            rule.when.each_test(&mut |test, _| {
                asks |= test.needs_token();
            });
        }
    }
    let reads_tokens = matches!(meshed.protocol.value, "http" | "auto");
    reads_tokens
        && !asks
        && meshed.conditions.is_empty()
        && lets_in_someone_unnamed(listener, Some(&ordinary())) == Tri::Yes
}
