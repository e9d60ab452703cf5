//! What Consul and the webhooks of its chart refuse of entries for gateways.
//!
//! `hashicorp/consul-k8s: control-plane/api/v1alpha1/ingressgateway_types.go` (Validate),
//! `control-plane/api/v1alpha1/terminatinggateway_types.go` (Validate),
//! `hashicorp/consul: agent/structs/config_entry_gateways.go` (Validate).

use std::collections::BTreeSet;

use super::{Entries, Entry, Kind, is_http};
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::At;

/// Why something is refused, and the field.
type Refusal = Option<(String, At)>;

/// The versions of TLS that an entry may name.
const VERSIONS: [&str; 5] = ["TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"];

/// Why an entry for a gateway is refused; `namespaces`: whether Consul tells namespaces apart.
pub fn refusal(kind: Kind, fields: &Written<'_>, namespaces: bool) -> Refusal {
    match kind {
        Kind::IngressGateway => ingress(fields, namespaces),
        Kind::TerminatingGateway => terminating(fields, namespaces),
        Kind::APIGateway => api(fields),
        Kind::HTTPRoute => http_route(fields),
        _ => None,
    }
}

fn refuse(what: impl Into<String>, at: At) -> Refusal {
    Some((what.into(), at))
}

fn ingress(fields: &Written<'_>, namespaces: bool) -> Refusal {
    let tls = fields.get("tls");
    if let Some(refusal) = tls.as_ref().and_then(bad_versions) {
        return Some(refusal);
    }
    let sds = Sds::of(tls.as_ref());
    if sds.certificate && !sds.cluster {
        let what = "tls.sds names a certificate, but not the cluster that has it";
        return refuse(what, fields.field("tls"));
    }
    let mut ports = BTreeSet::new();
    fields.each("listeners").iter().find_map(|listener| {
        let port = listener
            .get("port")
            .and_then(|port| port.as_number())
            .unwrap_or(0);
        if !ports.insert(port) {
            let what = format!("two listeners have the port {port}");
            return refuse(what, listener.field("port"));
        }
        of_listener(listener, namespaces)
            .or_else(|| bad_hosts(listener, tls.as_ref()))
            .or_else(|| bad_sds(listener, sds))
    })
}

/// Why an ingress gateway is refused because of what services speak: behind a listener for requests
/// all speak its protocol. One for connections may have been stored before it was known that a
/// service speaks something else.
/// `hashicorp/consul: agent/consul/state/config_entry.go` (validateProposedConfigEntryInServiceGraph).
pub fn mismatch(entries: &Entries, index: &Index, entry: &Entry, fields: &Written<'_>) -> Refusal {
    fields.each("listeners").iter().find_map(|listener| {
        let wanted = protocol(listener).ok().filter(|wanted| wanted != "tcp")?;
        let services = listener.each("services").into_iter();
        let mut named = services.filter_map(|service| {
            let name = service.text("name").filter(|name| *name != "*")?;
            let namespace = service.text("namespace").unwrap_or(&entry.namespace);
            let (speaks, _) = entries.protocol(index, namespace, name);
            Some((name, speaks, service.field("name")))
        });
        let (name, speaks, at) = named.find(|(_, speaks, _)| *speaks != wanted)?;
        let what = format!(
            "a listener leads to services of its own protocol, {wanted}, and {name} speaks {speaks}"
        );
        Some((what, at))
    })
}

/// What Consul takes a listener's protocol for; the webhook of the chart wants one to be written.
fn protocol(listener: &Written<'_>) -> Result<String, (String, At)> {
    let written = listener.text("protocol");
    let text = match listener.is_own() {
        true => written.unwrap_or("tcp").to_lowercase(),
        false => written.unwrap_or_default().to_owned(),
    };
    match text == "tcp" || is_http(&text) {
        true => Ok(text),
        false => {
            let what = "the protocol of a listener must be tcp, http, http2 or grpc";
            Err((what.to_owned(), listener.field("protocol")))
        }
    }
}

