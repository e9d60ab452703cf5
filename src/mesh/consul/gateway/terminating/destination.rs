//! Calls out of the mesh by the address of what is called.
//!
//! `hashicorp/consul: agent/xds/listeners.go` (makeOutboundListener, DestinationsUpstream),
//! `agent/structs/config_entry.go` (DestinationConfig).

use std::net::IpAddr;
use std::sync::Arc;

use crate::mesh::consul::Consul;
use crate::mesh::consul::capture;
use crate::mesh::consul::entry::{GROUP, Kind, is_http};
use crate::mesh::consul::service::Name;
use crate::mesh::consul::written::Written;
use crate::model::{At, Because, Decided, Outside, TlsOrigination, Way, Workload};

/// The end of the names by which services have an address of their own.
const VIRTUAL: &str = ".virtual.consul";

/// A destination that service-defaults give addresses.
struct Destination {
    service: Name,
    addresses: Vec<String>,
    http: bool,
    at: At,
}

impl Consul {
    /// The ways of a call out of the mesh through terminating gateways, and whether the client's proxy
    /// takes all such calls for itself, so that it passes none on.
    pub(in crate::mesh::consul) fn ways_to_destinations(
        &self,
        client: &Workload,
        to: &Outside,
    ) -> (Vec<Way>, bool) {
        let mut ways = self.ways_by_upstream(client, to);
        let transparent = self.is_transparent(client).value;
        let passes_by = capture::excluded_user(&self.index, client);
        let excluded = capture::excluded_outbound(client, to.port, to.ip).is_some()
            || passes_by.as_ref().is_some_and(|user| user.all);
        if self.nameless(client).is_some() || !transparent || excluded {
            return (ways, false);
        }
        ways.extend(self.ways_by_name(client, to));
        let all = self.destinations(client, to.port);
        let mut taken = false;
        for one in &all {
            let because = || Because::Configured(one.at.clone());
            let named = to
                .host
                .as_ref()
                .is_some_and(|host| one.addresses.contains(host));
            let by_address = to.ip.is_some_and(|ip| one.has(ip));
            // of what is no HTTP, a name shows only in TLS of the application's own
            match (one.http, named, by_address) {
                (_, _, true) => {
                    taken = true;
                    ways.extend(self.ways_to(&one.service, because()));
                }
                (true, true, _) => ways.extend(self.ways_to(&one.service, because())),
                (false, true, _) => ways.extend(self.sealed(one, because(), to)),
                _ => {}
            }
        }
        // who speaks HTTP to some destination on a port leads all requests on that port by their host
        if let Some(http) = all.iter().find(|one| one.http) {
            taken = true;
            if ways.is_empty() {
                let text = "the client's proxy leads requests on that port to other hosts only";
                let sends = Decided::configured(TlsOrigination::Plaintext, http.at.clone());
                ways.push(Way {
                    ends: Some((text.into(), Because::Configured(http.at.clone()))),
                    ..Way::straight(sends, None)
                });
            }
        }
        if taken && let Some(user) = passes_by {
            let sends = Decided::configured(TlsOrigination::Plaintext, user.at);
            ways.push(Way::straight(sends, None));
        }
        for way in &mut ways {
            way.host.clone_from(&to.host);
        }
        (ways, taken)
    }

    /// The destinations on a port that a client is told of.
    fn destinations(&self, client: &Workload, port: u16) -> Vec<Destination> {
        let Some(own) = self.registered(client).first() else {
            return Vec::new();
        };
        let entries = self.entries.of(Kind::ServiceDefaults);
        let found = entries.filter_map(|entry| {
            let fields = entry.fields(&self.index)?;
            let destination = fields.get("destination")?;
            let service = Name {
                namespace: Arc::clone(&entry.namespace),
                name: Arc::clone(&entry.name),
            };
            let told = self.untold(&own.name, &service).is_none();
            let addresses = destination.texts("addresses").into_iter();
            (destination.port("port") == Some(port) && told).then(|| Destination {
                http: is_http(&self.speaks(&service)),
                addresses: addresses.map(|(address, _)| address.to_owned()).collect(),
                at: destination.at().clone(),
                service,
            })
        });
        found.collect()
    }

    /// The ways of TLS that the application speaks itself, led by the name that it asks for.
    fn sealed(&self, one: &Destination, because: Because, to: &Outside) -> Vec<Way> {
        let mut ways = self.ways_to(&one.service, because);
        for way in &mut ways {
            way.sealed = true;
            way.server_name.clone_from(&to.host);
            for hop in &mut way.hops {
                hop.sends.value = TlsOrigination::ForeignTls;
            }
        }
        ways
    }

    /// The ways to a service by the name that gives it an address in the mesh.
    fn ways_by_name(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let name = to
            .host
            .as_deref()
            .and_then(|host| host.strip_suffix(VIRTUAL));
        let Some(name) = name.filter(|name| !name.contains('.')) else {
            return Vec::new();
        };
        let service = Name {
            namespace: "default".into(),
            name: name.into(),
        };
        let because = self.virtual_address(client, &service);
        because.map_or_else(Vec::new, |because| self.ways_to(&service, because))
    }

    /// The ways by upstreams of the client's proxy that stand for the address that is called.
    fn ways_by_upstream(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let upstreams = self.upstreams(client).into_iter();
        let ways = upstreams.flat_map(|upstream| {
            let targets = self.chains.targets(&upstream.service);
            let here = targets
                .into_iter()
                .filter(|target| self.is_at(&target.service, to));
            let ways = here.flat_map(|target| {
                let because = Because::Configured(upstream.at.clone());
                let mut ways = self.ways_to(&target.service, because);
                for way in &mut ways {
                    way.gates.clone_from(&target.gates);
                    way.needs.extend(target.needs.iter().cloned());
                }
                ways
            });
            ways.collect::<Vec<_>>()
        });
        ways.collect()
    }

    /// Whether a `Registration` puts a service at an address.
    fn is_at(&self, service: &Name, to: &Outside) -> bool {
        let mut all = self.index.of_kind(GROUP, "Registration").iter();
        all.any(|&id| {
            let Some(spec) = Written::object(&self.index, At::new(id, "/spec")) else {
                return false;
            };
            let of = spec.get("service");
            let text = |key| of.as_ref().and_then(|it| it.text(key));
            let address = text("address").or(spec.text("address"));
            let ip = address.and_then(|address| address.parse().ok());
            let same = address == to.host.as_deref() || (ip.is_some() && ip == to.ip);
            text("name") == Some(&service.name)
                && text("namespace").unwrap_or("default") == &*service.namespace
                && of.as_ref().and_then(|it| it.port("port")) == Some(to.port)
                && address.is_some()
                && same
        })
    }
}

impl Destination {
    fn has(&self, ip: IpAddr) -> bool {
        self.addresses
            .iter()
            .any(|address| address.parse() == Ok(ip))
    }
}
