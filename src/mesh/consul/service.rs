//! Which services of Consul a workload is, and on which port.
//!
//! `hashicorp/consul-k8s: control-plane/connect-inject/controllers/endpoints/endpoints_controller.go`.

use std::sync::Arc;

use super::annotation::{self, truth};
use super::settings::Config;
use crate::k8s::Index;
use crate::model::{At, Because, Decided, Service, ServiceId, Workload};

/// A service as Consul knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// Its namespace in Consul.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// The registration of a workload.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What it is called.
    pub name: Name,
    /// The line that gives it the name.
    pub because: Because,
    /// The port that the proxy leads calls to.
    pub port: Option<Decided<u16>>,
    /// The Kubernetes Service that it stands for.
    pub service: Option<ServiceId>,
}

impl Registration {
    /// Whether calls to it get to a port of the workload.
    pub fn is_on(&self, port: u16) -> bool {
        self.port.as_ref().is_some_and(|own| own.value == port)
    }
}

/// Why a workload is registered as nothing, so that it never starts.
#[derive(Debug, Clone)]
pub struct Nameless {
    /// What is wrong, for rules: `annotation`, `account`, `no_service`, `services`.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
    /// The line.
    pub at: At,
}

/// The registrations of a workload with a proxy; several only of a pod that is several services.
pub fn of(
    index: &Index,
    workload: &Workload,
    config: &Config,
) -> Result<Vec<Registration>, Nameless> {
    if let Some(refused) = refused(workload) {
        return Err(refused);
    }
    let registered = registered(index, workload, config)?;
    match registered.as_slice() {
        [only] => unproven(workload, only, config).map_or(Ok(registered), Err),
        _ => Ok(registered),
    }
}

/// Why the injector refuses a pod: an annotation is no truth value.
fn refused(workload: &Workload) -> Option<Nameless> {
    let all = [
        "connect-inject",
        "transparent-proxy",
        "transparent-proxy-overwrite-probes",
        "enable-metrics",
    ];
    all.into_iter().find_map(|name| {
        let (text, at) = annotation::of(workload, name)?;
        let is_filled_in = text.contains("{{") || text.starts_with('$');
        (truth(text).is_none() && !is_filled_in).then_some(Nameless {
            what: "annotation",
            why: "an annotation of its pods is neither true nor false, so that the injector refuses them",
            at,
        })
    })
}

/// Why a pod never proves to be its service: with ACLs, its service account is called like it.
/// `hashicorp/consul-k8s: control-plane/subcommand/connect-init/command.go`.
fn unproven(workload: &Workload, registered: &Registration, config: &Config) -> Option<Nameless> {
    let differs = config.acls.value && *workload.service_account != *registered.name.name;
    differs.then(|| Nameless {
        what: "account",
        why: "its service account is not called like its service, so that it never gets an identity and its pods \
              never start",
        at: workload.template_at("/spec/serviceAccountName"),
    })
}

/// What a workload is called, whether its pods ever start or not.
pub fn registered(
    index: &Index,
    workload: &Workload,
    config: &Config,
) -> Result<Vec<Registration>, Nameless> {
    let written = annotation::items(workload, "connect-service");
    let services = selecting(index, workload);
    let registration = |service: &Service, name: Arc<str>, at, port| Registration {
        name: Name {
            namespace: config.namespaces.of(&workload.namespace),
            name,
        },
        because: Because::Configured(at),
        port,
        service: Some(service.id),
    };
    let own = |service: &Service| At::new(service.resource, "/metadata/name");
    if written.len() > 1 {
        let ports = annotation::items(workload, "connect-service-port");
        let each = written.iter().enumerate().filter_map(|(place, (name, _))| {
            let service = services.iter().find(|one| *one.name == **name)?;
            let port = ports.get(place).and_then(|(text, at)| {
                Some(Decided::configured(number(workload, text)?, at.clone()))
            });
            let name = Arc::clone(&service.name);
            Some(registration(service, name, own(service), port))
        });
        return Ok(each.collect());
    }
    match services.as_slice() {
        [only] => {
            let (name, at) = match written.first() {
                Some((name, at)) => (Arc::from(*name), at.clone()),
                None => (Arc::clone(&only.name), own(only)),
            };
            let port = port(workload).or_else(|| target(index, only, workload));
            Ok(vec![registration(only, name, at, port)])
        }
        [] => Err(Nameless {
            what: "no_service",
            why: "no Kubernetes Service selects its pods, so they are registered as nothing and never start",
            at: workload.at(),
        }),
        _ => Err(Nameless {
            what: "services",
            why: "several Kubernetes Services select its pods, so they never start; label all but one with \
                  consul.hashicorp.com/service-ignore, or name one in the annotation kubernetes-service",
            at: workload.at(),
        }),
    }
}

/// The port that a Service leads to first, of pods that declare none.
fn target(index: &Index, service: &Service, workload: &Workload) -> Option<Decided<u16>> {
    let mut ports = service.ports.iter();
    ports.find_map(|port| {
        Some(Decided::configured(
            index.target(port, workload)?,
            port.at.clone(),
        ))
    })
}

/// The Services that Consul looks at.
fn selecting<'a>(index: &'a Index, workload: &Workload) -> Vec<&'a Service> {
    let chosen = annotation::of(workload, "kubernetes-service");
    let is_ignored = |service: &Service| {
        let labels = &index.resource(service.resource).labels;
        let label = labels.get("consul.hashicorp.com/service-ignore");
        label.is_some_and(|value| truth(value) == Some(true))
    };
    let is_chosen = |service: &Service| match &chosen {
        Some((name, _)) => *service.name == **name,
        None => true,
    };
    let all = index.services_of(workload.id);
    let mut found: Vec<&Service> = Vec::new();
    for service in all.filter(|service| !is_ignored(service) && is_chosen(service)) {
        // of two with one name, which was reported when they were read, one is applied
        if !found.iter().any(|known| known.name == service.name) {
            found.push(service);
        }
    }
    found
}

/// The port that calls are led to: what annotations say, or else the first of the first container.
/// `hashicorp/consul-k8s: control-plane/connect-inject/webhook/mesh_webhook.go`
/// (defaultConnectServicePortsAnnotation).
fn port(workload: &Workload) -> Option<Decided<u16>> {
    for name in ["connect-service-default-port", "connect-service-port"] {
        if let Some((text, at)) = annotation::items(workload, name).into_iter().next() {
            return Some(Decided::configured(number(workload, text)?, at));
        }
    }
    let container = workload.containers.iter().find(|one| !one.init)?;
    let first = container.ports.first()?;
    let at = At {
        resource: workload.resource,
        pointer: first.number_at.clone(),
    };
    Some(Decided::configured(first.number, at))
}

/// A port by its number or its name.
fn number(workload: &Workload, text: &str) -> Option<u16> {
    let named = || {
        let mut ports = workload.containers.iter().flat_map(|one| &one.ports);
        let found = ports.find(|port| port.name.as_deref() == Some(text))?;
        Some(found.number)
    };
    text.parse().ok().filter(|&port| port > 0).or_else(named)
}
