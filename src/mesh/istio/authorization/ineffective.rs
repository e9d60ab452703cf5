//! Why a policy is in force for nobody although it looks as if it should be.

use crate::mesh::istio::Istio;
use crate::mesh::istio::crd::Selecting;
use crate::mesh::istio::membership::Plane;
use crate::mesh::istio::outbound::destination::resolve;
use crate::mesh::istio::outbound::waypoint::Asked;
use crate::mesh::istio::policy::{Object, selects};
use crate::mesh::istio::routes::named::MESH;
use crate::mesh::istio::routes::virtual_route::VirtualService;
use crate::model::{At, Ineffective, Membership, Workload, WorkloadId};

/// Why a policy is in force for no workload; nothing where that is no surprise.
pub fn reason<T: Selecting>(
    istio: &Istio,
    object: &Object<T>,
    root_selects: bool,
) -> Option<(Ineffective, At)> {
    if let Some(at) = &object.unseen {
        return Some((Ineffective::NotDiscovered, at.clone()));
    }
    let in_root = *object.namespace == *istio.root();
    if object.spec.has_targets() {
        if !targets_are_ignored(istio, object) {
            return None;
        }
        let field = if istio
            .index
            .node(object.id)
            .path(&["spec", "targetRefs"])
            .is_some()
        {
            "/spec/targetRefs"
        } else {
            "/spec/targetRef"
        };
        return Some((Ineffective::TargetsIgnored, object.at(field)));
    }
    let Some(labels) = object.spec.labels() else {
        return scope(istio, object)
            .find(|w| istio.member(w).membership.value != Membership::Unmeshed)
            .and_then(|first| of_other_revision(istio, object, first));
    };
    let at = object.at("/spec/selector/matchLabels");
    if in_root && !root_selects {
        return Some((Ineffective::SelectorInRoot, at));
    }
    if let Some(first) = fitting(istio, object).next() {
        return of_other_revision(istio, object, first);
    }
    let made = istio.proxies.all.iter().map(|proxy| &proxy.pods);
    let mut all = istio.index.workloads().iter().chain(made);
    Some(match all.any(|pods| selects(Some(labels), pods)) {
        true => (
            Ineffective::WrongNamespace,
            object.at("/metadata/namespace"),
        ),
        false => (Ineffective::SelectsNothing, at),
    })
}

/// That the control plane of a workload does not read an object.
fn of_other_revision<T>(
    istio: &Istio,
    object: &Object<T>,
    workload: &Workload,
) -> Option<(Ineffective, At)> {
    let other = !object.is_read_by(&istio.member(workload).revision);
    other.then(|| {
        (
            Ineffective::OtherRevision,
            object.at("/metadata/labels").join("istio.io/rev"),
        )
    })
}

/// Whether all targets are Services in front of whose pods no proxy looks at targets: they all have
/// sidecars, or no waypoint serves them. What other targets lead to is not in force by selection.
fn targets_are_ignored<T: Selecting>(istio: &Istio, object: &Object<T>) -> bool {
    let targets = object.spec.targets();
    !targets.is_empty()
        && targets.iter().all(|target| {
            let index = &istio.index;
            let service = index.service_named(&object.namespace, &target.name);
            let service = service.filter(|_| target.kind == "Service");
            let mut pods = service
                .into_iter()
                .flat_map(|s| index.workloads_of(s.id))
                .peekable();
            let waypoint = service.map(|s| istio.waypoint_of_service(s));
            pods.peek().is_some()
                && pods.all(|pod| {
                    let member = istio.member(pod);
                    let looks = match member.plane {
                        Plane::Sidecar => false,
                        Plane::Ambient => !matches!(waypoint, Some(Asked::None)),
                        Plane::Gateway | Plane::Waypoint | Plane::None => true,
                    };
                    !looks && member.membership.value == Membership::Meshed
                })
        })
}

