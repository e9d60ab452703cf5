//! AuthorizationPolicies and ServerAuthorizations: what they are about, and whom they let in.

use std::sync::Arc;

use super::rule::{by_policy, by_server_authorization, frame, requests};
use super::servers::servers_named;
use super::{Selections, absent, is_open_by_default, policy, wider};
use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::authorization::{
    Compiled, Grant, RouteName, Target, selects, server_grant,
};
use crate::mesh::linkerd::crd::{AuthorizationPolicy, Server, ServerAuthorization};
use crate::mesh::linkerd::inbound::server;
use crate::mesh::linkerd::object::Object;
use crate::mesh::linkerd::route::{Place, Route};
use crate::model::{At, Ineffective, Membership, Policy, Protocol, Subject, Wider, WorkloadId};

/// The AuthorizationPolicies.
pub(super) fn policies(linkerd: &Linkerd, selections: &Selections) -> Vec<Policy> {
    let all = linkerd.authorizations.compiled();
    all.map(|(object, compiled)| by_target(linkerd, selections, object, compiled))
        .collect()
}

fn by_target(
    linkerd: &Linkerd,
    selections: &Selections,
    object: &Object<AuthorizationPolicy>,
    compiled: &Compiled,
) -> Policy {
    let mut written = frame(object.at("/spec/requiredAuthenticationRefs"));
    let mut rule = by_policy(linkerd, object);
    let mut scope = "workload";
    let mut selected = Vec::new();
    let mut ineffective = None;
    let namespace = &object.namespace;
    match &compiled.target {
        Some(Target::Server(name)) => match linkerd.servers.named(namespace, name) {
            Some(server) => {
                selected = selections.workloads(std::iter::once(server));
                written.wider = wider_at_server(linkerd, server, compiled);
            }
            None => ineffective = absent(servers_named(linkerd, name), object.at(NAME)),
        },
        Some(Target::Namespace) => {
            scope = "namespace";
            selected = selections.workloads(linkerd.servers.of(namespace));
            written.gaps = gaps(linkerd, namespace);
            if linkerd.servers.of(namespace).next().is_none() {
                ineffective = Some((Ineffective::TargetMissing, object.at(NAME)));
            }
        }
        Some(Target::Route(name)) => match route_named(linkerd, namespace, name) {
            Some(route) => {
                rule.operations = requests(route);
                let servers: Vec<_> = attached(linkerd, route);
                selected = selections.workloads(servers.iter().copied());
                written.wider = wider_at_route(linkerd, route, &servers);
            }
            None => ineffective = Some(missing_route(linkerd, object, name)),
        },
        None => {}
    }
    if let Err((_, at)) = &compiled.grant {
        ineffective = Some((Ineffective::RequirementMissing, at.clone()));
    }
    written.rules.push(rule);
    let mut policy = policy(object, Subject::Authorization(written), scope);
    policy.selects = match ineffective {
        Some(_) => Vec::new(),
        None => selected,
    };
    policy.ineffective = ineffective;
    policy
}

const NAME: &str = "/spec/targetRef/name";

fn route_named<'a>(linkerd: &'a Linkerd, namespace: &str, name: &RouteName) -> Option<&'a Route> {
    let mut routes = linkerd.routes.iter();
    routes.find(|route| *route.namespace == *namespace && route.name == *name)
}

/// The Servers that a route counts on.
fn attached<'a>(linkerd: &'a Linkerd, route: &Route) -> Vec<&'a Object<Server>> {
    let on = |place: &Place| {
        let routes = [linkerd.routes.http(place), linkerd.routes.grpc(place)];
        routes.iter().flatten().any(|one| one.at == route.at)
    };
    let places = route.servers().filter(|place| on(place));
    places
        .filter_map(|(namespace, name)| linkerd.servers.named(&namespace, &name))
        .collect()
}

