//! Istio with sidecars: what is in force, from its objects alone.
//!
//! What is not understood yet (ambient, gateways, ways in and out) comes out as a problem, and what
//! it touches is not decided.

mod authorization;
mod capture;
mod crd;
mod destination;
mod extension;
mod fields;
mod membership;
mod policy;
mod principal;
mod protocol;
mod routing;
mod ruleset;
mod settings;
mod telemetry;
mod transport;
mod unread;
mod written;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use authorization::Compiled;
use capture::Outbound;
use crd::ClientTlsMode;
use destination::{DestinationRules, Tls};
use extension::Extensions;
use membership::{Injectors, Member, Plane};
use policy::{Object, Objects, report_unknown_fields};
use principal::TrustDomains;
use routing::Detours;
use settings::MeshConfig;
use transport::PeerPolicies;

use super::{Call, Mesh, Settings};
use crate::k8s::Index;
use crate::model::{
    AccessLog, At, Because, Decided, Identity, Inlet, InletKind, Layer, Listener, LogState,
    Membership, Origination, Policy, Problem, ProblemKind, ResourceId, Ruleset, Service,
    TlsAcceptance, TlsOrigination, Transport, Workload,
};

const SECURITY: &str = "security.istio.io";
const NETWORKING: &str = "networking.istio.io";
const TLS_MODE: &str = "security.istio.io/tlsMode";

/// Istio in one environment.
pub struct Istio {
    index: Arc<Index>,
    config: MeshConfig,
    members: Vec<Member>,
    peers: Objects<crd::PeerAuthentication>,
    authorizations: Objects<crd::AuthorizationPolicy>,
    compiled: HashMap<ResourceId, Compiled>,
    tokens: Objects<crd::RequestAuthentication>,
    destinations: DestinationRules,
    telemetries: Objects<crd::Telemetry>,
    extensions: Extensions,
    detours: Detours,
    policies: Vec<Policy>,
    /// Rulesets by the policies they are made of: most workloads of a namespace share one.
    rulesets: Mutex<HashMap<RulesetKey, Arc<Ruleset>>>,
}

type RulesetKey = (
    Vec<ResourceId>,
    Vec<ResourceId>,
    Layer,
    Option<ResourceId>,
    Arc<str>,
);

/// Compiles Istio, if anything of it is in the environment.
pub fn compile(index: &Arc<Index>, problems: &mut Vec<Problem>) -> Option<Istio> {
    let first = first_trace(index)?;
    let near = At::new(first, "");
    let config = settings::read(index, near, problems);
    let root = Arc::clone(&config.neutral.root_namespace.value);
    let injectors = Injectors::find(index);
    let members: Vec<Member> = index
        .workloads()
        .iter()
        .filter_map(|workload| {
            let namespace = index.namespace(&workload.namespace)?;
            Some(membership::member(&injectors, workload, namespace))
        })
        .collect();
    let domains = TrustDomains(
        std::iter::once(config.neutral.trust_domain.value.to_string())
            .chain(config.trust_domain_aliases.iter().cloned())
            .collect(),
    );
    let mut peers = Objects::read(index, SECURITY, "PeerAuthentication", problems);
    report_unknown_fields::<crd::PeerAuthentication>(
        index,
        SECURITY,
        "PeerAuthentication",
        problems,
    );
    report_unknown_fields::<crd::AuthorizationPolicy>(
        index,
        SECURITY,
        "AuthorizationPolicy",
        problems,
    );
    transport::admit(&mut peers, problems);
    let mut authorizations: Objects<crd::AuthorizationPolicy> =
        Objects::read(index, SECURITY, "AuthorizationPolicy", problems);
    let compiled = compile_all(&mut authorizations, index, &domains, problems);
    let rules = Objects::read(index, NETWORKING, "DestinationRule", problems);
    let mut istio = Istio {
        tokens: Objects::read(index, SECURITY, "RequestAuthentication", problems),
        telemetries: Objects::read(index, "telemetry.istio.io", "Telemetry", problems),
        destinations: DestinationRules::new(
            rules,
            Arc::clone(&root),
            config.destination_export_to.clone(),
        ),
        extensions: Extensions::find(index, &root, problems),
        detours: Detours::find(index, problems),
        policies: Vec::new(),
        rulesets: Mutex::default(),
        index: Arc::clone(index),
        config,
        members,
        peers,
        authorizations,
        compiled,
    };
    istio.policies = written::policies(&istio);
    unread::report(&istio, problems);
    Some(istio)
}

