//! The service that a provider sends to: it has to be there.
//!
//! `istio/istio: pilot/pkg/model/telemetry_logging.go` (LookupCluster).

use crate::k8s::Index;
use crate::mesh::istio::settings::Provider;
use crate::model::Tri;
use crate::syntax::Node;

/// Providers that send what they have to a service.
const SENDING: &[&str] = &[
    "datadog",
    "envoyHttpAls",
    "envoyOtelAls",
    "envoyTcpAls",
    "opentelemetry",
    "skywalking",
    "zipkin",
];

/// Whether what a provider needs is there; without it, the provider does nothing.
pub fn is_there(index: &Index, provider: &Provider) -> Tri {
    if !SENDING.contains(&&*provider.kind) {
        return Tri::Yes;
    }
    let service = provider.service.as_ref();
    service.map_or(Tri::No, |(name, _)| service_is_there(index, name))
}

/// Whether a service is there: `host`, or `namespace/host`; a host of the cluster in full, or one
/// of a ServiceEntry. Nothing is known of a namespace of which neither the object nor any Service is in
/// the input.
fn service_is_there(index: &Index, service: &str) -> Tri {
    let (placed, host) = match service.split_once('/') {
        Some((namespace, host)) => (Some(namespace), host),
        None => (None, service),
    };
    let parts: Vec<&str> = host.split('.').collect();
    if let [name, namespace, "svc", _, ..] = parts.as_slice() {
        if placed.is_some_and(|placed| placed != *namespace) {
            return Tri::No;
        }
        if index.find("", "Service", Some(namespace), name).is_some() {
            return Tri::Yes;
        }
        let written = index.namespace(namespace);
        let written = written.is_some_and(|namespace| namespace.labels.is_some());
        let mut services = index.services().iter();
        if !written && !services.any(|service| *service.namespace == **namespace) {
            return Tri::Unknown;
        }
    }
    let entries = index.of_kind("networking.istio.io", "ServiceEntry").iter();
    let mut near = entries.filter(|&&id| {
        let own = index.resource(id).key.namespace.as_deref();
        placed.is_none_or(|placed| own == Some(placed))
    });
    Tri::from(near.any(|&id| {
        let hosts = index.node(id).path(&["spec", "hosts"]);
        let mut hosts = hosts.into_iter().flat_map(Node::items);
        hosts.any(|one| one.as_str() == Some(host))
    }))
}
