//! What many have in common because of one line, put together under that line.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::context::{
    Context, is_bypass, is_captured, lets_in_a_stranger, lets_in_someone_unnamed, ordinary,
};
use super::{
    Acceptance, AccessLogs, Bypass, Calls, Edge, Format, NamedPort, Outsiders, Port, Source,
    Unguarded,
};
use crate::model::{
    At, Because, Effect, LogState, Membership, Missing, Policy, Protocol, Rule, Subject,
    TlsAcceptance, Transport, Tri, WorkloadId,
};
use crate::reach::{Group, ListenerPort, Stage, Verdict};

/// Most names that are listed of a group.
pub(super) const SOME: usize = 10;

/// Items by key, in the order in which keys first came up.
pub(super) struct Grouped<K, V> {
    order: Vec<(K, Vec<V>)>,
    known: HashMap<K, usize>,
}

impl<K: Clone + Eq + std::hash::Hash, V> Grouped<K, V> {
    pub(super) fn of(items: impl Iterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
        let mut grouped = Self {
            order: Vec::new(),
            known: HashMap::new(),
        };
        for (key, value) in items {
            let next = grouped.order.len();
            let at = *grouped.known.entry(key.clone()).or_insert(next);
            if at == next {
                grouped.order.push((key, Vec::new()));
            }
            if let Some((_, values)) = grouped.order.get_mut(at) {
                values.push(value);
            }
        }
        grouped.order
    }
}

fn workloads_of(listeners: &[&ListenerPort]) -> usize {
    listeners
        .iter()
        .map(|l| l.workload)
        .collect::<BTreeSet<_>>()
        .len()
}

impl Context<'_> {
    pub(super) fn mesh_of(&self, workload: WorkloadId) -> Option<&'static str> {
        self.world.mesh_of(workload).map(crate::mesh::Mesh::kind)
    }

    /// Whether a workload is a part of its mesh.
    pub(super) fn is_part(&self, id: WorkloadId) -> bool {
        let mesh = self.world.mesh_of(id);
        mesh.is_some_and(|mesh| mesh.is_part(self.world.index.workload(id)))
    }

    /// Whether a setting of the mesh decides what a port takes, and is not in the input.
    fn goes_by_unseen_settings(&self, listener: &ListenerPort) -> bool {
        let mesh = self.world.mesh_of(listener.workload);
        let unseen = mesh.is_some_and(|mesh| {
            let settings = mesh.settings();
            !settings.known && settings.plaintext_default.is_some()
        });
        unseen && !self.world.acceptance(listener).because.is_configured()
    }

    /// Whether an ordinary call of someone passes whom no rule names: without an identity, or with one
    /// where the port asks for it.
    fn lets_in_whom_nobody_names(&self, listener: &ListenerPort) -> Tri {
        let mut inlets = listener.meshed.iter().flat_map(|l| &l.inlets);
        let mesh = self.world.mesh_of(listener.workload);
        match mesh.filter(|_| inlets.all(|inlet| inlet.accepts == Transport::Mtls)) {
            Some(mesh) => lets_in_a_stranger(listener, mesh),
            None => lets_in_someone_unnamed(listener, Some(&ordinary())),
        }
    }

    fn certainly_meshed(&self, workload: WorkloadId) -> bool {
        self.world.membership(workload).value == Membership::Meshed
    }

    /// Where a decision stands; what nobody wrote stands for the whole namespace.
    fn decision_at(&self, because: &Because, workload: WorkloadId) -> At {
        if because.is_configured() {
            return because.at().clone();
        }
        let namespace = &self.world.index.workload(workload).namespace;
        self.namespace_at(namespace, because.at())
    }

    fn judged(&self) -> impl Iterator<Item = &ListenerPort> {
        let own = self
            .graph
            .listeners
            .iter()
            .filter(|one| !self.is_opened(one));
        own.filter(|listener| {
            listener
                .meshed
                .as_ref()
                .is_some_and(|meshed| meshed.unjudged.is_none() && !meshed.serves_others)
        })
    }
}

/// A listener and what it takes.
type Accepting<'a> = (&'a ListenerPort, crate::model::Decided<TlsAcceptance>);