/// Compiles all authorization policies; those the webhook refuses are dropped.
fn compile_all(
    authorizations: &mut Objects<crd::AuthorizationPolicy>,
    index: &Index,
    domains: &TrustDomains,
    problems: &mut Vec<Problem>,
) -> HashMap<ResourceId, Compiled> {
    let all: Vec<_> = authorizations.iter().collect();
    let done: Vec<_> = all
        .into_par_iter()
        .map(|policy| (policy.id, authorization::compile(policy, index, domains)))
        .collect();
    let mut compiled = HashMap::new();
    for (id, result) in done {
        match result {
            Ok(one) => {
                compiled.insert(id, one);
            }
            Err((reason, at)) => problems.push(Problem::at(
                ProblemKind::Rejected,
                format!(
                    "Istio's admission webhook refuses this AuthorizationPolicy, so it is not in force: {reason}"
                ),
                at,
            )),
        }
    }
    authorizations.retain(|policy| compiled.contains_key(&policy.id));
    compiled
}

/// Whether an API group is Istio's.
pub(super) fn owns(group: &str) -> bool {
    group.ends_with(".istio.io") || group == "sailoperator.io"
}

/// The first object that shows Istio is there.
fn first_trace(index: &Index) -> Option<ResourceId> {
    let injected = |labels: &crate::model::Labels| {
        [
            "istio-injection",
            "istio.io/rev",
            "istio.io/dataplane-mode",
            "sidecar.istio.io/inject",
        ]
        .iter()
        .any(|&key| labels.contains_key(key))
    };
    let by_object = index.resources().find(|(id, resource)| {
        owns(&resource.key.group)
            || (resource.key.is("", "Namespace") && injected(&resource.labels))
            || (resource.key.is("", "ConfigMap")
                && &*resource.key.name == "istio"
                && index.node(*id).path(&["data", "mesh"]).is_some())
    });
    by_object.map(|(id, _)| id).or_else(|| {
        let workload = index.workloads().iter().find(|workload| {
            injected(&workload.labels)
                || workload
                    .containers
                    .iter()
                    .any(|c| &*c.name == "istio-proxy")
        });
        workload
            .map(|workload| workload.resource)
            .or_else(|| settings::trace(index))
    })
}

impl Istio {
    fn root(&self) -> &str {
        &self.config.neutral.root_namespace.value
    }

    /// # Panics
    /// With a workload of another environment.
    #[allow(clippy::indexing_slicing)]
    fn member(&self, workload: &Workload) -> &Member {
        &self.members[workload.id.0 as usize]
    }

