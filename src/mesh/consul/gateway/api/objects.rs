//! API gateways that are objects of the Gateway API.
//!
//! `hashicorp/consul-k8s: control-plane/api-gateway/binding/route_binding.go`.

use super::class::{FAMILIES, Family};
use super::listener::Referrer;
use super::rule::rules;
use super::{Backend, Front, HttpRoute, TcpRoute};
use crate::mesh::consul::Consul;
use crate::mesh::consul::chain::Headers;
use crate::mesh::consul::entry::GROUP;
use crate::mesh::consul::gateway::Listener;
use crate::mesh::consul::gateway::jwt::Token;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Layer, ResourceId, Tri};

/// A `Gateway`, and one of its listeners.
struct Place<'a> {
    family: Family,
    namespace: &'a str,
    name: &'a str,
    listener: &'a Written<'a>,
}

/// A route on a listener: its fields, its namespace, what has to hold for it to attach.
type Attached<'a> = (Written<'a>, String, Vec<(String, At)>);

impl Consul {
    /// The listeners of all of Consul's gateways.
    pub(super) fn api_of_objects(&self) -> Vec<Front> {
        let families = FAMILIES.into_iter();
        let fronts = families.flat_map(|family| {
            let gateways = self.index.of_kind(family.group, "Gateway").iter();
            gateways.flat_map(move |&id| self.fronts(family, id))
        });
        fronts.collect()
    }

    fn fronts(&self, family: Family, id: ResourceId) -> Vec<Front> {
        let key = &self.index.resource(id).key;
        let Some(spec) = Written::object(&self.index, At::new(id, "/spec")) else {
            return Vec::new();
        };
        let Some(class) = self.class(family, id, &spec) else {
            return Vec::new();
        };
        let namespace = key.namespace.as_deref().unwrap_or("default");
        let listeners = spec.each("listeners");
        if !agree(&listeners) {
            return Vec::new();
        }
        let gateway = Referrer {
            family,
            kind: "Gateway",
            namespace,
        };
        let mut fronts = Vec::new();
        for written in &listeners {
            let Some(number) = written.port("port") else {
                continue;
            };
            let port = if number < 1024 {
                number.saturating_add(class.shift)
            } else {
                number
            };
            let Some(taken) = self.taken(&gateway, written) else {
                continue;
            };
            let place = Place {
                family,
                namespace,
                name: &key.name,
                listener: written,
            };
            let (over, default) = self.policy(&place);
            fronts.push(Front {
                listener: Listener {
                    title: format!("the API gateway {namespace}/{}", key.name),
                    gateway: Name {
                        namespace: self.config.namespaces.of(namespace),
                        name: std::sync::Arc::clone(&key.name),
                    },
                    sends: taken.sends,
                    layer: taken.layer,
                    at: written.at().clone(),
                    doors: self.doors_of_api(key, &class, port),
                    needs: taken.needs,
                },
                port,
                host: written.text("hostname").unwrap_or("*").to_lowercase(),
                http: match taken.layer {
                    Layer::Http => self.http_routes(&place),
                    Layer::Tcp => Vec::new(),
                },
                tcp: match taken.layer {
                    Layer::Http => Vec::new(),
                    Layer::Tcp => self.tcp_routes(&place),
                },
                over,
                default,
            });
        }
        fronts
    }

    /// The objects of a kind: each with its namespace and what it says.
    fn specs(&self, group: &str, kind: &str) -> impl Iterator<Item = (&str, Written<'_>)> {
        let ids = self.index.of_kind(group, kind).iter();
        ids.filter_map(|&id| {
            let own = self.index.resource(id).key.namespace.as_deref();
            let spec = Written::object(&self.index, At::new(id, "/spec"))?;
            Some((own.unwrap_or("default"), spec))
        })
    }

