//! Services.

use std::sync::Arc;

use super::Index;
use super::load_balancer::exposure;
use super::metadata::string_map;
use super::workload::{not_a_port, port_number, protocol};
use crate::model::{At, Problem, ResourceId, Service, ServiceId, ServicePort, TargetPort};
use crate::syntax::Node;

pub(super) fn read(
    index: &Index,
    resource: ResourceId,
    problems: &mut Vec<Problem>,
) -> Option<Service> {
    let object = index.resource(resource);
    let node = index.node(resource);
    let spec = node.get("spec");
    let field = |key| spec.and_then(|s: Node<'_>| s.get(key));
    let text = |key| field(key).and_then(|n: Node<'_>| n.as_str());
    let selector = string_map(field("selector"), "selector", problems);
    let external_name = text("externalName").filter(|_| text("type") == Some("ExternalName"));
    Some(Service {
        id: ServiceId(0),
        resource,
        namespace: object.key.namespace.clone()?,
        name: Arc::clone(&object.key.name),
        selector: (!selector.is_empty() && external_name.is_none()).then_some(selector),
        headless: text("clusterIP") == Some("None"),
        external_name: external_name.map(Into::into),
        exposed: spec.and_then(|spec| exposure(resource, &object.annotations, spec)),
        ports: ports(resource, field("ports"), problems),
    })
}

fn ports(
    resource: ResourceId,
    list: Option<Node<'_>>,
    problems: &mut Vec<Problem>,
) -> Vec<ServicePort> {
    let mut ports = Vec::new();
    for (i, node) in list.into_iter().flat_map(Node::items).enumerate() {
        let Some(number) = node.get("port").and_then(port_number) else {
            problems.push(not_a_port(node, "port"));
            continue;
        };
        let target = match node.get("targetPort") {
            None => TargetPort::Number(number),
            Some(target) => match (port_number(target), target.as_str()) {
                (Some(target), _) => TargetPort::Number(target),
                // a number in quotes is a number to Kubernetes only if a container port is so named
                (None, Some(name)) => TargetPort::Name(name.into()),
                (None, None) if target.is_null() || target.as_i64() == Some(0) => {
                    TargetPort::Number(number)
                }
                (None, None) => {
                    problems.push(not_a_port(node, "targetPort"));
                    continue;
                }
            },
        };
        ports.push(ServicePort {
            name: node.get("name").and_then(Node::as_str).map(Into::into),
            number,
            target,
            protocol: protocol(node),
            app_protocol: node
                .get("appProtocol")
                .and_then(Node::as_str)
                .map(Into::into),
            at: At::new(resource, format!("/spec/ports/{i}")),
        });
    }
    ports
}