/// What captured listeners take.
pub(super) fn acceptance(context: &Context<'_>) -> Vec<Acceptance> {
    let callers = plaintext_callers(context);
    let listeners = context
        .judged()
        .filter(|listener| is_captured(listener) && !context.is_part(listener.workload))
        .filter_map(|listener| {
            let tls = context.world.acceptance(listener);
            // nothing is to be said of what is required and not in doubt
            if tls.value == TlsAcceptance::Required && tls.rivals.is_empty() {
                return None;
            }
            let at = context.decision_at(&tls.because, listener.workload);
            let mesh = context.mesh_of(listener.workload);
            Some(((mesh, at, tls.value), (listener, tls)))
        });
    type Key = (Option<&'static str>, At, TlsAcceptance);
    let describe = |((mesh, at, mode), items): (Key, Vec<Accepting<'_>>)| {
        let listeners: Vec<&ListenerPort> = items.iter().map(|(listener, _)| *listener).collect();
        let rivals: BTreeSet<String> = items
            .iter()
            .flat_map(|(_, tls)| &tls.rivals)
            .map(|at| context.address(at))
            .collect();
        let callers: BTreeSet<&String> = listeners
            .iter()
            .filter_map(|l| callers.get(&(l.workload, l.port)))
            .flatten()
            .collect();
        let opened = listeners
            .iter()
            .filter(|l| lets_in_someone_unnamed(l, Some(&ordinary())) == Tri::Yes);
        Acceptance {
            mesh,
            mode: mode.name(),
            configured: items.iter().all(|(_, tls)| tls.because.is_configured()),
            certain: listeners
                .iter()
                .all(|l| context.certainly_meshed(l.workload)),
            rivals: rivals.into_iter().collect(),
            workloads: workloads_of(&listeners),
            ports: listeners.iter().map(|l| context.port(l)).collect(),
            plaintext_callers: callers.into_iter().take(SOME).cloned().collect(),
            open: opened.clone().next().is_some(),
            open_by_name: opened.filter_map(|l| named_port(context, l)).collect(),
            at: context.address(&at),
        }
    };
    Grouped::of(listeners).into_iter().map(describe).collect()
}

/// A port, if its container gives it a name.
fn named_port(context: &Context<'_>, listener: &ListenerPort) -> Option<NamedPort> {
    let workload = context.world.index.workload(listener.workload);
    let mut declared = workload.containers.iter().flat_map(|one| &one.ports);
    let own = declared.find(|port| port.number == listener.port && port.name.is_some())?;
    let Port { id, at, .. } = context.port(listener);
    let name = own.name.as_ref()?.to_string();
    Some(NamedPort { name, id, at })
}

/// Per listener, some of the clients without a proxy that it lets in in plaintext.
fn plaintext_callers(context: &Context<'_>) -> HashMap<(WorkloadId, u16), Vec<String>> {
    let mut callers: HashMap<(WorkloadId, u16), Vec<String>> = HashMap::new();
    for (group, id, edge) in context.graph.edges() {
        let open = matches!(edge.verdict, Verdict::Allow | Verdict::Conditional);
        if open
            && edge.transport == Some(Transport::Plaintext)
            && context.graph.membership(group) == Membership::Unmeshed
        {
            let listener = context.graph.listener(id);
            let key = (listener.workload, listener.port);
            let names = some_members(context, group);
            callers.entry(key).or_default().extend(names);
        }
    }
    callers
}

fn some_members(context: &Context<'_>, group: &Group) -> Vec<String> {
    let members = context.graph.some_members(group, SOME);
    members
        .into_iter()
        .map(|id| context.workload_name(id))
        .collect()
}

/// Captured ports of meshed workloads on which a call that no rule is about passes.
pub(super) fn unguarded(context: &Context<'_>) -> Vec<Unguarded> {
    let policies_exist = context.world.meshes.iter().any(|mesh| {
        let mut policies = mesh.policies().iter();
        policies.any(|p| matches!(p.subject, crate::model::Subject::Authorization(_)))
    });
    let of_others = context.judged().filter(|l| !context.is_part(l.workload));
    let open = of_others.filter(|listener| {
        let rules = listener
            .meshed
            .iter()
            .flat_map(|l| &l.inlets)
            .filter_map(|inlet| inlet.authorization.as_ref());
        let mut rules = rules.peekable();
        rules.peek().is_some()
            && rules.all(|rules| {
                let asked = rules
                    .rules
                    .iter()
                    .any(|rule| matches!(rule.then, Effect::Delegate(_)));
                rules.otherwise == Effect::Allow && !asked
            })
            // a DENY for everyone but a few guards as well
            && context.lets_in_whom_nobody_names(listener) != Tri::No
            && !is_guarded_before(context, listener)
    });
    let by_namespace = open.map(|listener| {
        let workload = context.world.index.workload(listener.workload);
        let mesh = context.mesh_of(listener.workload);
        let namespace = std::sync::Arc::clone(&workload.namespace);
        let inlets = listener.meshed.iter().flat_map(|l| &l.inlets);
        let mut rules = inlets.filter_map(|inlet| inlet.authorization.as_ref());
        // where a line lets everyone in, that one; else there is none, and one belongs into the namespace
        let written = rules.find_map(|rules| match &rules.because {
            Because::Configured(at) => Some(at.clone()),
            _ => None,
        });
        ((mesh, namespace, written), listener)
    });
    Grouped::of(by_namespace)
        .into_iter()
        .map(|((mesh, namespace, written), listeners)| {
            let near = listeners.first().map(|l| l.at.clone());
            let near = near.map(|near| context.namespace_at(&namespace, &near));
            let at = written.or(near);
            Unguarded {
                mesh,
                assumed: listeners.iter().any(|l| context.goes_by_unseen_settings(l)),
                namespace: namespace.to_string(),
                at: at.map(|at| context.address(&at)).unwrap_or_default(),
                workloads: workloads_of(&listeners),
                certain: listeners
                    .iter()
                    .all(|l| context.certainly_meshed(l.workload)),
                ports: listeners.iter().map(|l| context.port(l)).collect(),
                policies_exist,
            }
        })
        .collect()
}

/// Ports whose traffic does not pass the proxy that is there.
pub(super) fn bypasses(context: &Context<'_>) -> Vec<Bypass> {
    let past = context.judged().filter_map(|listener| {
        let inlets = &listener.meshed.as_ref()?.inlets;
        let inlet = inlets.iter().find(|inlet| is_bypass(inlet))?;
        // the proxy's own ports are decided by no line
        let at = inlet.because.at();
        (!at.pointer.as_str().is_empty()).then(|| (at.clone(), listener))
    });
    Grouped::of(past)
        .into_iter()
        .map(|(at, listeners)| {
            let mut services = BTreeSet::new();
            for listener in &listeners {
                let workload = context.world.index.workload(listener.workload);
                for (service, port) in context.world.services_to(workload, listener.port) {
                    services.insert(format!("{service}:{port}"));
                }
            }
            Bypass {
                at: context.address(&at),
                ports: listeners.iter().map(|l| context.port(l)).collect(),
                services: services.into_iter().collect(),
            }
        })
        .collect()
}

/// Whether a proxy before that of the workload lets in only whom its rules name, or asks someone.
/// Who gets past it is in `before`.
fn is_guarded_before(context: &Context<'_>, listener: &ListenerPort) -> bool {
    let workload = context.world.index.workload(listener.workload);
    let mut before = context
        .world
        .mesh_of(listener.workload)
        .into_iter()
        .flat_map(|mesh| mesh.proxies_before(workload, listener.port));
    before.any(|proxy| {
        let asks = |rule: &Rule| matches!(rule.then, Effect::Delegate(_));
        proxy.rules.otherwise == Effect::Deny || proxy.rules.rules.iter().any(asks)
    })
}

/// Policies about who calls, or how, by the workloads for which they do nothing.
fn missed<'a>(context: &Context<'a>) -> HashMap<WorkloadId, Vec<&'a Policy>> {
    let mut missed: HashMap<WorkloadId, Vec<&Policy>> = HashMap::new();
    let meshes = context.world.meshes.iter();
    for policy in meshes.flat_map(|mesh| mesh.policies()) {
        let about_calls = !matches!(
            policy.subject,
            Subject::Telemetry(_) | Subject::Extension | Subject::Routing
        );
        if about_calls {
            for &id in &policy.misses {
                missed.entry(id).or_default().push(policy);
            }
        }
    }
    missed
}

