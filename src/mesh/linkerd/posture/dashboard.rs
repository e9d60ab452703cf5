//! The dashboard: ways to it from outside the cluster, and the hosts that it answers to.
//!
//! `linkerd/linkerd2: viz/charts/linkerd-viz/templates/web.yaml`, `web/srv/server.go`.

use std::collections::BTreeSet;

use regex::Regex;

use super::{EXTENSION, VIZ_CHARTS};
use crate::k8s::Index;
use crate::mesh::linkerd::settings::argument;
use crate::mesh::release::{releases, text};
use crate::model::{At, Because, Labels, ResourceId, Setting};
use crate::syntax::Node;

/// The Service and the Deployment of the dashboard.
const WEB: &str = "web";

/// Words in the annotations by which an ingress controller asks who calls, or from where.
const LOGINS: &[&str] = &["allowlist", "auth", "middlewares", "plugins", "whitelist"];

pub(super) fn all(index: &Index) -> Vec<Setting> {
    let namespaces = namespaces(index);
    let is_viz = |namespace: &str| namespaces.contains(namespace);
    let mut found = Vec::new();
    for service in index.services() {
        if &*service.name == WEB
            && is_viz(&service.namespace)
            && let Some((how, at)) = &service.exposed
        {
            found.push(exposed(how, at.clone()));
        }
    }
    for &id in index.of_kind("networking.k8s.io", "Ingress") {
        let resource = index.resource(id);
        let here = resource.key.namespace.as_deref().is_some_and(is_viz);
        if here && !asks(&resource.annotations) {
            let backends = of_ingress(index, id).into_iter();
            found.extend(backends.map(|at| exposed("ingress", at)));
        }
    }
    for &id in index.of_kind("gateway.networking.k8s.io", "HTTPRoute") {
        let own = index.resource(id).key.namespace.as_deref();
        let routes = of_route(index, id, own.unwrap_or(""), &is_viz).into_iter();
        found.extend(routes.map(|at| exposed("route", at)));
    }
    found.extend(hosts(index, &is_viz));
    found
}

fn exposed(how: &str, at: At) -> Setting {
    Setting {
        name: "dashboard_exposed",
        value: how.to_owned(),
        because: Because::Configured(at),
    }
}

/// The namespaces of the extension: the usual one, and those whose labels say so.
fn namespaces(index: &Index) -> BTreeSet<String> {
    let is_viz = |labels: &Labels| labels.get(EXTENSION).is_some_and(|name| &**name == "viz");
    let labelled = index.namespaces().filter_map(|namespace| {
        let labels = namespace.labels.as_ref()?;
        is_viz(labels).then(|| namespace.name.to_string())
    });
    let holding = index.resources().filter_map(|(_, resource)| {
        let namespace = resource.key.namespace.as_deref()?;
        is_viz(&resource.labels).then(|| namespace.to_owned())
    });
    let installed = releases(index, VIZ_CHARTS)
        .into_iter()
        .filter_map(|release| Some(release.namespace?.0.to_string()));
    let usual = std::iter::once("linkerd-viz".to_owned());
    usual
        .chain(labelled)
        .chain(holding)
        .chain(installed)
        .collect()
}

/// Whether annotations of an Ingress ask for a login, or limit who may call.
fn asks(annotations: &Labels) -> bool {
    annotations.keys().any(|key| {
        let name = key.rsplit('/').next().unwrap_or(key);
        let key = key.starts_with("kubectl.kubernetes.io/");
        !key && LOGINS.iter().any(|word| name.contains(word))
    })
}

