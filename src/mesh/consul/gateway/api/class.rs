//! Which gateways of the Gateway API are Consul's, and how the outside gets to them.
//!
//! `hashicorp/consul-k8s: control-plane/api-gateway/controllers/gateway_controller.go`
//! (getConfigForGatewayClass), `control-plane/api-gateway/gatekeeper/service.go`.

use crate::k8s::resource::ResourceKey;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::GROUP;
use crate::mesh::consul::gateway::door::{Door, doors_of_pods, is_open};
use crate::mesh::consul::written::Written;
use crate::model::{At, Because, ResourceId, Workload};

/// A family of kinds that gateways are made from.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The API group.
    pub group: &'static str,
    /// The kind of its classes.
    class: &'static str,
    /// The controller that makes Consul's gateways.
    controller: &'static str,
    /// The class that the chart makes.
    of_chart: &'static str,
    /// The kind that asks for tokens.
    pub policy: &'static str,
}

/// The Gateway API, and Consul's own copy of it.
/// `hashicorp/consul-k8s: control-plane/api-gateway/common/constants.go`,
/// `control-plane/api-gateway-custom/common/constants.go`.
pub const FAMILIES: [Family; 2] = [
    Family {
        group: "gateway.networking.k8s.io",
        class: "GatewayClass",
        controller: "consul.hashicorp.com/gateway-controller",
        of_chart: "consul",
        policy: "GatewayPolicy",
    },
    Family {
        group: GROUP,
        class: "CustomGatewayClass",
        controller: "consul.hashicorp.com/gateway-controller-consul",
        of_chart: "consul-custom-class",
        policy: "CustomGatewayPolicy",
    },
];

/// The labels of a gateway's pods: its name, its namespace.
const LABELS: [&str; 2] = [
    "gateway.consul.hashicorp.com/name",
    "gateway.consul.hashicorp.com/namespace",
];

/// What a class says of its gateways.
pub struct Class {
    /// The type of their Services, and the line; nothing where they have none.
    service: Option<(String, At)>,
    /// What is added to ports below 1024.
    pub shift: u16,
    /// What has to hold, and is not known.
    needs: Vec<(String, At)>,
}

impl Consul {
    /// The class of a gateway; nothing where it is another product's.
    pub(super) fn class(
        &self,
        family: Family,
        gateway: ResourceId,
        spec: &Written<'_>,
    ) -> Option<Class> {
        let name = spec.text("gatewayClassName")?;
        let at = At::new(gateway, "/spec/gatewayClassName");
        // a class lies in no namespace
        let mut classes = self.index.of_kind(family.group, family.class).iter();
        let found = classes.find(|&&id| *self.index.resource(id).key.name == *name);
        let Some(&class) = found else {
            return (name == family.of_chart).then(|| self.class_of_chart(&at));
        };
        let class = Written::object(&self.index, At::new(class, "/spec"))?;
        if class.text("controllerName") != Some(family.controller) {
            return None;
        }
        // the chart makes its own anew, with parameters
        if class.get("parametersRef").is_none() && name == family.of_chart {
            return Some(self.class_of_chart(&at));
        }
        // without parameters there is no type, and so no Service
        let Some(parameters) = class.get("parametersRef") else {
            return Some(Class {
                service: None,
                shift: 0,
                needs: Vec::new(),
            });
        };
        let known = parameters.text("group") == Some(GROUP)
            && parameters.text("kind") == Some("GatewayClassConfig");
        let config = parameters.text("name").filter(|_| known)?;
        let mut configs = self.index.of_kind(GROUP, "GatewayClassConfig").iter();
        let found = configs.find(|&&id| *self.index.resource(id).key.name == *config);
        let Some(&config) = found else {
            let what = format!("the GatewayClassConfig {config} is not in the input");
            return Some(Class {
                service: Some(("LoadBalancer".to_owned(), at)),
                shift: 0,
                needs: vec![(what, parameters.field("name"))],
            });
        };
        let config = Written::object(&self.index, At::new(config, "/spec"));
        let kind = config.as_ref().and_then(|config| config.get("serviceType"));
        let shift = config.and_then(|config| config.port("mapPrivilegedContainerPorts"));
        Some(Class {
            service: kind.and_then(|kind| Some((kind.as_text()?.to_owned(), kind.at().clone()))),
            shift: shift.unwrap_or(0),
            needs: Vec::new(),
        })
    }

    fn class_of_chart(&self, at: &At) -> Class {
        let service = &self.config.api_gateway_service;
        let line = match &service.because {
            Because::Configured(line) => line,
            _ => at,
        };
        Class {
            service: Some((service.value.clone(), line.clone())),
            shift: 0,
            needs: Vec::new(),
        }
    }

    /// The ways to a port of a gateway: its Service, where it is in the input, or what its class makes.
    pub(super) fn doors_of_api(
        &self,
        gateway: &ResourceKey,
        class: &Class,
        port: u16,
    ) -> Vec<Door> {
        let namespace = gateway.namespace.as_deref().unwrap_or("default");
        let named = [&*gateway.name, namespace];
        let own = |pods: &&Workload| {
            LABELS
                .iter()
                .zip(named)
                .all(|(label, value)| pods.label(label) == Some(value))
        };
        let pods: Vec<&Workload> = self.index.workloads().iter().filter(own).collect();
        if let Some(doors) = doors_of_pods(&self.index, &pods, port) {
            return doors;
        }
        let open = class.service.as_ref().filter(|(kind, _)| is_open(kind));
        let door = open.map(|(_, at)| Door {
            needs: class.needs.clone(),
            ..Door::open(
                "a Service that is open to the outside is made for the gateway",
                at.clone(),
            )
        });
        door.into_iter().collect()
    }
}
