//! What all policies of an environment are held against.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::context::{Context, is_captured, passes_without_token};
use crate::model::{self, Membership, Ruleset, Subject, TlsAcceptance, WorkloadId, WrittenValue};
use crate::reach::ListenerPort;

/// Namespace and service account.
pub(super) type Account = (Arc<str>, Arc<str>);

/// What all policies are held against.
pub(super) struct Environment<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) listeners: HashMap<WorkloadId, Vec<&'a ListenerPort>>,
    pub(super) accounts: BTreeSet<Account>,
    pub(super) namespaces: HashSet<Arc<str>>,
    pub(super) with_tokens: HashSet<WorkloadId>,
    /// Who is asked about each workload.
    pub(super) providers: HashMap<WorkloadId, BTreeSet<Arc<str>>>,
    /// What gateways and proxies before workloads ask.
    pub(super) of_proxies: Vec<Arc<Ruleset>>,
    /// Workloads with a port on which nobody can prove an identity.
    unproven: HashSet<WorkloadId>,
    /// The names of services whose workloads are certainly in a mesh, and whether a client in the
    /// input that certainly is in one calls them.
    in_mesh: HashMap<String, bool>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        let index = &context.world.index;
        let mut listeners: HashMap<WorkloadId, Vec<&ListenerPort>> = HashMap::new();
        let all = context.graph.listeners.iter();
        let own = all.filter(|one| !context.is_opened(one));
        for listener in own.clone() {
            listeners
                .entry(listener.workload)
                .or_default()
                .push(listener);
        }
        let used = index
            .workloads()
            .iter()
            .filter(|w| !w.service_account.is_empty())
            .map(|w| (Arc::clone(&w.namespace), Arc::clone(&w.service_account)));
        let written = crate::k8s::service_accounts(index);
        let meshes = context.world.meshes.iter();
        let made = meshes.flat_map(|mesh| mesh.made());
        let of_proxies = made.map(|made| {
            (
                Arc::clone(&made.pods.namespace),
                Arc::clone(&made.pods.service_account),
            )
        });
        let meshes = context.world.meshes.iter();
        let callers: Vec<Account> = meshes.flat_map(|mesh| mesh.callers()).collect();
        let spaces = callers.iter().map(|(namespace, _)| Arc::clone(namespace));
        let spaces: Vec<_> = spaces.collect();
        let all = used.chain(written).chain(of_proxies).chain(callers);
        let accounts: BTreeSet<Account> = all.collect();
        let with_tokens = context
            .world
            .meshes
            .iter()
            .flat_map(|mesh| mesh.policies())
            .filter(|policy| matches!(policy.subject, Subject::Authentication(_)))
            .flat_map(|policy| policy.selects.iter().copied())
            .collect();
        Self {
            namespaces: index
                .workloads()
                .iter()
                .map(|w| Arc::clone(&w.namespace))
                .chain(spaces)
                .collect(),
            context,
            listeners,
            accounts,
            with_tokens,
            providers: providers(context),
            of_proxies: context
                .world
                .meshes
                .iter()
                .flat_map(|mesh| mesh.rules_of_proxies())
                .collect(),
            unproven: own
                .filter(|listener| takes_only_plaintext(context, listener))
                .map(|listener| listener.workload)
                .collect(),
            in_mesh: in_mesh(context),
        }
    }

    /// Whether a service of this name is in a mesh, and no client in one calls it.
    pub(super) fn is_uncalled(&self, host: &str) -> bool {
        self.in_mesh.get(host) == Some(&false)
    }

    /// Whether a service of this name is in a mesh.
    pub(super) fn is_in_mesh(&self, host: &str) -> bool {
        self.in_mesh.contains_key(host)
    }

    /// Whether a value names an identity that is not in the input.
    pub(super) fn is_unknown(&self, value: &WrittenValue) -> bool {
        let account = value.account.as_ref();
        let namespace = value.namespace.as_ref();
        account.is_some_and(|account| !self.accounts.contains(account))
            || namespace.is_some_and(|namespace| !self.has_namespace(namespace))
    }

    /// Whether anything of a namespace is in the input.
    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.context.world.index.namespace(name).is_some()
    }

    /// Whether calls without a token get to a port of the workloads that a policy selects.
    pub(super) fn passes_without_token(&self, policy: &model::Policy) -> bool {
        self.listeners_of(&policy.selects)
            .any(|listener| passes_without_token(listener))
    }

    /// Whether a selected workload looks at no token.
    pub(super) fn reads_no_token(&self, policy: &model::Policy) -> bool {
        let mut selects = policy.selects.iter();
        selects.any(|id| !self.with_tokens.contains(id))
            || policy.targets.iter().any(|target| target.without_tokens)
    }

    /// Whether a value is no port that the selected workloads are known to listen on.
    pub(super) fn lacks_port(&self, policy: &model::Policy, values: &[WrittenValue]) -> bool {
        values.iter().any(|value| {
            let number = value.text.parse().ok();
            !self
                .listeners_of(&policy.selects)
                .any(|listener| Some(listener.port) == number)
        })
    }

    /// Whether a proxy takes nothing but plaintext on a port.
    pub(super) fn takes_only_plaintext(&self, listener: &ListenerPort) -> bool {
        takes_only_plaintext(self.context, listener)
    }

    /// Whether nobody can prove an identity on a port of the selected workloads.
    pub(super) fn takes_no_proof(&self, policy: &model::Policy) -> bool {
        !self.unproven.is_empty() && policy.selects.iter().any(|id| self.unproven.contains(id))
    }

    /// Whether a selected workload has a port that is read as a stream of bytes.
    pub(super) fn has_tcp_port(&self, policy: &model::Policy) -> bool {
        self.listeners_of(&policy.selects).any(|listener| {
            let meshed = listener.meshed.as_ref();
            meshed.is_some_and(|l| matches!(l.protocol.value, "tcp" | "tls"))
        })
    }

    pub(super) fn listeners_of(
        &self,
        selects: &[WorkloadId],
    ) -> impl Iterator<Item = &&'a ListenerPort> {
        selects
            .iter()
            .filter_map(|id| self.listeners.get(id))
            .flatten()
    }
}

