//! What is spoken on a port, as Istio takes it.
//!
//! `istio/istio: pkg/config/kube/conversion.go`, `istio/istio: pkg/config/protocol/instance.go`.

use crate::k8s::Index;
use crate::model::{Decided, Protocol, Service, ServicePort, Workload};

/// Service ports without a name that are never looked into.
const NEVER_HTTP: &[u16] = &[25, 53, 3306, 27_017];

/// `http`, `tcp`, `tls` (TLS of the application's own) or `auto`.
pub fn of_service_port(port: &ServicePort) -> &'static str {
    let said = port.app_protocol.as_deref().and_then(by_app_protocol);
    let named = || port.name.as_deref().and_then(by_name);
    match said.or_else(named) {
        Some(protocol) => protocol,
        None if NEVER_HTTP.contains(&port.number) => "tcp",
        None => "auto",
    }
}

fn by_app_protocol(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "kubernetes.io/h2c" | "kubernetes.io/ws" => Some("http"),
        "kubernetes.io/wss" => Some("tls"),
        other => parse(other),
    }
}

fn by_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    if name == "grpc-web" || name.starts_with("grpc-web-") {
        return Some("http");
    }
    parse(name.split('-').next().unwrap_or(""))
}

/// That of a name.
pub fn parse(name: &str) -> Option<&'static str> {
    match name {
        "http" | "http2" | "grpc" | "grpc-web" | "http_proxy" | "h2c" | "ws" => Some("http"),
        "https" | "tls" | "wss" => Some("tls"),
        "tcp" | "mongo" | "mysql" | "redis" => Some("tcp"),
        _ => None,
    }
}

/// What is spoken on a workload's port: the oldest service in front of it says so.
pub fn of_workload_port(index: &Index, workload: &Workload, port: u16) -> Decided<&'static str> {
    let mut services: Vec<&Service> = index.services_of(workload.id).collect();
    services.sort_by_key(|service| index.resource(service.resource).age());
    for service in services {
        for declared in &service.ports {
            let tcp = declared.protocol == Protocol::Tcp;
            if tcp && index.target(declared, workload) == Some(port) {
                let protocol = of_service_port(declared);
                let field = if declared.app_protocol.is_some() {
                    "appProtocol"
                } else {
                    "name"
                };
                return Decided::configured(protocol, declared.at.join(field));
            }
        }
    }
    Decided::default(
        "auto",
        "no service names this port's protocol, so it is found out per connection",
        workload.at(),
    )
}

#[cfg(test)]
mod tests {
    use super::{by_app_protocol, by_name};

    #[test]
    fn names_up_to_the_first_dash() {
        assert_eq!(by_name("http"), Some("http"));
        assert_eq!(by_name("HTTP2-api"), Some("http"));
        assert_eq!(by_name("grpc-web-x"), Some("http"));
        assert_eq!(by_name("https"), Some("tls"));
        assert_eq!(by_name("redis-main"), Some("tcp"));
        assert_eq!(by_name("httpx"), None);
        assert_eq!(by_app_protocol("kubernetes.io/wss"), Some("tls"));
    }
}
