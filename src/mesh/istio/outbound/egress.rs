//! Calls to the outside that pass a waypoint.
//!
//! A ServiceEntry with an address is a service to ambient mode, and may have a waypoint as one.
//! `istio/istio: pilot/pkg/serviceregistry/ambient/services.go` (serviceEntriesInfo),
//! `istio/ztunnel: src/proxy/outbound.rs` (build_request).

use super::service_entry::Entry;
use super::waypoint::Asked;
use crate::mesh::istio::Istio;
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::proxies::Proxy;
use crate::model::{
    Addresses, Because, Decided, Gate, Hop, Layer, Outside, TlsOrigination, Way, Workload,
};

impl Istio {
    /// The way of an ambient workload's call to the outside through a waypoint, where it has one;
    /// `straight` is the way without.
    pub(super) fn outside_through_waypoint(
        &self,
        client: &Workload,
        to: &Outside,
        straight: &Way,
    ) -> Option<Way> {
        let member = self.member(client);
        let near = &*client.namespace;
        let entry = self.service_entries.find_for(to, near, &member.revision)?;
        let spec = &entry.object.spec;
        // without an address nothing tells calls to it from others
        if spec.addresses.is_empty() && matches!(spec.resolution.as_str(), "" | "NONE") {
            return None;
        }
        let Asked::Passes(proxy) = self.waypoint_of_entry(entry.object) else {
            return None;
        };
        let mut way = straight.clone();
        way.sends = Decided::new(TlsOrigination::Mtls, member.membership.because.clone());
        let host = to.host.clone().unwrap_or_else(|| entry.host.to_owned());
        way.hops.push(self.egress_hop(proxy, &entry, &host, to));
        way.host = Some(host);
        Some(way)
    }

    fn egress_hop(&self, proxy: &Proxy, entry: &Entry<'_>, host: &str, to: &Outside) -> Hop {
        let protocol = crate::mesh::istio::protocol::parse(&entry.protocol.to_lowercase());
        let layer = match protocol {
            Some("tcp" | "tls") => Layer::Tcp,
            _ => Layer::Http,
        };
        let asked = Gate {
            routes: false,
            rules: self.rules_for_entry(proxy, entry.object, layer),
            layer,
            port: to.port,
            rewrite: None,
        };
        let rules = self.rules_for(&proxy.pods, host, &entry.object.namespace);
        let own_tls = protocol == Some("tls");
        let by_itself = || match own_tls {
            true => TlsOrigination::ForeignTls,
            false => TlsOrigination::Plaintext,
        };
        let mut conditions = self.extensions.at_proxy(proxy, None);
        let revision = &self.member(&proxy.pods).revision;
        let namespaces = [&*proxy.pods.namespace, &*entry.object.namespace];
        let routes = self
            .virtual_services
            .at_waypoint(host, namespaces, revision);
        conditions.extend(routes.first().map(|object| {
            let what = "routes may lead the call through a gateway or elsewhere";
            (what.to_owned(), object.at("/spec/hosts"))
        }));
        Hop {
            name: proxy.title(Plane::Waypoint).into(),
            at: proxy.at.clone(),
            identity: Some(self.identity_of(&proxy.pods)),
            gates: self
                .layer_before(proxy)
                .into_iter()
                .chain([asked])
                .collect(),
            sends: self
                .by_rule(&rules, &proxy.pods, to.port, None)
                .unwrap_or_else(|| {
                    Decided::new(by_itself(), Because::Configured(entry.at.clone()))
                }),
            addresses: Addresses::Last,
            conditions,
        }
    }
}