/// Workloads that are certainly in no mesh.
pub(super) fn outsiders(context: &Context<'_>) -> Vec<Outsiders> {
    let world = context.world;
    let out = world
        .index
        .workloads()
        .iter()
        .filter(|w| world.membership(w.id).value == Membership::Unmeshed);
    let missed = missed(context);
    let by_line = out.map(|workload| {
        let because = &world.membership(workload.id).because;
        // what is decided pod by pod stands at the pods
        let own = because.at().resource == workload.resource;
        let at = match own {
            true => because.at().clone(),
            false => context.decision_at(because, workload.id),
        };
        let of_mesh = world.meshes.iter().any(|mesh| mesh.is_part(workload));
        (
            (at, std::sync::Arc::clone(&workload.namespace), of_mesh),
            (workload, because.is_configured()),
        )
    });
    Grouped::of(by_line)
        .into_iter()
        .map(|((at, namespace, of_mesh), workloads)| {
            let near = world.index.workloads_in(&namespace);
            let served = workloads.iter().filter(|(w, _)| {
                world
                    .index
                    .services_of(w.id)
                    .any(|s| s.ports.iter().any(|p| p.protocol == Protocol::Tcp))
            });
            let about = || {
                workloads
                    .iter()
                    .filter_map(|(w, _)| missed.get(&w.id))
                    .flatten()
            };
            let policies: BTreeSet<String> = about().map(|p| context.address(&p.at)).collect();
            Outsiders {
                named: about().any(|policy| matches!(policy.scope, "workload" | "target")),
                policies: policies.into_iter().take(SOME).collect(),
                at: context.address(&at),
                configured: workloads.iter().all(|(_, configured)| *configured),
                served: served.map(|(w, _)| w.to_string()).collect(),
                workloads: workloads.iter().map(|(w, _)| w.to_string()).collect(),
                meshed_beside: near.filter(|w| context.certainly_meshed(w.id)).count(),
                namespace: namespace.to_string(),
                of_mesh,
            }
        })
        .collect()
}

