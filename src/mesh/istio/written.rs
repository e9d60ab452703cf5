//! Istio's policies in neutral words: what each selects, and why some select nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::authorization::Compiled;
use super::authorization::{ineffective, ruleset, targets};
use super::crd::{
    Action, AuthorizationPolicy, ClientTlsMode, Extension, Mode, Selecting, TrafficPolicy,
};
use super::outbound::destination;
use super::outbound::waypoint::Asked;
use super::policy::{Object, Objects, selects};
use super::{Istio, telemetry};
use crate::model::{
    At, Ineffective, Loss, Lost, Membership, Policy, PortMode, ResourceId, Sends, Subject,
    Workload, WorkloadId,
};

/// All policies, kind by kind, each kind's oldest first.
pub(super) fn policies(istio: &Istio) -> Vec<Policy> {
    let mut all = Vec::new();
    all.extend(peers(istio));
    all.extend(authorizations(istio));
    all.extend(tokens(istio));
    all.extend(originations(istio));
    all.extend(telemetries(istio));
    all.extend(extensions(istio));
    all.extend(routings(istio));
    all
}

/// Which workloads each policy selects, worked out from the workloads' side.
fn selections<'a, T: Selecting + 'a>(
    istio: &'a Istio,
    of: impl Fn(&'a crate::model::Workload, &str) -> Vec<&'a Object<T>>,
) -> HashMap<ResourceId, Vec<WorkloadId>> {
    let mut selections: HashMap<ResourceId, Vec<WorkloadId>> = HashMap::new();
    for workload in istio.index.workloads() {
        if istio.member(workload).membership.value == crate::model::Membership::Unmeshed {
            continue;
        }
        let revision = Arc::clone(&istio.member(workload).revision);
        for object in of(workload, &revision) {
            selections.entry(object.id).or_default().push(workload.id);
        }
    }
    selections
}

fn policy<T: Selecting>(
    istio: &Istio,
    object: &Object<T>,
    subject: Subject,
    selects: Vec<WorkloadId>,
    root_selects: bool,
) -> Policy {
    let root = *object.namespace == *istio.root();
    let scope = match (
        object.spec.has_targets(),
        object.spec.labels().is_some(),
        root,
    ) {
        (true, _, _) => "target",
        (_, true, _) => "workload",
        (_, false, true) => "mesh",
        (_, false, false) => "namespace",
    };
    let ineffective = match (selects.is_empty(), &subject) {
        (false, Subject::Transport { .. }) => None,
        (false, _) => ineffective::at_waypoints(istio, object),
        (true, Subject::Transport { .. }) => ineffective::reason(istio, object, root_selects),
        (true, _) => ineffective::reason(istio, object, root_selects)
            .or_else(|| ineffective::at_waypoints(istio, object)),
    };
    Policy {
        at: object.at(""),
        subject,
        namespace: Arc::clone(&object.namespace),
        name: Arc::clone(&istio.index.resource(object.id).key.name),
        scope,
        ineffective,
        opens: false,
        selects,
        targets: targets::of(istio, object),
        misses: misses(istio, object, root_selects),
    }
}

/// The workloads outside the mesh that it is written for.
fn misses<T: Selecting>(istio: &Istio, object: &Object<T>, root_selects: bool) -> Vec<WorkloadId> {
    let labels = object.spec.labels();
    let in_root = *object.namespace == *istio.root();
    if object.spec.has_targets() || (in_root && (labels.is_none() || !root_selects)) {
        return Vec::new();
    }
    ineffective::scope(istio, object)
        .filter(|w| selects(labels, w))
        .filter(|w| istio.member(w).membership.value == Membership::Unmeshed)
        .map(|w| w.id)
        .collect()
}

fn peers(istio: &Istio) -> Vec<Policy> {
    let root = istio.root();
    let mut selections = selections(istio, |workload, revision| {
        let whole = [root, &*workload.namespace]
            .into_iter()
            .flat_map(|namespace| {
                istio
                    .peers
                    .selecting_from(namespace, workload)
                    .filter(move |p| {
                        // in the root namespace a selector does not count
                        p.spec.labels().is_none() || namespace != root
                    })
            });
        let mut found: Vec<&Object<_>> = Vec::new();
        for object in whole {
            if object.is_read_by(revision) && !found.iter().any(|o| o.id == object.id) {
                found.push(object);
            }
        }
        found
    });
    let mut all = Vec::new();
    for object in istio.peers.iter() {
        let selected = selections.remove(&object.id).unwrap_or_default();
        let otherwise = match selected.first() {
            Some(&first) => {
                let workload = istio.index.workload(first);
                let revision = &istio.member(workload).revision;
                istio.peer_policies().whole(workload, revision).value.name()
            }
            None => "permissive",
        };
        let ports = object
            .spec
            .port_level_mtls
            .iter()
            .filter_map(|(port, mtls)| {
                Some(PortMode {
                    port: port.parse().ok()?,
                    mode: mode(mtls.mode)?,
                    otherwise,
                    at: object.at("/spec/portLevelMtls").join(port).join("mode"),
                })
            });
        let subject = Subject::Transport {
            mode: object.spec.mtls.as_ref().and_then(|mtls| mode(mtls.mode)),
            ports: ports.collect(),
        };
        all.push(policy(istio, object, subject, selected, false));
    }
    all
}

fn mode(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Unset => None,
        Mode::Disable => Some("plaintext"),
        Mode::Permissive => Some("permissive"),
        Mode::Strict => Some("required"),
    }
}

