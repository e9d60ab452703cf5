//! Proxies that others call: gateways and waypoints, whether their pods are in the input or are
//! made from a `Gateway`.
//!
//! `istio/istio: pilot/pkg/config/kube/gateway/deploymentcontroller.go`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::membership::{GATEWAY_NAME, Member, Plane};
use super::outbound::destination;
use super::policy::{Object, Objects};
use crate::k8s::Index;
use crate::k8s::selector::LabelSelector;
use crate::model::{
    At, Decided, Labels, Membership, Pointer, Problem, ResourceId, Service, Tri, Workload,
    WorkloadId,
};

/// Group of the Gateway API.
pub const GATEWAY_API: &str = "gateway.networking.k8s.io";
/// The only class that policies for all waypoints can name, whatever class a waypoint is of.
/// `istio/istio: pkg/config/constants/constants.go` (WaypointGatewayClassName).
pub const WAYPOINT_CLASS: &str = "istio-waypoint";

/// `Gateway` of the Gateway API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Gateway {
    /// Who implements it.
    pub gateway_class_name: String,
    /// What it listens for.
    pub listeners: Vec<Listener>,
    /// Where it is reached, if it is not made.
    pub addresses: Vec<Address>,
    /// What its pods and Service carry.
    pub infrastructure: Infrastructure,
}

impl super::crd::Selecting for Gateway {}

/// `listeners[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// The host it is for; absent takes any.
    pub hostname: Option<String>,
    /// Its port.
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `HBONE`.
    pub protocol: String,
    /// How TLS is ended.
    pub tls: Option<ListenerTls>,
    /// Which routes it takes.
    pub allowed_routes: AllowedRoutes,
}

/// `tls` of a listener.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ListenerTls {
    /// `Terminate` or `Passthrough`.
    pub mode: Option<String>,
    /// Options of the implementation.
    pub options: HashMap<String, String>,
}

/// `allowedRoutes`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AllowedRoutes {
    /// Namespaces of routes.
    pub namespaces: RouteNamespaces,
    /// Kinds of routes; none is what fits the protocol.
    pub kinds: Vec<RouteKind>,
}

/// `allowedRoutes.kinds[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RouteKind {
    /// The kind.
    pub kind: String,
}

/// `allowedRoutes.namespaces`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RouteNamespaces {
    /// `Same` (the default), `All`, `Selector`, `None`.
    pub from: Option<String>,
    /// Of `Selector`.
    pub selector: LabelSelector,
}

/// `addresses[]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    /// `Hostname`, `IPAddress`.
    pub r#type: Option<String>,
    /// The address.
    pub value: String,
}

/// `infrastructure`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Infrastructure {
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
}

impl RouteNamespaces {
    /// Whether what lies in a namespace is let in.
    pub fn admit(&self, own: &str, namespace: &str, labels: Option<&Labels>) -> Tri {
        match self.from.as_deref() {
            None | Some("Same") => Tri::from(own == namespace),
            Some("All") => Tri::Yes,
            Some("Selector") => self.selector.matches(labels),
            _ => Tri::No,
        }
    }
}

/// The kind of pods that are made.
const MADE: &str = "Gateway";

/// A proxy that others call.
#[derive(Debug)]
pub struct Proxy {
    /// Its pods; of those that are made, with a number after all workloads of the input.
    pub pods: Workload,
    /// The `Gateway` it is made from.
    pub gateway: Option<Named>,
    /// Where it is there because of.
    pub at: At,
    /// Of pods that are not in the input: where it says (or would) that the outside reaches it.
    pub open: Option<At>,
    /// The Service that leads to it, of one that is not made.
    pub service: Option<String>,
}

/// A `Gateway` that is a proxy.
#[derive(Debug, Clone)]
pub struct Named {
    /// The object.
    pub id: ResourceId,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its class.
    pub class: String,
}