    fn peer_policies(&self) -> PeerPolicies<'_> {
        PeerPolicies {
            all: &self.peers,
            root: self.root(),
            index: &self.index,
        }
    }

    fn authorizations_of<'a>(&'a self, workload: &Workload) -> Vec<(At, &'a Compiled)> {
        let revision = &self.member(workload).revision;
        self.authorizations
            .selecting(workload, self.root(), revision)
            .into_iter()
            .filter_map(|policy| Some((policy.at("/spec"), self.compiled.get(&policy.id)?)))
            .collect()
    }

    fn tokens_of(&self, workload: &Workload) -> Vec<&Object<crd::RequestAuthentication>> {
        self.tokens
            .selecting(workload, self.root(), &self.member(workload).revision)
    }

    /// The rules of a workload at a layer, shared by all workloads with the same policies.
    fn ruleset(&self, workload: &Workload, layer: Layer) -> Arc<Ruleset> {
        let policies = self.authorizations_of(workload);
        let tokens = self.tokens_of(workload);
        let ids: Vec<ResourceId> = policies.iter().map(|(at, _)| at.resource).collect();
        // without an ALLOW the default is shown at the workload itself
        let own = ids.is_empty().then_some(workload.resource);
        let revision = Arc::clone(&self.member(workload).revision);
        let config = self.config.of(&revision);
        let tokens_by_id = tokens.iter().map(|t| t.id).collect();
        let key = (ids, tokens_by_id, layer, own, revision);
        let mut cache = self.rulesets.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            Arc::new(ruleset::assemble(
                workload, &policies, &tokens, layer, config,
            ))
        };
        Arc::clone(cache.entry(key).or_insert_with(build))
    }

    /// What could change the verdict and is not understood.
    fn inbound_conditions(&self, workload: &Workload) -> Vec<(String, At)> {
        let mut conditions = self.extensions.inbound(workload);
        conditions.extend(self.contested(workload));
        conditions
    }

    /// Why nothing can be said about a workload at all.
    fn unjudged(&self, workload: &Workload) -> Option<(String, At)> {
        let member = self.member(workload);
        let what = match member.plane {
            Plane::Ambient => "ambient mode is not worked out yet",
            Plane::Gateway => "it is a gateway, whose ways in are not worked out yet",
            Plane::Sidecar | Plane::None => return None,
        };
        Some((what.to_owned(), member.membership.because.at().clone()))
    }

    /// Policies about a workload of which there are two versions.
    fn contested(&self, workload: &Workload) -> Vec<(String, At)> {
        let revision = &self.member(workload).revision;
        let peers = [self.root(), &*workload.namespace]
            .into_iter()
            .flat_map(|namespace| self.peers.selecting_from(namespace, workload))
            .map(|p| p.id);
        let rules = self
            .authorizations
            .selecting(workload, self.root(), revision)
            .into_iter()
            .map(|p| p.id);
        let mut ids: Vec<ResourceId> = peers.chain(rules).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.twice(id)).collect()
    }

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
        let plain = |because: Because| Decided {
            value: TlsOrigination::Plaintext,
            because,
            rivals: Vec::new(),
        };
        let config = self.config.of(client_revision);
        let automatic = &config.neutral.automatic_mtls;
        if !automatic.value {
            return plain(automatic.because.clone());
        }
        let peers = self.peer_policies();
        let near = At::new(service.resource, "");
        if let Some(at) = peers.namespace_is_disabled(&service.namespace, near) {
            return plain(Because::Configured(at));
        }
        if service.headless {
            for endpoint in self.index.workloads_of(service.id) {
                let known = self.member(endpoint).membership.value;
                let meshed =
                    known == Membership::Meshed || (known == Membership::Unknown && call.meshed);
                let offers = self.offers_mtls(endpoint, meshed);
                if !offers.value {
                    return plain(offers.because);
                }
            }
        } else {
            let offers = self.offers_mtls(call.workload, call.meshed);
            if !offers.value {
                return plain(offers.because);
            }
            let revision = &self.member(call.workload).revision;
            let accepts = peers.acceptance(call.workload, revision, call.port);
            if accepts.value == TlsAcceptance::Plaintext {
                return plain(accepts.because);
            }
        }
        Decided {
            value: TlsOrigination::Mtls,
            because: automatic.because.clone(),
            rivals: Vec::new(),
        }
    }

    /// The rules that a client applies to a service.
    fn rules_for(
        &self,
        client: &Workload,
        service: &Service,
    ) -> Vec<&Object<crd::DestinationRule>> {
        let host = destination::host_of(&service.namespace, &service.name);
        let revision = &self.member(client).revision;
        self.destinations
            .find(client, &host, &service.namespace, revision)
    }

    fn sends(&self, client: &Workload, call: &Call<'_>) -> Decided<TlsOrigination> {
        let Some((service, port)) = call.service else {
            return Decided::default(
                TlsOrigination::Plaintext,
                "a pod that is dialled by its own address is called as the application calls it",
                client.at(),
            );
        };
        let service = self.index.service(service);
        let rules = self.rules_for(client, service);
        match self.destinations.tls(&rules, client, port) {
            Tls::Unset => self.automatic(&self.member(client).revision, call, service),
            Tls::PlainEndpoints(at) => Decided::configured(TlsOrigination::Plaintext, at),
            Tls::Set(tls, at) => {
                // a Secret is read by gateways and by selected pods only; others send no TLS at all
                let selects = rules
                    .iter()
                    .any(|rule| rule.spec.workload_selector.is_some());
                let own = matches!(tls.mode, ClientTlsMode::Simple | ClientTlsMode::Mutual);
                let value = match tls.mode {
                    ClientTlsMode::Disable => TlsOrigination::Plaintext,
                    ClientTlsMode::IstioMutual => TlsOrigination::Mtls,
                    _ if own && !tls.credential_name.is_empty() && !selects => {
                        TlsOrigination::Plaintext
                    }
                    _ => TlsOrigination::ForeignTls,
                };
                Decided::configured(value, at)
            }
        }
    }

    /// The server name that a client's proxy generates.
    /// `istio/istio: pilot/pkg/model/service.go` (BuildDNSSrvSubsetKey).
    fn server_name(&self, call: &Call<'_>) -> Option<String> {
        let (service, port) = call.service?;
        let service = self.index.service(service);
        let host = destination::host_of(&service.namespace, &service.name);
        Some(format!("outbound_.{port}_._.{host}"))
    }

    /// That an object has two versions, where it has.
    fn twice(&self, id: ResourceId) -> Option<(String, At)> {
        let resource = self.index.resource(id);
        resource.contested.then(|| {
            (
                format!("{} is defined more than once", resource.key),
                At::new(id, "/metadata/name"),
            )
        })
    }
}