fn selecting<'a, T: Selecting>(
    istio: &'a Istio,
    objects: &'a Objects<T>,
) -> HashMap<ResourceId, Vec<WorkloadId>> {
    selections(istio, |workload, _| istio.attached(objects, workload))
}

fn authorizations(istio: &Istio) -> Vec<Policy> {
    let mut selections = selecting(istio, &istio.authorizations);
    let mut all = Vec::new();
    for object in istio.authorizations.iter() {
        let Some(compiled) = istio.compiled.get(&object.id) else {
            continue;
        };
        let provider = object.spec.provider.as_ref().map(|provider| {
            let found = ruleset::provider(&istio.config, &provider.name);
            (Arc::from(provider.name.as_str()), found.err())
        });
        let selected = selections.remove(&object.id).unwrap_or_default();
        let lost = lost(istio, object, compiled, &selected);
        let written = super::authorization::written(object, compiled, provider, lost);
        let subject = Subject::Authorization(written);
        all.push(policy(istio, object, subject, selected, true));
    }
    all
}

/// What of a policy the node's proxy does not enforce for workloads in ambient mode.
fn lost(
    istio: &Istio,
    object: &Object<AuthorizationPolicy>,
    compiled: &Compiled,
    selected: &[WorkloadId],
) -> Vec<Lost> {
    let workloads = selected.iter().map(|&id| istio.index.workload(id));
    let ambient: Vec<&Workload> = workloads.filter(|w| istio.is_ambient(w)).collect();
    if ambient.is_empty() || compiled.dry_run.is_some() {
        return Vec::new();
    }
    let before = ambient.iter().any(|workload| {
        let mut services = istio.index.services_of(workload.id);
        services.any(|service| matches!(istio.waypoint_of_service(service), Asked::Passes(_)))
    });
    let one = |how, at| Lost {
        at,
        how,
        on: ambient.iter().map(|w| w.id).collect(),
        before,
        by: None,
    };
    match compiled.action {
        Action::Custom | Action::Audit => vec![one(Loss::Unread, object.at("/spec/action"))],
        Action::Allow | Action::Deny => {
            let rules = compiled.lost.iter();
            rules.map(|(how, at)| one(*how, at.clone())).collect()
        }
    }
}

fn tokens(istio: &Istio) -> Vec<Policy> {
    let mut selections = selecting(istio, &istio.tokens);
    istio
        .tokens
        .iter()
        .map(|object| {
            let mut selected = selections.remove(&object.id).unwrap_or_default();
            let rules = object.spec.jwt_rules.iter().enumerate();
            let keys = rules.filter(|(_, rule)| !rule.jwks_uri.is_empty());
            let keys = keys.map(|(i, rule)| {
                let at = object.at("/spec/jwtRules").join(i).join("jwksUri");
                (rule.jwks_uri.as_str().into(), at)
            });
            let subject = Subject::Authentication(keys.collect());
            let unread = ineffective::leave_ambient(istio, object, &mut selected, "/spec/jwtRules");
            let policy = policy(istio, object, subject, selected, true);
            or_else(policy, unread)
        })
        .collect()
}

fn originations(istio: &Istio) -> Vec<Policy> {
    let mut all = Vec::new();
    for object in istio.destinations.iter() {
        let mut modes = sends(object, object.spec.traffic_policy.as_ref(), "/spec", None);
        for (i, subset) in object.spec.subsets.iter().enumerate() {
            let (policy, base) = (subset.traffic_policy.as_ref(), format!("/spec/subsets/{i}"));
            modes.extend(sends(object, policy, &base, Some(&subset.name)));
        }
        let host = destination::resolve(&object.spec.host, &object.namespace);
        // what is sent to the node's proxy is not for a DestinationRule to say
        if ineffective::is_all_for_nodes(istio, &host) {
            modes.clear();
        }
        let host = host.into();
        let subject = Subject::Origination { host, modes };
        all.push(Policy {
            ineffective: None,
            opens: false,
            misses: Vec::new(),
            ..policy(istio, object, subject, Vec::new(), false)
        });
    }
    all
}