/// Why a route is not there: it is of the other group, in one other namespace, or nowhere.
fn missing_route(
    linkerd: &Linkerd,
    object: &Object<AuthorizationPolicy>,
    (_, kind, name): &RouteName,
) -> (Ineffective, At) {
    let alike = |route: &&Route| route.name.1 == *kind && route.name.2 == *name;
    let mut near = linkerd.routes.iter().filter(alike);
    if near.any(|route| route.namespace == object.namespace) {
        return (
            Ineffective::TargetOfOtherGroup,
            object.at("/spec/targetRef/group"),
        );
    }
    let elsewhere = linkerd.routes.iter().filter(alike).count();
    let why = match elsewhere {
        1 => Ineffective::WrongNamespace,
        _ => Ineffective::TargetMissing,
    };
    (why, object.at(NAME))
}

/// What lets everyone in to a Server whom a policy about it lets in, and more: others that name some
/// callers add to it, which is what they are for.
fn wider_at_server(linkerd: &Linkerd, server: &Object<Server>, own: &Compiled) -> Vec<Wider> {
    let Ok(own) = &own.grant else {
        return Vec::new();
    };
    let all = linkerd.server_grants(server);
    let others: Vec<&Grant> = all.iter().filter(|one| one.at != own.at).collect();
    let mut found = wider::than(&[own], &others);
    found.retain(|one| matches!(one.whom, "anyone" | "mesh"));
    found
}

/// What lets others in to a route than the policies about it.
fn wider_at_route(linkerd: &Linkerd, route: &Route, servers: &[&Object<Server>]) -> Vec<Wider> {
    let own: Vec<&Grant> = linkerd.route_grants(route).collect();
    let mut found = Vec::new();
    for server in servers {
        let all = linkerd.server_grants(server);
        let others: Vec<&Grant> = all.iter().collect();
        found.extend(wider::than(&own, &others));
    }
    found
}

/// Ports of a namespace's workloads that no Server selects, so that a policy for all Servers is not
/// about them, and that are open to callers without an identity.
fn gaps(linkerd: &Linkerd, namespace: &Arc<str>) -> Vec<(WorkloadId, u16)> {
    let mut found = Vec::new();
    for workload in linkerd.index.workloads_in(namespace) {
        let meshed = linkerd.member(workload).membership.value == Membership::Meshed;
        if !meshed || !is_open_by_default(linkerd, workload.id) {
            continue;
        }
        let servers = linkerd.servers_of(workload);
        let declared = workload.containers.iter().flat_map(|one| &one.ports);
        for port in declared.filter(|port| port.protocol == Protocol::Tcp) {
            let mut servers = servers.clone();
            let selected = servers.any(|one| server::means(&one.spec, workload, port.number));
            let skipped = linkerd.skipped_inbound(workload, port.number).is_some();
            if !selected && !skipped {
                found.push((workload.id, port.number));
            }
        }
    }
    found
}

/// The ServerAuthorizations.
pub(super) fn of_servers(linkerd: &Linkerd, selections: &Selections) -> Vec<Policy> {
    let one = |object: &Object<ServerAuthorization>| {
        let mut written = frame(object.at("/spec/client"));
        written.rules.push(by_server_authorization(linkerd, object));
        let near = linkerd.servers.of(&object.namespace);
        let servers: Vec<_> = near
            .filter(|server| {
                let labels = &linkerd.index.resource(server.id).labels;
                selects(&object.spec, &server.name, labels)
            })
            .collect();
        let mut policy = policy(object, Subject::Authorization(written), "workload");
        policy.ineffective = match server_grant(object, &linkerd.config) {
            Err((_, at)) => Some((Ineffective::NamesNobody, at)),
            Ok(_) if servers.is_empty() => match &object.spec.server.name {
                Some(name) => absent(servers_named(linkerd, name), object.at("/spec/server/name")),
                None => Some((
                    Ineffective::TargetMissing,
                    object.at("/spec/server/selector"),
                )),
            },
            Ok(_) => None,
        };
        if policy.ineffective.is_none() {
            policy.selects = selections.workloads(servers.into_iter());
        }
        policy
    };
    let all = linkerd.authorizations.of_servers.iter();
    all.map(one).collect()
}
