//! Policies as they are written, with what the environment makes of them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{
    Context, is_captured, is_judged, lets_in_a_stranger, lets_in_someone_unnamed,
    passes_without_token,
};
use super::environment::{Account, Environment};
use super::{
    Authorization, Constraint, Format, Ineffective, KeySource, LogEntry, LogProvider, Lost, Policy,
    Port, PortMode, Provider, Rule, Sends, Target, Value, Wider,
};
use rayon::prelude::*;

use super::names::{edits, is_slip};
use super::{notes, spelling};
use crate::model::{
    self, Loss, Membership, Subject, TlsAcceptance, Tri, WorkloadId, WrittenRule, WrittenValue,
};
use crate::reach::ListenerPort;

/// Most names that are listed of a policy's workloads.
const SOME: usize = 10;

/// The policies of all meshes: all, or those in which something stands out.
pub(super) fn policies(context: &Context<'_>, all: bool) -> Vec<Policy> {
    let environment = Environment::new(context);
    let written: Vec<_> = context
        .world
        .meshes
        .iter()
        .flat_map(|mesh| mesh.policies().iter().map(|policy| (mesh.kind(), policy)))
        .collect();
    written
        .into_par_iter()
        .filter_map(|(mesh, policy)| {
            let notes = notes::of(policy, &environment);
            (all || !notes.is_empty()).then(|| environment.policy(mesh, policy, notes))
        })
        .collect()
}

