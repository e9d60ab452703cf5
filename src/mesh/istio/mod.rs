//! Istio: what is in force, from its objects alone.
//!
//! What is not understood comes out as a problem, and what it touches is not decided.

mod authorization;
mod capture;
mod crd;
mod extension;
mod gateway;
mod inbound;
mod logs;
mod membership;
mod outbound;
mod policy;
mod protocol;
mod proxies;
mod rights;
mod routes;
#[cfg(test)]
mod sample;
mod settings;
mod telemetry;
mod transport;
mod unread;
mod version;
mod written;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use authorization::principal::TrustDomains;
use authorization::{Compiled, Reader};
use capture::Capture;
use extension::Extensions;
use membership::injectors::Injectors;
use membership::{Member, Plane};
use outbound::destination::DestinationRules;
use outbound::scope::Sidecars;
use outbound::service_entry::ServiceEntries;
use policy::Objects;
use proxies::Proxies;
use routes::api_route::ApiRoutes;
use routes::virtual_service::VirtualServices;
use settings::MeshConfig;
use transport::PeerPolicies;

use super::{Before, Call, Made, Mesh, PolicyResource, Settings, Version, webhooks};
use crate::k8s::Index;
use crate::k8s::ingress::Ingress;
use crate::k8s::spec::report_unknown_fields;
use crate::model::{
    AccessLog, At, Decided, Identity, Listener, Membership, Outside, Policy, Problem, ProblemKind,
    ResourceId, Ruleset, Service, Setting, Tracing, Way, Workload,
};

/// The name for people.
pub const TITLE: &str = "Istio";

const SECURITY: &str = "security.istio.io";
const NETWORKING: &str = "networking.istio.io";

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
    sidecars: Sidecars,
    virtual_services: VirtualServices,
    api_routes: ApiRoutes,
    service_entries: ServiceEntries,
    proxies: Proxies,
    gateways: Objects<gateway::server::Gateway>,
    ingress: gateway::Ingress,
    policies: Vec<Policy>,
    /// Rulesets by the policies they are made of: most workloads of a namespace share one.
    rulesets: Mutex<HashMap<RulesetKey, Arc<Ruleset>>>,
}

type RulesetKey = (
    Vec<ResourceId>,
    Vec<ResourceId>,
    Reader,
    Option<ResourceId>,
    Arc<str>,
);

/// Compiles Istio, if anything of it is in the environment.
pub fn compile(index: &Arc<Index>, problems: &mut Vec<Problem>) -> Option<Istio> {
    let first = first_trace(index)?;
    let near = At::new(first, "");
    let mut config = settings::read(index, near, problems);
    let root = Arc::clone(&config.neutral.root_namespace.value);
    let injectors = Injectors::find(index);
    let mut members: Vec<Member> = index
        .workloads()
        .iter()
        .map(|workload| match index.namespace(&workload.namespace) {
            Some(namespace) => membership::member(&injectors, workload, namespace),
            None => membership::outside(workload),
        })
        .collect();
    config.neutral.unanswered = membership::unanswered::find(&injectors, index, &members);
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
    report_unknown_fields::<crd::RequestAuthentication>(
        index,
        SECURITY,
        "RequestAuthentication",
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
        sidecars: Sidecars::find(index, problems),
        virtual_services: VirtualServices::find(
            index,
            config.virtual_service_export_to.clone(),
            problems,
        ),
        api_routes: ApiRoutes::find(index, problems),
        service_entries: ServiceEntries::find(index, config.service_export_to.clone(), problems),
        proxies: Proxies::find(index, &mut members, problems),
        gateways: Objects::read(index, NETWORKING, "Gateway", problems),
        ingress: gateway::Ingress::default(),
        policies: Vec::new(),
        rulesets: Mutex::default(),
        index: Arc::clone(index),
        config,
        members,
        peers,
        authorizations,
        compiled,
    };
    let mut ingress = gateway::Ingress::default();
    istio.classic_gateways(&mut ingress);
    istio.api_gateways(&mut ingress);
    istio.ingresses(&Ingress::all(index), &mut ingress);
    istio.ingress = ingress;
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

    /// What of a workload's traffic its sidecar captures.
    fn capture<'a>(&'a self, workload: &'a Workload) -> Capture<'a> {
        let config = self.config.of(&self.member(workload).revision);
        Capture {
            workload,
            none: config.interception(&self.index, workload),
            defaults: &config.capture,
        }
    }
}

