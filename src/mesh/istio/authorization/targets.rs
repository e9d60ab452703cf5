//! What policies name or fit besides workloads of the input: services behind waypoints, and proxies
//! that are made from a `Gateway`.

use super::attach::served;
use super::ineffective;
use crate::mesh::istio::Istio;
use crate::mesh::istio::crd::{Selecting, TargetRef};
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::outbound::waypoint::Asked;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::proxies::{Proxy, is_made};
use crate::model::Target;

/// What an object names, and the made gateways that it fits.
pub fn of<T: Selecting>(istio: &Istio, object: &Object<T>) -> Vec<Target> {
    let targets = object.spec.targets();
    if !targets.is_empty() {
        let named = targets.into_iter();
        return named.map(|t| of_reference(istio, object, t)).collect();
    }
    let made = ineffective::fitting(istio, object).filter(|pods| is_made(pods));
    made.filter(|pods| istio.member(pods).plane == Plane::Gateway)
        .map(|pods| Target {
            name: format!("Gateway {}/{}", pods.namespace, pods.name),
            proxy: Some("gateway"),
            without_tokens: istio.attached(&istio.tokens, pods).is_empty(),
        })
        .collect()
}

fn of_reference<T>(istio: &Istio, object: &Object<T>, reference: &TargetRef) -> Target {
    let (namespace, name) = (&object.namespace, &reference.name);
    let target = |proxy, without_tokens| Target {
        name: format!("{} {namespace}/{name}", reference.kind),
        proxy,
        without_tokens,
    };
    match reference.kind.as_str() {
        "Service" => {
            let service = istio.index.service_named(namespace, name);
            match service.map(|service| istio.waypoint_of_service(service)) {
                Some(Asked::Passes(proxy)) => {
                    let tokens =
                        istio.attached_to_waypoint(&istio.tokens, proxy, service.map(served));
                    target(Some("waypoint"), tokens.is_empty())
                }
                _ => target(None, false),
            }
        }
        "Gateway" => match istio.proxies.of_gateway(namespace, name) {
            Some(proxy) => of_proxy(istio, proxy, target),
            None => target(None, false),
        },
        "GatewayClass" if **namespace == *istio.root() => Target {
            name: format!("all of GatewayClass {name}"),
            ..of_class(istio, name)
        },
        _ => target(None, false),
    }
}

/// The first waypoint of a class.
fn of_class(istio: &Istio, class: &str) -> Target {
    let mut all = istio.proxies.all.iter();
    let first = all.find(|proxy| {
        let named = proxy.gateway.as_ref().is_some_and(|n| n.class == class);
        named && istio.member(&proxy.pods).plane == Plane::Waypoint
    });
    let none = |proxy, without_tokens| Target {
        name: String::new(),
        proxy,
        without_tokens,
    };
    match first {
        Some(proxy) => of_proxy(istio, proxy, none),
        None => none(None, false),
    }
}

fn of_proxy(
    istio: &Istio,
    proxy: &Proxy,
    target: impl Fn(Option<&'static str>, bool) -> Target,
) -> Target {
    match istio.member(&proxy.pods).plane {
        Plane::Waypoint => {
            // tokens may be read for single services
            let mut tokens = istio.tokens.iter();
            let none = tokens.all(|tokens| !tokens.spec.has_targets());
            target(Some("waypoint"), none)
        }
        _ => {
            let made = is_made(&proxy.pods);
            let tokens = istio.attached(&istio.tokens, &proxy.pods);
            target(Some("gateway"), made && tokens.is_empty())
        }
    }
}