fn of_listener(listener: &Written<'_>, namespaces: bool) -> Refusal {
    let protocol = match protocol(listener) {
        Ok(protocol) => protocol,
        Err(refusal) => return Some(refusal),
    };
    let services = listener.each("services");
    if services.is_empty() {
        return refuse("a listener leads to no service", listener.field("services"));
    }
    let tcp = protocol == "tcp";
    if tcp && services.len() > 1 {
        let what = "a listener whose protocol is tcp leads to one service only";
        return refuse(what, listener.field("services"));
    }
    if let Some(refusal) = listener.get("tls").as_ref().and_then(bad_versions) {
        return Some(refusal);
    }
    let mut known = BTreeSet::new();
    services.iter().find_map(|service| {
        let name = service.text("name").unwrap_or_default();
        let hosts = service
            .get("hosts")
            .filter(|hosts| !hosts.items().is_empty());
        // the webhook of the chart wants http itself
        let for_all = match listener.is_own() {
            true => !tcp,
            false => protocol == "http",
        };
        if name.is_empty() {
            return refuse("a service has no name", service.field("name"));
        }
        if name == "*" && !for_all {
            let what = "the name * is for listeners whose protocol is http";
            return refuse(what, service.field("name"));
        }
        if let Some(hosts) = hosts.filter(|_| tcp || name == "*") {
            let what = match tcp {
                true => "a listener whose protocol is tcp has no hosts",
                false => "the service * has no hosts",
            };
            return refuse(what, hosts.at().clone());
        }
        let headers = ["requestHeaders", "responseHeaders"].into_iter();
        if let Some(headers) = headers.filter_map(|key| service.get(key)).find(|_| tcp) {
            let what = "a listener whose protocol is tcp changes no headers";
            return refuse(what, headers.at().clone());
        }
        if let Some(refusal) = bad_namespace(service, namespaces) {
            return Some(refusal);
        }
        let key = (service.text("namespace").unwrap_or_default(), name);
        match known.insert(key) {
            true => None,
            false => refuse(
                format!("a listener names {name} twice"),
                service.field("name"),
            ),
        }
    })
}

fn bad_namespace(service: &Written<'_>, namespaces: bool) -> Refusal {
    let namespace = service.get("namespace")?;
    let text = namespace.as_text()?;
    if text == "*" {
        let what = "a gateway leads to no namespace *";
        return refuse(what, namespace.at().clone());
    }
    let refused = !namespaces && !service.is_own();
    let what = "namespaces are for the enterprise edition of Consul with namespaces enabled";
    refused.then(|| (what.to_owned(), namespace.at().clone()))
}

fn bad_hosts(listener: &Written<'_>, gateway_tls: Option<&Written<'_>>) -> Refusal {
    let sealed = gateway_tls.is_some_and(|tls| tls.is_on("enabled"));
    let mut known = BTreeSet::new();
    let services = listener.each("services");
    services
        .iter()
        .flat_map(|service| service.texts("hosts"))
        .find_map(|(host, at)| {
            if !known.insert(host) {
                return refuse(format!("a listener has the host {host} twice"), at);
            }
            if host == "*" {
                let what = "the host * is for gateways without TLS";
                return sealed.then(|| (what.to_owned(), at));
            }
            let rest = host.strip_prefix("*.").unwrap_or(host);
            let what = "of a host only the first label may be *";
            rest.contains('*').then(|| (what.to_owned(), at))
        })
}

/// What a place says of certificates from elsewhere.
#[derive(Debug, Clone, Copy)]
struct Sds {
    cluster: bool,
    certificate: bool,
}

impl Sds {
    fn of(tls: Option<&Written<'_>>) -> Self {
        let sds = tls.and_then(|tls| tls.get("sds"));
        let has = |key| sds.as_ref().is_some_and(|sds| sds.text(key).is_some());
        Self {
            cluster: has("clusterName"),
            certificate: has("certResource"),
        }
    }
}

