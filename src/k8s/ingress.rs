//! `Ingress`: which hosts and paths lead to which services.

use std::sync::Arc;

use super::Index;
use crate::model::{At, PathMatch, ResourceId, ServiceId, StringMatch, Test, When};
use crate::syntax::Node;

/// An `Ingress`.
#[derive(Debug, Clone)]
pub struct Ingress {
    /// The object.
    pub id: ResourceId,
    /// Its class, by annotation or by field, and where it is named.
    pub class: Option<(Arc<str>, At)>,
    /// Who implements the class, where its `IngressClass` is in the input.
    pub controller: Option<Arc<str>>,
    /// Whether the class is named by the old annotation.
    pub by_annotation: bool,
    /// Where TLS is asked for, if it is.
    pub tls: Option<At>,
    /// Its paths.
    pub paths: Vec<IngressPath>,
}

/// A path of an `Ingress`; of the default backend, everything.
#[derive(Debug, Clone)]
pub struct IngressPath {
    /// The host; absent takes any.
    pub host: Option<Arc<str>>,
    /// The path.
    pub path: Arc<str>,
    /// Whether it must be exactly this.
    pub exact: bool,
    /// The service and its port.
    pub to: Option<(ServiceId, u16)>,
    /// Where it is written.
    pub at: At,
}

impl IngressPath {
    /// The condition that a request is for this path: a prefix is one of whole segments.
    pub fn matches(&self) -> When {
        let is = |value| When::Is(Test::Path(PathMatch::Text(value)), self.at.clone());
        if self.exact {
            return is(StringMatch::Exact(Arc::clone(&self.path)));
        }
        match self.path.trim_end_matches('/') {
            "" => When::Always,
            prefix => When::any(vec![
                is(StringMatch::Exact(prefix.into())),
                is(StringMatch::Prefix(format!("{prefix}/").into())),
            ]),
        }
    }
}

impl Ingress {
    /// All of an environment.
    pub fn all(index: &Index) -> Vec<Self> {
        let ids = index.of_kind("networking.k8s.io", "Ingress").iter();
        ids.filter_map(|&id| read(index, id)).collect()
    }
}

fn read(index: &Index, id: ResourceId) -> Option<Ingress> {
    let key = "kubernetes.io/ingress.class";
    let resource = index.resource(id);
    let namespace = resource.key.namespace.clone()?;
    let spec = index.node(id).get("spec")?;
    let named = spec.get("ingressClassName").and_then(Node::as_str);
    let annotated = resource.annotations.get(key);
    let class = annotated
        .map(|class| {
            let at = At::new(id, "/metadata/annotations").join(key);
            (Arc::clone(class), at)
        })
        .or_else(|| Some((Arc::from(named?), At::new(id, "/spec/ingressClassName"))));
    let mut paths = Vec::new();
    for (r, rule) in spec
        .get("rules")
        .into_iter()
        .flat_map(Node::items)
        .enumerate()
    {
        let list = rule.path(&["http", "paths"]);
        for (p, path) in list.into_iter().flat_map(Node::items).enumerate() {
            let at = At::new(id, format!("/spec/rules/{r}/http/paths/{p}/backend"));
            let text = |key| path.get(key).and_then(|n: Node<'_>| n.as_str());
            paths.push(IngressPath {
                host: rule.get("host").and_then(Node::as_str).map(Into::into),
                path: text("path").unwrap_or("/").into(),
                exact: text("pathType") == Some("Exact"),
                to: path
                    .get("backend")
                    .and_then(|b| backend(index, &namespace, b)),
                at,
            });
        }
    }
    if let Some(default) = spec.get("defaultBackend") {
        paths.push(IngressPath {
            host: None,
            path: "/".into(),
            exact: false,
            to: backend(index, &namespace, default),
            at: At::new(id, "/spec/defaultBackend"),
        });
    }
    let has_tls = spec
        .get("tls")
        .is_some_and(|tls| tls.items().next().is_some());
    Some(Ingress {
        id,
        controller: class
            .as_ref()
            .and_then(|(class, _)| controller(index, class)),
        by_annotation: annotated.is_some(),
        class,
        tls: has_tls.then(|| At::new(id, "/spec/tls")),
        paths,
    })
}

fn controller(index: &Index, class: &str) -> Option<Arc<str>> {
    let id = index.find("networking.k8s.io", "IngressClass", None, class)?;
    let controller = index.node(id).path(&["spec", "controller"])?;
    controller.as_str().map(Into::into)
}

fn backend(index: &Index, namespace: &str, node: Node<'_>) -> Option<(ServiceId, u16)> {
    let node = node.get("service")?;
    let name = node.get("name").and_then(Node::as_str)?;
    let service = index.service_named(namespace, name)?;
    let number = node.path(&["port", "number"]).and_then(Node::as_i64);
    let port_name = node.path(&["port", "name"]).and_then(Node::as_str);
    let port = service.ports.iter().find(|port| {
        number == Some(i64::from(port.number))
            || (port_name.is_some() && port.name.as_deref() == port_name)
    })?;
    Some((service.id, port.number))
}
