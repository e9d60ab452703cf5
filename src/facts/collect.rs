//! Objects, meshes and the graph → the `input` document.

use super::context::{Context, is_captured};
use super::decisions;
use super::grants;
use super::policies;
use super::probes;
use super::settings;
use super::ways;
use super::{
    AccessLog, Format, Input, Listener, LogState, Mesh, Namespace, Prevention, Problem, Release,
    Scan, Sections, Tls, Tracing, Unanswered, Version, Workload,
};
use crate::mesh::Refusal;
use crate::model::{self, Effect, Membership, Place};
use crate::reach::{Graph, ListenerPort, World};

/// Collects the facts of an environment, as far as they are wanted.
pub fn collect(
    world: &World,
    graph: &Graph,
    problems: &[model::Problem],
    scan: Scan,
    wanted: &Sections,
) -> Input {
    let context = &Context { world, graph };
    let objects = || {
        let listeners = || {
            graph
                .listeners
                .iter()
                .map(|l| listener(context, l))
                .collect()
        };
        (
            wanted.fill("namespaces", || namespaces(context)),
            wanted.fill("workloads", || workloads(context)),
            wanted.fill("listeners", listeners),
            wanted.fill("edges", || decisions::edges(context)),
            wanted.fill("exposures", || ways::exposures(context)),
            wanted.fill("calls", || decisions::calls(context)),
            wanted.fill("acceptance", || decisions::acceptance(context)),
            wanted.fill("unguarded", || decisions::unguarded(context)),
        )
    };
    let written = || {
        (
            wanted.fill("policies", || policies::policies(context, true)),
            wanted.fill("noted", || policies::policies(context, false)),
            wanted.fill("access_logs", || decisions::access_logs(context)),
        )
    };
    let (objects, (policies, noted, access_logs)) = rayon::join(objects, written);
    let (namespaces, workloads, listeners, edges, exposures, calls, acceptance, unguarded) =
        objects;
    Input {
        version: 1,
        scan,
        meshes: world
            .meshes
            .iter()
            .map(|one| mesh(context, &**one))
            .collect(),
        namespaces,
        workloads,
        listeners,
        acceptance,
        unguarded,
        bypasses: wanted.fill("bypasses", || decisions::bypasses(context)),
        outsiders: wanted.fill("outsiders", || decisions::outsiders(context)),
        access_logs,
        proxy_settings: wanted.fill("proxy_settings", || settings::of_proxies(context)),
        calls,
        exposures,
        exports: wanted.fill("exports", || ways::exports(context)),
        probes: wanted.fill("probes", || probes::judged(context)),
        before: wanted.fill("before", || ways::before(context)),
        edges,
        policies,
        noted,
        grants: wanted.fill("grants", || grants::grants(context)),
        watchers: wanted.fill("watchers", || grants::watchers(context)),
        problems: wanted.fill("problems", || {
            problems.iter().map(|p| problem(context, p)).collect()
        }),
    }
}

fn mesh(context: &Context<'_>, mesh: &dyn crate::mesh::Mesh) -> Mesh {
    let own = mesh.settings();
    let text = |decided: &model::Decided<std::sync::Arc<str>>| {
        context.decided(decided, decided.value.to_string())
    };
    Mesh {
        kind: mesh.kind(),
        at: context.address(&own.at),
        settings_known: own.known,
        trust_domain: text(&own.trust_domain),
        federated: own.federated,
        root_namespace: text(&own.root_namespace),
        automatic_mtls: context.decided(&own.automatic_mtls, own.automatic_mtls.value),
        plaintext_default: own
            .plaintext_default
            .as_ref()
            .map(|open| context.decided(open, open.value)),
        services: services(context, mesh.kind()),
        access_log: LogState {
            state: own.access_log.value.name(),
            at: Some(context.address(own.access_log.because.at())),
        },
        log_formats: own
            .log_formats
            .iter()
            .map(|(text, at)| Format {
                text: text.clone(),
                at: context.address(at),
            })
            .collect(),
        audit_log: audit_log(context, mesh),
        versions: versions(context, mesh),
        posture: settings::posture(context, mesh),
        unanswered: own
            .unanswered
            .iter()
            .filter(|asked| is_in_vain(context, asked))
            .map(|asked| unanswered(context, asked))
            .collect(),
    }
}

