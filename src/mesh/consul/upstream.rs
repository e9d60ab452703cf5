//! Services that a proxy leads calls to on a port of its own.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/controllers/endpoints/endpoints_controller.go`
//! (processUpstreams).

use std::sync::Arc;

use super::annotation;
use super::service::Name;
use super::settings::Config;
use super::written::Written;
use crate::model::{At, Workload};

/// A service that a proxy leads calls to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The service, if it is one of here.
    pub service: Name,
    /// The line.
    pub at: At,
}

impl Upstream {
    /// One of a registration; nothing of what is elsewhere, or is no service.
    pub fn of_own(written: &Written<'_>, config: &Config) -> Option<Self> {
        let is_service = written
            .text("destinationType")
            .is_none_or(|kind| kind == "service");
        let partition = written.text("destinationPartition");
        let here = written.text("destinationPeer").is_none()
            && partition.is_none_or(|name| name == config.home_partition())
            && written
                .text("datacenter")
                .is_none_or(|name| config.may_be_here(name));
        let name = written
            .text("destinationName")
            .filter(|_| is_service && here)?;
        let namespace = written.text("destinationNamespace").unwrap_or("default");
        Some(Self {
            service: Name {
                namespace: namespace.into(),
                name: name.into(),
            },
            at: written.field("destinationName"),
        })
    }
}

/// Those that the annotation of a pod lists.
pub fn of_pod(workload: &Workload, config: &Config) -> Vec<Upstream> {
    let listed = annotation::items(workload, "connect-service-upstreams");
    let one = |(text, at): (&str, At)| {
        Some(Upstream {
            service: parse(text, workload, config)?,
            at,
        })
    };
    listed.into_iter().filter_map(one).collect()
}

/// `name[.namespace[.partition]]:port[:datacenter]`, or
/// `name.svc[.namespace.ns][.peer.peer|.partition.ap|.datacenter.dc]:port`; where namespaces are not
/// told apart, a dot is a part of the name.
fn parse(text: &str, workload: &Workload, config: &Config) -> Option<Name> {
    let (service, port) = text.trim().split_once(':')?;
    let (port, datacenter) = port.split_once(':').unwrap_or((port, ""));
    let is_here = datacenter.is_empty() || config.may_be_here(datacenter);
    if service == "prepared_query" || port.is_empty() || !is_here {
        return None;
    }
    let apart = config.namespaces.are_apart();
    let own = || config.namespaces.of(&workload.namespace);
    let parts: Vec<&str> = service.split('.').collect();
    let (name, namespace): (&str, Arc<str>) = match parts.as_slice() {
        [name, "svc", rest @ ..] => {
            let labelled = |label| {
                let mut pairs = rest.chunks(2);
                pairs.find_map(|pair| match pair {
                    [value, name] if *name == label => Some(*value),
                    _ => None,
                })
            };
            let namespace = labelled("ns");
            let far = labelled("dc").is_some_and(|name| !config.may_be_here(name))
                || labelled("ap").is_some_and(|name| name != config.home_partition())
                || labelled("peer").is_some();
            if far || (namespace.is_some() && !apart) {
                return None;
            }
            (name, namespace.map_or_else(own, Into::into))
        }
        [_, _, partition] if apart && *partition != config.home_partition() => return None,
        [name, namespace, ..] if apart => (name, (*namespace).into()),
        [name] => (name, own()),
        _ => (service, own()),
    };
    Some(Name {
        namespace,
        name: name.into(),
    })
}
