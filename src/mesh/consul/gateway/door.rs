//! How the outside gets to a port of a gateway.
//!
//! `hashicorp/consul-k8s: charts/consul/templates/ingress-gateways-service.yaml`,
//! `charts/consul/templates/ingress-gateways-deployment.yaml`.

use crate::k8s::Index;
use crate::mesh::consul::Consul;
use crate::mesh::consul::annotation;
use crate::mesh::consul::own::registrations;
use crate::mesh::consul::service::Name;
use crate::model::{At, Because, Workload};

/// One way to a gateway.
#[derive(Debug, Clone)]
pub struct Door {
    /// In a person's words.
    pub text: &'static str,
    /// The line.
    pub at: At,
    /// What has to hold, and is not known.
    pub needs: Vec<(String, At)>,
}

impl Door {
    /// One for which nothing else has to hold.
    pub fn open(text: &'static str, at: At) -> Self {
        Self {
            text,
            at,
            needs: Vec::new(),
        }
    }

    /// One that may be there.
    fn unknown(at: &At) -> Self {
        let what =
            "whether the gateway can be reached from outside: its Service is not in the input";
        Self {
            needs: vec![(what.to_owned(), at.clone())],
            ..Self::open("the gateway may be open to the outside", at.clone())
        }
    }
}

/// Whether a type of a Kubernetes Service lets the outside in.
pub fn is_open(kind: &str) -> bool {
    matches!(kind, "LoadBalancer" | "NodePort")
}

impl Consul {
    /// The ways to a port of an ingress gateway that an entry configures; `at` is the entry.
    pub(super) fn doors_of_ingress(&self, gateway: &Name, port: u16, at: &At) -> Vec<Door> {
        let pods = self.gateway_pods("ingress-gateway", &gateway.name);
        if let Some(doors) = doors_of_pods(&self.index, &pods, port) {
            return doors;
        }
        let mut made = self.config.gateways.iter();
        let made = made.find(|one| one.kind == "ingress" && one.name == gateway.name);
        if let Some(made) = made {
            let listens = made.ports.is_empty() || made.ports.contains(&port);
            let at = match &made.service.because {
                Because::Configured(at) => at.clone(),
                _ => made.at.clone(),
            };
            let text = "the chart opens the gateway's Service to the outside";
            let open = is_open(&made.service.value) && listens;
            return open.then(|| Door::open(text, at)).into_iter().collect();
        }
        self.doors_of_entry("ingress-gateway", gateway, at)
    }

    /// The ways to a gateway outside the cluster that an entry configures; `at` is the entry.
    pub(super) fn doors_of_entry(&self, kind: &str, gateway: &Name, at: &At) -> Vec<Door> {
        match registration(&self.index, kind, &gateway.name) {
            Some(at) => vec![Door::open("the gateway runs outside the cluster", at)],
            // where gateways are registered, or the chart's values are known, others are not there
            None if self.knows_gateways() => Vec::new(),
            None => vec![Door::unknown(at)],
        }
    }

    /// Whether the input says which gateways there are.
    pub(super) fn knows_gateways(&self) -> bool {
        !self.config.values.is_empty() || !registrations(&self.index).is_empty()
    }

    /// The pods in the input that are a gateway.
    pub(super) fn gateway_pods(&self, kind: &str, name: &str) -> Vec<&Workload> {
        let is = |one: &&Workload, key, wanted: &str| {
            annotation::of(one, key).is_some_and(|(text, _)| text == wanted)
        };
        let all = self.index.workloads().iter();
        let of_kind = all.filter(|one| is(one, "gateway-kind", kind));
        of_kind
            .filter(|one| is(one, "gateway-consul-service-name", name))
            .collect()
    }
}

/// The ways to a port of a gateway's pods; nothing where there are no pods in the input, or no
/// Service for them.
pub fn doors_of_pods(index: &Index, pods: &[&Workload], port: u16) -> Option<Vec<Door>> {
    let mut doors = Vec::new();
    let mut known = false;
    for pods in pods {
        for service in index.services_of(pods.id) {
            known = true;
            let leads = service
                .ports
                .iter()
                .any(|declared| index.target(declared, pods) == Some(port));
            if let Some((_, at)) = service.exposed.as_ref().filter(|_| leads) {
                doors.push(Door::open(
                    "the gateway's Service is open to the outside",
                    at.clone(),
                ));
            }
        }
        let mut ports = pods
            .containers
            .iter()
            .flat_map(|container| &container.ports);
        let published = ports.find(|one| one.number == port && one.host_port.is_some());
        if pods.host_network {
            let at = pods.template_at("/spec/hostNetwork");
            doors.push(Door::open("the gateway listens on the node itself", at));
        } else if let Some(published) = published {
            let at = At {
                resource: pods.resource,
                pointer: published.at.join("hostPort"),
            };
            doors.push(Door::open("a port of the node leads to the gateway", at));
        }
    }
    (known || !doors.is_empty()).then_some(doors)
}

/// Where a gateway is registered in a file of Consul's own.
pub fn registration(index: &Index, kind: &str, name: &str) -> Option<At> {
    let mut all = registrations(index).into_iter();
    let found = all.find(|one| one.text("kind") == Some(kind) && one.text("name") == Some(name))?;
    Some(found.field("name"))
}
