//! Routes on Servers: which of them count, and which of them a request takes.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/{routes.rs,index/http.rs,index/grpc.rs}`,
//! `policy-controller/k8s/status/src/index.rs` (parent_condition_server).

mod admission;
mod call;
mod order;
mod request;
mod service;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::authorization::{RouteName, route_name};
use super::crd::{self, Filter, GATEWAY, GrpcRoute, HttpRoute, POLICY, Parent};
use super::object::{Object, Objects, timeless_last};
use crate::k8s::Index;
use crate::model::{At, Problem};

pub use admission::egress_without_port;
pub use order::{branches, leading};
use request::Wanted;

/// Namespace and name of a Server, or of an EgressNetwork.
pub type Place = (Arc<str>, Arc<str>);

/// A route, whatever its kind.
#[derive(Debug)]
pub struct Route {
    /// Its name, as policies have it.
    pub name: RouteName,
    /// Its object.
    pub at: At,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its hosts.
    pub hosts: Vec<String>,
    /// What it takes.
    pub rules: Rules,
    /// What it is attached to.
    pub parents: Vec<Parent>,
    /// Why it counts on no Server, and the field.
    pub void: Option<(String, At)>,
}

/// The rules of a route.
#[derive(Debug)]
pub enum Rules {
    /// Of an `HTTPRoute`.
    Http(Vec<HttpRule>),
    /// Of a `GRPCRoute`.
    Grpc(Vec<crd::GrpcRule>),
}

/// A rule of an `HTTPRoute`.
#[derive(Debug)]
pub struct HttpRule {
    /// As it is written.
    pub spec: crd::HttpRule,
    /// What its matches ask for.
    wanted: Vec<Wanted>,
}

impl HttpRule {
    fn new(spec: crd::HttpRule, at: &At) -> Self {
        let list = at.join("matches");
        let matches = spec.matches.iter().flatten().enumerate();
        let wanted = matches.map(|(i, one)| request::wanted(one, &list.join(i)));
        Self {
            wanted: wanted.collect(),
            spec,
        }
    }
}

/// All routes of an environment.
#[derive(Debug, Default)]
pub struct Routes {
    /// All of them, what is preferred first.
    all: Vec<Route>,
    /// The places of HTTP routes by the Servers they count on.
    http: HashMap<Place, Vec<usize>>,
    /// The places of gRPC routes by the Servers they count on.
    grpc: HashMap<Place, Vec<usize>>,
    /// The Servers that a gRPC route names, with the first that does.
    named_by_grpc: HashMap<Place, usize>,
    /// The places of routes by the Services they name.
    on_services: HashMap<Place, Vec<usize>>,
}

impl Routes {
    /// Reads them.
    pub fn read(index: &Index, problems: &mut Vec<Problem>) -> Self {
        let mut aged = Vec::new();
        for group in [POLICY, GATEWAY] {
            let objects: Objects<HttpRoute> = Objects::read(
                index,
                (group, "HTTPRoute"),
                timeless_last,
                |resource, spec| admission::http(resource, spec),
                problems,
            );
            aged.extend(objects.into_iter().map(|one| {
                let rules = one.spec.rules.clone();
                // without rules there is one for everything: the default of the CRD
                let rules = rules.unwrap_or_else(|| vec![crd::HttpRule::default()]);
                (one.id, http(&one, group, rules))
            }));
        }
        let objects: Objects<GrpcRoute> = Objects::read(
            index,
            (GATEWAY, "GRPCRoute"),
            timeless_last,
            |resource, spec| admission::grpc(resource, spec),
            problems,
        );
        aged.extend(objects.into_iter().map(|one| (one.id, grpc(&one))));
        aged.sort_by(|(a, _), (b, _)| {
            timeless_last(index.resource(*a)).cmp(&timeless_last(index.resource(*b)))
        });
        let mut routes = Self {
            all: aged.into_iter().map(|(_, route)| route).collect(),
            ..Self::default()
        };
        routes.attach();
        routes
    }

    /// Finds out which Servers each counts on.
    fn attach(&mut self) {
        for (i, route) in self.all.iter().enumerate() {
            if let Rules::Grpc(_) = route.rules {
                for place in route.servers() {
                    self.named_by_grpc.entry(place).or_insert(i);
                }
            }
        }
        for (i, route) in self.all.iter().enumerate() {
            let named = route.parents.iter().filter(|one| one.is_service());
            let named = named.map(|parent| {
                let namespace = parent.namespace.as_deref().unwrap_or(&route.namespace);
                (Arc::from(namespace), Arc::from(parent.name.as_str()))
            });
            let named: HashSet<Place> = named.collect();
            for place in named {
                self.on_services.entry(place).or_default().push(i);
            }
        }
        for (i, route) in self.all.iter().enumerate() {
            if route.void.is_some() {
                continue;
            }
            let servers: HashSet<Place> = route.servers().collect();
            for place in servers {
                match route.rules {
                    Rules::Grpc(_) => self.grpc.entry(place).or_default().push(i),
                    Rules::Http(_) if self.named_by_grpc.contains_key(&place) => {}
                    Rules::Http(_) => self.http.entry(place).or_default().push(i),
                }
            }
        }
    }

