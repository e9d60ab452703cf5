//! Ingress gateways: what `ingress-gateway` entries lead in.
//!
//! `hashicorp/consul: agent/xds/listeners_ingress.go`, `agent/xds/routes.go` (routesForIngressGateway),
//! `agent/structs/config_entry_gateways.go`.

use std::sync::Arc;

use super::host::Hosts;
use super::{Gateways, Listener};
use crate::mesh::consul::Consul;
use crate::mesh::consul::chain::{Headers, Route};
use crate::mesh::consul::entry::{Entry, Kind};
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Layer, Rewrite, TlsOrigination};

/// The name that stands for all services.
const ALL: &str = "*";

/// A service that a listener leads to.
struct Served<'a> {
    name: Name,
    written: Written<'a>,
    /// Its hosts, or the one that it has without any.
    hosts: Vec<(String, At)>,
    needs: Vec<(String, At)>,
}

impl Gateways {
    /// Adds the ways in through ingress gateways.
    pub(super) fn add_ingress(&mut self, consul: &Consul) {
        for entry in consul.entries.of(Kind::IngressGateway) {
            let fields = entry.fields(&consul.index);
            let listeners = fields
                .as_ref()
                .map_or_else(Vec::new, |it| it.each("listeners"));
            for listener in listeners {
                self.add_listener(consul, entry, fields.as_ref(), &listener);
            }
        }
    }

    fn add_listener(
        &mut self,
        consul: &Consul,
        entry: &Entry,
        fields: Option<&Written<'_>>,
        written: &Written<'_>,
    ) {
        let Some(port) = written.port("port") else {
            return;
        };
        let protocol = written.text("protocol").unwrap_or("tcp").to_lowercase();
        let http = protocol != "tcp";
        let gateway = Name {
            namespace: Arc::clone(&entry.namespace),
            name: Arc::clone(&entry.name),
        };
        let (sends, at) = tls(fields, written);
        let mut listener = Listener {
            title: format!("the ingress gateway {}", entry.name),
            doors: consul.doors_of_ingress(&gateway, port, &entry.named),
            gateway,
            sends,
            layer: if http { Layer::Http } else { Layer::Tcp },
            at,
            needs: Vec::new(),
        };
        let mut together = Hosts::new(port);
        for served in served(consul, &entry.namespace, written, &protocol) {
            let routes = routes(consul, &served);
            if !http {
                listener.needs.clone_from(&served.needs);
                self.add(consul, &listener, &routes, None);
                continue;
            }
            // one with a certificate of its own is found by the name that TLS asks for
            let own = served.written.path(&["tls", "sds", "certResource"]);
            let Some(own) = own else {
                for (host, at) in &served.hosts {
                    together.add(host, at, &routes);
                }
                continue;
            };
            let mut apart = Hosts::new(port);
            for (host, at) in &served.hosts {
                apart.add(host, at, &routes);
            }
            let sealed = Listener {
                sends: TlsOrigination::ForeignTls,
                at: own.at().clone(),
                title: listener.title.clone(),
                gateway: listener.gateway.clone(),
                doors: listener.doors.clone(),
                needs: Vec::new(),
                ..listener
            };
            self.add(consul, &sealed, &apart.routes(), None);
        }
        if http {
            self.add(consul, &listener, &together.routes(), None);
        }
    }
}

/// What clients send to a listener, and the line that says so: TLS of the gateway counts for all of
/// its listeners, and no client shows a certificate.
fn tls(gateway: Option<&Written<'_>>, listener: &Written<'_>) -> (TlsOrigination, At) {
    let both = [gateway, Some(listener)].into_iter().flatten();
    let mut settings = both.filter_map(|it| it.get("tls"));
    let found = settings.find_map(|tls| {
        let sds = tls
            .path(&["sds", "certResource"])
            .filter(|it| it.as_text().is_some());
        let enabled = tls.get("enabled").filter(|it| it.as_flag() == Some(true));
        sds.or(enabled).map(|it| it.at().clone())
    });
    match found {
        Some(at) => (TlsOrigination::ForeignTls, at),
        None => (TlsOrigination::Plaintext, listener.field("port")),
    }
}

/// The services that a listener leads to. One whose protocol is another cannot be stored, except
/// behind a listener for connections, where that depends on what was written first.
/// `hashicorp/consul: agent/consul/state/config_entry.go` (validateProposedConfigEntryInServiceGraph).
fn served<'a>(
    consul: &Consul,
    own: &Arc<str>,
    listener: &Written<'a>,
    protocol: &str,
) -> Vec<Served<'a>> {
    let speaks = |name: &Name| {
        let entries = &consul.entries;
        entries
            .protocol(&consul.index, &name.namespace, &name.name)
            .0
    };
    let mut found: Vec<Served<'a>> = Vec::new();
    let services = listener.each("services");
    let (all, named): (Vec<_>, Vec<_>) = services
        .into_iter()
        .partition(|one| one.text("name") == Some(ALL));
    for written in named {
        let Some(name) = written.text("name") else {
            continue;
        };
        let name = consul.named_there(own, written.text("namespace"), name);
        let mut needs = Vec::new();
        match speaks(&name) {
            same if same == *protocol => {}
            other if protocol == "tcp" => {
                let what = format!(
                    "Consul may have refused the gateway: {} speaks {other} and the listener tcp",
                    name.name
                );
                needs.push((what, written.field("name")));
            }
            _ => continue,
        }
        let hosts = hosts(&written, &name);
        found.push(Served {
            name,
            written,
            hosts,
            needs,
        });
    }
    for written in all {
        let namespace = consul
            .named_there(own, written.text("namespace"), ALL)
            .namespace;
        for name in consul.services_with_proxy() {
            let known = found.iter().any(|one| one.name == name);
            if known || name.namespace != namespace || speaks(&name) != *protocol {
                continue;
            }
            let hosts = hosts(&written, &name);
            found.push(Served {
                name,
                written: written.clone(),
                hosts,
                needs: Vec::new(),
            });
        }
    }
    found
}

/// The hosts of a service: those that are written, or `web.ingress.*`.
fn hosts(written: &Written<'_>, name: &Name) -> Vec<(String, At)> {
    let own = written.texts("hosts").into_iter();
    let own: Vec<(String, At)> = own.map(|(host, at)| (host.to_owned(), at)).collect();
    if !own.is_empty() {
        return own;
    }
    let host = match &*name.namespace {
        "default" => format!("{}.ingress.*", name.name),
        namespace => format!("{}.ingress.{namespace}.*", name.name),
    };
    vec![(host, written.field("name"))]
}

/// The routes to a service: those of its chain, and the changes that the gateway makes, which come
/// after those of the chain.
fn routes(consul: &Consul, served: &Served<'_>) -> Vec<Route> {
    let headers = served.written.get("requestHeaders");
    let headers = headers
        .map(|it| Headers::of(&it).changes())
        .unwrap_or_default();
    let mut routes = consul
        .chains
        .routes(&served.name, &served.written.field("name"));
    for branch in routes.iter_mut().flat_map(|route| &mut route.to) {
        let mut rewrite = branch.rewrite.take().unwrap_or_default();
        rewrite.headers.extend(headers.iter().cloned());
        branch.rewrite = (rewrite != Rewrite::default()).then_some(rewrite);
    }
    routes
}