/// Everything that is a gateway or a waypoint.
#[derive(Debug, Default)]
pub struct Proxies {
    /// All of them.
    pub all: Vec<Proxy>,
    /// The `Gateway` objects.
    pub gateways: Objects<Gateway>,
    /// The controllers of classes.
    classes: HashMap<String, String>,
    by_name: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl Proxies {
    /// Finds them; those whose pods are made become members of the mesh.
    pub fn find(index: &Index, members: &mut Vec<Member>, problems: &mut Vec<Problem>) -> Self {
        let mut proxies = Self {
            gateways: Objects::read(index, GATEWAY_API, "Gateway", problems),
            classes: classes(index),
            ..Self::default()
        };
        for workload in index.workloads() {
            let member = members.get(workload.id.0 as usize);
            let made = workload.labels.contains_key(GATEWAY_NAME);
            if member.is_some_and(|m| m.plane == Plane::Gateway) && !made {
                proxies.all.push(Proxy {
                    at: workload.at(),
                    pods: workload.clone(),
                    gateway: None,
                    open: None,
                    service: None,
                });
            }
        }
        let gateways = std::mem::take(&mut proxies.gateways);
        for gateway in gateways.iter() {
            proxies.add(index, gateway, members);
        }
        proxies.gateways = gateways;
        proxies
    }

    fn add(&mut self, index: &Index, gateway: &Object<Gateway>, members: &mut Vec<Member>) {
        let Some(plane) = self.plane(&gateway.spec.gateway_class_name) else {
            return;
        };
        let resource = index.resource(gateway.id);
        let named = Named {
            id: gateway.id,
            namespace: Arc::clone(&gateway.namespace),
            name: Arc::clone(&resource.key.name),
            class: gateway.spec.gateway_class_name.clone(),
        };
        let at = gateway.at("/metadata/name");
        let next = self.all.len();
        let key = (Arc::clone(&named.namespace), Arc::clone(&named.name));
        self.by_name.insert(key, next);
        let written = index
            .workloads_in(&gateway.namespace)
            .find(|w| w.label(GATEWAY_NAME) == Some(&named.name));
        let manual = manual_service(gateway);
        let there = || {
            let host = destination::resolve(manual.as_deref()?, &gateway.namespace);
            let service = destination::service_of(index, &host)?;
            index.workloads_of(service.id).next()
        };
        if let Some(pods) = written.or_else(there) {
            if let Some(member) = members.get_mut(pods.id.0 as usize) {
                member.plane = plane;
                member.membership = Decided::configured(Membership::Meshed, at.clone());
            }
            self.all.push(Proxy {
                pods: pods.clone(),
                gateway: Some(named),
                at,
                open: None,
                service: manual,
            });
            return;
        }
        let pods = made_pods(index, gateway, &named, plane, members.len());
        members.push(Member {
            membership: Decided::configured(Membership::Meshed, at.clone()),
            plane,
            revision: resource
                .labels
                .get("istio.io/rev")
                .cloned()
                .unwrap_or_else(|| "default".into()),
        });
        let service_type = "networking.istio.io/service-type";
        let said = gateway
            .spec
            .infrastructure
            .annotations
            .get(service_type)
            .or_else(|| resource.annotations.get(service_type));
        let open = said.is_none_or(|said| &**said != "ClusterIP");
        self.all.push(Proxy {
            pods,
            gateway: Some(named),
            open: (open && manual.is_none()).then(|| gateway.at("/spec/gatewayClassName")),
            at,
            service: manual,
        });
    }

    /// What a class makes; nothing where another product implements it.
    fn plane(&self, class: &str) -> Option<Plane> {
        let controller = self.classes.get(class).map(String::as_str);
        match (class, controller) {
            (_, Some("istio.io/mesh-controller")) | ("istio-waypoint", None) => {
                Some(Plane::Waypoint)
            }
            (_, Some(other)) => other.starts_with("istio.io/").then_some(Plane::Gateway),
            ("istio" | "istio-remote" | "istio-east-west", None) => Some(Plane::Gateway),
            (_, None) => None,
        }
    }

    /// Whether another product implements a `Gateway`.
    pub fn is_foreign(&self, gateway: &Object<Gateway>) -> bool {
        self.plane(&gateway.spec.gateway_class_name).is_none()
    }

    /// The proxy that is made from a `Gateway`.
    pub fn of_gateway(&self, namespace: &str, name: &str) -> Option<&Proxy> {
        let key = (Arc::from(namespace), Arc::from(name));
        self.all.get(*self.by_name.get(&key)?)
    }

    /// The proxy with these pods.
    pub fn of_workload(&self, id: WorkloadId) -> Option<&Proxy> {
        self.all.iter().find(|proxy| proxy.pods.id == id)
    }

    /// The `Gateway` a proxy is made from.
    pub fn gateway(&self, proxy: &Proxy) -> Option<&Object<Gateway>> {
        let id = proxy.gateway.as_ref()?.id;
        self.gateways.iter().find(|gateway| gateway.id == id)
    }
}

/// The Service that an address names: the `Gateway` makes nothing then.
fn manual_service(gateway: &Object<Gateway>) -> Option<String> {
    let addresses = gateway.spec.addresses.iter();
    let mut hosts = addresses.filter(|address| address.r#type.as_deref() == Some("Hostname"));
    hosts.next().map(|address| address.value.clone())
}

/// Whether pods are made from a `Gateway`, and not in the input.
pub fn is_made(pods: &Workload) -> bool {
    &*pods.kind == MADE
}

/// The pods that istiod makes for a `Gateway`.
fn made_pods(
    index: &Index,
    gateway: &Object<Gateway>,
    named: &Named,
    plane: Plane,
    number: usize,
) -> Workload {
    let mut labels = gateway.spec.infrastructure.labels.clone();
    labels.insert(GATEWAY_NAME.into(), Arc::clone(&named.name));
    let name: Arc<str> = match plane {
        Plane::Waypoint => Arc::clone(&named.name),
        _ => format!("{}-{}", named.name, named.class).into(),
    };
    let annotations = &index.resource(gateway.id).annotations;
    let account = annotations.get("gateway.istio.io/service-account");
    Workload {
        id: WorkloadId(number as u32),
        resource: gateway.id,
        kind: MADE.into(),
        namespace: Arc::clone(&named.namespace),
        service_account: account.unwrap_or(&name).clone(),
        name,
        labels,
        annotations: gateway.spec.infrastructure.annotations.clone(),
        containers: Vec::new(),
        host_network: false,
        template: Pointer::root(),
        dormant: false,
        started: false,
    }
}

fn classes(index: &Index) -> HashMap<String, String> {
    let controller = |&id: &ResourceId| {
        let node = index.node(id).path(&["spec", "controllerName"])?;
        let name = index.resource(id).key.name.to_string();
        Some((name, node.as_str()?.to_owned()))
    };
    let ids = index.of_kind(GATEWAY_API, "GatewayClass");
    ids.iter().filter_map(controller).collect()
}

impl Proxy {
    /// Its name for people.
    pub fn title(&self, plane: Plane) -> String {
        let what = match plane {
            Plane::Waypoint => "the waypoint",
            _ => "the gateway",
        };
        match &self.gateway {
            Some(named) => format!("{what} {}/{}", named.namespace, named.name),
            None => format!("{what} {}", self.pods),
        }
    }

    /// The Services in front of its pods.
    pub fn services<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = &'a Service> {
        let manual = self.service.as_deref().zip(self.gateway.as_ref());
        let named = manual.and_then(|(host, gateway)| {
            let host = destination::resolve(host, &gateway.namespace);
            destination::service_of(index, &host)
        });
        let of_pods = move || index.services_of(self.pods.id);
        let named = named.filter(|named| of_pods().all(|own| own.id != named.id));
        of_pods().chain(named)
    }
}
