//! All VirtualServices: which of them counts for a host, and its routes for one proxy at a time.
//!
//! `istio/istio: pilot/pkg/networking/core/route/route.go`, delegates:
//! `istio/istio: pilot/pkg/model/virtualservice.go`.

use std::collections::HashMap;
use std::sync::Arc;

use super::Route;
use super::named::{MESH, is_for};
use super::virtual_route::{Delegate, Standing, VirtualService, matches, of_one, refined, stream};
use crate::k8s::Index;
use crate::mesh::istio::outbound::destination::resolve;
use crate::mesh::istio::outbound::scope::is_exported;
use crate::mesh::istio::policy::{Object, Objects, selects};
use crate::model::{Layer, Problem, When, Workload};

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
        is_exported(self.export_to(object), &object.namespace, namespace)
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

    /// Where those stand that have a host for sidecars which takes this one.
    fn fitting(&self, host: &str) -> impl Iterator<Item = usize> {
        let exact = self.exact.get(host).into_iter().flatten();
        let wild = self.wild.iter();
        let wild = wild.filter(move |(suffix, _)| host.ends_with(suffix.as_str()));
        exact.chain(wild.map(|(_, i)| i)).copied()
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
        let mut places: Vec<usize> = self.fitting(host).collect();
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
        let mut namespaces = Vec::new();
        for object in self.fitting(host).filter_map(|i| self.all.nth(i)) {
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