fn takes_only_plaintext(context: &Context<'_>, listener: &ListenerPort) -> bool {
    is_captured(listener) && context.world.acceptance(listener).value == TlsAcceptance::Plaintext
}

fn providers(context: &Context<'_>) -> HashMap<WorkloadId, BTreeSet<Arc<str>>> {
    let mut asked: HashMap<WorkloadId, BTreeSet<Arc<str>>> = HashMap::new();
    let meshes = context.world.meshes.iter();
    for policy in meshes.flat_map(|mesh| mesh.policies()) {
        let Subject::Authorization(written) = &policy.subject else {
            continue;
        };
        let Some((name, _)) = &written.provider else {
            continue;
        };
        for &id in &policy.selects {
            asked.entry(id).or_default().insert(Arc::clone(name));
        }
    }
    asked
}

fn in_mesh(context: &Context<'_>) -> HashMap<String, bool> {
    let (world, graph) = (context.world, context.graph);
    let meshed = |id: WorkloadId| world.membership(id).value == Membership::Meshed;
    let called: HashSet<WorkloadId> = graph
        .edges()
        .filter(|(group, _, _)| graph.some_members(group, 1).into_iter().any(meshed))
        .map(|(_, id, _)| graph.listener(id).workload)
        .collect();
    let mut names = HashMap::new();
    for service in world.index.services() {
        let behind: Vec<_> = world.index.workloads_of(service.id).collect();
        if !behind.is_empty() && behind.iter().all(|w| meshed(w.id)) {
            let name = format!("{}.{}.svc.cluster.local", service.name, service.namespace);
            names.insert(name, behind.iter().any(|w| called.contains(&w.id)));
        }
    }
    names
}
