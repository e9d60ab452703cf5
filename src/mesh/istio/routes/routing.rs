//! Where routes lead the calls to a service.

use super::named::MESH;
use super::virtual_route::Standing;
use super::{Table, Target};
use crate::k8s::selector::is_subset;
use crate::mesh::Call;
use crate::mesh::istio::Istio;
use crate::mesh::istio::membership::{Member, Plane};
use crate::mesh::istio::outbound::destination;
use crate::mesh::istio::protocol;
use crate::model::{
    At, Because, Decided, Gate, Layer, Service, ServiceId, TlsOrigination, Tri, Way, Workload,
};

/// What of a table leads to the workload of a call.
pub struct Led {
    /// What leads there.
    pub gate: Gate,
    /// The service and its port.
    pub service: (ServiceId, u16),
    /// The subset, if it is one.
    pub subset: Option<String>,
    /// What it needs and is not known to be there.
    pub needs: Vec<(String, At)>,
}

impl Istio {
    /// The ways that routes make of a call; straight where there are none.
    pub fn routed(
        &self,
        client: &Workload,
        call: &Call<'_>,
        service: &Service,
        port: u16,
    ) -> Vec<Way> {
        let Some(table) = self.routes_to(client, service, port) else {
            return vec![Way::straight(self.leg(client, call, None), call.service)];
        };
        let mut ways = Vec::new();
        for led in self.leads_to(client, &table, call, port) {
            let there = Call {
                service: Some(led.service),
                ..*call
            };
            let subset = led.subset.as_deref();
            let sends = self.leg(client, &there, subset);
            let mutual = sends.value == TlsOrigination::Mtls;
            ways.push(Way {
                server_name: mutual.then(|| self.server_name(client, led.service, subset)),
                gates: vec![led.gate],
                needs: led.needs,
                ..Way::straight(sends, Some(led.service))
            });
        }
        match ways.is_empty() {
            true => vec![elsewhere(
                &table,
                self.leg(client, call, None),
                call.service,
            )],
            false => ways,
        }
    }

    /// What of a table leads to the workload of a call.
    pub fn leads_to(
        &self,
        client: &Workload,
        table: &Table,
        call: &Call<'_>,
        dialled: u16,
    ) -> Vec<Led> {
        let mut found = Vec::new();
        for lead in table.leads(self.config.normalization) {
            let Some(service) = self.service_of_host(&lead.target.host) else {
                continue;
            };
            let port = self.port_of_target(&lead.target, service, dialled);
            let mut ports = self.index.services_to(call.workload, call.port).into_iter();
            let leads = ports.any(|(s, p)| s.id == service.id && p == port);
            let has = self.subset_has(client, &lead.target, service, call.workload);
            if leads && has != Tri::No {
                found.push(Led {
                    needs: undefined(&lead.target, has),
                    gate: lead.gate,
                    service: (service.id, port),
                    subset: lead.target.subset,
                });
            }
        }
        found
    }

    /// Whether a destination's subset has a workload. Where the client has rules for the host and
    /// none defines the subset, it has nothing: there is no such cluster. Where it has no rule at
    /// all that is not known: calls fail, unless one is written elsewhere.
    pub fn subset_has(
        &self,
        client: &Workload,
        to: &Target,
        service: &Service,
        workload: &Workload,
    ) -> Tri {
        let Some(name) = &to.subset else {
            return Tri::Yes;
        };
        let host = destination::host_of(&service.namespace, &service.name);
        let rules = self.rules_for(client, &host, &service.namespace);
        if rules.is_empty() {
            return Tri::Unknown;
        }
        let mut subsets = rules.iter().flat_map(|rule| &rule.spec.subsets);
        let found = subsets.find(|one| one.name == *name);
        Tri::from(found.is_some_and(|one| is_subset(&one.labels, &workload.labels)))
    }

    /// The routes that a sidecar (or waypoint) applies to calls to a service port.
    pub fn routes_to(&self, client: &Workload, service: &Service, port: u16) -> Option<Table> {
        let host = destination::host_of(&service.namespace, &service.name);
        let declared = service.ports.iter().find(|p| p.number == port)?;
        let layer = match protocol::of_service_port(declared) {
            "http" | "auto" => Layer::Http,
            _ => Layer::Tcp,
        };
        let Member {
            plane, revision, ..
        } = self.member(client);
        let all = &self.virtual_services;
        let found = match plane {
            Plane::Waypoint => {
                all.at_waypoint(&host, [&client.namespace, &service.namespace], revision)
            }
            _ => all.for_host(&host, &client.namespace, revision),
        };
        if found.is_empty() {
            return self.service_routes(service, port, layer, &client.namespace);
        }
        let standing = Standing {
            gateway: MESH,
            port,
            client: Some(client),
        };
        let mut tables = found.into_iter().filter_map(|object| {
            let routes = all.routes(object, layer, standing);
            // one that says nothing of this sort of connection changes nothing
            (!routes.is_empty()).then(|| Table {
                layer,
                routes,
                near: object.at("/spec/hosts"),
            })
        });
        let mut table = tables.next()?;
        if *plane == Plane::Waypoint {
            table.routes.extend(tables.flat_map(|more| more.routes));
        }
        Some(table)
    }

    /// The service that a host is.
    pub fn service_of_host(&self, host: &str) -> Option<&Service> {
        destination::service_of(&self.index, host)
    }

    /// The service port that a destination means.
    /// `istio/istio: pilot/pkg/networking/core/route/route.go` (GetDestinationCluster).
    pub fn port_of_target(&self, to: &Target, service: &Service, dialled: u16) -> u16 {
        to.port.unwrap_or(match service.ports.as_slice() {
            [only] => only.number,
            _ => dialled,
        })
    }
}

/// That no rule in the input defines a destination's subset.
pub fn undefined(to: &Target, has: Tri) -> Vec<(String, At)> {
    let subset = to.subset.as_deref().unwrap_or("");
    let what = || format!("no DestinationRule in the input defines the subset {subset}");
    match has {
        Tri::Unknown => vec![(what(), to.at.clone())],
        Tri::Yes | Tri::No => Vec::new(),
    }
}

/// The way of a call that no route leads to the workload that is meant.
pub fn elsewhere(
    table: &Table,
    sends: Decided<TlsOrigination>,
    service: Option<(ServiceId, u16)>,
) -> Way {
    let first = table.routes.first();
    let at = first
        .and_then(|route| route.to.first())
        .map(|to| &to.at)
        .or(first.map(|route| &route.at))
        .unwrap_or(&table.near);
    let because = Because::Configured(at.clone());
    Way {
        ends: Some(("calls to it are routed elsewhere".into(), because)),
        ..Way::straight(sends, service)
    }
}
