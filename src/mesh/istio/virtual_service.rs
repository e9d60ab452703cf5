//! `VirtualService`: its routes, for one proxy at a time.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go`, delegates:
//! `istio/istio: pilot/pkg/model/virtualservice.go`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::crd::Selecting;
use super::destination::resolve;
use super::http_change::{Headers, WrittenRewrite, rewrite};
use super::http_match::HttpMatch;
use super::policy::{Object, Objects, selects};
use super::routes::{Route, Target, host_is};
use crate::k8s::Index;
use crate::model::{At, Labels, Layer, Problem, Test, When, Workload};

/// What `gateways` calls the sidecars.
pub const MESH: &str = "mesh";

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
    r#match: Vec<HttpMatch>,
    route: Vec<Weighted>,
    redirect: Option<IgnoredAny>,
    direct_response: Option<IgnoredAny>,
    delegate: Option<Delegate>,
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
    r#match: Vec<StreamMatch>,
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
    port: Option<super::crd::PortSelector>,
    subset: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Delegate {
    name: String,
    namespace: Option<String>,
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

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StreamMatch {
    sni_hosts: Vec<String>,
    destination_subnets: Vec<String>,
    port: u16,
    source_labels: Labels,
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

/// The VirtualServices of an environment.
#[derive(Debug, Default)]
pub struct VirtualServices {
    all: Objects<VirtualService>,
    default_export: Vec<String>,
    by_name: HashMap<(Arc<str>, Arc<str>), usize>,
    /// Those for sidecars, by host.
    exact: HashMap<String, Vec<usize>>,
    /// Those for sidecars: suffix of the host, longest first, and which.
    wild: Vec<(String, usize)>,
}

impl VirtualServices {
    /// Finds them; `default_export` is `defaultVirtualServiceExportTo`.
    pub fn find(index: &Index, default_export: Vec<String>, problems: &mut Vec<Problem>) -> Self {
        let all: Objects<VirtualService> =
            Objects::read(index, "networking.istio.io", "VirtualService", problems);
        let mut found = Self {
            default_export,
            ..Self::default()
        };
        for (i, object) in all.iter().enumerate() {
            let name = Arc::clone(&index.resource(object.id).key.name);
            let key = (Arc::clone(&object.namespace), name);
            found.by_name.insert(key, i);
            if !is_for(&object.spec.gateways, &object.namespace, MESH) {
                continue;
            }
            for host in &object.spec.hosts {
                let host = resolve(host, &object.namespace);
                match host.strip_prefix('*') {
                    Some(suffix) => found.wild.push((suffix.to_owned(), i)),
                    None => found.exact.entry(host).or_default().push(i),
                }
            }
        }
        found
            .wild
            .sort_by(|(a, i), (b, j)| b.len().cmp(&a.len()).then(i.cmp(j)));
        found.all = all;
        found
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Object<VirtualService>> {
        self.all.iter()
    }

    /// Whether clients of a namespace see one.
    pub fn is_visible(&self, object: &Object<VirtualService>, namespace: &str) -> bool {
        let export = self.export_to(object);
        export.is_empty()
            || export.iter().any(|to| {
                to == "*" || to == namespace || (to == "." && *object.namespace == *namespace)
            })
    }

    fn export_to<'a>(&'a self, object: &'a Object<VirtualService>) -> &'a [String] {
        match object.spec.export_to.as_slice() {
            [] => &self.default_export,
            said => said,
        }
    }

    /// Those that everyone sees come after those that some see, and these after those that a
    /// namespace keeps to itself.
    /// `istio/istio: pilot/pkg/model/push_context.go` (initVirtualServices, VirtualServicesForGateway).
    fn breadth(&self, object: &Object<VirtualService>, namespace: &str) -> u8 {
        let export = self.export_to(object);
        let has = |what: &str| export.iter().any(|to| to == what);
        match (export.is_empty() || has("*"), has(".")) {
            (true, _) => 2,
            (false, true) if *object.namespace == *namespace => 0,
            (false, _) => 1,
        }
    }

    /// Those that proxies of a namespace see, in the order in which they count.
    pub fn seen_from<'a>(&'a self, namespace: &str) -> Vec<&'a Object<VirtualService>> {
        let seen = self.all.iter();
        let mut seen: Vec<_> = seen.filter(|o| self.is_visible(o, namespace)).collect();
        seen.sort_by_key(|object| self.breadth(object, namespace));
        seen
    }

    /// Those for the most specific host that sidecars of a namespace apply to one, in order: the
    /// first that has a route for a client counts.
    pub fn for_host(
        &self,
        host: &str,
        namespace: &str,
        revision: &str,
    ) -> Vec<&Object<VirtualService>> {
        let seen = |i: &usize| {
            let object = self.all.nth(*i)?;
            let counts = self.is_visible(object, namespace) && object.is_read_by(revision);
            counts.then_some(object)
        };
        let exact = self.exact.get(host).into_iter().flatten();
        let mut found: Vec<_> = exact.filter_map(seen).collect();
        let wild = self.wild.iter();
        let mut wild =
            wild.filter(|(suffix, i)| host.ends_with(suffix.as_str()) && seen(i).is_some());
        if found.is_empty()
            && let Some((widest, _)) = wild.clone().next()
        {
            let same = wild.by_ref().filter(|(suffix, _)| suffix == widest);
            found.extend(same.filter_map(|(_, i)| seen(i)));
        }
        found.sort_by_key(|object| self.breadth(object, namespace));
        found
    }

    /// Those that a waypoint applies to a host, oldest first: its own and the service's namespace
    /// have a say there, no other.
    /// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (getVirtualServiceForWaypoint).
    pub fn at_waypoint(
        &self,
        host: &str,
        namespaces: [&str; 2],
        revision: &str,
    ) -> Vec<&Object<VirtualService>> {
        let exact = self.exact.get(host).into_iter().flatten();
        let wild = self
            .wild
            .iter()
            .filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        let mut places: Vec<usize> = exact.chain(wild.map(|(_, i)| i)).copied().collect();
        places.sort_unstable();
        places.dedup();
        let [own, _] = namespaces;
        let found = places.into_iter().filter_map(|i| self.all.nth(i));
        found
            .filter(|object| namespaces.contains(&&*object.namespace))
            .filter(|object| self.is_visible(object, own) && object.is_read_by(revision))
            .collect()
    }

    /// The namespaces whose clients may be routed otherwise than all others are.
    pub fn distinguished(&self, host: &str) -> Vec<Arc<str>> {
        let exact = self.exact.get(host).into_iter().flatten();
        let wild = self
            .wild
            .iter()
            .filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        let mut namespaces = Vec::new();
        for object in exact
            .chain(wild.map(|(_, i)| i))
            .filter_map(|&i| self.all.nth(i))
        {
            namespaces.push(Arc::clone(&object.namespace));
            let spec = &object.spec;
            namespaces.extend(spec.export_to.iter().map(|to| Arc::from(to.as_str())));
            let http = spec.http.iter().flat_map(|route| &route.r#match);
            namespaces.extend(http.map(|m| Arc::from(m.source_namespace.as_str())));
        }
        namespaces
    }

    /// Which routes that select clients by labels select this one.
    pub fn selector_key(&self, client: &Workload) -> String {
        let mut key = String::new();
        for (i, object) in self.all.iter().enumerate() {
            let spec = &object.spec;
            let http = spec.http.iter().flat_map(|route| &route.r#match);
            let streams = spec
                .tcp
                .iter()
                .chain(&spec.tls)
                .flat_map(|route| &route.r#match);
            let labels = http
                .map(|m| &m.source_labels)
                .chain(streams.map(|m| &m.source_labels))
                .filter(|labels| !labels.is_empty());
            for (j, labels) in labels.enumerate() {
                if selects(Some(labels), client) {
                    key.push_str(&format!("{i}.{j},"));
                }
            }
        }
        key
    }

    /// The routes of one for a proxy, in order.
    pub fn routes(
        &self,
        object: &Object<VirtualService>,
        layer: Layer,
        at: Standing<'_>,
    ) -> Vec<Route> {
        match layer {
            Layer::Http => self.http(object, at),
            Layer::Tcp => stream(object, "tcp", &object.spec.tcp, at),
        }
    }

    fn http(&self, object: &Object<VirtualService>, at: Standing<'_>) -> Vec<Route> {
        let mut routes = Vec::new();
        for (i, route) in object.spec.http.iter().enumerate() {
            let here = object.at(&format!("/spec/http/{i}"));
            let own = matches(route, object, &here);
            let Some(delegate) = &route.delegate else {
                routes.extend(of_one(route, own, object, &here, at));
                continue;
            };
            // what none of the delegate's routes takes goes on to the next route
            let Some(inner) = self.delegate(object, delegate) else {
                continue;
            };
            for (d, leaf) in inner.spec.http.iter().enumerate() {
                let there = inner.at(&format!("/spec/http/{d}"));
                let Some(both) = refined(&own, matches(leaf, inner, &there)) else {
                    continue;
                };
                let merged = leaf.below(route);
                routes.extend(of_one(&merged, both, inner, &there, at));
            }
        }
        // nothing is built behind a route that takes everything
        let all = |route: &Route| matches!(route.when, When::Always);
        if let Some(last) = routes.iter().position(all) {
            routes.truncate(last + 1);
        }
        routes
    }

    fn delegate(
        &self,
        object: &Object<VirtualService>,
        delegate: &Delegate,
    ) -> Option<&Object<VirtualService>> {
        let own = &*object.namespace;
        let namespace = delegate
            .namespace
            .as_deref()
            .filter(|n| !n.is_empty())
            .unwrap_or(own);
        let key = (Arc::from(namespace), Arc::from(delegate.name.as_str()));
        let found = self.all.nth(*self.by_name.get(&key)?)?;
        (found.spec.hosts.is_empty() && self.is_visible(found, own)).then_some(found)
    }

    /// The routes of TLS that passes through, for a proxy.
    pub fn tls(&self, object: &Object<VirtualService>, at: Standing<'_>) -> Vec<Route> {
        stream(object, "tls", &object.spec.tls, at)
    }
}

/// Whether `gateways` has a proxy; a name without a namespace is next to the object.
pub fn is_for(gateways: &[String], namespace: &str, gateway: &str) -> bool {
    match gateways.is_empty() {
        true => gateway == MESH,
        false => gateways
            .iter()
            .any(|named| full_name(named, namespace) == gateway),
    }
}

/// The name of a gateway with its namespace; [`MESH`] has none.
/// `istio/istio: pilot/pkg/model/config.go` (resolveGatewayName).
pub fn full_name(named: &str, namespace: &str) -> String {
    if named == MESH {
        return MESH.to_owned();
    }
    if named.contains('/') {
        return match named.strip_prefix("./") {
            Some(name) => format!("{namespace}/{name}"),
            None => named.to_owned(),
        };
    }
    let mut parts = named.split('.');
    let name = parts.next().unwrap_or_default();
    format!("{}/{name}", parts.next().unwrap_or(namespace))
}

impl HttpRoute {
    /// This route of a delegate, with what it inherits from the route that delegates.
    /// `istio/istio: pilot/pkg/model/virtualservice.go` (mergeHTTPRoute).
    fn below(&self, root: &Self) -> Self {
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
fn matches(route: &HttpRoute, object: &Object<VirtualService>, here: &At) -> Vec<(HttpMatch, At)> {
    let all = route.r#match.iter().enumerate();
    all.map(|(i, one)| (one.near(&object.namespace), here.join("match").join(i)))
        .collect()
}

/// What the matches of a route and of a delegate's route take together; nothing where one of the
/// delegate's has no match of the root's that covers it.
fn refined(root: &[(HttpMatch, At)], leaf: Vec<(HttpMatch, At)>) -> Option<Vec<(HttpMatch, At)>> {
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
fn of_one(
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

fn stream(
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
            let some = |any: Vec<When>| {
                if any.is_empty() {
                    When::Always
                } else {
                    When::any(any)
                }
            };
            When::all(vec![some(hosts), some(subnets)])
        });
        let any: Vec<When> = any.collect();
        found.push(Route {
            when: if any.is_empty() {
                When::Always
            } else {
                When::any(any)
            },
            to: targets(&route.route, object, &here),
            rewrite: None,
            at: here,
        });
    }
    found
}