/// What a `trafficPolicy` makes clients send, to all ports and to single ones.
fn sends<T>(
    object: &Object<T>,
    policy: Option<&TrafficPolicy>,
    base: &str,
    subset: Option<&str>,
) -> Vec<Sends> {
    let Some(policy) = policy else {
        return Vec::new();
    };
    let base = format!("{base}/trafficPolicy");
    let ports = policy.port_level_settings.iter().enumerate();
    let ports = ports.map(|(i, port)| (&port.tls, format!("{base}/portLevelSettings/{i}")));
    std::iter::once((&policy.tls, base.clone()))
        .chain(ports)
        .filter_map(|(tls, at)| {
            Some(Sends {
                mode: match tls.as_ref()?.mode {
                    ClientTlsMode::Disable => "plaintext",
                    ClientTlsMode::IstioMutual => "mtls",
                    ClientTlsMode::Simple | ClientTlsMode::Mutual => "tls",
                },
                subset: subset.map(Into::into),
                at: object.at(&format!("{at}/tls/mode")),
            })
        })
        .collect()
}

fn telemetries(istio: &Istio) -> Vec<Policy> {
    let mut selections = selections(istio, |workload, _| {
        let revision = &istio.member(workload).revision;
        istio
            .telemetry(revision)
            .applicable(&istio.writer(workload))
    });
    let root_names_provider = istio
        .telemetries
        .of_namespace(istio.root())
        .filter(|t| t.spec.labels().is_none())
        .flat_map(|t| &t.spec.access_logging)
        .any(|entry| !entry.providers.is_empty());
    let mut all = Vec::new();
    for object in istio.telemetries.iter() {
        let below_root = *object.namespace != *istio.root();
        let inherits = below_root && (root_names_provider || names_provider_above(istio, object));
        let subject = Subject::Telemetry(telemetry::written(
            object,
            &istio.index,
            &istio.config,
            inherits,
        ));
        let mut selected = selections.remove(&object.id).unwrap_or_default();
        // without a selector it counts for what waypoints log
        let unread = object
            .spec
            .labels()
            .and_then(|_| ineffective::leave_ambient(istio, object, &mut selected, ""));
        let policy = policy(istio, object, subject, selected, false);
        all.push(or_else(policy, unread));
    }
    all
}

/// Code that runs in proxies.
fn extensions(istio: &Istio) -> Vec<Policy> {
    let mut all = Vec::new();
    for kind in ["WasmPlugin", "TrafficExtension"] {
        // problems of reading them are known
        let objects: Objects<Extension> =
            Objects::read(&istio.index, "extensions.istio.io", kind, &mut Vec::new());
        let mut selections = selecting(istio, &objects);
        for object in objects.iter() {
            let mut selected = selections.remove(&object.id).unwrap_or_default();
            let unread = ineffective::leave_ambient(istio, object, &mut selected, "/metadata/name");
            let policy = policy(istio, object, Subject::Extension, selected, true);
            all.push(or_else(policy, unread));
        }
    }
    all
}

/// Routes for clients in the mesh.
fn routings(istio: &Istio) -> Vec<Policy> {
    let all = istio.virtual_services.iter();
    all.map(|object| Policy {
        ineffective: ineffective::of_routes(istio, object),
        opens: false,
        misses: Vec::new(),
        ..policy(istio, object, Subject::Routing, Vec::new(), false)
    })
    .collect()
}

/// A policy that may be in force for nobody for a further reason.
fn or_else(policy: Policy, why: Option<(Ineffective, At)>) -> Policy {
    Policy {
        ineffective: policy.ineffective.or(why),
        ..policy
    }
}

/// Whether the namespace's own Telemetry names a provider that one with a selector inherits.
fn names_provider_above(istio: &Istio, object: &Object<super::crd::Telemetry>) -> bool {
    object.spec.labels().is_some()
        && istio
            .telemetries
            .of_namespace(&object.namespace)
            .filter(|t| t.spec.labels().is_none())
            .flat_map(|t| &t.spec.access_logging)
            .any(|entry| !entry.providers.is_empty())
}
