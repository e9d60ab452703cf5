//! `VirtualService`: its routes, for one proxy at a time.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go`, delegates:
//! `istio/istio: pilot/pkg/model/virtualservice.go`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::crd::Selecting;
use super::destination::resolve;
use super::policy::{Object, Objects, selects};
use super::routes::{Route, Target, host_is};
use crate::k8s::Index;
use crate::model::{
    At, Labels, Layer, PathMatch, PathRewrite, Problem, Rewrite, StringMatch, Test, When, Workload,
};

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
    fault: Option<Fault>,
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
#[serde(default, rename_all = "camelCase")]
struct WrittenRewrite {
    uri: Option<String>,
    authority: Option<String>,
    uri_regex_rewrite: Option<IgnoredAny>,
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

/// A match on a text, as Istio writes it. Empty takes anything that is there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Text {
    exact: Option<String>,
    prefix: Option<String>,
    regex: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HttpMatch {
    uri: Option<Text>,
    scheme: Option<Text>,
    method: Option<Text>,
    authority: Option<Text>,
    headers: BTreeMap<String, Text>,
    without_headers: BTreeMap<String, Text>,
    query_params: BTreeMap<String, Text>,
    ignore_uri_case: bool,
    port: u16,
    source_labels: Labels,
    source_namespace: String,
    gateways: Vec<String>,
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
    /// The pods that call, of a sidecar.
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
        let said = &object.spec.export_to;
        let export = if said.is_empty() {
            &self.default_export
        } else {
            said
        };
        export.is_empty()
            || export.iter().any(|to| {
                to == "*" || to == namespace || (to == "." && *object.namespace == *namespace)
            })
    }

