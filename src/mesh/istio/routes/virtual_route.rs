//! `VirtualService` as it is written: what each of its routes takes, and what becomes of it for one
//! proxy.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::http_change::{Headers, WrittenRewrite, rewrite};
use super::http_match::HttpMatch;
use super::named::{MESH, is_for};
use super::{Route, Target, host_is};
use crate::mesh::istio::crd::Selecting;
use crate::mesh::istio::outbound::destination::resolve;
use crate::mesh::istio::policy::{Object, selects};
use crate::model::{At, Labels, Test, When, Workload};

/// `VirtualService`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VirtualService {
    /// The hosts it is about; none of one that others delegate to.
    pub hosts: Vec<String>,
    /// The proxies it is for.
    pub gateways: Vec<String>,
    /// Who sees it.
    pub export_to: Vec<String>,
    /// Routes of requests.
    pub http: Vec<HttpRoute>,
    /// Routes of TLS that passes through.
    pub tls: Vec<StreamRoute>,
    /// Routes of other connections.
    pub tcp: Vec<StreamRoute>,
}

impl Selecting for VirtualService {}

/// `http[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpRoute {
    /// What it takes: any of these; empty takes everything.
    pub r#match: Vec<HttpMatch>,
    route: Vec<Weighted>,
    redirect: Option<IgnoredAny>,
    direct_response: Option<IgnoredAny>,
    /// The VirtualService whose routes stand in for it.
    pub delegate: Option<Delegate>,
    rewrite: Option<WrittenRewrite>,
    headers: Option<Headers>,
    fault: Option<Fault>,
    mirror: Option<Destination>,
    mirror_percentage: Option<Percentage>,
    mirrors: Vec<Mirror>,
}