impl Mesh for Istio {
    fn kind(&self) -> &'static str {
        "istio"
    }

    fn title(&self) -> &'static str {
        "Istio"
    }

    fn settings(&self) -> &Settings {
        &self.config.neutral
    }

    fn membership(&self, workload: &Workload) -> Decided<Membership> {
        self.member(workload).membership.clone()
    }

    fn identity(&self, workload: &Workload) -> Identity {
        let config = self.config.of(&self.member(workload).revision);
        let trust_domain = Arc::clone(&config.neutral.trust_domain.value);
        let (namespace, account) = (&workload.namespace, &workload.service_account);
        Identity {
            name: format!("{trust_domain}/ns/{namespace}/sa/{account}").into(),
            trust_domain,
            namespace: Arc::clone(namespace),
            service_account: Arc::clone(account),
        }
    }

    fn listener(&self, workload: &Workload, port: u16) -> Listener {
        let protocol = protocol::of_workload_port(&self.index, workload, port);
        let revision = &self.member(workload).revision;
        let tls = self.peer_policies().acceptance(workload, revision, port);
        let config = self.config.of(revision);
        let bypass = capture::inbound_bypass(workload, port, config.no_interception.as_ref());
        let inlets = match bypass {
            Some(at) => vec![bypassed(protocol.value, Because::Configured(at))],
            None => self.inlets(workload, protocol.value, &tls),
        };
        Listener {
            workload: workload.id,
            port,
            protocol,
            tls,
            inlets,
            conditions: self.inbound_conditions(workload),
            unjudged: self.unjudged(workload),
        }
    }

    fn origination(&self, client: &Workload, call: &Call<'_>) -> Origination {
        let dialled = call.service.map_or(call.port, |(_, port)| port);
        let config = self.config.of(&self.member(client).revision);
        let mesh_wide = config.no_interception.as_ref();
        let mut conditions = self.extensions.outbound(client);
        conditions.extend(self.unjudged(client));
        if let Some((service, _)) = call.service {
            let service = self.index.service(service);
            let host = destination::host_of(&service.namespace, &service.name);
            conditions.extend(self.detours.of_call(&client.namespace, &host));
            let rules = self.rules_for(client, service);
            conditions.extend(rules.iter().filter_map(|rule| self.twice(rule.id)));
        }
        let sends = match capture::outbound(client, dialled, mesh_wide) {
            Outbound::Bypass(at) => Decided::configured(TlsOrigination::Plaintext, at),
            Outbound::Captured => self.sends(client, call),
            Outbound::DependsOnAddress(at) => {
                conditions.push((
                    "whether the proxy captures the call depends on the address".to_owned(),
                    at,
                ));
                self.sends(client, call)
            }
        };
        Origination {
            server_name: self
                .server_name(call)
                .filter(|_| sends.value == TlsOrigination::Mtls),
            sends,
            conditions,
        }
    }

    fn origination_key(&self, client: &Workload) -> String {
        let member = self.member(client);
        let outbound = capture::outbound_key(client);
        let selected = self.destinations.selector_key(client);
        let unread: Vec<String> = self
            .extensions
            .outbound(client)
            .into_iter()
            .map(|(what, _)| what)
            .collect();
        format!(
            "{:?}|{}|{outbound}|{selected}|{}",
            member.plane,
            member.revision,
            unread.join(",")
        )
    }

    fn distinguished_namespaces(&self, service: &Service) -> Vec<Arc<str>> {
        let host = destination::host_of(&service.namespace, &service.name);
        let mut namespaces = self.destinations.distinguished(&host);
        namespaces.extend(self.detours.distinguished(&host));
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }

    fn unjudged_ways_in(&self) -> Option<(String, At)> {
        unread::way_in(&self.index)
    }

    fn access_log(&self, workload: &Workload) -> AccessLog {
        let member = self.member(workload);
        if member.plane == Plane::Ambient {
            return AccessLog {
                state: LogState::Unknown,
                because: Because::Assumed {
                    what: "logs of ambient mode are not worked out yet".to_owned(),
                    near: member.membership.because.at().clone(),
                },
                assumed: true,
                format: None,
            };
        }
        let telemetries =
            telemetry::applicable(&self.telemetries, workload, self.root(), &member.revision);
        let config = self.config.of(&member.revision);
        telemetry::access_log(&telemetries, config, workload)
    }

    fn policies(&self) -> &[Policy] {
        &self.policies
    }
}

