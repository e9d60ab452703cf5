//! What the kubelet asks of containers to see whether they live.

use super::{Index, node_at};
use crate::model::{At, Container, Protocol, Workload};
use crate::syntax::Node;

/// A probe over HTTP or gRPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The port it asks at.
    pub port: u16,
    /// What it asks for.
    pub asks: Asks,
    /// Where it is written.
    pub at: At,
}

/// What a probe asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A path, by GET.
    Path(String),
    /// Whether a gRPC service is well.
    Grpc,
}

/// The probes of a workload's containers, init containers among them.
pub fn probes(index: &Index, workload: &Workload) -> Vec<Probe> {
    let mut found = Vec::new();
    for container in &workload.containers {
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let at = At {
                resource: workload.resource,
                pointer: container.at.join(kind),
            };
            let Some(probe) = node_at(index, &at) else {
                continue;
            };
            found.extend(http(probe, container, &at));
            found.extend(grpc(probe, &at));
        }
    }
    found
}

fn http(probe: Node<'_>, container: &Container, at: &At) -> Option<Probe> {
    let get = probe.get("httpGet")?;
    let written = get.get("path").and_then(Node::as_str);
    Some(Probe {
        port: number(get.get("port")?, container)?,
        asks: Asks::Path(path(written.unwrap_or("/"))?),
        at: at.join("httpGet").join("path"),
    })
}

fn grpc(probe: Node<'_>, at: &At) -> Option<Probe> {
    let port = probe.path(&["grpc", "port"])?.as_i64()?;
    Some(Probe {
        port: u16::try_from(port).ok()?,
        asks: Asks::Grpc,
        at: at.join("grpc").join("port"),
    })
}

/// The port of a probe; a name means one of the same container, in any case.
fn number(port: Node<'_>, container: &Container) -> Option<u16> {
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
