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
    pub fn of_own(written: &Written<'_>) -> Option<Self> {
        let is_service = written
            .text("destinationType")
            .is_none_or(|kind| kind == "service");
        let here = written.text("destinationPeer").is_none();
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
    if service == "prepared_query" || port.is_empty() {
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
            if labelled("peer").is_some() || (namespace.is_some() && !apart) {
                return None;
            }
            (name, namespace.map_or_else(own, Into::into))
        }
        [name, namespace, ..] if apart => (name, (*namespace).into()),
        [name] => (name, own()),
        _ => (service, own()),
    };
    Some(Name {
        namespace,
        name: name.into(),
    })
}