impl Istio {
    /// The ways through the proxy.
    fn inlets(
        &self,
        workload: &Workload,
        protocol: &str,
        tls: &Decided<TlsAcceptance>,
    ) -> Vec<Inlet> {
        let layers: &[Layer] = match protocol {
            "http" => &[Layer::Http],
            "auto" => &[Layer::Http, Layer::Tcp],
            _ => &[Layer::Tcp],
        };
        let mut inlets = Vec::new();
        for &layer in layers {
            let rules = self.ruleset(workload, layer);
            let mut add = |kind, accepts| {
                inlets.push(Inlet {
                    kind,
                    accepts,
                    layer,
                    authorization: Some(Arc::clone(&rules)),
                    because: tls.because.clone(),
                });
            };
            if tls.value != TlsAcceptance::Plaintext {
                add(InletKind::Proxied, Transport::Mtls);
            }
            if tls.value != TlsAcceptance::Required {
                add(InletKind::Permissive, Transport::Plaintext);
                // TLS of the application's own passes through to it
                if protocol == "tls" {
                    add(InletKind::Permissive, Transport::Tls);
                }
            }
        }
        inlets
    }
}

/// The way past the proxy to the application.
fn bypassed(protocol: &str, because: Because) -> Inlet {
    Inlet {
        kind: InletKind::Bypass,
        accepts: if protocol == "tls" {
            Transport::Tls
        } else {
            Transport::Plaintext
        },
        layer: if protocol == "http" {
            Layer::Http
        } else {
            Layer::Tcp
        },
        authorization: None,
        because,
    }
}

#[cfg(test)]
mod sample;
