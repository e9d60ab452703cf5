//! Gateways that the chart makes.
//!
//! `hashicorp/consul-k8s: charts/consul/templates/ingress-gateways-service.yaml`,
//! `terminating-gateways-deployment.yaml`, `mesh-gateway-service.yaml`.

use std::sync::Arc;

use super::ChartGateway;
use super::reader::Reader;
use crate::mesh::consul::written::Written;
use crate::model::Decided;

/// All of them.
pub(super) fn all(reader: &mut Reader<'_>) -> Vec<ChartGateway> {
    let mut found = named(reader, "ingress", "ingressGateways", Some(&[8080, 8443]));
    found.extend(named(reader, "terminating", "terminatingGateways", None));
    found.extend(mesh(reader));
    found
}

/// Those of a list; `usual` are the ports of a Service, if the kind has one.
fn named(
    reader: &mut Reader<'_>,
    kind: &'static str,
    part: &str,
    usual: Option<&[u16]>,
) -> Vec<ChartGateway> {
    let on = reader.find(&[part, "enabled"]);
    let Some(on) = on.filter(|on| on.as_flag() == Some(true)) else {
        return Vec::new();
    };
    let service = defaults(reader, part, usual);
    let Some(list) = reader.find(&[part, "gateways"]) else {
        return vec![ChartGateway {
            kind,
            name: format!("{kind}-gateway").into(),
            at: on.at().clone(),
            service: service.0,
            ports: service.1,
        }];
    };
    let gateways = list.items().into_iter();
    gateways
        .filter_map(|gateway| {
            let own = gateway.get("service").filter(|_| usual.is_some());
            let written = own.as_ref().and_then(|own| own.get("type"));
            let kind_of = written.and_then(|it| Some((it.as_text()?.to_owned(), it.at().clone())));
            let ports = own.as_ref().map_or_else(Vec::new, ports);
            Some(ChartGateway {
                kind,
                name: Arc::from(gateway.text("name")?),
                at: gateway.field("name"),
                service: kind_of.map_or_else(
                    || service.0.clone(),
                    |(text, at)| Decided::configured(text, at),
                ),
                ports: match ports.is_empty() {
                    true => service.1.clone(),
                    false => ports,
                },
            })
        })
        .collect()
}

/// What the Services of gateways have that do not say otherwise.
fn defaults(
    reader: &mut Reader<'_>,
    part: &str,
    usual: Option<&[u16]>,
) -> (Decided<String>, Vec<u16>) {
    let Some(usual) = usual else {
        let rule = "the chart makes no Service for it";
        return (reader.default("ClusterIP".to_owned(), rule), Vec::new());
    };
    let kind = reader.text(
        &[part, "defaults", "service", "type"],
        "ClusterIP",
        "the chart's default type of its Service",
    );
    let service = reader.find(&[part, "defaults", "service"]);
    let own = service.as_ref().map_or_else(Vec::new, ports);
    let ports = if own.is_empty() { usual.to_vec() } else { own };
    (kind, ports)
}

fn ports(service: &Written<'_>) -> Vec<u16> {
    let ports = service.each("ports");
    ports.iter().filter_map(|port| port.port("port")).collect()
}

/// The one before calls to and from other datacenters.
fn mesh(reader: &mut Reader<'_>) -> Option<ChartGateway> {
    let on = reader.find(&["meshGateway", "enabled"])?;
    if on.as_flag() != Some(true) {
        return None;
    }
    let name = reader.find(&["meshGateway", "consulServiceName"]);
    let service = reader.find(&["meshGateway", "service"]);
    Some(ChartGateway {
        kind: "mesh",
        name: name
            .as_ref()
            .and_then(Written::as_text)
            .unwrap_or("mesh-gateway")
            .into(),
        at: on.at().clone(),
        service: reader.text(
            &["meshGateway", "service", "type"],
            "LoadBalancer",
            "the chart's default type of its Service",
        ),
        ports: vec![service.and_then(|it| it.port("port")).unwrap_or(443)],
    })
}