fn bad_sds(listener: &Written<'_>, gateway: Sds) -> Refusal {
    let own = Sds::of(listener.get("tls").as_ref());
    if (gateway.cluster || own.cluster) && !gateway.certificate && !own.certificate {
        let what = "tls.sds names a cluster, and no certificate of it";
        return refuse(what, listener.field("tls"));
    }
    if own.cluster && !own.certificate {
        let what = "tls.sds of a listener names a cluster, and no certificate of it";
        return refuse(what, listener.field("tls"));
    }
    if own.certificate && !own.cluster && !gateway.cluster {
        let what = "tls.sds names a certificate, but not the cluster that has it";
        return refuse(what, listener.field("tls"));
    }
    listener.each("services").iter().find_map(|service| {
        let tls = service.get("tls")?;
        let sds = Sds::of(Some(&tls));
        if sds.certificate && service.each("hosts").is_empty() {
            let what = "a service with a certificate of its own needs hosts";
            return refuse(what, tls.at().clone());
        }
        let lacks = sds.certificate && !sds.cluster && !own.cluster && !gateway.cluster;
        let what = "tls.sds names a certificate, but not the cluster that has it";
        lacks.then(|| (what.to_owned(), tls.at().clone()))
    })
}

fn bad_versions(tls: &Written<'_>) -> Refusal {
    ["tlsMinVersion", "tlsMaxVersion"]
        .into_iter()
        .find_map(|key| {
            let known = tls.text(key).is_none_or(|text| VERSIONS.contains(&text));
            let what = format!("{key} must be one of {}", VERSIONS.join(", "));
            (!known).then(|| (what, tls.field(key)))
        })
}

fn terminating(fields: &Written<'_>, namespaces: bool) -> Refusal {
    let mut known = BTreeSet::new();
    let services = fields.each("services");
    services.iter().find_map(|service| {
        let Some(name) = service.text("name") else {
            return refuse("a service has no name", service.field("name"));
        };
        if let Some(refusal) = bad_namespace(service, namespaces) {
            return Some(refusal);
        }
        let key = (service.text("namespace").unwrap_or_default(), name);
        if !known.insert(key) {
            let what = format!("it names {name} twice");
            return refuse(what, service.field("name"));
        }
        let [ca, certificate, key] = ["caFile", "certFile", "keyFile"].map(|key| service.text(key));
        let some = certificate.is_some() || key.is_some();
        let all = ca.is_some() && certificate.is_some() && key.is_some();
        let what = "a service with certFile or keyFile needs caFile, certFile and keyFile";
        (some && !all).then(|| (what.to_owned(), service.field("certFile")))
    })
}

fn api(fields: &Written<'_>) -> Refusal {
    let listeners = fields.each("listeners");
    if listeners.is_empty() {
        return refuse("it needs a listener", fields.field("listeners"));
    }
    let mut names = BTreeSet::new();
    let mut ports: Vec<(u16, String, Option<&str>)> = Vec::new();
    listeners.iter().find_map(|listener| {
        let name = listener.text("name").unwrap_or_default();
        if name.is_empty() {
            return refuse("a listener has no name", listener.field("name"));
        }
        if !names.insert(name) {
            return refuse(
                format!("two listeners are named {name}"),
                listener.field("name"),
            );
        }
        let protocol = listener.text("protocol").unwrap_or_default().to_lowercase();
        if protocol != "http" && protocol != "tcp" {
            let what = "the protocol of a listener must be tcp or http";
            return refuse(what, listener.field("protocol"));
        }
        let hostname = listener.text("hostname");
        if protocol == "tcp" && hostname.is_some() {
            let what = "a listener whose protocol is tcp has no hostname";
            return refuse(what, listener.field("hostname"));
        }
        let Some(port) = listener.port("port") else {
            return refuse(
                "the port of a listener must be from 1 to 65535",
                listener.field("port"),
            );
        };
        let rest = hostname.map(|host| host.strip_prefix("*.").unwrap_or(host));
        if rest.is_some_and(|rest| rest.contains('*')) {
            let what = "of a host only the first label may be *";
            return refuse(what, listener.field("hostname"));
        }
        let twin = ports.iter().find(|(known, ..)| *known == port);
        let differs = twin.is_some_and(|(_, known, host)| *known != protocol || *host != hostname);
        ports.push((port, protocol, hostname));
        let what = "two listeners of one port must have the same protocol and hostname";
        differs.then(|| (what.to_owned(), listener.field("port")))
    })
}