    /// The one that sidecars of a namespace apply to a host: the most specific, the oldest of them.
    pub fn for_host(
        &self,
        host: &str,
        namespace: &str,
        revision: &str,
    ) -> Option<&Object<VirtualService>> {
        let exact = self.exact.get(host).into_iter().flatten();
        let wild = self
            .wild
            .iter()
            .filter(|(suffix, _)| host.ends_with(suffix.as_str()));
        exact
            .chain(wild.map(|(_, i)| i))
            .filter_map(|&i| self.all.nth(i))
            .find(|object| self.is_visible(object, namespace) && object.is_read_by(revision))
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
            Layer::Http => self.http(object, at, None),
            Layer::Tcp => stream(object, "tcp", &object.spec.tcp, at),
        }
    }

    fn http(
        &self,
        object: &Object<VirtualService>,
        at: Standing<'_>,
        parent: Option<(&When, Option<&Rewrite>)>,
    ) -> Vec<Route> {
        let mut routes = Vec::new();
        for (i, route) in object.spec.http.iter().enumerate() {
            let here = object.at(&format!("/spec/http/{i}"));
            let Some((when, prefix)) = alternatives(&route.r#match, &here, object, at) else {
                continue;
            };
            let rewrite = route
                .rewrite
                .as_ref()
                .map(|written| rewrite(written, prefix));
            let (when, rewrite) = match parent {
                Some((outer, inherited)) => (
                    When::all(vec![outer.clone(), when]),
                    rewrite.or_else(|| inherited.cloned()),
                ),
                None => (when, rewrite),
            };
            match &route.delegate {
                Some(delegate) if parent.is_none() => {
                    let inner = self.delegate(object, delegate);
                    let rewrite = rewrite.as_ref();
                    routes.extend(
                        inner
                            .into_iter()
                            .flat_map(|inner| self.http(inner, at, Some((&when, rewrite)))),
                    );
                    // what none of its routes takes is answered with 404, not by the next route
                    routes.push(Route {
                        when,
                        to: Vec::new(),
                        rewrite: None,
                        at: here.join("delegate"),
                    });
                }
                _ => routes.push(Route {
                    when,
                    to: if answers(route) {
                        Vec::new()
                    } else {
                        targets(&route.route, object, &here)
                    },
                    rewrite,
                    at: here,
                }),
            }
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
/// `istio/istio: pilot/pkg/model/config.go` (resolveGatewayName).
pub fn is_for(gateways: &[String], namespace: &str, gateway: &str) -> bool {
    if gateways.is_empty() {
        return gateway == MESH;
    }
    gateways.iter().any(|named| {
        if named == MESH || gateway == MESH {
            return named == gateway;
        }
        if named.contains('/') {
            let full = match named.strip_prefix("./") {
                Some(name) => format!("{namespace}/{name}"),
                None => named.clone(),
            };
            return full == gateway;
        }
        match named.split('.').collect::<Vec<_>>().as_slice() {
            [name] => format!("{namespace}/{name}") == gateway,
            [name, there, ..] => format!("{there}/{name}") == gateway,
            [] => false,
        }
    })
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
        .map(|(i, to)| Target {
            host: resolve(&to.destination.host, &object.namespace),
            port: to
                .destination
                .port
                .as_ref()
                .and_then(|p| u16::try_from(p.number).ok()),
            subset: to.destination.subset.clone().filter(|s| !s.is_empty()),
            at: at.join("route").join(i).join("destination").join("host"),
        })
        .collect()
}

/// What a rewrite makes of a request that a route with this prefix took.
fn rewrite(written: &WrittenRewrite, prefix: Option<String>) -> Rewrite {
    let path = match (&written.uri, &written.uri_regex_rewrite, prefix) {
        (_, Some(_), _) => Some(PathRewrite::Unknowable),
        (Some(uri), None, Some(prefix)) => Some(PathRewrite::Prefix {
            from: prefix.into(),
            to: uri.as_str().into(),
        }),
        (Some(uri), None, None) => Some(PathRewrite::Whole(uri.as_str().into())),
        (None, None, _) => None,
    };
    Rewrite {
        path,
        host: written.authority.as_deref().map(Into::into),
    }
}

/// Any of the matches that can hold at a proxy, and the prefix that they have in common; nothing
/// where there are some and none can.
fn alternatives(
    matches: &[HttpMatch],
    here: &At,
    object: &Object<VirtualService>,
    at: Standing<'_>,
) -> Option<(When, Option<String>)> {
    if matches.is_empty() {
        return Some((When::Always, Some("/".to_owned())));
    }
    let possible = matches.iter().enumerate().filter(|(_, m)| {
        let gateways = m.gateways.is_empty() || is_for(&m.gateways, &object.namespace, at.gateway);
        gateways && reaches(m.port, &m.source_labels, &m.source_namespace, at)
    });
    let mut any = Vec::new();
    let mut prefixes: Vec<Option<String>> = Vec::new();
    for (i, one) in possible {
        any.push(http_match(one, &here.join("match").join(i)));
        prefixes.push(match &one.uri {
            Some(uri) => uri.prefix.clone(),
            None => Some("/".to_owned()),
        });
    }
    prefixes.dedup();
    let prefix = match prefixes.as_slice() {
        [only] => only.clone(),
        _ => None,
    };
    (!any.is_empty()).then(|| (When::any(any), prefix))
}

/// Whether what does not depend on the request fits a proxy.
fn reaches(port: u16, labels: &Labels, namespace: &str, at: Standing<'_>) -> bool {
    let labels = labels.is_empty() || at.client.is_some_and(|c| selects(Some(labels), c));
    let namespace = namespace.is_empty() || at.client.is_some_and(|c| *c.namespace == *namespace);
    (port == 0 || port == at.port) && labels && namespace
}

fn http_match(one: &HttpMatch, at: &At) -> When {
    let mut all = Vec::new();
    let doubt = |what: String, at: At| When::Is(Test::Unknowable(what.into()), at);
    if let Some(uri) = &one.uri {
        let at = at.join("uri");
        match text(uri) {
            _ if one.ignore_uri_case => {
                all.push(doubt(
                    "whether the path is this one, whatever its case".into(),
                    at,
                ));
            }
            Some(value) => all.push(When::Is(Test::Path(PathMatch::Text(value)), at)),
            None => all.push(doubt("whether the path fits this expression".into(), at)),
        }
    }
    for (field, value, test) in [
        (
            "method",
            &one.method,
            Test::Method as fn(StringMatch) -> Test,
        ),
        ("authority", &one.authority, Test::Host),
    ] {
        if let Some(value) = value {
            let at = at.join(field);
            all.push(match text(value) {
                Some(value) => When::Is(test(value), at),
                None => doubt(format!("whether the {field} fits this expression"), at),
            });
        }
    }
    let header = |name: &str, value: &Text, at: At| match text(value) {
        Some(value) => {
            let name = name.to_lowercase().into();
            When::Is(Test::Header { name, value }, at)
        }
        None => doubt(
            format!("whether the header {name} fits this expression"),
            at,
        ),
    };
    for (name, value) in &one.headers {
        all.push(header(name, value, at.join("headers").join(name)));
    }
    for (name, value) in &one.without_headers {
        all.push(header(name, value, at.join("withoutHeaders").join(name)).not());
    }
    for name in one.query_params.keys() {
        let at = at.join("queryParams").join(name);
        all.push(doubt(
            format!("whether the query has {name} as it should be"),
            at,
        ));
    }
    if one.scheme.is_some() {
        all.push(doubt(
            "whether the scheme is this one".into(),
            at.join("scheme"),
        ));
    }
    When::all(all)
}

/// The match in neutral form; nothing of an expression.
fn text(text: &Text) -> Option<StringMatch> {
    match (&text.exact, &text.prefix, &text.regex) {
        (Some(exact), _, _) => Some(StringMatch::Exact(exact.as_str().into())),
        (_, Some(prefix), _) => Some(StringMatch::Prefix(prefix.as_str().into())),
        (_, _, Some(regex)) if regex == ".*" || regex == "/.*" => {
            Some(StringMatch::Prefix("".into()))
        }
        (_, _, Some(_)) => None,
        _ => Some(StringMatch::Any),
    }
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
                (m.gateways.is_empty() || is_for(&m.gateways, &object.namespace, at.gateway))
                    && reaches(m.port, &m.source_labels, &m.source_namespace, at)
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