    /// The routes of a kind that attach to a listener, with what has to hold for that.
    fn attached(&self, place: &Place<'_>, kind: &str) -> Vec<Attached<'_>> {
        let mut found = Vec::new();
        for (own, spec) in self.specs(place.family.group, kind) {
            let named = spec.each("parentRefs").into_iter().any(|parent| {
                parent.text("group").unwrap_or(place.family.group) == place.family.group
                    && parent.text("kind").unwrap_or("Gateway") == "Gateway"
                    && parent.text("name") == Some(place.name)
                    && parent.text("namespace").unwrap_or(own) == place.namespace
                    && parent
                        .text("sectionName")
                        .is_none_or(|section| place.listener.text("name") == Some(section))
            });
            let admitted = self.admits(place.namespace, place.listener, kind, own);
            let mut needs = Vec::new();
            if admitted == Tri::Unknown {
                let what = format!("whether the listener lets routes of the namespace {own} in");
                needs.push((what, place.listener.field("allowedRoutes")));
            }
            if named && admitted != Tri::No {
                found.push((spec, own.to_owned(), needs));
            }
        }
        found
    }

    fn http_routes(&self, place: &Place<'_>) -> Vec<HttpRoute> {
        let attached = self.attached(place, "HTTPRoute").into_iter();
        let routes = attached.filter_map(|(spec, namespace, mut needs)| {
            let hosts = spec.texts("hostnames").into_iter();
            let hosts: Vec<(String, At)> =
                hosts.map(|(host, at)| (host.to_lowercase(), at)).collect();
            if let Some((_, at)) = hosts.iter().find(|(host, _)| host.contains('*')) {
                let what = "whether this release of Consul takes hostnames of routes with a star";
                needs.push((what.to_owned(), at.clone()));
            }
            let route = Referrer {
                family: place.family,
                kind: "HTTPRoute",
                namespace: &namespace,
            };
            let mut all = Vec::new();
            for rule in spec.each("rules") {
                let filters = self.filters_of_object(&route, &rule);
                // a rule that leads to no service is left out
                if !filters.to.is_empty() {
                    all.extend(rules(&rule, &filters));
                }
            }
            self.accepted(HttpRoute {
                hosts,
                rules: all,
                at: spec.field("parentRefs"),
                needs,
            })
        });
        routes.collect()
    }

    /// A route as Consul binds it: all of its services speak HTTP, and no other version of it.
    /// `hashicorp/consul: agent/consul/gateways/controller_gateways.go` (reconcileRoute).
    pub(super) fn accepted(&self, mut route: HttpRoute) -> Option<HttpRoute> {
        let to = || route.rules.iter().flat_map(|rule| &rule.to);
        let odd = |to: &&Backend| self.speaks(&to.service) != "http";
        let (odd, all) = (to().filter(odd).collect::<Vec<_>>(), to().count());
        if odd.len() == all {
            return None;
        }
        if let Some(odd) = odd.first() {
            let what = format!(
                "whether Consul takes the route, one service of which, {}, does not speak http",
                odd.service.name
            );
            let need = (what, odd.at.clone());
            route.needs.push(need);
        }
        Some(route)
    }

    fn tcp_routes(&self, place: &Place<'_>) -> Vec<TcpRoute> {
        let attached = self.attached(place, "TCPRoute").into_iter();
        let routes = attached.map(|(spec, namespace, needs)| {
            let route = Referrer {
                family: place.family,
                kind: "TCPRoute",
                namespace: &namespace,
            };
            let rules = spec.each("rules");
            let refs = rules.iter().flat_map(|rule| rule.each("backendRefs"));
            let to = refs.filter_map(|written| {
                Some(Backend {
                    service: self.backend(&route, &written)?,
                    prefix: None,
                    headers: Headers::default(),
                    token: None,
                    at: written.field("name"),
                })
            });
            TcpRoute {
                to: to.collect(),
                needs,
            }
        });
        routes.collect()
    }

    /// The tokens that a policy asks for at a listener: whatever routes say, and where they say
    /// nothing.
    fn policy(&self, place: &Place<'_>) -> (Option<Token>, Option<Token>) {
        let mut found = (None, None);
        for (own, spec) in self.specs(GROUP, place.family.policy) {
            let Some(to) = spec.get("targetRef") else {
                continue;
            };
            let is = to.text("kind") == Some("Gateway")
                && to.text("name") == Some(place.name)
                && to.text("namespace").unwrap_or(own) == place.namespace
                && to.text("sectionName") == place.listener.text("name");
            if is {
                let read = |key| Token::read(spec.path(&[key, "jwt"]).as_ref());
                found = (read("override"), read("default"));
            }
        }
        found
    }
}

/// Whether Consul takes listeners together: those of one port have one protocol and one host.
/// `hashicorp/consul: agent/structs/config_entry_gateways.go` (validateMergedListeners).
fn agree(listeners: &[Written<'_>]) -> bool {
    let of = |one: &Written<'_>| {
        let tcp = one.text("protocol") == Some("TCP");
        (tcp, one.text("hostname").map(str::to_owned))
    };
    listeners.iter().enumerate().all(|(i, one)| {
        let mut before = listeners
            .iter()
            .take(i)
            .filter(|other| other.port("port") == one.port("port"));
        before.all(|other| of(other) == of(one))
    })
}
