//! Routes on Servers: whether they count there.

use super::{Selections, policy};
use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::crd::{ProxyProtocol, Server};
use crate::mesh::linkerd::object::Object;
use crate::mesh::linkerd::route::{Place, Route, Rules, branches};
use crate::model::{At, Ineffective, Policy, Subject};

/// The routes that are meant for Servers.
pub(super) fn policies(linkerd: &Linkerd, selections: &Selections) -> Vec<Policy> {
    let mut found = Vec::new();
    for route in linkerd.routes.iter() {
        let means = |kind: &Option<String>| {
            kind.as_deref()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("Server"))
        };
        if !route.parents.iter().any(|parent| means(&parent.kind)) {
            continue;
        }
        let object = Object {
            id: route.at.resource,
            namespace: route.namespace.clone(),
            name: linkerd.index.resource(route.at.resource).key.name.clone(),
            spec: (),
            tolerated: false,
        };
        let servers = route
            .servers()
            .filter_map(|(namespace, name)| linkerd.servers.named(&namespace, &name));
        let servers: Vec<&Object<Server>> = servers.collect();
        let mut policy = policy(&object, Subject::Routing, "target");
        policy.ineffective = ineffective(linkerd, route);
        match policy.ineffective {
            // without it, whom the Server lets in gets to all that it is about
            Some((why, _)) => {
                policy.opens = why != Ineffective::Unreadable
                    && servers
                        .iter()
                        .any(|server| !linkerd.server_grants(server).is_empty());
            }
            None => policy.selects = selections.workloads(servers.into_iter()),
        }
        found.push(policy);
    }
    found
}

/// Why a route counts on none of the Servers it names, or on one not as it is meant.
fn ineffective(linkerd: &Linkerd, route: &Route) -> Option<(Ineffective, At)> {
    if let Some((_, at)) = &route.void {
        let filter = at.pointer.as_str().contains("/filters/");
        let why = match filter {
            true => Ineffective::Unsupported,
            false => Ineffective::NotAttached,
        };
        return Some((why, at.clone()));
    }
    route.parents.iter().enumerate().find_map(|(i, parent)| {
        let at = route.field(&format!("/spec/parentRefs/{i}"));
        if !parent.is("Server") {
            // of another group there is no such kind
            let kind = parent.kind.as_deref()?;
            let meant = kind.eq_ignore_ascii_case("Server");
            return meant.then(|| (Ineffective::NotAttached, at.join("group")));
        }
        let place: Place = (route.namespace.clone(), parent.name.as_str().into());
        let Some(server) = linkerd.servers.named(&place.0, &place.1) else {
            let alike = linkerd.servers.iter().filter(|one| one.name == place.1);
            let why = match alike.count() {
                1 => Ineffective::WrongNamespace,
                _ => Ineffective::TargetMissing,
            };
            return Some((why, at.join("name")));
        };
        on(linkerd, route, server, &place, &at)
    })
}

/// Why a route does not count on a Server.
fn on(
    linkerd: &Linkerd,
    route: &Route,
    server: &Object<Server>,
    place: &Place,
    at: &At,
) -> Option<(Ineffective, At)> {
    let protocol = server.spec.proxy_protocol.unwrap_or(ProxyProtocol::Unknown);
    let reads = match route.rules {
        Rules::Grpc(_) => protocol == ProxyProtocol::Grpc,
        Rules::Http(_) => !matches!(
            protocol,
            ProxyProtocol::Grpc | ProxyProtocol::Opaque | ProxyProtocol::Tls
        ),
    };
    if !reads {
        return Some((Ineffective::OtherProtocol, at.join("name")));
    }
    match route.rules {
        Rules::Http(_) => {
            let evicted = linkerd.routes.evicts_http(place).is_some();
            evicted.then(|| (Ineffective::Evicted, at.join("name")))
        }
        Rules::Grpc(_) => {
            let unreadable = branches(&[route]).err()?;
            Some((Ineffective::Unreadable, unreadable))
        }
    }
}
