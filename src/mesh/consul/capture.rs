//! Which connections of a pod are led through its proxy.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/webhook/redirect_traffic.go`,
//! `control-plane/connect-inject/common/common.go` (TransparentProxyEnabled, ShouldOverwriteProbes).

use std::net::IpAddr;

use ipnet::IpNet;

use super::annotation::{self, truth};
use super::settings::Config;
use super::written::Written;
use crate::k8s::{Index, node_at};
use crate::model::{At, Because, Decided, Workload};
use crate::syntax::Node;

/// The ports on which the proxy answers probes: of liveness, of readiness, of the start.
const PROBES: [(&str, u16); 3] = [
    ("livenessProbe", 20300),
    ("readinessProbe", 20400),
    ("startupProbe", 20500),
];

/// The port on which the proxy says whether it is well.
const HEALTH: u16 = 21000;

/// The label and annotation that switches transparent proxies on or off.
const TRANSPARENT: &str = "consul.hashicorp.com/transparent-proxy";

/// Whether all connections of a pod are led through its proxy.
pub fn is_transparent(index: &Index, workload: &Workload, config: &Config) -> Decided<bool> {
    if let Some((text, at)) = annotation::of(workload, "transparent-proxy") {
        return Decided::configured(truth(text) == Some(true), at);
    }
    let namespace = index.namespace(&workload.namespace);
    if let Some(namespace) = namespace
        && let Some(text) = namespace
            .labels
            .as_ref()
            .and_then(|labels| labels.get(TRANSPARENT))
    {
        let labels = At::new(namespace.at.resource, "/metadata/labels");
        return Decided::configured(truth(text) == Some(true), labels.join(TRANSPARENT));
    }
    config.transparent_proxy.clone()
}

/// What could switch it, and is not in the input.
pub fn open(index: &Index, workload: &Workload) -> Option<(String, At)> {
    let known = index
        .namespace(&workload.namespace)
        .is_some_and(|namespace| namespace.labels.is_some());
    let decided = known || annotation::of(workload, "transparent-proxy").is_some();
    let what =
        "the labels of its namespace, which are not in the input, may switch its transparent proxy";
    (!decided).then(|| (what.to_owned(), workload.at()))
}

/// A port of a pod that its proxy opens without asking who calls.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The port.
    pub port: u16,
    /// The only path that is answered; nothing where all are.
    pub path: Option<String>,
    /// The line.
    pub because: Because,
}

/// Why connections to a port are not led through the proxy of a pod with a transparent one.
pub fn excluded_inbound(
    workload: &Workload,
    config: &Config,
    opened: &[Opened],
    port: u16,
) -> Option<Because> {
    let list = annotation::items(workload, "transparent-proxy-exclude-inbound-ports");
    if let Some((_, at)) = list.into_iter().find(|(text, _)| text.parse() == Ok(port)) {
        return Some(Because::Configured(at));
    }
    if let Some(metrics) = metrics(workload, config).filter(|metrics| metrics.port == port) {
        return Some(metrics.because);
    }
    if let Some(health) = health(workload).filter(|health| health.port == port) {
        return Some(health.because);
    }
    let probe = opened
        .iter()
        .find(|one| one.port == port && is_of_probe(port));
    probe.map(|one| one.because.clone())
}

/// Whether a port is one that only the proxy listens on, if it listens there at all.
pub fn is_reserved(port: u16, config: &Config) -> bool {
    is_of_probe(port) || port == HEALTH || port == config.metrics_port
}

fn is_of_probe(port: u16) -> bool {
    PROBES
        .iter()
        .any(|(_, first)| (*first..*first + 100).contains(&port))
}

/// Why a call to somewhere is not led through the proxy of a pod with a transparent one.
pub fn excluded_outbound(workload: &Workload, port: u16, ip: Option<IpAddr>) -> Option<Because> {
    let ports = annotation::items(workload, "transparent-proxy-exclude-outbound-ports");
    let by_port = ports.into_iter().find(|(text, _)| text.parse() == Ok(port));
    let networks = annotation::items(workload, "transparent-proxy-exclude-outbound-cidrs");
    let by_network = networks.into_iter().find(|(text, _)| {
        let net = text
            .parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(Into::into));
        net.is_some_and(|net| match ip {
            Some(ip) => net.contains(&ip),
            None => net.prefix_len() == 0,
        })
    });
    by_port
        .or(by_network)
        .map(|(_, at)| Because::Configured(at))
}