fn http_route(fields: &Written<'_>) -> Refusal {
    let hosts = fields.texts("hostnames").into_iter();
    hosts
        .filter(|(host, _)| host.contains('*'))
        .find_map(|(_, at)| {
            let what = "a hostname of a route may have no *";
            refuse(what, at)
        })
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::mesh::consul::entry::Kind;
    use crate::mesh::consul::gateway::sample;
    use crate::mesh::consul::written::Written;
    use crate::model::At;

    fn refused(kind: Kind, spec: &str) -> Option<String> {
        let object = sample::object(kind.object(), "one", spec);
        let (index, _) = crate::mesh::sample::index(&[("a.yaml", &object)]);
        let (id, _) = index.resources().next()?;
        let fields = Written::object(&index, At::new(id, "/spec"))?;
        refusal(kind, &fields, false).map(|(what, _)| what)
    }

    fn listener(fields: &str) -> Option<String> {
        refused(
            Kind::IngressGateway,
            &format!("{{listeners: [{{port: 80, {fields}}}]}}"),
        )
    }

    #[test]
    fn what_is_sound_is_stored() {
        let all = [
            "protocol: http, services: [{name: a, hosts: [a.example]}, {name: '*'}]",
            "protocol: tcp, services: [{name: a}]",
            "protocol: http, tls: {sds: {clusterName: c, certResource: r}}, services: [{name: a}]",
        ];
        for fields in all {
            assert_eq!(listener(fields), None, "{fields}");
        }
    }

    #[test]
    fn what_is_not_sound_is_refused() {
        let all = [
            "services: [{name: a}]",
            "protocol: https, services: [{name: a}]",
            "protocol: http",
            "protocol: tcp, services: [{name: a}, {name: b}]",
            "protocol: http2, services: [{name: '*'}]",
            "protocol: http, services: [{name: '*', hosts: [a]}]",
            "protocol: tcp, services: [{name: a, hosts: [a]}]",
            "protocol: http, services: [{name: a}, {name: a}]",
            "protocol: http, services: [{name: a, hosts: [x]}, {name: b, hosts: [x]}]",
            "protocol: http, services: [{name: a, hosts: [a.*.b]}]",
            "protocol: http, services: [{name: a, namespace: other}]",
            "protocol: http, tls: {tlsMinVersion: '1.2'}, services: [{name: a}]",
            "protocol: http, tls: {sds: {certResource: r}}, services: [{name: a}]",
            "protocol: http, services: [{name: a, tls: {sds: {clusterName: c, certResource: r}}}]",
        ];
        for fields in all {
            assert!(listener(fields).is_some(), "{fields}");
        }
    }

    #[test]
    fn ports_are_told_apart() {
        let spec = "{listeners: [{port: 80, protocol: tcp, services: [{name: a}]}, {port: 80, protocol: tcp, \
                    services: [{name: b}]}]}";
        assert!(refused(Kind::IngressGateway, spec).is_some());
    }

    #[test]
    fn any_host_is_for_gateways_without_tls() {
        let spec = "listeners: [{port: 80, protocol: http, services: [{name: a, hosts: ['*']}]}]";
        assert_eq!(refused(Kind::IngressGateway, &format!("{{{spec}}}")), None);
        let sealed = format!("{{tls: {{enabled: true}}, {spec}}}");
        assert!(refused(Kind::IngressGateway, &sealed).is_some());
    }

    #[test]
    fn a_certificate_of_a_terminating_gateway_is_whole() {
        let one = |fields: &str| {
            let spec = format!("{{services: [{{name: a, {fields}}}]}}");
            refused(Kind::TerminatingGateway, &spec)
        };
        assert_eq!(one("caFile: a"), None);
        assert_eq!(one("caFile: a, certFile: b, keyFile: c"), None);
        assert!(one("certFile: b, keyFile: c").is_some());
    }
}
