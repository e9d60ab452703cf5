//! Linkerd: what is in force, from its objects alone.
//!
//! What is not understood comes out as a problem, and what it touches is not decided.

mod authorization;
mod crd;
mod egress;
mod export;
mod inbound;
mod log;
mod membership;
mod object;
mod outbound;
mod port;
mod posture;
mod proxy;
mod rate_limit;
mod rights;
mod route;
#[cfg(test)]
mod sample;
mod settings;
mod version;
mod who;
mod written;

use std::sync::Arc;

use authorization::Authorizations;
use egress::Egress;
use membership::Member;
use membership::annotation::Annotations;
use object::Objects;
use posture::Posture;
use route::Routes;
use settings::Config;

use super::{Call, Export, Mesh, PolicyResource, Settings, Version};
use crate::k8s::Index;
use crate::k8s::spec::report_unknown_fields;
use crate::model::{
    AccessLog, At, Decided, Identity, Listener, Membership, Outside, Policy, Problem, ResourceId,
    Service, Setting, Way, Workload,
};

/// The name for people.
pub const TITLE: &str = "Linkerd";

/// Linkerd in one environment.
pub struct Linkerd {
    index: Arc<Index>,
    config: Config,
    members: Vec<Member>,
    servers: Objects<crd::Server>,
    /// The places of the Servers that select each workload.
    serving: Vec<Vec<usize>>,
    authorizations: Authorizations,
    routes: Routes,
    egress: Egress,
    rate_limits: Objects<crd::RateLimit>,
    /// Whether the header by which some proxies route is seen to be set for who comes from outside.
    sets_host: bool,
    policies: Vec<Policy>,
    posture: Posture,
}

/// Compiles Linkerd, if anything of it is in the environment.
pub fn compile(index: &Arc<Index>, problems: &mut Vec<Problem>) -> Option<Linkerd> {
    let first = first_trace(index)?;
    let mut config = settings::read(index, At::new(first, ""), problems);
    let posture = posture::read(index, &config, problems);
    let member = |workload| membership::member(index, &Annotations::of(index, workload), &config);
    let members: Vec<Member> = index.workloads().iter().map(member).collect();
    let by_host = members.iter().any(|member| member.ingress.is_some());
    config.neutral.unanswered = membership::unanswered::find(index, &members, &config);
    report_unknown_fields::<crd::Server>(index, crd::POLICY, "Server", problems);
    report_unknown_fields::<crd::AuthorizationPolicy>(
        index,
        crd::POLICY,
        "AuthorizationPolicy",
        problems,
    );
    report_unknown_fields::<crd::ServerAuthorization>(
        index,
        crd::POLICY,
        "ServerAuthorization",
        problems,
    );
    report_unknown_fields::<crd::MeshTls>(index, crd::POLICY, "MeshTLSAuthentication", problems);
    report_unknown_fields::<crd::NetworkAuthentication>(
        index,
        crd::POLICY,
        "NetworkAuthentication",
        problems,
    );
    report_unknown_fields::<crd::EgressNetwork>(index, crd::POLICY, "EgressNetwork", problems);
    let servers = inbound::server::read(index, problems);
    let mut linkerd = Linkerd {
        members,
        sets_host: by_host && proxy::sets_host(index),
        serving: inbound::server::selecting(index, &servers, &config),
        servers,
        authorizations: Authorizations::read(index, &config, problems),
        routes: Routes::read(index, problems),
        egress: Egress::read(index, problems),
        rate_limits: rate_limit::read(index, problems),
        index: Arc::clone(index),
        config,
        policies: Vec::new(),
        posture,
    };
    linkerd.policies = written::policies(&linkerd);
    Some(linkerd)
}

/// Labels of what the project's charts install.
/// `linkerd/linkerd2: charts/linkerd-control-plane/templates`, `viz/charts`, `multicluster/charts`.
const CHART_LABELS: [&str; 3] = [
    "linkerd.io/control-plane-ns",
    "linkerd.io/extension",
    "linkerd.io/is-control-plane",
];

/// Objects of the control plane that only it has, by kind and name.
const OWN: [(&str, &str); 7] = [
    ("ConfigMap", "linkerd-config"),
    ("ConfigMap", "linkerd-identity-trust-roots"),
    (
        "MutatingWebhookConfiguration",
        "linkerd-proxy-injector-webhook-config",
    ),
    ("Secret", "linkerd-identity-issuer"),
    ("Secret", "linkerd-trust-anchor"),
    (
        "ValidatingWebhookConfiguration",
        "linkerd-policy-validator-webhook-config",
    ),
    (
        "ValidatingWebhookConfiguration",
        "linkerd-sp-validator-webhook-config",
    ),
];

