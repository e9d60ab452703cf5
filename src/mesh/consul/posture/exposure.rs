//! Who can reach the API and the pages of Consul, and what keeps callers out.
//!
//! `hashicorp/consul-k8s: charts/consul/templates/ui-service.yaml`, `ui-ingress.yaml`,
//! `expose-servers-service.yaml`; `hashicorp/consul: agent/config/builder.go` (client_addr, addresses).

use super::servers::has_command_line;
use super::{setting, tls};
use crate::k8s::Index;
use crate::mesh::consul::settings::{Config, Origin, Server, acls_of};
use crate::mesh::consul::written::Written;
use crate::model::{Because, Service, Setting, TargetPort};

/// The port of the API without TLS, and with it.
const HTTP: u16 = 8500;
const HTTPS: u16 = 8501;

/// One setting for each thing that is missing on a way to the API: `plaintext`, `without_acl`.
pub(super) fn all(index: &Index, config: &Config) -> Vec<Setting> {
    let mut found = Vec::new();
    for server in &config.servers {
        let ways = match server.origin {
            Origin::Values => of_values(index, server),
            Origin::Files => of_files(index, server),
            Origin::Rendered => Vec::new(),
        };
        let is_plain = is_plain(index, server);
        let acls = acls_of(index, server).value;
        for way in ways {
            found.extend(missing(&way, is_plain, acls));
        }
    }
    let applied = config.servers.first().filter(|one| has_command_line(one));
    let acls = applied.map(|server| acls_of(index, server).value);
    for service in index.services() {
        if let Some((plain, way)) = of_service(service) {
            found.extend(missing(&way, plain, acls.unwrap_or(true)));
        }
    }
    found
}

fn missing(way: &Because, is_plain: bool, acls: bool) -> Vec<Setting> {
    let plain = is_plain.then_some("plaintext");
    let open = (!acls).then_some("without_acl");
    let all = plain.into_iter().chain(open);
    all.map(|value| setting("api_exposed", value, way.clone()))
        .collect()
}

/// Whether calls of the API may be made without TLS.
fn is_plain(index: &Index, server: &Server) -> bool {
    let port = server
        .own(index, &[&["ports", "http"]])
        .and_then(|it| it.as_number());
    if let Some(port) = port {
        return port > 0 && (server.origin == Origin::Values || !tls::enabled(index, server).0);
    }
    let only = server.value(index, &["global", "tls", "httpsOnly"]);
    let https_only = only.is_none_or(|flag| flag.as_flag() != Some(false));
    let on = tls::enabled(index, server).0;
    match server.origin {
        Origin::Values => !on || !https_only,
        Origin::Files | Origin::Rendered => !on,
    }
}

/// Ways from outside the cluster that the chart makes.
fn of_values(index: &Index, server: &Server) -> Vec<Because> {
    let value = |path: &[&str]| server.value(index, path);
    let is_on = |path: &[&str]| value(path).and_then(|it| it.as_flag());
    let at = |written: &Written<'_>| Because::Configured(written.at().clone());
    let is_open =
        |written: &Written<'_>| matches!(written.as_text(), Some("LoadBalancer" | "NodePort"));
    let mut found = Vec::new();
    let ui = is_on(&["ui", "enabled"]) != Some(false)
        && is_on(&["ui", "service", "enabled"]) != Some(false);
    if ui {
        let service = value(&["ui", "service", "type"]).filter(is_open);
        found.extend(service.as_ref().map(at));
        let ingress = value(&["ui", "ingress", "enabled"]);
        found.extend(
            ingress
                .filter(|it| it.as_flag() == Some(true))
                .as_ref()
                .map(at),
        );
    }
    let exposed = value(&["server", "exposeService", "enabled"]);
    let exposed = match exposed.as_ref().and_then(Written::as_flag) {
        Some(flag) => exposed.filter(|_| flag),
        None => {
            value(&["global", "adminPartitions", "enabled"]).filter(|it| it.as_flag() == Some(true))
        }
    };
    let kind = value(&["server", "exposeService", "type"]);
    if let Some(exposed) = exposed.filter(|_| kind.as_ref().is_none_or(is_open)) {
        found.push(at(kind.as_ref().unwrap_or(&exposed)));
    }
    found
}

/// Where an agent listens to more than the machine it runs on.
fn of_files(index: &Index, server: &Server) -> Vec<Because> {
    let port = server
        .own(index, &[&["ports", "http"]])
        .and_then(|it| it.as_number());
    if port.is_some_and(|port| port <= 0) {
        return Vec::new();
    }
    let address = server.own(index, &[&["addresses", "http"]]);
    let address = address.or_else(|| server.own(index, &[&["client_addr"]]));
    let Some(address) = address else {
        return Vec::new();
    };
    let text = address.as_text().unwrap_or("127.0.0.1");
    // filled in when the agent starts
    let is_open = !text.contains("{{") && text.split_whitespace().any(|one| !is_local(one));
    is_open
        .then(|| Because::Configured(address.at().clone()))
        .into_iter()
        .collect()
}

fn is_local(address: &str) -> bool {
    let known = ["127.", "unix:", "$"];
    known.iter().any(|start| address.starts_with(start)) || matches!(address, "::1" | "localhost")
}

/// A way that a Service of the chart makes from outside, and whether it is without TLS.
fn of_service(service: &Service) -> Option<(bool, Because)> {
    let wanted = |key: &str, value: &str| {
        let selector = service.selector.as_ref()?;
        selector.get(key).filter(|found| &***found == value)
    };
    wanted("app", "consul").and(wanted("component", "server"))?;
    let (_, at) = service.exposed.as_ref()?;
    let leads = |port: u16| {
        let mut ports = service.ports.iter();
        ports.any(|one| matches!(one.target, TargetPort::Number(number) if number == port))
    };
    (leads(HTTP) || leads(HTTPS)).then(|| (leads(HTTP), Because::Configured(at.clone())))
}