fn audit_log(context: &Context<'_>, mesh: &dyn crate::mesh::Mesh) -> LogState {
    match mesh.audit_log() {
        Some(log) => LogState {
            state: log.value.name(),
            at: Some(context.address(log.because.at())),
        },
        None => LogState {
            state: model::LogState::Unknown.name(),
            at: None,
        },
    }
}

/// Whether anyone who asks, or may, is in no mesh.
fn is_in_vain(context: &Context<'_>, asked: &crate::mesh::Unanswered) -> bool {
    let membership = |id: &model::WorkloadId| context.world.membership(*id).value;
    let out = |id| membership(id) == Membership::Unmeshed;
    asked.why == Refusal::NoInjector
        || asked.workloads.is_empty()
        || asked.workloads.iter().any(out)
}

fn unanswered(context: &Context<'_>, asked: &crate::mesh::Unanswered) -> Unanswered {
    // what asks one mesh in vain may be in another
    let in_none = |id: &&model::WorkloadId| {
        asked.why == Refusal::NoInjector
            || context.world.membership(**id).value == Membership::Unmeshed
    };
    let workloads = asked.workloads.iter().filter(in_none);
    Unanswered {
        at: context.address(&asked.at),
        label: asked.label.clone(),
        namespace: asked.namespace.to_string(),
        workloads: workloads.map(|&id| context.workload_name(id)).collect(),
        why: asked.why.name(),
        prevented_by: match &asked.why {
            Refusal::Prevented(what, at) => Some(Prevention {
                what,
                at: context.address(at),
            }),
            _ => None,
        },
    }
}

/// The versions of a mesh's parts, each with all lines that say it.
fn versions(context: &Context<'_>, mesh: &dyn crate::mesh::Mesh) -> Vec<Version> {
    let mut found: Vec<Version> = Vec::new();
    for one in mesh.versions() {
        let at = context.address(&one.at);
        let mut known = found.iter_mut();
        match known.find(|v| v.component == one.component && v.text == one.text) {
            Some(known) => known.also.push(at),
            None => found.push(Version {
                component: one.component,
                text: one.text,
                release: one.release.map(|(major, minor, patch)| Release {
                    major,
                    minor,
                    patch,
                }),
                at,
                also: Vec::new(),
            }),
        }
    }
    found
}

/// How many services lead to workloads that are certainly in a mesh.
fn services(context: &Context<'_>, mesh: &str) -> usize {
    let world = context.world;
    let in_it = |workload: &model::Workload| {
        world.membership(workload.id).value == Membership::Meshed
            && world
                .mesh_of(workload.id)
                .is_some_and(|own| own.kind() == mesh)
    };
    let services = world.index.services().iter();
    services
        .filter(|service| world.index.workloads_of(service.id).any(in_it))
        .count()
}

fn namespaces(context: &Context<'_>) -> Vec<Namespace> {
    let world = context.world;
    world
        .index
        .namespaces()
        .map(|namespace| {
            let count = |wanted: Membership| {
                let near = world.index.workloads_in(&namespace.name);
                near.filter(|w| world.membership(w.id).value == wanted)
                    .count()
            };
            Namespace {
                name: namespace.name.to_string(),
                at: context.address(&namespace.at),
                labels_known: namespace.labels.is_some(),
                meshed: count(Membership::Meshed),
                unmeshed: count(Membership::Unmeshed),
                workloads: world.index.workloads_in(&namespace.name).count(),
            }
        })
        .collect()
}