/// The pods that a policy's selector, or else its namespace, fits: of the input, and of the proxies
/// that are made from a `Gateway`.
pub(super) fn fitting<'a, T: Selecting>(
    istio: &'a Istio,
    object: &'a Object<T>,
) -> impl Iterator<Item = &'a Workload> {
    let in_root = *object.namespace == *istio.root();
    let made = istio.proxies.all.iter().map(|proxy| &proxy.pods);
    let made = made.filter(move |pods| in_root || pods.namespace == object.namespace);
    let all = scope(istio, object).chain(made);
    all.filter(|pods| selects(object.spec.labels(), pods))
}

/// The pods of the input in the namespace of an object, or everywhere if that is the root namespace.
pub fn scope<'a, T>(istio: &'a Istio, object: &'a Object<T>) -> impl Iterator<Item = &'a Workload> {
    let in_root = *object.namespace == *istio.root();
    let all = in_root.then(|| istio.index.workloads().iter());
    let near = (!in_root).then(|| istio.index.workloads_in(&object.namespace));
    all.into_iter().flatten().chain(near.into_iter().flatten())
}

/// That a selector fits waypoints only, which look at targets alone.
/// `istio/istio: pilot/pkg/model/policyattachment.go` (ShouldAttachPolicy).
pub fn at_waypoints<T: Selecting>(istio: &Istio, object: &Object<T>) -> Option<(Ineffective, At)> {
    object.spec.labels()?;
    let mut pods = fitting(istio, object).peekable();
    let only = pods.peek().is_some()
        && pods.all(|w| istio.member(w).plane == Plane::Waypoint)
        && !object.spec.has_targets();
    let at = object.at("/spec/selector/matchLabels");
    only.then_some((Ineffective::SelectorAtWaypoint, at))
}

/// Leaves out workloads in ambient mode, of which the node's proxy reads no such policies. Where
/// no other is selected: that nobody reads this one; without a selector, said at `otherwise`.
pub fn leave_ambient<T: Selecting>(
    istio: &Istio,
    object: &Object<T>,
    selected: &mut Vec<WorkloadId>,
    otherwise: &str,
) -> Option<(Ineffective, At)> {
    let all = selected.len();
    selected.retain(|&id| !istio.is_ambient(istio.index.workload(id)));
    let mut pods = fitting(istio, object);
    if all == 0 || !selected.is_empty() || pods.any(|w| istio.member(w).plane == Plane::Gateway) {
        return None;
    }
    let field = match object.spec.labels() {
        Some(_) => "/spec/selector/matchLabels",
        None => otherwise,
    };
    Some((Ineffective::NotReadThere, object.at(field)))
}

/// That nobody applies the routes of requests that a VirtualService has for clients in the mesh:
/// all its hosts are services in ambient mode without a waypoint, and no client has a sidecar.
pub fn of_routes(istio: &Istio, object: &Object<VirtualService>) -> Option<(Ineffective, At)> {
    let spec = &object.spec;
    let for_mesh = spec.gateways.iter().all(|gateway| gateway == MESH);
    let of_requests = !spec.http.is_empty() || !spec.tls.is_empty();
    let may_have_sidecar = |w: &Workload| {
        let member = istio.member(w);
        member.plane == Plane::Sidecar && member.membership.value != Membership::Unmeshed
    };
    let unheeded = for_mesh
        && of_requests
        && !spec.hosts.is_empty()
        && spec
            .hosts
            .iter()
            .all(|host| is_all_for_nodes(istio, &resolve(host, &object.namespace)))
        && !istio.index.workloads().iter().any(may_have_sidecar);
    unheeded.then(|| (Ineffective::NotReadThere, object.at("/spec/hosts")))
}

/// Whether nobody but the nodes' proxies stands before all pods of the service of a host.
pub fn is_all_for_nodes(istio: &Istio, host: &str) -> bool {
    istio.service_of_host(host).is_some_and(|service| {
        let mut pods = istio.index.workloads_of(service.id).peekable();
        pods.peek().is_some()
            && pods.all(|pod| istio.is_ambient(pod))
            && matches!(istio.waypoint_of_service(service), Asked::None)
    })
}
