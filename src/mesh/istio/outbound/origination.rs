//! What a proxy sends on one leg of a call.
//!
//! `istio/istio: pilot/pkg/networking/core/cluster_tls.go`,
//! `istio/istio: pilot/pkg/xds/endpoints/endpoint_builder.go`.

use super::destination::{self, Tls};
use crate::mesh::istio::Istio;
use crate::mesh::istio::crd::{self, ClientTlsMode};
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::policy::Object;
use crate::mesh::istio::protocol;
use crate::mesh::istio::proxies::Proxy;
use crate::mesh::{Call, ServiceId};
use crate::model::{At, Decided, Membership, Service, TlsAcceptance, TlsOrigination, Workload};

const TLS_MODE: &str = "security.istio.io/tlsMode";
const TUNNEL: &str = "networking.istio.io/tunnel";

impl Istio {
    /// Whether clients take an endpoint for one that speaks the mesh's mutual TLS.
    /// `istio/istio: pilot/pkg/model/service.go` (GetTLSModeFromEndpointLabels).
    fn offers_mtls(&self, workload: &Workload, meshed: bool) -> Decided<bool> {
        match workload.label(TLS_MODE) {
            Some(mode) => Decided::configured(mode == "istio", workload.label_at(TLS_MODE)),
            // the template that makes sidecars sets the label, the one that makes gateways does not
            None => Decided::new(
                meshed && self.member(workload).plane != Plane::Gateway,
                self.member(workload).membership.because.clone(),
            ),
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
            return Decided::new(TlsOrigination::Plaintext, automatic.because.clone());
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
                    return Decided::new(TlsOrigination::Plaintext, offers.because);
                }
            }
        } else {
            let offers = self.offers_mtls(call.workload, call.meshed);
            if !offers.value {
                return Decided::new(TlsOrigination::Plaintext, offers.because);
            }
            let revision = &self.member(call.workload).revision;
            let accepts = peers.acceptance(call.workload, revision, call.port);
            if accepts.value == TlsAcceptance::Plaintext {
                return Decided::new(TlsOrigination::Plaintext, accepts.because);
            }
        }
        Decided::new(TlsOrigination::Mtls, automatic.because.clone())
    }

    /// The rules that a client applies to a host.
    pub fn rules_for(
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
    pub fn leg(
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
            return inside.unwrap_or_else(|| Decided::new(TlsOrigination::Mtls, because()));
        }
        match member.plane {
            Plane::Ambient => self.node_leg(client, call),
            Plane::Waypoint if call.service.is_none() => self.node_leg(client, call),
            _ => self.envoy_leg(client, call, subset),
        }
    }

    /// What the node's proxy sends to a workload outside ambient mode: a sidecar may take part.
    /// `istio/istio: pilot/pkg/xds/endpoints/endpoint_builder.go`.
    pub(super) fn node_leg(&self, client: &Workload, call: &Call<'_>) -> Decided<TlsOrigination> {
        let server = self.member(call.workload);
        if !call.meshed || server.plane != Plane::Sidecar {
            return Decided::new(TlsOrigination::Plaintext, server.membership.because.clone());
        }
        if call.workload.label(TUNNEL) == Some("http") {
            let at = call.workload.label_at(TUNNEL);
            return Decided::configured(TlsOrigination::Mtls, at);
        }
        let config = self.config.of(&server.revision);
        match config.hbone_of(&self.index, call.workload) {
            Some(hbone) if hbone.value => Decided::new(TlsOrigination::Mtls, hbone.because),
            Some(hbone) => Decided::new(TlsOrigination::Plaintext, hbone.because),
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

    /// The server name that a client's proxy gives with a certificate of the mesh: what the rule
    /// says, or a name that it generates.
    /// `istio/istio: pilot/pkg/networking/core/cluster_tls.go` (buildAutoMtlsSettings),
    /// `pilot/pkg/model/service.go` (BuildDNSSrvSubsetKey).
    pub fn server_name(
        &self,
        client: &Workload,
        (service, port): (ServiceId, u16),
        subset: Option<&str>,
    ) -> String {
        let service = self.index.service(service);
        let host = destination::host_of(&service.namespace, &service.name);
        let rules = self.rules_for(client, &host, &service.namespace);
        match self.destinations.tls(&rules, client, port, subset) {
            Tls::Set(tls, _) if !tls.sni.is_empty() => tls.sni.clone(),
            _ => format!("outbound_.{port}_.{}_.{host}", subset.unwrap_or("")),
        }
    }

    /// What a waypoint sends on: HBONE where it is taken.
    pub(super) fn waypoint_leg(&self, proxy: &Proxy, call: &Call<'_>) -> Decided<TlsOrigination> {
        let server = self.member(call.workload);
        if let Some(sends) = self.tls_inside(&proxy.pods, call, None) {
            return sends;
        }
        match call.meshed && server.plane == Plane::Ambient {
            true => Decided::new(TlsOrigination::Mtls, server.membership.because.clone()),
            false => self.node_leg(&proxy.pods, call),
        }
    }
}
