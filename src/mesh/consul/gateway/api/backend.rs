//! Where rules of routes lead, and what their filters make of requests.
//!
//! A redirect is no filter that Consul knows: a rule that only redirects leads nowhere. Of what becomes
//! of a path only its beginning can be replaced.
//!
//! `hashicorp/consul-k8s: control-plane/api-gateway/common/translation.go` (translateHTTPFilters,
//! translateHTTPBackendRef), `hashicorp/consul: agent/consul/discoverychain/gateway_httproute.go`.

use std::sync::Arc;

use super::Backend;
use super::listener::Referrer;
use crate::mesh::consul::Consul;
use crate::mesh::consul::chain::Headers;
use crate::mesh::consul::entry::GROUP;
use crate::mesh::consul::gateway::jwt::Token;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Membership};

/// What the filters of a rule say, and where it leads.
pub struct Filters {
    pub to: Vec<Backend>,
    pub token: Option<Token>,
}

/// What a list of filters makes of a request.
#[derive(Default)]
struct Change {
    prefix: Option<String>,
    headers: Headers,
    token: Option<Token>,
}

impl Consul {
    /// Where a rule of an `HTTPRoute` leads.
    pub(super) fn filters_of_object(&self, route: &Referrer<'_>, rule: &Written<'_>) -> Filters {
        let all = self.change(route.namespace, rule);
        let mut to = Vec::new();
        for written in rule.each("backendRefs") {
            let Some(service) = self.backend(route, &written) else {
                continue;
            };
            let own = self.change(route.namespace, &written);
            to.push(Backend {
                service,
                prefix: own.prefix.or_else(|| all.prefix.clone()),
                headers: all.headers.with(own.headers),
                token: own.token,
                at: written.field("name"),
            });
        }
        Filters {
            to,
            token: all.token,
        }
    }

    /// What `filters` of an object make of a request.
    fn change(&self, namespace: &str, written: &Written<'_>) -> Change {
        let mut change = Change::default();
        for filter in written.each("filters") {
            if let Some(headers) = filter.get("requestHeaderModifier") {
                change.headers = change.headers.with(Headers::of_filter(&headers));
            }
            let path = filter.path(&["urlRewrite", "path"]);
            if let Some(path) = path.filter(|path| path.text("type") == Some("ReplacePrefixMatch"))
            {
                let to = path.text("replacePrefixMatch").unwrap_or("");
                // an empty text replaces nothing
                change.prefix = (!to.is_empty()).then(|| to.to_owned());
            }
            let named = filter.get("extensionRef");
            let named = named.filter(|it| it.text("kind") == Some("RouteAuthFilter"));
            if let Some(name) = named.as_ref().and_then(|it| it.text("name")) {
                let object = self
                    .index
                    .find(GROUP, "RouteAuthFilter", Some(namespace), name);
                let spec = object.and_then(|id| Written::object(&self.index, At::new(id, "/spec")));
                let token = spec.and_then(|spec| Token::read(spec.get("jwt").as_ref()));
                change.token = token.or(change.token);
            }
        }
        change
    }

    /// The service that a reference of a route names.
    pub(super) fn backend(&self, route: &Referrer<'_>, written: &Written<'_>) -> Option<Name> {
        let name = written.text("name")?;
        let namespace = written.text("namespace").unwrap_or(route.namespace);
        let group = written.text("group").unwrap_or("");
        let kind = written.text("kind").unwrap_or("Service");
        let known =
            (group.is_empty() && kind == "Service") || (group == GROUP && kind == "MeshService");
        if !known || !self.is_granted(route, (kind, namespace, name)) {
            return None;
        }
        if kind == "Service" {
            return self.registered_for(namespace, name);
        }
        let object = self.index.find(GROUP, kind, Some(namespace), name)?;
        let spec = Written::object(&self.index, At::new(object, "/spec"))?;
        // that of a peer is none of this cluster
        let here = spec.text("peer").is_none();
        spec.text("name").filter(|_| here).map(|name| Name {
            namespace: self.config.namespaces.of(namespace),
            name: name.into(),
        })
    }

    /// The service that pods behind a Kubernetes Service are registered as.
    fn registered_for(&self, namespace: &str, name: &str) -> Option<Name> {
        let mut services = self.index.services().iter();
        let service = services.find(|one| *one.namespace == *namespace && *one.name == *name)?;
        let pods = self.index.workloads_of(service.id);
        let mut meshed =
            pods.filter(|one| self.member(one).membership.value != Membership::Unmeshed);
        meshed.find_map(|one| {
            let mut registered = self.registered(one).iter();
            let found = registered.find(|one| one.service == Some(service.id))?;
            Some(found.name.clone())
        })
    }

    /// Where a rule of an entry `http-route` leads.
    pub(super) fn filters_of_entry(&self, own: &Arc<str>, rule: &Written<'_>) -> Filters {
        let all = change_of_entry(rule);
        let services = rule.each("services").into_iter();
        let to = services.filter_map(|written| {
            let change = change_of_entry(&written);
            Some(Backend {
                service: self.named_there(own, written.text("namespace"), written.text("name")?),
                prefix: change.prefix.or_else(|| all.prefix.clone()),
                headers: all.headers.with(change.headers),
                token: change.token,
                at: written.field("name"),
            })
        });
        Filters {
            to: to.collect(),
            token: all.token.clone(),
        }
    }
}

/// What `Filters` of an entry make of a request.
fn change_of_entry(written: &Written<'_>) -> Change {
    let Some(filters) = written.get("filters") else {
        return Change::default();
    };
    let headers = filters.each("headers");
    let path = filters.path(&["urlRewrite", "path"]);
    Change {
        prefix: path.and_then(|path| Some(path.as_text()?.to_owned())),
        headers: headers
            .iter()
            .fold(Headers::default(), |all, one| all.with(Headers::of(one))),
        token: Token::read(filters.get("jwt").as_ref()),
    }
}
