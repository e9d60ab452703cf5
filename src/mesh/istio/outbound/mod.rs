//! The ways of a workload's calls: what its proxy captures, what it knows of, and what of that tells
//! clients apart.

pub mod destination;
mod egress;
pub mod origination;
mod outside;
pub mod scope;
pub mod service_entry;
mod through;
pub mod waypoint;

use std::sync::Arc;

use super::Istio;
use super::capture::{self, Outbound};
use super::membership::Plane;
use super::policy::Object;
use super::settings::OutboundPolicy;
use crate::mesh::Call;
use crate::model::{At, Because, Decided, ResourceId, Service, TlsOrigination, Way, Workload};
use scope::Known;

impl Istio {
    /// The ways of a call.
    pub(super) fn ways_of(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let mut ways = match self.member(client).plane {
            Plane::Sidecar | Plane::None => self.sidecar_ways(client, call),
            Plane::Ambient => self.ambient_ways(client, call),
            Plane::Gateway | Plane::Waypoint => {
                vec![Way::straight(self.leg(client, call, None), call.service)]
            }
        };
        for way in &mut ways {
            way.host = call.service.map(|(service, _)| {
                let service = self.index.service(service);
                destination::host_of(&service.namespace, &service.name)
            });
            let sends = way.hops.last().map_or(&way.sends, |hop| &hop.sends);
            if sends.value == TlsOrigination::Mtls && way.server_name.is_none() {
                let service = way.service.or(call.service);
                way.server_name = service.map(|service| self.server_name(client, service, None));
            }
            way.conditions.extend(self.outbound_conditions(client));
        }
        ways
    }

    pub(super) fn sidecar_ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let dialled = call.service.map_or(call.port, |(_, port)| port);
        let plain = |at| {
            let sends = Decided::configured(TlsOrigination::Plaintext, at);
            Way::straight(sends, call.service)
        };
        let mut conditions = Vec::new();
        match self.capture(client).outbound(dialled) {
            Outbound::Bypass(at) => return vec![plain(at)],
            Outbound::DependsOnAddress(at) => {
                let what = "whether the proxy captures the call depends on the address";
                conditions.push((what.to_owned(), at));
            }
            Outbound::Captured => {}
        }
        let mut ways = match call.service {
            None => vec![Way::straight(self.leg(client, call, None), None)],
            Some((service, port)) => {
                let service = self.index.service(service);
                match self.is_known(client, service, port) {
                    Known::Yes => self.routed(client, call, service, port),
                    Known::No(at) => vec![self.stranger(client, plain(at))],
                }
            }
        };
        for way in &mut ways {
            way.conditions.extend(conditions.iter().cloned());
            let rules = way.service.into_iter().flat_map(|(service, _)| {
                let service = self.index.service(service);
                let host = destination::host_of(&service.namespace, &service.name);
                self.rules_for(client, &host, &service.namespace)
            });
            let twice: Vec<_> = rules.filter_map(|rule| self.twice(rule.id)).collect();
            way.conditions.extend(twice);
        }
        ways
    }

    /// Whether a service is exported to the namespace of a proxy; where it says that it is not.
    pub(super) fn is_exported(&self, service: &Service, proxy: &Workload) -> Known {
        let key = "networking.istio.io/exportTo";
        let written = self.index.resource(service.resource).annotations.get(key);
        let config = self.config.of(&self.member(proxy).revision);
        let export: Vec<String> = match written {
            Some(written) => written.split(',').map(|e| e.trim().to_owned()).collect(),
            None => config.service_export_to.clone(),
        };
        match scope::is_exported(&export, &service.namespace, &proxy.namespace) {
            true => Known::Yes,
            false => Known::No(At::new(service.resource, "/metadata/annotations").join(key)),
        }
    }

    /// Whether a sidecar knows of a service.
    fn is_known(&self, client: &Workload, service: &Service, port: u16) -> Known {
        if let Known::No(at) = self.is_exported(service, client) {
            return Known::No(at);
        }
        let host = destination::host_of(&service.namespace, &service.name);
        self.sidecar_of(client).map_or(Known::Yes, |sidecar| {
            let near = (&*client.namespace, &*service.namespace);
            scope::knows(sidecar, near, &host, port)
        })
    }

    /// The Sidecar of a workload with a proxy of its own.
    pub(super) fn sidecar_of(&self, client: &Workload) -> Option<&Object<scope::Sidecar>> {
        let member = self.member(client);
        let has = matches!(member.plane, Plane::Sidecar);
        has.then(|| self.sidecars.of(client, self.root(), &member.revision))?
    }

    /// What becomes of a call to something that a sidecar does not know of.
    pub(super) fn stranger(&self, client: &Workload, passing: Way) -> Way {
        let by_sidecar = self.sidecar_of(client).and_then(scope::outbound_mode);
        let config = self.config.of(&self.member(client).revision);
        let (refuses, because) = match by_sidecar {
            Some((mode, at)) => (mode == "REGISTRY_ONLY", Because::Configured(at)),
            None => (
                config.outbound_policy.value == OutboundPolicy::RegistryOnly,
                config.outbound_policy.because.clone(),
            ),
        };
        let text = "the client's proxy passes on only what it knows of";
        match refuses {
            true => Way {
                ends: Some((text.into(), because)),
                ..passing
            },
            false => passing,
        }
    }

    /// That an object has two versions, where it has.
    pub(super) fn twice(&self, id: ResourceId) -> Option<(String, At)> {
        let resource = self.index.resource(id);
        resource.contested.then(|| {
            (
                format!("{} is defined more than once", resource.key),
                At::new(id, "/metadata/name"),
            )
        })
    }

    /// What a client's way out depends on, besides who and where it is.
    pub(super) fn way_out_key(&self, client: &Workload) -> String {
        let member = self.member(client);
        let outbound = capture::outbound_key(client);
        let selected = self.destinations.selector_key(client);
        let routed = self.virtual_services.selector_key(client);
        let sidecar = scope::key(self.sidecar_of(client));
        let unread: Vec<String> = self
            .extensions
            .outbound(client)
            .into_iter()
            .map(|(what, _)| what)
            .collect();
        format!(
            "{:?}|{}|{outbound}|{selected}|{routed}|{sidecar}|{}",
            member.plane,
            member.revision,
            unread.join(",")
        )
    }

    /// The namespaces whose clients may be treated otherwise on the way to a service.
    pub(super) fn apart_for(&self, service: &Service) -> Vec<Arc<str>> {
        let host = destination::host_of(&service.namespace, &service.name);
        let mut namespaces = self.destinations.distinguished(&host);
        namespaces.extend(self.virtual_services.distinguished(&host));
        namespaces.extend(self.routing_namespaces(service));
        // `./` of a Sidecar, and `exportTo`, mean the service's own namespace or named ones
        let key = "networking.istio.io/exportTo";
        let export = self.index.resource(service.resource).annotations.get(key);
        if !self.sidecars.is_empty()
            || export.is_some()
            || !self.config.service_export_to.is_empty()
        {
            namespaces.push(Arc::clone(&service.namespace));
            let named = export.into_iter().flat_map(|e| e.split(','));
            namespaces.extend(named.map(|name| Arc::from(name.trim())));
            let by_default = self.config.service_export_to.iter();
            namespaces.extend(by_default.map(|name| Arc::from(name.as_str())));
        }
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }
}