fn workloads(context: &Context<'_>) -> Vec<Workload> {
    let world = context.world;
    let describe = |workload: &model::Workload| {
        let membership = world.membership(workload.id);
        let mesh = world
            .mesh_of(workload.id)
            .filter(|_| membership.value != Membership::Unmeshed);
        let log = mesh.map(|mesh| mesh.access_log(workload));
        let log = match (&log, membership.value) {
            (Some(log), Membership::Meshed) => AccessLog {
                state: log.state.name(),
                at: Some(context.address(log.because.at())),
                format: log.format.as_ref().map(|(text, _)| text.clone()),
            },
            // nobody writes for a workload without a proxy
            (_, Membership::Unmeshed) => AccessLog {
                state: model::LogState::Off.name(),
                at: None,
                format: None,
            },
            // with or without a proxy, nothing is written
            (Some(log), _) if log.state == model::LogState::Off => AccessLog {
                state: model::LogState::Off.name(),
                at: Some(context.address(log.because.at())),
                format: None,
            },
            _ => AccessLog {
                state: model::LogState::Unknown.name(),
                at: None,
                format: None,
            },
        };
        let spans = mesh.map(|mesh| mesh.tracing(workload));
        Workload {
            id: workload.to_string(),
            namespace: workload.namespace.to_string(),
            name: workload.name.to_string(),
            kind: workload.kind.to_string(),
            at: context.address(&workload.at()),
            mesh: mesh.map(crate::mesh::Mesh::kind),
            membership: membership.value.name(),
            membership_at: context.address(membership.because.at()),
            identity: world
                .identity(workload)
                .filter(|_| membership.value != Membership::Unmeshed)
                .map(|identity| identity.to_string()),
            service_account: workload.service_account.to_string(),
            access_log: log,
            tracing: tracing(context, spans, membership.value),
            dormant: workload.dormant,
        }
    };
    world.index.workloads().iter().map(describe).collect()
}

/// Without a proxy there are no spans; where it is not known whether there is one, there may be.
fn tracing(
    context: &Context<'_>,
    spans: Option<model::Tracing>,
    membership: Membership,
) -> Tracing {
    let off = model::LogState::Off;
    match (spans, membership) {
        (Some(spans), membership) if membership == Membership::Meshed || spans.state == off => {
            Tracing {
                state: spans.state.name(),
                at: Some(context.address(spans.because.at())),
                sampling: spans.sampling,
            }
        }
        (_, membership) => Tracing {
            state: match membership {
                Membership::Unmeshed => off.name(),
                _ => model::LogState::Unknown.name(),
            },
            at: None,
            sampling: None,
        },
    }
}

fn listener(context: &Context<'_>, listener: &ListenerPort) -> Listener {
    let world = context.world;
    let workload = world.index.workload(listener.workload);
    let tls = world.acceptance(listener);
    let meshed = listener.meshed.as_ref();
    let guarded = meshed.and_then(|l| {
        l.inlets
            .iter()
            .find_map(|inlet| inlet.authorization.as_ref())
    });
    Listener {
        id: format!("{workload}:{}", listener.port),
        workload: workload.to_string(),
        namespace: workload.namespace.to_string(),
        port: listener.port,
        at: context.address(&listener.at),
        services: context.services(listener),
        membership: world.membership(workload.id).value.name(),
        protocol: meshed.map_or("unknown", |listener| listener.protocol.value),
        tls: Tls {
            mode: tls.value.name(),
            at: context.address(tls.because.at()),
            configured: tls.because.is_configured(),
        },
        captured: is_captured(listener),
        otherwise: match guarded.map(|rules| &rules.otherwise) {
            Some(Effect::Allow) => "allow",
            Some(_) => "deny",
            None => "none",
        },
    }
}

fn problem(context: &Context<'_>, problem: &model::Problem) -> Problem {
    let at = match &problem.place {
        Place::At(at) => Some(at),
        Place::Nowhere | Place::Path(_) | Place::File(_) | Place::Span(_) => None,
    };
    let key = at.map(|at| &context.world.index.resource(at.resource).key);
    Problem {
        kind: problem.kind.name(),
        message: problem.message.clone(),
        at: at.map(|at| context.address(at)),
        group: key.map(|key| key.group.to_string()),
        resource_kind: key.map(|key| key.kind.to_string()),
    }
}
