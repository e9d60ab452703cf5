//! Consul: what is in force, from its objects in Kubernetes and from files of its own.
//!
//! What is not understood comes out as a problem, and what it touches is not decided.

mod altered;
mod annotation;
mod capture;
mod chain;
mod entry;
mod export;
mod gateway;
mod inbound;
mod intention;
mod log;
mod membership;
mod outbound;
mod own;
mod part;
mod posture;
mod proxy;
mod rights;
mod service;
mod settings;
mod stated;
mod unanswered;
mod unread;
mod upstream;
mod version;
mod written;

use std::collections::HashMap;
use std::sync::Arc;

use chain::Chains;
use entry::{Entries, GROUP};
use gateway::Gateways;
use intention::{Intention, Providers};
use own::Own;
use service::{Name, Nameless, Registration};
use settings::Config;

use super::{Call, Export, Mesh, PolicyResource, Settings, Version};
use crate::k8s::Index;
use crate::model::{
    AccessLog, At, Decided, Identity, Listener, LogState, Membership, Outside, Policy, Problem,
    ResourceId, Setting, TokenRule, Way, Workload,
};

/// The name for people.
pub const TITLE: &str = "Consul";

/// Consul in one environment.
pub struct Consul {
    index: Arc<Index>,
    config: Config,
    entries: Entries,
    providers: Providers,
    /// The intentions about each service that is registered, or has a chain.
    intentions: HashMap<Name, Arc<[Intention]>>,
    /// Where calls to services end up.
    chains: Chains,
    /// The ways in through gateways.
    gateways: Gateways,
    members: Vec<Member>,
    policies: Vec<Policy>,
}

/// How a workload takes part.
struct Member {
    membership: Decided<Membership>,
    /// What its registration says, if that is a file's.
    own: Option<Own>,
    /// The services that it is registered as, if it is in the mesh.
    registered: Result<Vec<Registration>, Nameless>,
}

/// Compiles Consul, if anything of it is in the environment.
pub fn compile(index: &Arc<Index>, problems: &mut Vec<Problem>) -> Option<Consul> {
    let first = first_trace(index)?;
    unread::report(index, problems);
    let config = settings::read(index, At::new(first, ""), problems);
    let entries = Entries::read(index, &config, problems);
    let mut consul = Consul {
        members: index
            .workloads()
            .iter()
            .map(|one| member(index, one, &config))
            .collect(),
        providers: Providers::read(index, &entries),
        intentions: HashMap::new(),
        chains: Chains::read(index, &entries),
        gateways: Gateways::default(),
        entries,
        config,
        policies: Vec::new(),
        index: Arc::clone(index),
    };
    let registered = consul
        .members
        .iter()
        .flat_map(|one| one.registered.iter().flatten());
    let names = registered.map(|one| &one.name).chain(consul.chains.names());
    consul.intentions = consul.collect(names.cloned());
    let log = consul.log();
    consul.config.neutral.access_log = log.state;
    consul.config.neutral.log_formats = log.format.into_iter().collect();
    consul.config.neutral.unanswered = unanswered::find(index, &consul.members, &consul.config);
    consul.gateways = Gateways::find(&consul);
    consul.policies = stated::policies(&consul);
    Some(consul)
}

fn member(index: &Index, workload: &Workload, config: &Config) -> Member {
    let own = Own::read(index, workload);
    let membership = match &own {
        Some(own) => own.membership.clone(),
        None => membership::of(index, workload, config),
    };
    let registered = match (&own, membership.value) {
        (Some(own), _) => Ok(own.registration(index, workload).into_iter().collect()),
        (None, Membership::Unmeshed) => service::registered(index, workload, config),
        (None, _) => service::of(index, workload, config),
    };
    Member {
        membership,
        own,
        registered,
    }
}

/// Whether an API group is Consul's.
pub(super) fn owns(group: &str) -> bool {
    group == GROUP || group.ends_with(".consul.hashicorp.com")
}

/// The first object or file that shows Consul is there.
fn first_trace(index: &Index) -> Option<ResourceId> {
    let mut objects = index.resources();
    let object = objects.find(|(_, resource)| {
        owns(&resource.key.group)
            || resource.annotations.contains_key(annotation::INJECT)
            || resource.labels.contains_key(annotation::INJECT)
    });
    let mut files = index.values().iter().copied();
    let file = || files.find(|&id| index.node(id).document().consul().is_some());
    let workload = || index.workloads().iter().find(|one| membership::asks(one));
    let first = object.map(|(id, _)| id).or_else(file);
    let asking = first.or_else(|| workload().map(|one| one.resource));
    asking.or_else(|| settings::trace(index))
}