/// `tls[]`, `tcp[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct StreamRoute {
    /// What it takes: any of these; empty takes everything.
    pub r#match: Vec<StreamMatch>,
    route: Vec<Weighted>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Weighted {
    destination: Destination,
    weight: Option<i64>,
    headers: Option<Headers>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Destination {
    host: String,
    port: Option<crate::mesh::istio::crd::PortSelector>,
    subset: Option<String>,
}

/// Another VirtualService, by name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Delegate {
    /// Its name.
    pub name: String,
    /// Its namespace; the object's own if it says none.
    pub namespace: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Mirror {
    destination: Destination,
    percentage: Option<Percentage>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Fault {
    abort: Option<Abort>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Abort {
    percentage: Option<Percentage>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Percentage {
    value: f64,
}

/// `tls[].match[]`, `tcp[].match[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StreamMatch {
    sni_hosts: Vec<String>,
    destination_subnets: Vec<String>,
    port: u16,
    /// The pods that it counts for, where not for all.
    pub source_labels: Labels,
    source_namespace: String,
    gateways: Vec<String>,
}

/// Which proxy the routes are for.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The gateway (`namespace/name`), or [`MESH`].
    pub gateway: &'a str,
    /// The port that is called.
    pub port: u16,
    /// The proxy's pods, if they are in the input.
    pub client: Option<&'a Workload>,
}

impl HttpRoute {
    /// This route of a delegate, with what it inherits from the route that delegates.
    /// `istio/istio: pilot/pkg/model/virtualservice.go` (mergeHTTPRoute).
    pub fn below(&self, root: &Self) -> Self {
        Self {
            rewrite: self.rewrite.clone().or_else(|| root.rewrite.clone()),
            headers: self.headers.clone().or_else(|| root.headers.clone()),
            fault: self.fault.clone().or_else(|| root.fault.clone()),
            mirror: self.mirror.clone().or_else(|| root.mirror.clone()),
            mirrors: match self.mirrors.is_empty() {
                true => root.mirrors.clone(),
                false => self.mirrors.clone(),
            },
            mirror_percentage: self
                .mirror_percentage
                .clone()
                .or_else(|| root.mirror_percentage.clone()),
            direct_response: self.direct_response.or(root.direct_response),
            ..self.clone()
        }
    }
}

/// Whether the proxy answers by itself.
fn answers(route: &HttpRoute) -> bool {
    let abort = route.fault.as_ref().and_then(|fault| fault.abort.as_ref());
    let always = |abort: &Abort| abort.percentage.as_ref().is_none_or(|p| p.value >= 100.0);
    route.redirect.is_some() || route.direct_response.is_some() || abort.is_some_and(always)
}

fn targets(route: &[Weighted], object: &Object<VirtualService>, at: &At) -> Vec<Target> {
    let alone = route.len() == 1;
    route
        .iter()
        .enumerate()
        .filter(|(_, to)| alone || to.weight.is_some_and(|weight| weight > 0))
        .map(|(i, to)| {
            let at = at.join("route").join(i).join("destination");
            to.destination.target(&object.namespace, &at)
        })
        .collect()
}

/// What every request of a route is sent to as well.
fn mirrors(route: &HttpRoute, object: &Object<VirtualService>, at: &At) -> Vec<Target> {
    let some = |share: &Option<Percentage>| share.as_ref().is_none_or(|share| share.value > 0.0);
    let near = &object.namespace;
    let one = route.mirror.as_ref();
    let one = one.filter(|_| some(&route.mirror_percentage));
    let one = one.map(|to| to.target(near, &at.join("mirror")));
    let several = route.mirrors.iter().enumerate();
    let several = several.filter(|(_, mirror)| some(&mirror.percentage));
    let several = several.map(|(i, mirror)| {
        let at = at.join("mirrors").join(i).join("destination");
        mirror.destination.target(near, &at)
    });
    one.into_iter().chain(several).collect()
}

impl Destination {
    fn target(&self, namespace: &str, at: &At) -> Target {
        let port = self.port.as_ref();
        Target {
            host: resolve(&self.host, namespace),
            port: port.and_then(|port| u16::try_from(port.number).ok()),
            subset: self.subset.clone().filter(|subset| !subset.is_empty()),
            at: at.join("host"),
        }
    }
}

/// The matches of a route, each with its place; one that takes everything where there are none.
pub fn matches(
    route: &HttpRoute,
    object: &Object<VirtualService>,
    here: &At,
) -> Vec<(HttpMatch, At)> {
    let all = route.r#match.iter().enumerate();
    all.map(|(i, one)| (one.near(&object.namespace), here.join("match").join(i)))
        .collect()
}

/// What the matches of a route and of a delegate's route take together; nothing where one of the
/// delegate's has no match of the root's that covers it.
pub fn refined(
    root: &[(HttpMatch, At)],
    leaf: Vec<(HttpMatch, At)>,
) -> Option<Vec<(HttpMatch, At)>> {
    if root.is_empty() {
        return Some(leaf);
    }
    if leaf.is_empty() {
        return Some(root.to_vec());
    }
    let mut both = Vec::new();
    for (leaf, at) in leaf {
        let known = both.len();
        let refined = root.iter().filter_map(|(root, _)| root.refined(&leaf));
        both.extend(refined.map(|one| (one, at.clone())));
        if both.len() == known {
            return None;
        }
    }
    Some(both)
}

/// The routes that one entry makes at a proxy: one for each of its matches that can hold there.
pub fn of_one(
    route: &HttpRoute,
    matches: Vec<(HttpMatch, At)>,
    object: &Object<VirtualService>,
    here: &At,
    at: Standing<'_>,
) -> Vec<Route> {
    let mut to = Vec::new();
    if !answers(route) {
        to = targets(&route.route, object, here);
        to.extend(mirrors(route, object, here));
    }
    // where there are several destinations, what one of them changes is not looked at
    let only = match route.route.as_slice() {
        [only] => only.headers.as_ref(),
        _ => None,
    };
    let headers: Vec<&Headers> = route.headers.iter().chain(only).collect();
    let made = |when, prefix: Option<&str>| Route {
        when,
        to: to.clone(),
        rewrite: rewrite(route.rewrite.as_ref(), &headers, prefix),
        at: here.clone(),
    };
    if matches.is_empty() {
        return vec![made(When::Always, Some("/"))];
    }
    let possible = matches.iter().filter(|(one, _)| concerns(one, at));
    possible
        .map(|(one, place)| made(one.when(place), one.prefix()))
        .collect()
}

/// Whether what does not depend on the request fits a proxy. Where gateways are named, labels and
/// namespace are not looked at.
/// `istio/istio: pilot/pkg/networking/core/route/route.go` (sourceMatchHTTP).
fn concerns(one: &HttpMatch, at: Standing<'_>) -> bool {
    let port = one.port == 0 || one.port == at.port;
    port && match one.gateways.is_empty() {
        true => is_source(&one.source_labels, &one.source_namespace, at),
        false => one.gateways.iter().any(|name| name == at.gateway),
    }
}

/// Whether a proxy's pods have labels, and lie in a namespace.
fn is_source(labels: &Labels, namespace: &str, at: Standing<'_>) -> bool {
    let labels = labels.is_empty() || at.client.is_some_and(|c| selects(Some(labels), c));
    let namespace = namespace.is_empty() || at.client.is_some_and(|c| *c.namespace == *namespace);
    labels && namespace
}

/// Any of some conditions; where there are none, nothing is asked.
fn some_of(any: Vec<When>) -> When {
    match any.is_empty() {
        true => When::Always,
        false => When::any(any),
    }
}

/// The routes of connections that a VirtualService has for a proxy.
pub fn stream(
    object: &Object<VirtualService>,
    field: &str,
    routes: &[StreamRoute],
    at: Standing<'_>,
) -> Vec<Route> {
    let mut found = Vec::new();
    for (i, route) in routes.iter().enumerate() {
        let here = object.at(&format!("/spec/{field}/{i}"));
        let possible: Vec<(usize, &StreamMatch)> = route
            .r#match
            .iter()
            .enumerate()
            .filter(|(_, m)| {
                let gateways =
                    m.gateways.is_empty() || is_for(&m.gateways, &object.namespace, at.gateway);
                // a gateway looks at neither labels nor namespace
                let source =
                    at.gateway != MESH || is_source(&m.source_labels, &m.source_namespace, at);
                gateways && source && (m.port == 0 || m.port == at.port)
            })
            .collect();
        if possible.is_empty() && !route.r#match.is_empty() {
            continue;
        }
        let any = possible.into_iter().map(|(m, one)| {
            let here = here.join("match").join(m);
            let hosts = one
                .sni_hosts
                .iter()
                .map(|host| host_is(host, &here.join("sniHosts")));
            let subnets = one.destination_subnets.iter().filter_map(|subnet| {
                let test = Test::DestinationAddress(subnet.parse().ok()?);
                Some(When::Is(test, here.join("destinationSubnets")))
            });
            let (hosts, subnets): (Vec<_>, Vec<_>) = (hosts.collect(), subnets.collect());
            When::all(vec![some_of(hosts), some_of(subnets)])
        });
        found.push(Route {
            when: some_of(any.collect()),
            to: targets(&route.route, object, &here),
            rewrite: None,
            at: here,
        });
    }
    found
}
