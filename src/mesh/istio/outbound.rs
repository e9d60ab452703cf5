//! What becomes of a workload's calls: what its proxy sends, where routes lead them, and which other
//! proxies they pass.

use std::sync::Arc;

use super::Istio;
use super::authorization::Reader;
use super::capture::{self, Outbound};
use super::crd::{self, ClientTlsMode};
use super::destination::{self, Tls};
use super::membership::{Member, Plane};
use super::policy::Object;
use super::protocol;
use super::proxies::Proxy;
use super::routes::{Table, Target};
use super::scope::{self, Known};
use super::settings::OutboundPolicy;
use super::virtual_service::{MESH, Standing};
use super::waypoint::Asked;
use crate::k8s::selector::is_subset;
use crate::mesh::{Before, Call};
use crate::model::{
    Addresses, At, Because, Decided, Gate, Hop, Layer, Membership, Outside, ResourceId, Ruleset,
    Service, ServiceId, TlsAcceptance, TlsOrigination, Tri, Way, Workload,
};

const TLS_MODE: &str = "security.istio.io/tlsMode";
const TUNNEL: &str = "networking.istio.io/tunnel";

impl Istio {
    /// Whether clients take an endpoint for one that speaks the mesh's mutual TLS.
    /// `istio/istio: pilot/pkg/model/service.go` (GetTLSModeFromEndpointLabels).
    fn offers_mtls(&self, workload: &Workload, meshed: bool) -> Decided<bool> {
        match workload.label(TLS_MODE) {
            Some(mode) => Decided::configured(mode == "istio", workload.label_at(TLS_MODE)),
            None => Decided {
                value: meshed,
                because: self.member(workload).membership.because.clone(),
                rivals: Vec::new(),
            },
        }
    }

    /// What a proxy sends by itself, where no DestinationRule says anything.
    /// `istio/istio: pilot/pkg/xds/endpoints/mtls_checker.go`.
    fn automatic(
        &self,
        client_revision: &str,
        call: &Call<'_>,
        service: &Service,
    ) -> Decided<TlsOrigination> {
        let config = self.config.of(client_revision);
        let automatic = &config.neutral.automatic_mtls;
        if !automatic.value {
            return sent(TlsOrigination::Plaintext, automatic.because.clone());
        }
        let peers = self.peer_policies();
        let near = At::new(service.resource, "");
        if let Some(at) = peers.namespace_is_disabled(&service.namespace, near) {
            return Decided::configured(TlsOrigination::Plaintext, at);
        }
        if service.headless {
            for endpoint in self.index.workloads_of(service.id) {
                let known = self.member(endpoint).membership.value;
                let meshed =
                    known == Membership::Meshed || (known == Membership::Unknown && call.meshed);
                let offers = self.offers_mtls(endpoint, meshed);
                if !offers.value {
                    return sent(TlsOrigination::Plaintext, offers.because);
                }
            }
        } else {
            let offers = self.offers_mtls(call.workload, call.meshed);
            if !offers.value {
                return sent(TlsOrigination::Plaintext, offers.because);
            }
            let revision = &self.member(call.workload).revision;
            let accepts = peers.acceptance(call.workload, revision, call.port);
            if accepts.value == TlsAcceptance::Plaintext {
                return sent(TlsOrigination::Plaintext, accepts.because);
            }
        }
        sent(TlsOrigination::Mtls, automatic.because.clone())
    }

    /// The rules that a client applies to a host.
    pub(super) fn rules_for(
        &self,
        client: &Workload,
        host: &str,
        namespace: &str,
    ) -> Vec<&Object<crd::DestinationRule>> {
        let revision = &self.member(client).revision;
        self.destinations.find(client, host, namespace, revision)
    }