/// That some networks are not led through the proxy, where it is not known whether a call goes there.
pub fn excluded_networks(workload: &Workload) -> Option<(String, At)> {
    let networks = annotation::items(workload, "transparent-proxy-exclude-outbound-cidrs");
    let (first, at) = networks.into_iter().next()?;
    Some((
        format!("whether the address that is dialled is in {first}, or others of the list"),
        at,
    ))
}

/// Containers of a pod whose user passes by its proxy.
pub struct Excluded {
    /// The line that says so.
    pub at: At,
    /// Whether these are all of its containers.
    pub all: bool,
}

/// The containers of a pod whose user passes by its proxy.
pub fn excluded_user(index: &Index, workload: &Workload) -> Option<Excluded> {
    let users = annotation::items(workload, "transparent-proxy-exclude-uids");
    let of_pod = user(
        index,
        &workload.template_at("/spec/securityContext/runAsUser"),
    );
    let containers = workload.containers.iter();
    let running = containers.filter(|one| !one.init || one.sidecar);
    let listed: Vec<Option<At>> = running
        .map(|container| {
            let at = At {
                resource: workload.resource,
                pointer: container.at.append("/securityContext/runAsUser"),
            };
            let own = user(index, &at).or(of_pod)?;
            let listed = users.iter().find(|(text, _)| text.parse() == Ok(own));
            listed.map(|(_, at)| at.clone())
        })
        .collect();
    Some(Excluded {
        at: listed.iter().flatten().next()?.clone(),
        all: listed.iter().all(Option::is_some),
    })
}

fn user(index: &Index, at: &At) -> Option<i64> {
    node_at(index, at).and_then(Node::as_i64)
}

/// The port for metrics, where the proxy opens one.
fn metrics(workload: &Workload, config: &Config) -> Option<Opened> {
    let own = annotation::of(workload, "enable-metrics");
    let on = match own {
        Some((text, at)) => Decided::configured(truth(text) == Some(true), at),
        None => config.metrics.clone(),
    };
    let port = annotation::of(workload, "prometheus-scrape-port");
    let port = port.and_then(|(text, _)| text.parse().ok());
    on.value.then_some(Opened {
        port: port.unwrap_or(config.metrics_port),
        path: None,
        because: on.because,
    })
}

fn health(workload: &Workload) -> Option<Opened> {
    let (text, at) = annotation::of(workload, "use-proxy-health-check")?;
    (truth(text) == Some(true)).then_some(Opened {
        port: HEALTH,
        path: None,
        because: Because::Configured(at),
    })
}

/// The ports that the proxy of a pod opens for others than callers of its service: for metrics, for its
/// health, and for probes that would not get through a transparent proxy.
pub fn opened(
    index: &Index,
    workload: &Workload,
    config: &Config,
    transparent: bool,
) -> Vec<Opened> {
    let mut opened: Vec<Opened> = metrics(workload, config).into_iter().collect();
    opened.extend(health(workload));
    let overwritten = match annotation::of(workload, "transparent-proxy-overwrite-probes") {
        Some((text, _)) => truth(text) == Some(true),
        None => config.overwrite_probes.value,
    };
    if !transparent || !overwritten {
        return opened;
    }
    let containers = workload.containers.iter().filter(|one| !one.init);
    for (place, container) in (0_u16..).zip(containers) {
        for (field, first) in PROBES {
            let at = At {
                resource: workload.resource,
                pointer: container.at.join(field).join("httpGet"),
            };
            let Some(probe) = node_at(index, &at) else {
                continue;
            };
            let path = probe.get("path").and_then(Node::as_str);
            opened.push(Opened {
                port: first + place,
                path: Some(path.unwrap_or("/").to_owned()),
                because: Because::Configured(at.join("path")),
            });
        }
    }
    opened
}

/// The ports that `expose` opens.
pub fn exposed_paths(expose: &Written<'_>) -> Vec<Opened> {
    let one = |path: &Written<'_>| {
        Some(Opened {
            port: path.port("listenerPort")?,
            path: Some(path.text("path")?.to_owned()),
            because: Because::Configured(path.field("path")),
        })
    };
    expose.each("paths").iter().filter_map(one).collect()
}
