//! API gateways that are entries of files of Consul's own.
//!
//! `hashicorp/consul: agent/structs/config_entry_gateways.go`, `agent/structs/config_entry_routes.go`.

use std::sync::Arc;

use super::rule::rules;
use super::{Backend, Front, HttpRoute, TcpRoute};
use crate::mesh::consul::Consul;
use crate::mesh::consul::chain::Headers;
use crate::mesh::consul::entry::{Entry, Kind};
use crate::mesh::consul::gateway::Listener;
use crate::mesh::consul::gateway::jwt::Token;
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Layer, TlsOrigination};

impl Consul {
    /// The listeners of all API gateways.
    pub(super) fn api_of_entries(&self) -> Vec<Front> {
        let mut fronts = Vec::new();
        for entry in self.entries.of(Kind::APIGateway) {
            let fields = entry.fields(&self.index);
            for written in fields.map_or_else(Vec::new, |it| it.each("listeners")) {
                fronts.extend(self.front(entry, &written));
            }
        }
        fronts
    }

    fn front(&self, entry: &Entry, written: &Written<'_>) -> Option<Front> {
        let port = written.port("port")?;
        let layer = match written.text("protocol")?.to_lowercase().as_str() {
            "http" => Layer::Http,
            _ => Layer::Tcp,
        };
        let gateway = Name {
            namespace: Arc::clone(&entry.namespace),
            name: Arc::clone(&entry.name),
        };
        let (sends, needs) = self.tls_of(entry, written)?;
        let token = |key| Token::read(written.path(&[key, "jwt"]).as_ref());
        Some(Front {
            listener: Listener {
                title: format!("the API gateway {}", entry.name),
                doors: self.doors_of_entry("api-gateway", &gateway, &entry.named),
                gateway,
                sends,
                layer,
                at: written.at().clone(),
                needs,
            },
            port,
            host: written.text("hostname").unwrap_or("*").to_lowercase(),
            http: self.http_of(entry, written),
            tcp: self.tcp_of(entry, written),
            over: token("override"),
            default: token("default"),
        })
    }

    /// What clients send to a listener; nothing where it names a certificate that is no entry: such a
    /// gateway takes no routes.
    fn tls_of(
        &self,
        entry: &Entry,
        listener: &Written<'_>,
    ) -> Option<(TlsOrigination, Vec<(String, At)>)> {
        let certificates = listener.path(&["tls", "certificates"]);
        let certificates = certificates.map_or_else(Vec::new, |list| list.items());
        let mut needs = Vec::new();
        for one in &certificates {
            let name = one.text("name").unwrap_or_default();
            let inline = one
                .text("kind")
                .is_none_or(|kind| kind == "inline-certificate");
            let known = self
                .entries
                .named(Kind::InlineCertificate, &entry.namespace, name);
            if inline && known.is_none() {
                let what = format!("the certificate {name} is not in the input");
                needs.push((what, one.at().clone()));
            }
        }
        let sds = listener.path(&["tls", "sds", "certResource"]);
        let sends = match certificates.is_empty() && sds.is_none() {
            true => TlsOrigination::Plaintext,
            false => TlsOrigination::ForeignTls,
        };
        Some((sends, needs))
    }

    fn http_of(&self, gateway: &Entry, listener: &Written<'_>) -> Vec<HttpRoute> {
        let mut found = Vec::new();
        for (entry, fields) in self.bound(Kind::HTTPRoute, gateway, listener) {
            let hosts = fields.texts("hostnames").into_iter();
            let mut all = Vec::new();
            for rule in fields.each("rules") {
                let filters = self.filters_of_entry(&entry.namespace, &rule);
                all.extend(rules(&rule, &filters));
            }
            found.extend(self.accepted(HttpRoute {
                hosts: hosts.map(|(host, at)| (host.to_lowercase(), at)).collect(),
                rules: all,
                at: fields.field("parents"),
                needs: Vec::new(),
            }));
        }
        found
    }

    fn tcp_of(&self, gateway: &Entry, listener: &Written<'_>) -> Vec<TcpRoute> {
        let bound = self.bound(Kind::TCPRoute, gateway, listener).into_iter();
        let routes = bound.map(|(entry, fields)| {
            let services = fields.each("services").into_iter();
            let to = services.filter_map(|written| {
                let name = written.text("name")?;
                Some(Backend {
                    service: self.named_there(&entry.namespace, written.text("namespace"), name),
                    prefix: None,
                    headers: Headers::default(),
                    token: None,
                    at: written.field("name"),
                })
            });
            TcpRoute {
                to: to.collect(),
                needs: Vec::new(),
            }
        });
        routes.collect()
    }

    /// The routes of a kind on a listener.
    fn bound(
        &self,
        kind: Kind,
        gateway: &Entry,
        listener: &Written<'_>,
    ) -> Vec<(&Entry, Written<'_>)> {
        let all = self.entries.of(kind);
        let all = all.filter_map(|entry| Some((entry, entry.fields(&self.index)?)));
        let bound = all.filter(|(entry, fields)| {
            fields.each("parents").iter().any(|parent| {
                parent.text("kind").is_none_or(|kind| kind == "api-gateway")
                    && parent.text("name") == Some(&gateway.name)
                    && parent.text("namespace").unwrap_or(&entry.namespace) == &*gateway.namespace
                    && parent
                        .text("sectionName")
                        .is_none_or(|section| listener.text("name") == Some(section))
            })
        });
        bound.collect()
    }
}
