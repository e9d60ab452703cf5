//! Which traffic a sidecar captures.
//!
//! `istio/istio: tools/istio-iptables/pkg/capture/run.go`; annotations:
//! `istio/api: annotation/annotations.yaml`.

use super::settings::CaptureDefaults;
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

/// What a workload's pods say about capture, and what the mesh says where they do not.
#[derive(Debug)]
pub struct Capture<'a> {
    /// The workload.
    pub workload: &'a Workload,
    /// Where the mesh says that nothing is captured.
    pub none: Option<At>,
    /// What the mesh says by annotation.
    pub defaults: &'a CaptureDefaults,
}

impl Capture<'_> {
    /// What is said, and where.
    fn said(&self, key: &str) -> Option<(&str, At)> {
        let own = self.workload.annotation(key);
        let own = own.map(|text| (text, self.workload.annotation_at(key)));
        let default = || {
            let (text, at) = self.defaults.get(key)?;
            Some((text.as_str(), at.clone()))
        };
        own.or_else(default).map(|(text, at)| (text.trim(), at))
    }

    /// Where it says that nothing is captured at all.
    fn nothing(&self) -> Option<At> {
        match self.workload.annotation(INTERCEPTION) {
            Some("NONE") => Some(self.workload.annotation_at(INTERCEPTION)),
            Some(_) => None,
            None => self.none.clone(),
        }
    }

    /// Where a list says that it holds a port.
    fn lists(&self, key: &str, port: u16) -> Option<At> {
        let (ports, at) = self.said(key)?;
        lists(ports, port).then_some(at)
    }

    /// Where it says that a port's inbound traffic does not pass the proxy.
    pub fn inbound_bypass(&self, port: u16) -> Option<At> {
        if let Some(at) = self.nothing() {
            return Some(at);
        }
        if OWN_PORTS.contains(&port) {
            return Some(self.workload.at());
        }
        match self.said(INCLUDE_INBOUND) {
            None | Some(("*", _)) => self.lists(EXCLUDE_INBOUND, port),
            Some((included, at)) => (!lists(included, port)).then_some(at),
        }
    }

    /// What becomes of outbound traffic; `port` is the port that is dialled.
    pub fn outbound(&self, port: u16) -> Outbound {
        let past = self
            .nothing()
            .or_else(|| self.lists(EXCLUDE_OUTBOUND, port));
        if let Some(at) = past {
            return Outbound::Bypass(at);
        }
        if self.lists(INCLUDE_OUTBOUND, port).is_some() {
            return Outbound::Captured;
        }
        let excluded = self
            .said(EXCLUDE_RANGES)
            .filter(|(ranges, _)| !ranges.is_empty());
        if let Some((ranges, at)) = &excluded
            && ranges.split(',').any(|range| range.trim() == "0.0.0.0/0")
        {
            return Outbound::Bypass(at.clone());
        }
        match (self.said(INCLUDE_RANGES), excluded) {
            (Some(("", at)), _) => Outbound::Bypass(at),
            (Some((ranges, at)), _) if ranges != "*" => Outbound::DependsOnAddress(at),
            (_, Some((_, at))) => Outbound::DependsOnAddress(at),
            _ => Outbound::Captured,
        }
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

fn lists(ports: &str, port: u16) -> bool {
    ports
        .split(',')
        .any(|one| one.trim() == "*" || one.trim().parse() == Ok(port))
}
