//! The paths that the kubelet asks for, which the proxy lets anyone ask for.
//!
//! `linkerd/linkerd2: policy-controller/k8s/index/src/inbound/workload.rs` (pod_http_probes).

use super::annotation::is_external;
use super::server::ADMIN;
use crate::k8s::{Index, node_at};
use crate::model::{At, Container, PathMatch, Protocol, StringMatch, Test, When, Workload};
use crate::syntax::Node;

/// The probes of the proxy itself.
const OWN: [&str; 2] = ["/live", "/ready"];

/// What probes of a port ask for.
pub fn of(index: &Index, workload: &Workload, port: u16) -> Vec<(When, At)> {
    if is_external(workload) {
        return Vec::new();
    }
    let declared = paths(index, workload, port).into_iter();
    let mut found: Vec<_> = declared.map(|(path, at)| (get(&path, &at), at)).collect();
    if port == ADMIN.0 {
        // whether the proxy lives is no secret: nobody who asks what is open means this
        found.extend(OWN.map(|path| {
            let at = workload.at();
            let given = When::Is(Test::Given, at.clone());
            (When::all(vec![given, get(path, &at)]), at)
        }));
    }
    found
}

/// That a path is asked for.
fn get(path: &str, at: &At) -> When {
    let method = Test::Method(StringMatch::Exact("GET".into()));
    let path = Test::Path(PathMatch::Text(StringMatch::Exact(path.into())));
    When::all(vec![
        When::Is(method, at.clone()),
        When::Is(path, at.clone()),
    ])
}

/// The paths that containers have probes for on a port, and where each is written.
fn paths(index: &Index, workload: &Workload, port: u16) -> Vec<(String, At)> {
    let mut found = Vec::new();
    for container in &workload.containers {
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let at = At {
                resource: workload.resource,
                pointer: container.at.join(kind).join("httpGet"),
            };
            let Some(get) = node_at(index, &at) else {
                continue;
            };
            if number(get.get("port"), container) != Some(port) {
                continue;
            }
            let written = get.get("path").and_then(Node::as_str);
            if let Some(path) = path(written.unwrap_or("/")) {
                found.push((path, at.join("path")));
            }
        }
    }
    found
}

/// The port of a probe; a name means one of the same container, in any case.
fn number(port: Option<Node<'_>>, container: &Container) -> Option<u16> {
    let port = port?;
    if let Some(number) = port.as_i64() {
        return u16::try_from(number).ok();
    }
    let name = port.as_str()?;
    let declared = container.ports.iter().find(|port| {
        let own = port.name.as_deref();
        port.protocol == Protocol::Tcp && own.is_some_and(|own| own.eq_ignore_ascii_case(name))
    });
    declared.map(|port| port.number)
}

/// The path of a target without its query; nothing of what does not begin with a slash.
fn path(target: &str) -> Option<String> {
    let after_host = target.split_once("://").map(|(_, rest)| {
        let start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        rest.split_at(start).1
    });
    let target = match after_host {
        Some("") => "/",
        Some(rest) => rest,
        None => target,
    };
    let end = target.find(['?', '#']).unwrap_or(target.len());
    let path = target.split_at(end).0;
    path.starts_with('/').then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn targets_of_probes() {
        let path = |text| path(text);
        assert_eq!(path("/live?full=1").as_deref(), Some("/live"));
        assert_eq!(path("http://pod:80/live").as_deref(), Some("/live"));
        assert_eq!(path("http://pod").as_deref(), Some("/"));
        assert_eq!(path("live"), None);
    }
}