    /// All of them, what is preferred first.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.all.iter()
    }

    /// The HTTP routes that count on a Server, what is preferred first.
    pub fn http(&self, server: &Place) -> Vec<&Route> {
        let places = self.http.get(server).into_iter().flatten();
        places.filter_map(|&i| self.all.get(i)).collect()
    }

    /// The gRPC routes that count on a Server, what is preferred first.
    pub fn grpc(&self, server: &Place) -> Vec<&Route> {
        let places = self.grpc.get(server).into_iter().flatten();
        places.filter_map(|&i| self.all.get(i)).collect()
    }

    /// The routes that name a Service, what is preferred first.
    pub fn on_service(&self, service: &Place) -> impl Iterator<Item = &Route> + Clone {
        let places = self.on_services.get(service).into_iter().flatten();
        places.filter_map(|&i| self.all.get(i))
    }

    /// The gRPC route because of which no HTTP route counts on a Server.
    pub fn evicts_http(&self, server: &Place) -> Option<&Route> {
        self.all.get(*self.named_by_grpc.get(server)?)
    }
}

impl Route {
    /// A field of it.
    pub fn field(&self, pointer: &str) -> At {
        At::new(self.at.resource, pointer)
    }

    /// The Servers it names; a name without a namespace is of its own.
    pub fn servers(&self) -> impl Iterator<Item = Place> {
        let servers = self.parents.iter().filter(|parent| parent.is("Server"));
        servers.map(|parent| {
            let namespace = parent.namespace.as_deref().unwrap_or(&self.namespace);
            (namespace.into(), parent.name.as_str().into())
        })
    }
}

fn http(object: &Object<HttpRoute>, group: &str, rules: Vec<crd::HttpRule>) -> Route {
    let filters = rules.iter().map(|rule| &rule.filters[..]);
    let parents = parents(&object.spec.parent_refs, group);
    let void = void_object(object)
        .or_else(|| void_parent(object, &parents))
        .or_else(|| void_filter(object, filters, HTTP_FILTERS));
    let list = object.at("/spec/rules");
    let rules = rules.into_iter().enumerate();
    let rules = rules.map(|(i, rule)| HttpRule::new(rule, &list.join(i)));
    Route {
        name: route_name(group, "HTTPRoute", &object.name),
        at: object.at("/metadata/name"),
        namespace: Arc::clone(&object.namespace),
        hosts: object.spec.hostnames.clone(),
        parents,
        void,
        rules: Rules::Http(rules.collect()),
    }
}

fn grpc(object: &Object<GrpcRoute>) -> Route {
    let rules = object.spec.rules.clone().unwrap_or_default();
    let filters = rules.iter().map(|rule| &rule.filters[..]);
    let parents = parents(&object.spec.parent_refs, GATEWAY);
    let void = void_object(object)
        .or_else(|| void_parent(object, &parents))
        .or_else(|| void_filter(object, filters, GRPC_FILTERS));
    Route {
        name: route_name(GATEWAY, "GRPCRoute", &object.name),
        at: object.at("/metadata/name"),
        namespace: Arc::clone(&object.namespace),
        hosts: object.spec.hostnames.clone(),
        parents,
        void,
        rules: Rules::Grpc(rules),
    }
}

/// References with the group that the API server gives those without one.
/// `linkerd/linkerd2: charts/linkerd-crds/templates/policy/httproute.yaml`.
fn parents(all: &[Parent], group: &str) -> Vec<Parent> {
    let each = all.iter().map(|one| Parent {
        group: Some(one.group.clone().unwrap_or_else(|| group.to_owned())),
        ..one.clone()
    });
    each.collect()
}

const HTTP_FILTERS: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestRedirect",
];
const GRPC_FILTERS: &[&str] = &["RequestHeaderModifier", "ResponseHeaderModifier"];

/// A route that the webhook would refuse, and the controller cannot read.
fn void_object<T>(object: &Object<T>) -> Option<(String, At)> {
    let what = "the controller cannot read it, so it counts on no Server";
    object
        .tolerated
        .then(|| (what.to_owned(), object.at("/metadata/name")))
}

/// A reference to a Server because of which a route counts nowhere.
fn void_parent<T>(object: &Object<T>, parents: &[Parent]) -> Option<(String, At)> {
    parents.iter().enumerate().find_map(|(i, parent)| {
        if !parent.is("Server") {
            return None;
        }
        let foreign = |namespace: &&str| **namespace != *object.namespace;
        let (field, what) = if parent.namespace.as_deref().filter(foreign).is_some() {
            ("namespace", "a Server of another namespace")
        } else if parent.port.is_some() {
            ("port", "a Server by port")
        } else if parent.section_name.is_some() {
            ("sectionName", "a section of a Server")
        } else {
            return None;
        };
        let at = object.at(&format!("/spec/parentRefs/{i}/{field}"));
        Some((format!("it names {what}, so it counts on none"), at))
    })
}

/// A filter because of which a route counts nowhere.
fn void_filter<'a, T>(
    object: &Object<T>,
    rules: impl Iterator<Item = &'a [Filter]>,
    known: &[&str],
) -> Option<(String, At)> {
    rules.enumerate().find_map(|(i, filters)| {
        let unknown = |filter: &Filter| !known.contains(&filter.kind.as_str());
        let j = filters.iter().position(unknown)?;
        let kind = filters.get(j).map_or("", |filter| &filter.kind);
        let at = object.at(&format!("/spec/rules/{i}/filters/{j}/type"));
        let what =
            format!("Linkerd does not support the filter {kind} there, so it counts on no Server");
        Some((what, at))
    })
}
