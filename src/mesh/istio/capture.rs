//! Which traffic a sidecar captures.
//!
//! `istio/istio: tools/istio-iptables/pkg/capture/run.go`; annotations:
//! `istio/api: annotation/annotations.yaml`.

use crate::model::{At, Workload};

const INCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const EXCLUDE_INBOUND: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDE_OUTBOUND: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
const EXCLUDE_OUTBOUND: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const INCLUDE_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const EXCLUDE_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const INTERCEPTION: &str = "sidecar.istio.io/interceptionMode";
const PROXY_CONFIG: &str = "proxy.istio.io/config";

/// The proxy's own ports, which never pass through it.
const OWN_PORTS: &[u16] = &[15_020, 15_021, 15_090];

/// Where it says that nothing is captured at all.
pub fn no_interception(workload: &Workload, mesh_wide: Option<&At>) -> Option<At> {
    match workload.annotation(INTERCEPTION) {
        Some("NONE") => Some(workload.annotation_at(INTERCEPTION)),
        Some(_) => None,
        None => mesh_wide.cloned(),
    }
}

/// Where it says that a port's inbound traffic does not pass the proxy.
pub fn inbound_bypass(workload: &Workload, port: u16, mesh_wide: Option<&At>) -> Option<At> {
    if let Some(at) = no_interception(workload, mesh_wide) {
        return Some(at);
    }
    if OWN_PORTS.contains(&port) {
        return Some(workload.at());
    }
    match workload.annotation(INCLUDE_INBOUND).map(str::trim) {
        None | Some("*") => lists(workload.annotation(EXCLUDE_INBOUND), port)
            .then(|| workload.annotation_at(EXCLUDE_INBOUND)),
        included => (!lists(included, port)).then(|| workload.annotation_at(INCLUDE_INBOUND)),
    }
}

/// What becomes of outbound traffic to a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbound {
    /// It passes the proxy.
    Captured,
    /// It does not, and the place that says so.
    Bypass(At),
    /// It depends on the address that is dialled, and the place that says so.
    DependsOnAddress(At),
}

/// What becomes of a workload's outbound traffic; `port` is the port it dials.
pub fn outbound(workload: &Workload, port: u16, mesh_wide: Option<&At>) -> Outbound {
    if let Some(at) = no_interception(workload, mesh_wide) {
        return Outbound::Bypass(at);
    }
    if lists(workload.annotation(EXCLUDE_OUTBOUND), port) {
        return Outbound::Bypass(workload.annotation_at(EXCLUDE_OUTBOUND));
    }
    if lists(workload.annotation(INCLUDE_OUTBOUND), port) {
        return Outbound::Captured;
    }
    let exclude = workload.annotation(EXCLUDE_RANGES).map_or("", str::trim);
    if exclude.split(',').any(|range| range.trim() == "0.0.0.0/0") {
        return Outbound::Bypass(workload.annotation_at(EXCLUDE_RANGES));
    }
    match workload.annotation(INCLUDE_RANGES).map(str::trim) {
        Some("") => Outbound::Bypass(workload.annotation_at(INCLUDE_RANGES)),
        Some(ranges) if ranges != "*" => {
            Outbound::DependsOnAddress(workload.annotation_at(INCLUDE_RANGES))
        }
        _ if !exclude.is_empty() => {
            Outbound::DependsOnAddress(workload.annotation_at(EXCLUDE_RANGES))
        }
        _ => Outbound::Captured,
    }
}

/// Everything that distinguishes clients by what they capture.
pub fn outbound_key(workload: &Workload) -> String {
    [
        INCLUDE_OUTBOUND,
        EXCLUDE_OUTBOUND,
        INCLUDE_RANGES,
        EXCLUDE_RANGES,
        INTERCEPTION,
        PROXY_CONFIG,
    ]
    .iter()
    .filter_map(|&key| Some(format!("{key}={};", workload.annotation(key)?)))
    .collect()
}

fn lists(ports: Option<&str>, port: u16) -> bool {
    let ports = ports.unwrap_or("");
    ports
        .split(',')
        .any(|one| one.trim() == "*" || one.trim().parse() == Ok(port))
}