/// Where an Ingress names the dashboard.
fn of_ingress(index: &Index, id: ResourceId) -> Vec<At> {
    let spec = At::new(id, "/spec");
    let backend = |at: At| at.join("service").join("name");
    let mut places = vec![backend(spec.join("defaultBackend"))];
    let node = index.node(id);
    let rules = node.path(&["spec", "rules"]).into_iter();
    for (r, rule) in rules.flat_map(Node::items).enumerate() {
        let paths = rule.path(&["http", "paths"]);
        let count = paths.map_or(0, |paths| paths.items().len());
        let list = spec.join("rules").join(r).join("http").join("paths");
        places.extend((0..count).map(|p| backend(list.join(p).join("backend"))));
    }
    places.retain(|at| text(index, at) == Some(WEB));
    places
}

/// Where a route from a gateway names the dashboard, unless an extension looks at its requests first.
fn of_route(index: &Index, id: ResourceId, own: &str, is_viz: &impl Fn(&str) -> bool) -> Vec<At> {
    let spec = index.node(id).get("spec");
    let of_spec = |field| spec.and_then(|spec| spec.get(field));
    let parents = of_spec("parentRefs").into_iter().flat_map(Node::items);
    let is_gateway = |parent: Node<'_>| {
        let kind = parent.get("kind").and_then(Node::as_str);
        kind.is_none_or(|kind| kind == "Gateway")
    };
    if !parents.into_iter().any(is_gateway) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let rules = of_spec("rules").into_iter().flat_map(Node::items);
    for (r, rule) in rules.enumerate() {
        let filters = rule.get("filters").into_iter().flat_map(Node::items);
        let mut kinds = filters.filter_map(|filter| filter.get("type")?.as_str());
        if kinds.any(|kind| kind == "ExtensionRef") {
            continue;
        }
        let backends = rule.get("backendRefs").into_iter().flat_map(Node::items);
        for (b, backend) in backends.enumerate() {
            let field = |name| backend.get(name).and_then(Node::as_str);
            if field("name") == Some(WEB) && is_viz(field("namespace").unwrap_or(own)) {
                let at = At::new(id, "/spec/rules").join(r).join("backendRefs");
                found.push(at.join(b).join("name"));
            }
        }
    }
    found
}

/// Where the dashboard is told to answer to any host, so that a page in a browser may call it.
fn hosts(index: &Index, is_viz: &impl Fn(&str) -> bool) -> Vec<Setting> {
    let charts = releases(index, VIZ_CHARTS).into_iter();
    let mut places: Vec<At> = charts.map(|release| release.values).collect();
    for &id in index.values() {
        places.push(At::new(id, ""));
        places.extend(VIZ_CHARTS.iter().map(|chart| At::new(id, "").join(chart)));
    }
    let of_charts = places.into_iter().filter_map(|place| {
        let at = place.join("dashboard").join("enforcedHostRegexp");
        Some((text(index, &at)?.to_owned(), at))
    });
    let pods = index.workloads().iter();
    let pods = pods.filter(|w| &*w.name == WEB && is_viz(&w.namespace));
    let of_pods = pods.flat_map(|workload| {
        let containers = workload.containers.iter();
        containers.filter_map(|own| argument(index, workload, own, "enforced-host"))
    });
    let any = of_charts.chain(of_pods).filter(|(text, _)| takes_any(text));
    any.map(|(_, at)| Setting {
        name: "dashboard_hosts",
        value: "any".to_owned(),
        because: Because::Configured(at),
    })
    .collect()
}

/// Whether an expression takes hosts of all sorts. It need not match a whole host.
fn takes_any(expression: &str) -> bool {
    let hosts = ["evil.example", "203.0.113.7:8084", "[2001:db8::1]", "a"];
    let expression = Regex::new(expression);
    expression.is_ok_and(|regex| hosts.iter().all(|host| regex.is_match(host)))
}

#[cfg(test)]
mod tests {
    use super::takes_any;

    #[test]
    fn an_expression_for_any_host_is_told_from_others() {
        for (expression, any) in [
            (".*", true),
            ("^.+$", true),
            ("", true),
            ("^dashboard\\.example$", false),
            ("example", false),
            ("(", false),
        ] {
            assert_eq!(takes_any(expression), any, "{expression}");
        }
    }
}