    /// What a rule makes a client send, if it says anything.
    pub(super) fn by_rule(
        &self,
        rules: &[&Object<crd::DestinationRule>],
        client: &Workload,
        port: u16,
        subset: Option<&str>,
    ) -> Option<Decided<TlsOrigination>> {
        match self.destinations.tls(rules, client, port, subset) {
            Tls::Unset => None,
            Tls::PlainEndpoints(at) => Some(Decided::configured(TlsOrigination::Plaintext, at)),
            Tls::Set(tls, at) => {
                // a Secret is read by gateways and by selected pods only; others send no TLS at all
                let selects = rules
                    .iter()
                    .any(|rule| rule.spec.workload_selector.is_some());
                let reads = selects || self.member(client).plane == Plane::Gateway;
                let own = matches!(tls.mode, ClientTlsMode::Simple | ClientTlsMode::Mutual);
                let value = match tls.mode {
                    ClientTlsMode::Disable => TlsOrigination::Plaintext,
                    ClientTlsMode::IstioMutual => TlsOrigination::Mtls,
                    _ if own && !tls.credential_name.is_empty() && !reads => {
                        TlsOrigination::Plaintext
                    }
                    _ => TlsOrigination::ForeignTls,
                };
                Some(Decided::configured(value, at))
            }
        }
    }

    /// What a proxy sends to the workload of a call, on the last leg.
    pub(super) fn leg(
        &self,
        client: &Workload,
        call: &Call<'_>,
        subset: Option<&str>,
    ) -> Decided<TlsOrigination> {
        let member = self.member(client);
        let server = self.member(call.workload);
        if call.meshed && server.plane == Plane::Ambient && self.tunnels(client) {
            let inside = match member.plane {
                Plane::Ambient => None,
                _ => self.tls_inside(client, call, subset),
            };
            let because = || server.membership.because.clone();
            return inside.unwrap_or_else(|| sent(TlsOrigination::Mtls, because()));
        }
        match member.plane {
            Plane::Ambient => self.node_leg(client, call),
            Plane::Waypoint if call.service.is_none() => self.node_leg(client, call),
            _ => self.envoy_leg(client, call, subset),
        }
    }

    /// What the node's proxy sends to a workload outside ambient mode: a sidecar may take part.
    /// `istio/istio: pilot/pkg/xds/endpoints/endpoint_builder.go`.
    fn node_leg(&self, client: &Workload, call: &Call<'_>) -> Decided<TlsOrigination> {
        let server = self.member(call.workload);
        if !call.meshed || server.plane != Plane::Sidecar {
            return sent(TlsOrigination::Plaintext, server.membership.because.clone());
        }
        if call.workload.label(TUNNEL) == Some("http") {
            let at = call.workload.label_at(TUNNEL);
            return Decided::configured(TlsOrigination::Mtls, at);
        }
        let config = self.config.of(&server.revision);
        match config.hbone_of(&self.index, call.workload) {
            Some(hbone) if hbone.value => sent(TlsOrigination::Mtls, hbone.because),
            Some(hbone) => sent(TlsOrigination::Plaintext, hbone.because),
            None => Decided::assumed(
                TlsOrigination::Mtls,
                "sidecars take part in ambient mode, as its profile sets it",
                client.at(),
            ),
        }
    }

    /// Whether an Envoy sends HBONE to what takes it.
    fn tunnels(&self, client: &Workload) -> bool {
        let revision = &self.member(client).revision;
        let flag = self.config.of(revision).flag("PILOT_ENABLE_AMBIENT");
        flag.is_none_or(|(on, _)| on)
    }

    /// TLS that a rule makes an Envoy send inside the tunnel, to an application that takes none.
    /// `istio/istio: pilot/pkg/networking/core/cluster_tls.go` (applyHBONETransportSocketMatches),
    /// `cluster_waypoint.go` (buildWaypointTLSContext).
    fn tls_inside(
        &self,
        client: &Workload,
        call: &Call<'_>,
        subset: Option<&str>,
    ) -> Option<Decided<TlsOrigination>> {
        let (service, port) = call.service?;
        let service = self.index.service(service);
        let declared = service.ports.iter().find(|p| p.number == port)?;
        let takes = protocol::of_service_port(declared) == "tls";
        let host = destination::host_of(&service.namespace, &service.name);
        let rules = self.rules_for(client, &host, &service.namespace);
        let sends = self.by_rule(&rules, client, port, subset)?;
        (sends.value == TlsOrigination::ForeignTls && !takes).then_some(sends)
    }