impl Mesh for Istio {
    fn kind(&self) -> &'static str {
        "istio"
    }

    fn title(&self) -> &'static str {
        TITLE
    }

    fn settings(&self) -> &Settings {
        &self.config.neutral
    }

    fn membership(&self, workload: &Workload) -> Decided<Membership> {
        self.member(workload).membership.clone()
    }

    fn identity(&self, workload: &Workload) -> Identity {
        self.identity_of(workload)
    }

    fn account(&self, namespace: &str, name: &str) -> Identity {
        self.identity_in(&self.config, namespace, name)
    }

    fn listener(&self, workload: &Workload, port: u16) -> Listener {
        let protocol = protocol::of_workload_port(&self.index, workload, port);
        let (tls, inlets) = self.inlets_of(workload, port, protocol.value);
        Listener {
            workload: workload.id,
            port,
            protocol,
            tls,
            inlets,
            conditions: self.inbound_conditions(workload),
            passed_over: Vec::new(),
            serves_others: matches!(
                self.member(workload).plane,
                Plane::Gateway | Plane::Waypoint
            ),
            unjudged: self.unjudged(workload),
        }
    }

    fn ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        self.ways_of(client, call)
    }

    fn ways_out(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        self.ways_outside(client, to)
    }

    fn ways_in(&self, workload: &Workload, port: u16, meshed: bool) -> Vec<Way> {
        self.ways_from_gateways(workload, port, meshed)
    }

    fn proxies_before(&self, workload: &Workload, port: u16) -> Vec<Before> {
        self.waypoints_before(workload, port)
    }

    fn origination_key(&self, client: &Workload) -> String {
        self.way_out_key(client)
    }

    fn distinguished_namespaces(&self, service: &Service) -> Vec<Arc<str>> {
        self.apart_for(service)
    }

    fn unjudged_ways_in(&self, workload: &Workload, port: u16) -> Option<(String, At)> {
        self.doubtful_way_in(workload, port)
    }

    fn serves_ingress(&self, ingress: &Ingress) -> bool {
        Istio::serves_ingress(self, ingress)
    }

    fn access_log(&self, workload: &Workload) -> AccessLog {
        self.log_of(workload)
    }

    fn tracing(&self, workload: &Workload) -> Tracing {
        self.spans_of(workload)
    }

    fn rules_of_proxies(&self) -> Vec<Arc<Ruleset>> {
        Self::rules_of_proxies(self)
    }

    fn made(&self) -> Vec<Made<'_>> {
        let all = self.proxies.all.iter().map(|proxy| &proxy.pods);
        let made = all.filter(|pods| proxies::is_made(pods)).map(|pods| Made {
            pods,
            gateway: self.member(pods).plane == Plane::Gateway,
        });
        made.collect()
    }

    fn policies(&self) -> &[Policy] {
        &self.policies
    }

    fn policy_resources(&self) -> &'static [PolicyResource] {
        rights::POLICY_RESOURCES
    }

    fn is_own_account(&self, namespace: &str, name: &str) -> bool {
        rights::is_own_account(self.root(), namespace, name)
    }

    /// istiod mends the validators' policy when it starts, whatever the chart says.
    fn posture(&self) -> Vec<Setting> {
        webhooks::failure(
            &self.index,
            "MutatingWebhookConfiguration",
            &["istio-sidecar-injector*", "istio-revision-tag-*"],
            "injection_failure",
        )
    }

    fn versions(&self) -> Vec<Version> {
        version::versions(&self.index)
    }
}