/// Whether an API group is Linkerd's.
pub(super) fn owns(group: &str) -> bool {
    group == "linkerd.io" || group.ends_with(".linkerd.io")
}

/// The first object that shows Linkerd is there.
fn first_trace(index: &Index) -> Option<ResourceId> {
    // where it does nothing, whoever wrote it counts on Linkerd all the same
    let by_object = index.resources().find(|(_, resource)| {
        owns(&resource.key.group)
            || resource
                .annotations
                .contains_key(membership::annotation::INJECT)
            || resource.labels.contains_key(membership::annotation::INJECT)
            || OWN.contains(&(&*resource.key.kind, &*resource.key.name))
            || CHART_LABELS
                .iter()
                .any(|&label| resource.labels.contains_key(label))
    });
    let by_settings = || settings::trace(index);
    let by_object = by_object.map(|(id, _)| id).or_else(by_settings);
    by_object.or_else(|| {
        let asks = |workload: &&Workload| {
            workload
                .annotations
                .contains_key(membership::annotation::INJECT)
                || workload.labels.contains_key(membership::annotation::INJECT)
                || workload.labels.contains_key(membership::CONTROL_PLANE)
        };
        index.workloads().iter().find(asks).map(|w| w.resource)
    })
}

impl Linkerd {
    /// # Panics
    /// With a workload of another environment.
    #[allow(clippy::indexing_slicing)]
    fn member(&self, workload: &Workload) -> &Member {
        &self.members[workload.id.0 as usize]
    }

    /// Who a machine outside the cluster is, in the form of an account.
    fn external_identity(&self, workload: &Workload, account: Identity) -> Identity {
        let written = self.index.node(workload.resource);
        let name = written.path(&["spec", "meshTLS", "identity"]);
        let name = name.and_then(crate::syntax::Node::as_str).unwrap_or("");
        Identity {
            name: name.into(),
            ..account
        }
    }
}

impl Mesh for Linkerd {
    fn kind(&self) -> &'static str {
        "linkerd"
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
        let account = self.account(&workload.namespace, &workload.service_account);
        match membership::annotation::is_external(workload) {
            true => self.external_identity(workload, account),
            false => account,
        }
    }

    fn account(&self, namespace: &str, name: &str) -> Identity {
        Identity {
            name: self.config.account_name(namespace, name).into(),
            trust_domain: Arc::clone(&self.config.neutral.trust_domain.value),
            namespace: namespace.into(),
            service_account: name.into(),
        }
    }

    fn listener(&self, workload: &Workload, port: u16) -> Listener {
        self.listener_of(workload, port)
    }

    fn ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        self.ways_of(client, call)
    }

    fn ways_out(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        self.ways_outside(client, to)
    }

    fn ways_in(&self, _workload: &Workload, _port: u16, _meshed: bool) -> Vec<Way> {
        Vec::new()
    }

    fn origination_key(&self, client: &Workload) -> String {
        self.way_out_key(client)
    }

    fn distinguished_namespaces(&self, service: &Service) -> Vec<Arc<str>> {
        self.routed_apart(service)
    }

    fn access_log(&self, workload: &Workload) -> AccessLog {
        self.log_of(workload)
    }

    fn posture(&self) -> Vec<Setting> {
        let mut all = self.posture.settings.clone();
        all.extend(self.shadowed_egress());
        all
    }

    fn judges_probes(&self) -> bool {
        true
    }

    fn exports(&self) -> Vec<Export> {
        self.exported()
    }

    fn proxy_settings(&self, workload: &Workload) -> Vec<Setting> {
        self.settings_of(workload)
    }

    fn proxy_defaults(&self) -> Vec<Setting> {
        self.settings_of_all()
    }

    fn is_part(&self, workload: &Workload) -> bool {
        membership::own::is_part(&self.index, workload, &self.config)
    }

    fn policies(&self) -> &[Policy] {
        &self.policies
    }

    fn policy_resources(&self) -> &'static [PolicyResource] {
        rights::POLICY_RESOURCES
    }

    fn watched_resources(&self) -> &'static [PolicyResource] {
        self.posture.watched
    }

    fn is_own_account(&self, namespace: &str, name: &str) -> bool {
        rights::is_own_account(&self.config.control_plane.value, namespace, name)
    }

    fn versions(&self) -> Vec<Version> {
        version::versions(&self.index, &self.config.values)
    }
}