impl Environment<'_> {
    fn policy(
        &self,
        mesh: &'static str,
        policy: &model::Policy,
        notes: Vec<&'static str>,
    ) -> Policy {
        let address = |at| self.context.address(at);
        let mut facts = Policy {
            subject: policy.subject.name(),
            notes,
            mesh,
            at: address(&policy.at),
            namespace: policy.namespace.to_string(),
            name: policy.name.to_string(),
            scope: policy.scope,
            selects: policy.selects.len(),
            workloads: policy
                .selects
                .iter()
                .take(SOME)
                .map(|&id| self.context.workload_name(id))
                .collect(),
            of_mesh: !policy.selects.is_empty()
                && policy.selects.iter().all(|&id| self.context.is_part(id)),
            targets: policy.targets.iter().map(target).collect(),
            ineffective: policy.ineffective.as_ref().map(|(reason, at)| Ineffective {
                reason: reason.name(),
                at: address(at),
            }),
            opens: policy.opens,
            authorization: None,
            mode: None,
            ports: Vec::new(),
            host: None,
            uncalled: false,
            in_mesh: false,
            sends: Vec::new(),
            passes_without_token: Vec::new(),
            keys: Vec::new(),
            logs: Vec::new(),
        };
        match &policy.subject {
            Subject::Authorization(written) => {
                facts.authorization =
                    Some(self.authorization(written, &policy.selects, &policy.targets));
            }
            Subject::Transport { mode, ports } => {
                facts.mode = *mode;
                facts.ports = ports
                    .iter()
                    .map(|port| self.port_mode(port, &policy.selects))
                    .collect();
            }
            Subject::Authentication(keys) => {
                let one = |(uri, at): &(std::sync::Arc<str>, model::At)| KeySource {
                    uri: uri.to_string(),
                    at: self.context.address(at),
                };
                facts.keys = keys.iter().map(one).collect();
                facts.passes_without_token =
                    self.ports_where(&policy.selects, passes_without_token);
            }
            Subject::Extension | Subject::Routing => {}
            Subject::Telemetry(entries) => {
                facts.logs = entries.iter().map(|entry| self.log_entry(entry)).collect();
            }
            Subject::Origination { host, modes } => {
                facts.host = Some(host.to_string());
                facts.uncalled = self.is_uncalled(host);
                facts.in_mesh = self.is_in_mesh(host);
                facts.sends = modes
                    .iter()
                    .map(|sends| Sends {
                        mode: sends.mode,
                        subset: sends.subset.as_ref().map(ToString::to_string),
                        at: address(&sends.at),
                    })
                    .collect();
            }
        }
        facts
    }

    fn ports_where(
        &self,
        selects: &[WorkloadId],
        wanted: impl Fn(&ListenerPort) -> bool,
    ) -> Vec<Port> {
        self.listeners_of(selects)
            .filter(|listener| is_judged(listener) && wanted(listener))
            .map(|listener| self.context.port(listener))
            .collect()
    }

    /// Services that have a port as their own, and lead to another port of a selected workload.
    fn service_ports(&self, number: u16, selects: &[WorkloadId]) -> Vec<String> {
        let world = self.context.world;
        let mut service_ports = BTreeSet::new();
        for &id in selects {
            let workload = world.index.workload(id);
            for service in world.index.services_of(id) {
                for declared in service.ports.iter().filter(|p| p.number == number) {
                    if world.index.target(declared, workload) != Some(number) {
                        service_ports.insert(format!("{service}:{}", declared.number));
                    }
                }
            }
        }
        service_ports.into_iter().collect()
    }

    fn port_mode(&self, port: &model::PortMode, selects: &[WorkloadId]) -> PortMode {
        PortMode {
            port: port.port,
            mode: port.mode,
            otherwise: port.otherwise,
            at: self.context.address(&port.at),
            listened: self
                .listeners_of(selects)
                .any(|listener| listener.port == port.port),
            service_ports: self.service_ports(port.port, selects),
        }
    }

    fn authorization(
        &self,
        written: &model::AuthorizationPolicy,
        selects: &[WorkloadId],
        targets: &[model::Target],
    ) -> Authorization {
        let address = |at| self.context.address(at);
        let without_tokens = targets.iter().filter(|target| target.without_tokens);
        let all = selects;
        let selects = &as_written(written, selects);
        let ports: BTreeSet<u16> = self
            .listeners_of(selects)
            .filter(|listener| is_judged(listener))
            .map(|listener| listener.port)
            .collect();
        let accepts_plaintext = |l: &ListenerPort| {
            is_captured(l) && self.context.world.acceptance(l).value != TlsAcceptance::Required
        };
        let protocol = |listener: &ListenerPort| listener.meshed.as_ref().map(|l| l.protocol.value);
        Authorization {
            effect: written.effect,
            effect_at: address(&written.effect_at),
            dry_run_at: written.dry_run.as_ref().map(address),
            provider: written.provider.as_ref().map(|(name, unusable)| Provider {
                name: name.to_string(),
                unusable: unusable.clone(),
                beside: self.asked_beside(name, selects),
            }),
            rules: self.rules(written, &intact(written, all), selects),
            ports: ports.into_iter().collect(),
            ports_known: all.iter().all(|id| self.has_judged_ports(*id)),
            http_ports: self.ports_where(selects, |l| {
                is_captured(l) && matches!(protocol(l), Some("http" | "auto"))
            }),
            tcp_ports: self.ports_where(selects, |l| {
                is_captured(l) && matches!(protocol(l), Some("tcp" | "tls"))
            }),
            plaintext_ports: self.ports_where(selects, accepts_plaintext),
            open_ports: self.open_ports(written, selects),
            unproven_ports: self.ports_where(selects, |l| self.takes_only_plaintext(l)),
            anonymous_ports: self.ports_where(selects, |l| {
                accepts_plaintext(l) && lets_in_someone_unnamed(l, None) != Tri::No
            }),
            without_tokens: selects
                .iter()
                .filter(|id| !self.with_tokens.contains(id))
                .filter(|&&id| self.context.world.membership(id).value == Membership::Meshed)
                .map(|&id| self.context.workload_name(id))
                .chain(without_tokens.map(|target| target.name.clone()))
                .collect(),
            lost: written.lost.iter().map(|lost| self.lost(lost)).collect(),
            wider: written
                .wider
                .iter()
                .map(|wider| Wider {
                    at: address(&wider.at),
                    whom: wider.whom,
                    paths: wider.paths.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            gaps: self.gaps(&written.gaps),
        }
    }

    fn gaps(&self, gaps: &[(WorkloadId, u16)]) -> Vec<Port> {
        let ids: Vec<WorkloadId> = gaps.iter().map(|(id, _)| *id).collect();
        self.listeners_of(&ids)
            .filter(|listener| gaps.contains(&(listener.workload, listener.port)))
            .map(|listener| self.context.port(listener))
            .collect()
    }

    fn lost(&self, lost: &model::Lost) -> Lost {
        let workloads = lost.on.iter();
        Lost {
            at: self.context.address(&lost.at),
            how: lost.how.name(),
            workloads: workloads
                .map(|&id| self.context.workload_name(id))
                .collect(),
            before: lost.before,
            by: lost.by.as_ref().map(|at| self.context.address(at)),
        }
    }

    fn open_ports(
        &self,
        written: &model::AuthorizationPolicy,
        selects: &[WorkloadId],
    ) -> Vec<Port> {
        let all = written.effect == "allow" && written.rules.iter().any(takes_everyone);
        if !all {
            return Vec::new();
        }
        self.ports_where(selects, |listener| {
            let mesh = self.context.world.mesh_of(listener.workload);
            mesh.is_some_and(|mesh| lets_in_a_stranger(listener, mesh) != Tri::No)
        })
    }

    /// Who else is asked about one of these workloads.
    fn asked_beside(&self, name: &str, selects: &[WorkloadId]) -> Vec<String> {
        let all = selects.iter().filter_map(|id| self.providers.get(id));
        let others: BTreeSet<&str> = all.flatten().map(|n| &**n).filter(|n| *n != name).collect();
        others.into_iter().map(str::to_owned).collect()
    }

    /// Whether what a workload listens on is known, and what policies mean to it.
    fn has_judged_ports(&self, id: WorkloadId) -> bool {
        let listeners = self.listeners.get(&id);
        listeners.is_some_and(|all| all.iter().all(|listener| is_judged(listener)))
    }

    fn rules(
        &self,
        written: &model::AuthorizationPolicy,
        intact: &[&WrittenRule],
        selects: &[WorkloadId],
    ) -> Vec<Rule> {
        let rules = intact.iter();
        let mut rules: Vec<Rule> = rules.map(|rule| self.rule(rule, selects)).collect();
        if written.effect == "deny" && written.dry_run.is_none() {
            let judged = self.listeners_of(selects).copied().filter(|l| is_judged(l));
            spelling::mark(
                &mut rules,
                intact,
                &spelling::literal(judged, &self.of_proxies),
            );
        }
        rules
    }

    fn rule(&self, rule: &WrittenRule, selects: &[WorkloadId]) -> Rule {
        let all = |constraints: &Vec<model::Constraint>| -> Vec<Constraint> {
            constraints
                .iter()
                .map(|constraint| self.constraint(constraint, selects))
                .collect()
        };
        let fields = || {
            rule.sources
                .iter()
                .chain(&rule.operations)
                .flatten()
                .chain(&rule.conditions)
        };
        Rule {
            at: self.context.address(&rule.at),
            sources: rule.sources.iter().map(all).collect(),
            operations: rule.operations.iter().map(all).collect(),
            conditions: all(&rule.conditions),
            http: fields().any(|constraint| constraint.http),
            everything: takes_everything(rule),
        }
    }

    fn constraint(&self, constraint: &model::Constraint, selects: &[WorkloadId]) -> Constraint {
        Constraint {
            at: self.context.address(&constraint.at),
            field: constraint.field.to_string(),
            dimension: constraint.dimension,
            negated: constraint.negated,
            any: constraint.values.iter().any(|value| value.any),
            values: constraint
                .values
                .iter()
                .map(|value| Value {
                    service_ports: match (constraint.dimension, value.text.parse()) {
                        ("port", Ok(number)) => self.service_ports(number, selects),
                        _ => Vec::new(),
                    },
                    ..self.value(value)
                })
                .collect(),
        }
    }

    fn value(&self, value: &WrittenValue) -> Value {
        let known = value.account.as_ref().map(|account| {
            if self.accounts.contains(account) {
                "yes"
            } else if self.namespaces.contains(&account.0) {
                "no"
            } else {
                "namespace_unknown"
            }
        });
        let nearest = match (&value.account, known) {
            (Some(account), Some("no" | "namespace_unknown")) => self.nearest(account),
            _ => None,
        };
        let lost = value.namespace.as_ref().filter(|n| !self.has_namespace(n));
        let meant = lost.and_then(|name| self.namespace_meant(name));
        let known = known.or(lost.map(|_| "namespace_unknown"));
        let nearest = nearest.or(meant);
        Value {
            text: value.text.to_string(),
            at: self.context.address(&value.at),
            any: value.any,
            literal_star: value.literal_star,
            service_ports: Vec::new(),
            identity_known: known,
            nearest,
            malformed: value.malformed.clone(),
            also: value.also.iter().map(ToString::to_string).collect(),
            stands_for: value.stands_for.as_ref().map(ToString::to_string),
            outside: value.outside,
            around: None,
        }
    }

    /// The known identity that takes the fewest edits, if it takes few.
    fn nearest(&self, account: &Account) -> Option<String> {
        let wanted = format!("{}/{}", account.0, account.1);
        let mut best: BTreeMap<usize, String> = BTreeMap::new();
        for (namespace, name) in &self.accounts {
            let candidate = format!("{namespace}/{name}");
            let edits = edits(&wanted, &candidate);
            if edits <= 3 {
                best.entry(edits).or_insert(candidate);
            }
        }
        best.into_values().next()
    }

    /// The namespace of which a name is a slip.
    fn namespace_meant(&self, name: &str) -> Option<String> {
        let namespaces = self.context.world.index.namespaces();
        let mut near = namespaces.filter(|namespace| is_slip(name, &namespace.name));
        near.next().map(|namespace| namespace.name.to_string())
    }

    fn log_entry(&self, entry: &model::LogEntry) -> LogEntry {
        let address = |at| self.context.address(at);
        LogEntry {
            at: address(&entry.at),
            disabled: entry.disabled,
            effective: entry.effective,
            providers: entry
                .providers
                .iter()
                .map(|(name, logs, at)| LogProvider {
                    name: name.to_string(),
                    logs: *logs,
                    at: address(at),
                })
                .collect(),
            filter: entry.filter.as_ref().map(|(text, at)| Format {
                text: text.to_string(),
                at: address(at),
            }),
        }
    }
}

fn target(target: &model::Target) -> Target {
    Target {
        name: target.name.clone(),
        proxy: target.proxy,
    }
}

/// Whether a rule takes every call.
fn takes_everything(rule: &WrittenRule) -> bool {
    let open = |alternatives: &Vec<Vec<model::Constraint>>| {
        alternatives.is_empty()
            || alternatives
                .iter()
                .any(|all| all.iter().all(excludes_nobody))
    };
    open(&rule.sources) && open(&rule.operations) && rule.conditions.iter().all(excludes_nobody)
}

/// Whether a rule takes every call of everyone who proves an identity.
fn takes_everyone(rule: &WrittenRule) -> bool {
    let is_anyone = |constraint: &model::Constraint| {
        let mut values = constraint.values.iter();
        constraint.dimension == "identity" && !constraint.negated && values.any(|value| value.any)
    };
    let mut rule = rule.clone();
    for source in &mut rule.sources {
        source.retain(|constraint| !is_anyone(constraint));
    }
    rule.conditions.retain(|constraint| !is_anyone(constraint));
    takes_everything(&rule)
}

/// Whether a field keeps no call out, not even one without an identity or token.
fn excludes_nobody(constraint: &model::Constraint) -> bool {
    let needs_nothing = matches!(
        constraint.dimension,
        "path" | "method" | "host" | "address" | "client_address"
    );
    !constraint.negated && needs_nothing && constraint.values.iter().any(|value| value.any)
}

/// The selected workloads whose proxies enforce a policy as it is written. Where none does, and it
/// has rules that all of them do enforce: all, by those rules.
fn as_written(written: &model::AuthorizationPolicy, selects: &[WorkloadId]) -> Vec<WorkloadId> {
    let lost = |id: &WorkloadId| written.lost.iter().any(|lost| lost.on.contains(id));
    let untouched: Vec<WorkloadId> = selects.iter().copied().filter(|id| !lost(id)).collect();
    let unread = written.lost.iter().any(|lost| lost.how == Loss::Unread);
    match untouched.is_empty() && !unread && !intact(written, selects).is_empty() {
        true => selects.to_vec(),
        false => untouched,
    }
}

/// The rules of a policy without those that none of its workloads' proxies enforces as written.
fn intact<'a>(
    written: &'a model::AuthorizationPolicy,
    selects: &[WorkloadId],
) -> Vec<&'a WrittenRule> {
    let everywhere = |lost: &&model::Lost| selects.iter().all(|id| lost.on.contains(id));
    let all = written.rules.iter();
    all.filter(|rule| {
        let mut lost = written.lost.iter().filter(everywhere);
        !lost.any(|lost| lost.at == rule.at)
    })
    .collect()
}