/// The workloads that an authorization policy is in force for.
pub(super) fn guarded(context: &Context<'_>) -> BTreeSet<WorkloadId> {
    let policies = context.world.meshes.iter().flat_map(|mesh| mesh.policies());
    policies
        .filter(|p| matches!(p.subject, crate::model::Subject::Authorization(_)))
        .flat_map(|p| p.selects.iter().copied())
        .collect()
}

/// Access logs of workloads that are, or may be, in a mesh.
pub(super) fn access_logs(context: &Context<'_>) -> Vec<AccessLogs> {
    let world = context.world;
    let guarded = guarded(context);
    let mut first = None;
    let written = world.index.workloads().iter().filter_map(|workload| {
        let out = world.membership(workload.id).value == Membership::Unmeshed;
        let mesh = world.mesh_of(workload.id).filter(|_| !out)?;
        // of the mesh itself nobody asks who called it
        (!mesh.is_part(workload)).then_some((workload, mesh))
    });
    // what a proxy before workloads writes is theirs
    let made = world.meshes.iter().flat_map(|mesh| {
        let gateways = mesh.made().into_iter().filter(|made| made.gateway);
        gateways.map(move |made| (made.pods, &**mesh))
    });
    let logs = written.chain(made).map(|(workload, mesh)| {
        let log = mesh.access_log(workload);
        let assumed = log.assumed;
        let configured = log.because.is_configured();
        // what nobody wrote stands at the mesh's settings, or else at the first workload; a log that
        // knows no requests, at what makes it one
        let at = if configured || log.lacks == Some(Missing::Requests) {
            log.because.at().clone()
        } else if mesh.settings().known {
            mesh.settings().at.clone()
        } else {
            first.get_or_insert_with(|| workload.at()).clone()
        };
        let format = log.format.map(|(text, at)| Format {
            text,
            at: context.address(&at),
        });
        let format_key = format.as_ref().map(|f| f.at.clone());
        (
            (
                (mesh.kind(), log.state, at),
                (configured, assumed, format_key, log.lacks),
            ),
            (workload, format),
        )
    });
    type Line = (&'static str, LogState, At);
    type Key = (Line, (bool, bool, Option<String>, Option<Missing>));
    Grouped::<Key, _>::of(logs)
        .into_iter()
        .map(
            |(((mesh, state, at), (configured, assumed, _, lacks)), workloads)| AccessLogs {
                mesh,
                lacks: lacks.map(Missing::name),
                state: state.name(),
                at: context.address(&at),
                configured,
                assumed,
                format: workloads.first().and_then(|(_, format)| format.clone()),
                guarded: workloads.iter().any(|(w, _)| guarded.contains(&w.id)),
                count: workloads.len(),
                workloads: workloads
                    .iter()
                    .take(SOME)
                    .map(|(w, _)| w.to_string())
                    .collect(),
            },
        )
        .collect()
}

/// Calls between meshed workloads that go out in plaintext, or that the server cannot take.
pub(super) fn calls(context: &Context<'_>) -> Vec<Calls> {
    struct Call<'a> {
        group: &'a Group,
        listener: &'a ListenerPort,
        accepts_at: String,
        certain: bool,
    }
    let meant = context.graph.edges().filter_map(|(group, id, edge)| {
        let listener = context.graph.listener(id);
        let inside = *group != Group::Outside
            && context.graph.membership(group) == Membership::Meshed
            && context.certainly_meshed(listener.workload);
        let outcome = match (edge.verdict, edge.transport, edge.deciding.stage) {
            (Verdict::Allow | Verdict::Conditional, Some(Transport::Plaintext), _) => "plaintext",
            (Verdict::Deny, _, Stage::Acceptance) => "refused",
            _ => return None,
        };
        // towards a port past the proxy there is nothing else to send
        let captured =
            (is_captured(listener) || outcome == "refused") && !context.is_opened(listener);
        let key = (edge.sends_at.clone(), outcome, edge.sends);
        let call = Call {
            group,
            listener,
            accepts_at: context.address(edge.deciding.at()),
            certain: edge.verdict != Verdict::Conditional,
        };
        (inside && captured).then_some((key, call))
    });
    Grouped::of(meant)
        .into_iter()
        .map(|((at, outcome, sends), calls)| {
            let mut seen = BTreeSet::new();
            let mut ports: Vec<Port> = Vec::new();
            for call in &calls {
                if seen.insert((call.listener.workload, call.listener.port)) {
                    ports.push(context.port(call.listener));
                }
            }
            let groups: BTreeSet<&Group> = calls.iter().map(|call| call.group).collect();
            Calls {
                mesh: calls
                    .first()
                    .and_then(|call| context.mesh_of(call.listener.workload)),
                outcome,
                sends: sends.name(),
                at: context.address(&at),
                accepts_at: calls
                    .first()
                    .map(|c| c.accepts_at.clone())
                    .unwrap_or_default(),
                from: calls
                    .first()
                    .and_then(|call| context.graph.client_of(call.group, call.listener.workload))
                    .map(|id| context.workload_name(id))
                    .unwrap_or_default(),
                certain: calls.iter().any(|call| call.certain),
                clients: groups
                    .iter()
                    .map(|group| context.graph.size(group))
                    .max()
                    .unwrap_or(0),
                ports,
            }
        })
        .collect()
}

/// Every edge of the graph.
pub(super) fn edges(context: &Context<'_>) -> Vec<Edge> {
    let mut names: BTreeMap<&Group, Vec<String>> = BTreeMap::new();
    context
        .graph
        .edges()
        .map(|(group, id, edge)| {
            let listener = context.graph.listener(id);
            let some = names
                .entry(group)
                .or_insert_with(|| some_members(context, group));
            Edge {
                source: Source {
                    kind: if *group == Group::Outside {
                        "outside"
                    } else {
                        "workloads"
                    },
                    membership: context.graph.membership(group).name(),
                    count: context.graph.size(group),
                    everyone_else: matches!(group, Group::AllBut(..)),
                    workloads: some.clone(),
                },
                destination: context.workload_name(listener.workload),
                port: listener.port,
                verdict: edge.verdict.name(),
                transport: edge.transport.map(Transport::name),
                sends: edge.sends.name(),
                stage: edge.deciding.stage.name(),
                because: edge.deciding.reason(),
                at: context.address(edge.deciding.at()),
                sends_at: context.address(&edge.sends_at),
            }
        })
        .collect()
}