    fn envoy_leg(
        &self,
        client: &Workload,
        call: &Call<'_>,
        subset: Option<&str>,
    ) -> Decided<TlsOrigination> {
        let Some((service, port)) = call.service else {
            return Decided::default(
                TlsOrigination::Plaintext,
                "a pod that is dialled by its own address is called as the application calls it",
                client.at(),
            );
        };
        let service = self.index.service(service);
        let host = destination::host_of(&service.namespace, &service.name);
        let rules = self.rules_for(client, &host, &service.namespace);
        self.by_rule(&rules, client, port, subset)
            .unwrap_or_else(|| self.automatic(&self.member(client).revision, call, service))
    }

    /// The server name that a client's proxy generates.
    /// `istio/istio: pilot/pkg/model/service.go` (BuildDNSSrvSubsetKey).
    fn server_name(&self, call: &Call<'_>) -> Option<String> {
        let (service, port) = call.service?;
        let service = self.index.service(service);
        let host = destination::host_of(&service.namespace, &service.name);
        Some(format!("outbound_.{port}_._.{host}"))
    }

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
            if sends.value == TlsOrigination::Mtls {
                way.server_name = self.server_name(call);
            }
            way.conditions.extend(self.outbound_conditions(client));
        }
        ways
    }

    fn sidecar_ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
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
            false => {
                Known::No(At::new(service.resource, "/metadata/annotations").join(key))
            }
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
    fn stranger(&self, client: &Workload, passing: Way) -> Way {
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

    /// The ways that routes make of a call; straight where there are none.
    fn routed(&self, client: &Workload, call: &Call<'_>, service: &Service, port: u16) -> Vec<Way> {
        let Some(table) = self.routes_to(client, service, port) else {
            return vec![Way::straight(self.leg(client, call, None), call.service)];
        };
        let mut ways = Vec::new();
        for led in self.leads_to(client, &table, call, port) {
            let there = Call {
                service: Some(led.service),
                ..*call
            };
            let sends = self.leg(client, &there, led.subset.as_deref());
            ways.push(Way {
                gates: vec![led.gate],
                needs: led.needs,
                ..Way::straight(sends, Some(led.service))
            });
        }
        match ways.is_empty() {
            true => vec![elsewhere(
                &table,
                self.leg(client, call, None),
                call.service,
            )],
            false => ways,
        }
    }

    /// What of a table leads to the workload of a call.
    fn leads_to(
        &self,
        client: &Workload,
        table: &Table,
        call: &Call<'_>,
        dialled: u16,
    ) -> Vec<Led> {
        let mut found = Vec::new();
        for lead in table.leads(self.config.normalization) {
            let Some(service) = self.service_of_host(&lead.target.host) else {
                continue;
            };
            let port = self.port_of_target(&lead.target, service, dialled);
            let mut ports = self.index.services_to(call.workload, call.port).into_iter();
            let leads = ports.any(|(s, p)| s.id == service.id && p == port);
            let has = self.subset_has(client, &lead.target, service, call.workload);
            if leads && has != Tri::No {
                found.push(Led {
                    needs: undefined(&lead.target, has),
                    gate: lead.gate,
                    service: (service.id, port),
                    subset: lead.target.subset,
                });
            }
        }
        found
    }

    /// Whether a destination's subset has a workload. Where the client has rules for the host and
    /// none defines the subset, it has nothing: there is no such cluster. Where it has no rule at
    /// all that is not known: calls fail, unless one is written elsewhere.
    pub(super) fn subset_has(
        &self,
        client: &Workload,
        to: &Target,
        service: &Service,
        workload: &Workload,
    ) -> Tri {
        let Some(name) = &to.subset else {
            return Tri::Yes;
        };
        let host = destination::host_of(&service.namespace, &service.name);
        let rules = self.rules_for(client, &host, &service.namespace);
        if rules.is_empty() {
            return Tri::Unknown;
        }
        let mut subsets = rules.iter().flat_map(|rule| &rule.spec.subsets);
        let found = subsets.find(|one| one.name == *name);
        Tri::from(found.is_some_and(|one| is_subset(&one.labels, &workload.labels)))
    }

    /// The routes that a sidecar (or waypoint) applies to calls to a service port.
    fn routes_to(&self, client: &Workload, service: &Service, port: u16) -> Option<Table> {
        let host = destination::host_of(&service.namespace, &service.name);
        let declared = service.ports.iter().find(|p| p.number == port)?;
        let layer = match protocol::of_service_port(declared) {
            "http" | "auto" => Layer::Http,
            _ => Layer::Tcp,
        };
        let Member {
            plane, revision, ..
        } = self.member(client);
        let all = &self.virtual_services;
        let found = match plane {
            Plane::Waypoint => {
                all.at_waypoint(&host, [&client.namespace, &service.namespace], revision)
            }
            _ => all.for_host(&host, &client.namespace, revision),
        };
        if found.is_empty() {
            return self.service_routes(service, port, layer, &client.namespace);
        }
        let standing = Standing {
            gateway: MESH,
            port,
            client: Some(client),
        };
        let mut tables = found.into_iter().filter_map(|object| {
            let routes = all.routes(object, layer, standing);
            // one that says nothing of this sort of connection changes nothing
            (!routes.is_empty()).then(|| Table {
                layer,
                routes,
                near: object.at("/spec/hosts"),
            })
        });
        let mut table = tables.next()?;
        if *plane == Plane::Waypoint {
            table.routes.extend(tables.flat_map(|more| more.routes));
        }
        Some(table)
    }

    fn ambient_ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let service = call.service.map(|(service, _)| self.index.service(service));
        // a service without an address of its own leads to its pods
        let addressed = service.filter(|service| !service.headless);
        let waypoint = match addressed {
            Some(service) => self.waypoint_of_service(service),
            None => self.waypoint_of_workload(call.workload),
        };
        match waypoint {
            Asked::Passes(proxy) => {
                let because = self.member(client).membership.because.clone();
                let sends = sent(TlsOrigination::Mtls, because);
                let there = Call {
                    service: call.service.filter(|_| addressed.is_some()),
                    ..*call
                };
                self.through_waypoint(proxy, &there, &Way::straight(sends, call.service))
            }
            Asked::None | Asked::Missing(..) => {
                vec![Way::straight(self.leg(client, call, None), call.service)]
            }
        }
    }

    /// A way, continued through a waypoint.
    pub(super) fn through_waypoint(
        &self,
        proxy: &Proxy,
        call: &Call<'_>,
        so_far: &Way,
    ) -> Vec<Way> {
        let layer = self.waypoint_layer(call);
        let service = call.service.map(|(service, _)| self.index.service(service));
        let rules = self.waypoint_rules(proxy, service, layer);
        let asked = Gate {
            routes: false,
            rules,
            layer,
            port: call.service.map_or(call.port, |(_, port)| port),
            rewrite: None,
        };
        let mut conditions = self.extensions.at_proxy(proxy, service);
        conditions.extend(service.and_then(|service| self.other_waypoint(service)));
        let hop = |gates: Vec<Gate>, sends| Hop {
            name: proxy.title(Plane::Waypoint).into(),
            at: proxy.at.clone(),
            identity: Some(self.identity_of(&proxy.pods)),
            gates: self.layer_before(proxy).into_iter().chain(gates).collect(),
            sends,
            addresses: Addresses::Last,
            conditions: conditions.clone(),
        };
        let continued = |hop: Hop, service| {
            let mut way = so_far.clone();
            way.hops.push(hop);
            way.service = service;
            way
        };
        let table = call.service.zip(service).and_then(|((_, port), service)| {
            Some((self.routes_to(&proxy.pods, service, port)?, port))
        });
        let Some((table, port)) = table else {
            let sends = self.waypoint_leg(proxy, call);
            return vec![continued(hop(vec![asked], sends), call.service)];
        };
        let mut ways = Vec::new();
        for led in self.leads_to(&proxy.pods, &table, call, port) {
            let there = Call {
                service: Some(led.service),
                ..*call
            };
            let sends = self.waypoint_leg(proxy, &there);
            let hop = hop(vec![asked.clone(), led.gate], sends);
            let mut way = continued(hop, Some(led.service));
            way.needs.extend(led.needs);
            ways.push(way);
        }
        if ways.is_empty() {
            ways.push(elsewhere(&table, so_far.sends.clone(), call.service));
        }
        ways
    }

    /// What a waypoint sends on: HBONE where it is taken.
    fn waypoint_leg(&self, proxy: &Proxy, call: &Call<'_>) -> Decided<TlsOrigination> {
        let server = self.member(call.workload);
        if let Some(sends) = self.tls_inside(&proxy.pods, call, None) {
            return sends;
        }
        match call.meshed && server.plane == Plane::Ambient {
            true => sent(TlsOrigination::Mtls, server.membership.because.clone()),
            false => self.node_leg(&proxy.pods, call),
        }
    }

    fn waypoint_layer(&self, call: &Call<'_>) -> Layer {
        let declared = call.service.and_then(|(service, port)| {
            let ports = &self.index.service(service).ports;
            ports.iter().find(|p| p.number == port)
        });
        match declared.map(protocol::of_service_port) {
            Some("tcp" | "tls") => Layer::Tcp,
            _ => Layer::Http,
        }
    }

    /// The rules at a waypoint for what it serves.
    fn waypoint_rules(
        &self,
        proxy: &Proxy,
        service: Option<&Service>,
        layer: Layer,
    ) -> Arc<Ruleset> {
        let policies = self.attached_to_waypoint(&self.authorizations, proxy, service);
        let tokens = self.attached_to_waypoint(&self.tokens, proxy, service);
        let own = service.map_or(proxy.pods.resource, |s| s.resource);
        self.shared_rules(&proxy.pods, policies, tokens, Reader::Envoy(layer), own)
    }

    /// The waypoints before a workload in ambient mode.
    pub(super) fn waypoints_before(&self, workload: &Workload, port: u16) -> Vec<Before> {
        let mut found = Vec::new();
        for (service, port) in self.index.services_to(workload, port) {
            if let Asked::Passes(proxy) = self.waypoint_of_service(service) {
                let call = Call {
                    service: Some((service.id, port)),
                    workload,
                    port,
                    meshed: true,
                };
                let layer = self.waypoint_layer(&call);
                found.push(Before {
                    name: proxy.title(Plane::Waypoint).into(),
                    at: self.use_of_waypoint(service),
                    rules: self.waypoint_rules(proxy, Some(service), layer),
                });
            }
        }
        found
    }

    /// The ways of a call to something outside the cluster.
    pub(super) fn ways_outside(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let member = self.member(client);
        let config = self.config.of(&member.revision);
        let untouched = |because| Way::straight(sent(TlsOrigination::Plaintext, because), None);
        if member.plane == Plane::Ambient {
            // the node's proxy passes on what it does not know of
            let passed = untouched(member.membership.because.clone());
            return vec![
                self.outside_through_waypoint(client, to, &passed)
                    .unwrap_or(passed),
            ];
        }
        match self.capture(client).outbound(to.port) {
            Outbound::Bypass(at) => return vec![untouched(Because::Configured(at))],
            Outbound::DependsOnAddress(at) => {
                let mut way = untouched(Because::Configured(at.clone()));
                let what = "whether the proxy captures the call depends on the address";
                way.conditions.push((what.to_owned(), at));
                return vec![way];
            }
            Outbound::Captured => {}
        }
        let near = &*client.namespace;
        let entry = self.service_entries.find_for(to, near, &member.revision);
        let entry = entry.filter(|entry| {
            self.sidecar_of(client).is_none_or(|sidecar| {
                let near = (near, &*entry.object.namespace);
                let host = to.host.as_deref().unwrap_or(entry.host);
                scope::knows(sidecar, near, host, to.port) == Known::Yes
            })
        });
        let Some(entry) = entry else {
            let because = config.outbound_policy.because.clone();
            return vec![self.stranger(client, untouched(because))];
        };
        let host = to.host.clone().unwrap_or_else(|| entry.host.to_owned());
        let rules = self.rules_for(client, &host, &entry.object.namespace);
        let own_tls = matches!(entry.protocol.to_uppercase().as_str(), "HTTPS" | "TLS");
        let sends = self
            .by_rule(&rules, client, to.port, None)
            .unwrap_or_else(|| {
                let sends = match own_tls {
                    true => TlsOrigination::ForeignTls,
                    false => TlsOrigination::Plaintext,
                };
                Decided::configured(sends, entry.at.clone())
            });
        let mut way = Way {
            host: Some(host.clone()),
            sealed: own_tls,
            ..Way::straight(sends, None)
        };
        way.conditions.extend(self.extensions.outbound(client));
        if entry.object.spec.location == "MESH_INTERNAL" {
            let what = "what becomes of calls to workloads of the mesh outside the cluster";
            way.conditions.push((what.to_owned(), entry.at.clone()));
        }
        match self.routes_outside(client, &host, to.port, entry.protocol) {
            Some(table) => self.routed_outside(&table, &host, to.port, way),
            None => vec![way],
        }
    }

    /// The routes that a sidecar applies to calls to a host outside.
    fn routes_outside(
        &self,
        client: &Workload,
        host: &str,
        port: u16,
        protocol: &str,
    ) -> Option<Table> {
        let all = &self.virtual_services;
        let found = all.for_host(host, &client.namespace, &self.member(client).revision);
        let standing = Standing {
            gateway: MESH,
            port,
            client: Some(client),
        };
        found.into_iter().find_map(|object| {
            // a server name is the host of the request, and is read like it
            let (layer, routes) = match protocol::parse(&protocol.to_lowercase()) {
                Some("tls") => (Layer::Http, all.tls(object, standing)),
                Some("tcp") => (Layer::Tcp, all.routes(object, Layer::Tcp, standing)),
                _ => (Layer::Http, all.routes(object, Layer::Http, standing)),
            };
            (!routes.is_empty()).then(|| Table {
                layer,
                routes,
                near: object.at("/spec/hosts"),
            })
        })
    }

    /// What routes make of a way to a host outside.
    fn routed_outside(&self, table: &Table, host: &str, port: u16, way: Way) -> Vec<Way> {
        let mut ways = Vec::new();
        for lead in table.leads(self.config.normalization) {
            let to = &lead.target;
            let mut led = way.clone();
            led.gates.push(lead.gate.clone());
            if to.host == host && to.port.unwrap_or(port) == port {
                ways.push(led);
                continue;
            }
            let through = self.proxies.all.iter().any(|proxy| {
                let service = self.service_of_host(&to.host);
                let mut own = proxy.services(&self.index);
                service.is_some_and(|service| own.any(|own| own.id == service.id))
            });
            if through || self.service_of_host(&to.host).is_none() {
                let what = "a route leads the call through a gateway or to another host";
                led.needs.push((what.to_owned(), to.at.clone()));
                ways.push(led);
            }
        }
        match ways.is_empty() {
            true => vec![elsewhere(table, way.sends, None)],
            false => ways,
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

    /// The service that a host is.
    pub(super) fn service_of_host(&self, host: &str) -> Option<&Service> {
        let suffix = format!(".svc.{}", destination::CLUSTER_DOMAIN);
        let short = host
            .strip_suffix(suffix.as_str())
            .or(host.strip_suffix(".svc"));
        let (name, namespace) = short.unwrap_or(host).split_once('.')?;
        self.index.service_named(namespace, name)
    }

    /// The service port that a destination means.
    /// `istio/istio: pilot/pkg/networking/core/route/route.go` (GetDestinationCluster).
    pub(super) fn port_of_target(&self, to: &Target, service: &Service, dialled: u16) -> u16 {
        to.port.unwrap_or(match service.ports.as_slice() {
            [only] => only.number,
            _ => dialled,
        })
    }
}

/// What of a table leads to the workload of a call.
struct Led {
    gate: Gate,
    service: (ServiceId, u16),
    subset: Option<String>,
    needs: Vec<(String, At)>,
}

/// That no rule in the input defines a destination's subset.
pub(super) fn undefined(to: &Target, has: Tri) -> Vec<(String, At)> {
    let subset = to.subset.as_deref().unwrap_or("");
    let what = || format!("no DestinationRule in the input defines the subset {subset}");
    match has {
        Tri::Unknown => vec![(what(), to.at.clone())],
        Tri::Yes | Tri::No => Vec::new(),
    }
}

pub(super) fn sent(value: TlsOrigination, because: Because) -> Decided<TlsOrigination> {
    Decided {
        value,
        because,
        rivals: Vec::new(),
    }
}

/// The way of a call that no route leads to the workload that is meant.
fn elsewhere(
    table: &Table,
    sends: Decided<TlsOrigination>,
    service: Option<(ServiceId, u16)>,
) -> Way {
    let first = table.routes.first();
    let at = first
        .and_then(|route| route.to.first())
        .map(|to| &to.at)
        .or(first.map(|route| &route.at))
        .unwrap_or(&table.near);
    let because = Because::Configured(at.clone());
    Way {
        ends: Some(("calls to it are routed elsewhere".into(), because)),
        ..Way::straight(sends, service)
    }
}
