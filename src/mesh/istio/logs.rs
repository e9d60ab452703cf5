//! Logs and spans of a workload: which proxies write for it.

use super::Istio;
use super::membership::Plane;
use super::outbound::waypoint::Asked;
use super::proxies::Proxy;
use super::telemetry::{self, Proxy as Writer, Waypoint};
use crate::model::{AccessLog, Because, LogState, Missing, Service, Tracing, Workload};

impl Istio {
    /// What the proxies of a control plane are told about logs and spans.
    pub(super) fn telemetry<'a>(&'a self, revision: &'a str) -> telemetry::Scope<'a> {
        telemetry::Scope {
            index: &self.index,
            all: &self.telemetries,
            config: self.config.of(revision),
            root: self.root(),
            revision,
        }
    }

    /// The proxy of a workload, as Telemetry sees it.
    pub(super) fn writer<'a>(&'a self, workload: &'a Workload) -> Writer<'a> {
        match self.member(workload).plane {
            Plane::Gateway => Writer::Gateway(workload),
            Plane::Waypoint => {
                let proxy = self.proxies.of_workload(workload.id);
                let own = proxy.and_then(|proxy| as_waypoint(proxy, None));
                own.unwrap_or(Writer::Sidecar(workload))
            }
            Plane::Sidecar | Plane::Ambient | Plane::None => Writer::Sidecar(workload),
        }
    }

    /// The access log of a workload.
    pub(super) fn log_of(&self, workload: &Workload) -> AccessLog {
        let member = self.member(workload);
        if member.plane != Plane::Ambient {
            let scope = self.telemetry(&member.revision);
            return scope.access_log(&self.writer(workload));
        }
        let near = member.membership.because.at().clone();
        let of_connections = telemetry::ztunnel_log(&self.index, near);
        match self.log_before(workload) {
            // requests are seen by the waypoint alone
            Some(log) if log.state == LogState::Off && of_connections.state == LogState::On => {
                AccessLog {
                    state: LogState::Partial,
                    lacks: Some(Missing::Requests),
                    ..log
                }
            }
            Some(log) if log.state != LogState::Off => log,
            _ => of_connections,
        }
    }

    /// The log of the waypoint in front of a workload.
    fn log_before(&self, workload: &Workload) -> Option<AccessLog> {
        let mut services = self.index.services_of(workload.id);
        services.find_map(|service| match self.waypoint_of_service(service) {
            Asked::Passes(proxy) => self.waypoint_log(proxy, service),
            Asked::None | Asked::Missing(..) => None,
        })
    }

    fn waypoint_log(&self, proxy: &Proxy, service: &Service) -> Option<AccessLog> {
        let writer = as_waypoint(proxy, Some(service))?;
        let revision = &self.member(&proxy.pods).revision;
        Some(self.telemetry(revision).access_log(&writer))
    }

    /// The spans of a workload.
    pub(super) fn spans_of(&self, workload: &Workload) -> Tracing {
        let member = self.member(workload);
        if member.plane == Plane::Ambient {
            return Tracing {
                state: LogState::Off,
                because: Because::Default {
                    rule: "ztunnel sends no spans",
                    near: member.membership.because.at().clone(),
                },
                sampling: None,
            };
        }
        self.telemetry(&member.revision)
            .tracing(&self.writer(workload))
    }
}

/// A waypoint, with what it serves.
fn as_waypoint<'a>(proxy: &'a Proxy, service: Option<&'a Service>) -> Option<Writer<'a>> {
    let named = proxy.gateway.as_ref()?;
    let served = service.map(|service| ("Service", &*service.namespace, &*service.name));
    Some(Writer::Waypoint(Waypoint {
        gateway: (&named.namespace, &named.name),
        serves: served,
        near: &proxy.at,
    }))
}
