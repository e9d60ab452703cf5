//! Routes of the Gateway API, object by object: what each rule matches, and where it leads.
//!
//! `istio/istio: pilot/pkg/config/kube/gateway/conversion.go`.

use serde::Deserialize;

use super::{Route, Target};
use crate::k8s::Index;
use crate::mesh::istio::crd::Selecting;
use crate::mesh::istio::outbound::destination::host_of;
use crate::mesh::istio::policy::{Object, Objects};
use crate::mesh::istio::proxies::GATEWAY_API;
use crate::model::{
    At, Expression, HeaderChange, PathMatch, PathRewrite, Problem, Rewrite, StringMatch, Test, When,
};

/// `HTTPRoute`, `GRPCRoute`, `TLSRoute`, `TCPRoute`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiRoute {
    /// What it attaches to.
    pub parent_refs: Vec<ParentRef>,
    /// The hosts it is for; empty for all of its listeners.
    pub hostnames: Vec<String>,
    rules: Vec<RouteRule>,
}

impl Selecting for ApiRoute {}

/// What a route attaches to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParentRef {
    /// The group of what it names; the Gateway API's own if it says none.
    pub group: Option<String>,
    /// Its kind; `Gateway` if it says none.
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
    /// Its namespace; the route's own if it says none.
    pub namespace: Option<String>,
    /// The one listener of it.
    pub section_name: Option<String>,
    /// The one port of it.
    pub port: Option<u16>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RouteRule {
    matches: Vec<RouteMatch>,
    filters: Vec<Filter>,
    backend_refs: Vec<BackendRef>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RouteMatch {
    path: Option<Value>,
    headers: Vec<Value>,
    query_params: Vec<Value>,
    method: Option<Method>,
}

/// `method` is a text of an HTTPRoute and an object of a GRPCRoute.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Method {
    Http(String),
    Grpc(GrpcMethod),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct GrpcMethod {
    r#type: Option<String>,
    service: Option<String>,
    method: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Value {
    r#type: Option<String>,
    name: String,
    value: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Filter {
    r#type: String,
    url_rewrite: Option<UrlRewrite>,
    request_header_modifier: Modifier,
    request_mirror: Mirror,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Modifier {
    set: Vec<Value>,
    add: Vec<Value>,
    remove: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Mirror {
    backend_ref: Option<BackendRef>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct UrlRewrite {
    hostname: Option<String>,
    path: Option<PathModifier>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PathModifier {
    replace_full_path: Option<String>,
    replace_prefix_match: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct BackendRef {
    group: Option<String>,
    kind: Option<String>,
    name: String,
    namespace: Option<String>,
    port: Option<u16>,
    weight: Option<i64>,
}

/// `ReferenceGrant`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    from: Vec<GrantFrom>,
    to: Vec<GrantTo>,
}

impl Selecting for ReferenceGrant {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct GrantFrom {
    group: String,
    kind: String,
    namespace: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct GrantTo {
    group: String,
    kind: String,
    name: Option<String>,
}

/// Kind, `routes` and `protocols` of [`Routes`].
const KINDS: &[(&str, &str, &[&str])] = &[
    ("HTTPRoute", "http", &["HTTP", "HTTPS"]),
    ("GRPCRoute", "http", &["HTTP", "HTTPS"]),
    ("TLSRoute", "tls", &["TLS"]),
    ("TCPRoute", "tcp", &["TCP", "TLS"]),
];

/// The routes of one kind.
#[derive(Debug)]
pub struct Routes {
    /// The kind.
    pub kind: &'static str,
    /// What they route: `http`, `tls`, `tcp`.
    pub routes: &'static str,
    /// What a listener must speak to take them by itself.
    pub protocols: &'static [&'static str],
    /// All of them.
    pub objects: Objects<ApiRoute>,
}

/// The routes of the Gateway API in an environment.
#[derive(Debug, Default)]
pub struct ApiRoutes {
    /// Kind by kind.
    pub kinds: Vec<Routes>,
    grants: Objects<ReferenceGrant>,
}

impl ApiRoutes {
    /// Finds them.
    pub fn find(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let kinds = KINDS.iter().map(|&(kind, routes, protocols)| Routes {
            kind,
            routes,
            protocols,
            objects: Objects::read(index, GATEWAY_API, kind, problems),
        });
        Self {
            kinds: kinds.collect(),
            grants: Objects::read(index, GATEWAY_API, "ReferenceGrant", problems),
        }
    }

    /// Whether a route may refer to a Service of another namespace.
    fn is_granted(&self, kind: &str, from: &str, to: &str, name: &str) -> bool {
        from == to
            || self.grants.of_namespace(to).any(|grant| {
                let spec = &grant.spec;
                spec.from
                    .iter()
                    .any(|f| f.group == GATEWAY_API && f.kind == kind && f.namespace == from)
                    && spec.to.iter().any(|t| {
                        t.group.is_empty()
                            && t.kind == "Service"
                            && t.name.as_deref().is_none_or(|n| n.is_empty() || n == name)
                    })
            })
    }

    /// The routes of one object, each with how specific it is.
    pub fn routes(&self, kind: &str, object: &Object<ApiRoute>) -> Vec<Ranked> {
        let mut found = Vec::new();
        for (i, rule) in object.spec.rules.iter().enumerate() {
            let at = object.at(&format!("/spec/rules/{i}"));
            let to = self.targets(kind, object, rule, &at);
            let whole = RouteMatch::default();
            let matches: Vec<&RouteMatch> = match rule.matches.is_empty() {
                true => vec![&whole],
                false => rule.matches.iter().collect(),
            };
            for (m, one) in matches.into_iter().enumerate() {
                let here = at.join("matches").join(m);
                let route = Route {
                    when: route_match(one, &here),
                    to: to.clone(),
                    rewrite: rewrite(rule, one),
                    at: at.clone(),
                };
                found.push((rank(one), route));
            }
        }
        found
    }

    fn targets(
        &self,
        kind: &str,
        object: &Object<ApiRoute>,
        rule: &RouteRule,
        at: &At,
    ) -> Vec<Target> {
        let answers = rule
            .filters
            .iter()
            .any(|filter| filter.r#type == "RequestRedirect");
        if answers {
            return Vec::new();
        }
        let refs = rule.backend_refs.iter().enumerate();
        let refs = refs.map(|(i, to)| (to, at.join("backendRefs").join(i)));
        let filters = rule.filters.iter().enumerate();
        let copies = filters.filter_map(|(i, filter)| {
            let to = filter.request_mirror.backend_ref.as_ref()?;
            let at = at.join("filters").join(i).join("requestMirror");
            Some((to, at.join("backendRef")))
        });
        let all = refs.chain(copies);
        all.filter_map(|(to, at)| {
            let group = to.group.as_deref().unwrap_or("");
            let what = to.kind.as_deref().unwrap_or("Service");
            let namespace = to.namespace.as_deref().unwrap_or(&object.namespace);
            let granted = self.is_granted(kind, &object.namespace, namespace, &to.name);
            let is_service = group.is_empty() && what == "Service";
            (is_service && granted && to.weight != Some(0)).then(|| Target {
                host: host_of(namespace, &to.name),
                port: to.port,
                subset: None,
                at: at.join("name"),
            })
        })
        .collect()
    }
}

/// How specific a match is: an exact path, the length of a prefix, a method, headers, the query.
pub type Rank = (bool, usize, bool, usize, usize);

/// A route, and how specific it is.
pub type Ranked = (Rank, Route);

/// The most specific first, as the specification wants them; equals as they are written.
pub fn in_order(mut routes: Vec<Ranked>) -> Vec<Route> {
    routes.sort_by(|(a, _), (b, _)| b.cmp(a));
    routes.into_iter().map(|(_, route)| route).collect()
}

fn rank(one: &RouteMatch) -> Rank {
    let path = one.path.as_ref();
    let exact = path.is_some_and(|p| p.r#type.as_deref() == Some("Exact"));
    let length = path.map_or(1, |p| p.value.len());
    (
        exact,
        length,
        one.method.is_some(),
        one.headers.len(),
        one.query_params.len(),
    )
}

impl Value {
    /// What it compares with; nothing where an expression is not understood.
    fn text(&self) -> Option<StringMatch> {
        match self.r#type.as_deref() {
            None | Some("Exact") => Some(StringMatch::Exact(self.value.as_str().into())),
            _ => Expression::whole(&self.value).map(StringMatch::Fits),
        }
    }
}

fn route_match(one: &RouteMatch, at: &At) -> When {
    let mut all = Vec::new();
    let doubt = |what: String, at: At| When::Is(Test::Unknowable(what.into()), at);
    if let Some(path) = &one.path {
        all.push(path_match(path, at.join("path")));
    }
    match &one.method {
        Some(Method::Http(method)) => {
            let value = StringMatch::Exact(method.as_str().into());
            all.push(When::Is(Test::Method(value), at.join("method")));
        }
        Some(Method::Grpc(method)) => all.push(grpc(method, at.join("method"))),
        None => {}
    }
    for (i, header) in one.headers.iter().enumerate() {
        let at = at.join("headers").join(i);
        let value = header.text();
        let name = header.name.to_lowercase().into();
        all.push(match value {
            Some(value) => When::Is(Test::Header { name, value }, at),
            None => doubt(
                format!("whether the header {} fits this expression", header.name),
                at,
            ),
        });
    }
    for (i, query) in one.query_params.iter().enumerate() {
        let at = at.join("queryParams").join(i);
        let value = query.text();
        let name = query.name.as_str().into();
        all.push(match value {
            Some(value) => When::Is(Test::Query { name, value }, at),
            None => doubt(
                format!("whether the query's {} fits this expression", query.name),
                at,
            ),
        });
    }
    When::all(all)
}

/// A prefix is one of whole segments.
fn path_match(path: &Value, at: At) -> When {
    let is = |value| When::Is(Test::Path(PathMatch::Text(value)), at.clone());
    match path.r#type.as_deref() {
        Some("Exact") => is(StringMatch::Exact(path.value.as_str().into())),
        None | Some("PathPrefix") => {
            let prefix = path.value.trim_end_matches('/');
            match prefix.is_empty() {
                true => When::Always,
                false => When::any(vec![
                    is(StringMatch::Exact(prefix.into())),
                    is(StringMatch::Prefix(format!("{prefix}/").into())),
                ]),
            }
        }
        _ => match Expression::whole(&path.value) {
            Some(expression) => is(StringMatch::Fits(expression)),
            None => When::Is(
                Test::Unknowable("whether the path fits this expression".into()),
                at,
            ),
        },
    }
}

fn grpc(method: &GrpcMethod, at: At) -> When {
    let exact = matches!(method.r#type.as_deref(), None | Some("Exact"));
    let path = match (&method.service, &method.method) {
        (Some(service), Some(method)) => StringMatch::Exact(format!("/{service}/{method}").into()),
        (Some(service), None) => StringMatch::Prefix(format!("/{service}/").into()),
        (None, Some(method)) => StringMatch::Suffix(format!("/{method}").into()),
        (None, None) => return When::Always,
    };
    match exact {
        true => When::Is(Test::Path(PathMatch::Text(path)), at),
        false => When::Is(
            Test::Unknowable("whether the method fits this expression".into()),
            at,
        ),
    }
}

fn rewrite(rule: &RouteRule, one: &RouteMatch) -> Option<Rewrite> {
    let mut filters = rule.filters.iter();
    let written = filters.find_map(|filter| filter.url_rewrite.as_ref());
    let prefix = one.path.as_ref().map_or("/", |path| &path.value);
    let path = written.and_then(|written| written.path.as_ref());
    let path = path.and_then(|path| {
        let whole = path.replace_full_path.as_deref();
        whole
            .map(|whole| PathRewrite::Whole(whole.into()))
            .or_else(|| {
                Some(PathRewrite::Segments {
                    from: prefix.trim_end_matches('/').into(),
                    to: path.replace_prefix_match.as_deref()?.into(),
                })
            })
    });
    let host = written.and_then(|written| written.hostname.as_deref());
    let rewrite = Rewrite {
        path,
        host: host.map(Into::into),
        headers: rule.filters.iter().flat_map(header_changes).collect(),
    };
    (rewrite != Rewrite::default()).then_some(rewrite)
}

/// What is removed comes first.
fn header_changes(filter: &Filter) -> Vec<HeaderChange> {
    let modifier = &filter.request_header_modifier;
    let removed = modifier
        .remove
        .iter()
        .map(|name| HeaderChange::remove(name));
    let set = modifier.set.iter();
    let set = set.map(|line| HeaderChange::set(&line.name, &line.value));
    let add = modifier.add.iter();
    let add = add.map(|line| HeaderChange::add(&line.name, &line.value));
    removed.chain(set).chain(add).collect()
}