impl Consul {
    /// # Panics
    /// With a workload of another environment.
    #[allow(clippy::indexing_slicing)]
    fn member(&self, workload: &Workload) -> &Member {
        &self.members[workload.id.0 as usize]
    }

    /// The services that a workload is registered as; none of one that never starts.
    fn registered(&self, workload: &Workload) -> &[Registration] {
        self.member(workload).registered.as_deref().unwrap_or(&[])
    }

    /// Who a service is.
    fn service_identity(&self, name: &Name) -> Identity {
        Identity {
            name: match self.config.namespaces.are_apart() {
                true => format!("{}/{}", name.namespace, name.name).into(),
                false => Arc::clone(&name.name),
            },
            trust_domain: Arc::clone(&self.config.neutral.trust_domain.value),
            namespace: Arc::clone(&name.namespace),
            service_account: Arc::clone(&name.name),
        }
    }
}

impl Mesh for Consul {
    fn kind(&self) -> &'static str {
        "consul"
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
        match self.registered(workload).first() {
            Some(registered) => self.service_identity(&registered.name),
            None => self.account(&workload.namespace, &workload.service_account),
        }
    }

    fn account(&self, namespace: &str, name: &str) -> Identity {
        self.service_identity(&Name {
            namespace: self.config.namespaces.of(namespace),
            name: name.into(),
        })
    }

    fn listener(&self, workload: &Workload, port: u16) -> Listener {
        self.listener_of(workload, port)
    }

    fn ways(&self, client: &Workload, call: &Call<'_>) -> Vec<Way> {
        let mut ways = self.ways_by_terminating(client, call);
        if ways.is_empty() || self.is_transparent(client).value {
            ways.extend(self.ways_of(client, call));
        }
        ways
    }

    fn ways_out(&self, client: &Workload, to: &Outside) -> Vec<Way> {
        let (mut ways, taken) = self.ways_to_destinations(client, to);
        if !taken {
            ways.extend(self.ways_outside(client, to));
        }
        ways
    }

    fn ways_in(&self, workload: &Workload, port: u16, meshed: bool) -> Vec<Way> {
        let opened = self.ways_by_opened(workload, port).into_iter();
        let mut ways: Vec<Way> = opened.filter(|_| meshed).collect();
        ways.extend(self.ways_from_gateways(workload, port, meshed));
        ways
    }

    fn origination_key(&self, client: &Workload) -> String {
        self.way_out_key(client)
    }

    fn access_log(&self, workload: &Workload) -> AccessLog {
        self.log_of(workload)
    }

    fn opened_ports(&self, workload: &Workload) -> Vec<(u16, At)> {
        let opened = self.opened_by(workload).into_iter();
        opened
            .map(|one| (one.port, one.because.at().clone()))
            .collect()
    }

    fn proxy_settings(&self, workload: &Workload) -> Vec<Setting> {
        self.settings_of(workload)
    }

    fn proxy_defaults(&self) -> Vec<Setting> {
        self.settings_of_all()
    }

    fn exports(&self) -> Vec<Export> {
        self.exported()
    }

    fn is_part(&self, workload: &Workload) -> bool {
        part::is_part(&self.index, workload)
    }

    fn callers(&self) -> Vec<(Arc<str>, Arc<str>)> {
        stated::callers(self)
    }

    fn token_provider(&self, name: &str) -> Option<TokenRule> {
        self.providers.named(name).cloned()
    }

    fn audit_log(&self) -> Option<Decided<LogState>> {
        Some(self.config.audit.clone())
    }

    fn posture(&self) -> Vec<Setting> {
        let mut all = posture::read(&self.index, &self.config, &self.entries);
        all.extend(self.gateways_for_all());
        all.extend(self.log_not_enabled());
        all
    }

    fn policies(&self) -> &[Policy] {
        &self.policies
    }

    fn policy_resources(&self) -> &'static [PolicyResource] {
        rights::POLICY_RESOURCES
    }

    fn is_own_account(&self, namespace: &str, name: &str) -> bool {
        rights::is_own_account(&self.config, namespace, name)
    }

    fn versions(&self) -> Vec<Version> {
        version::versions(&self.index, &self.config)
    }
}
