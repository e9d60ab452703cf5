//! What holds for one workload's proxy instead of `defaultConfig`.
//!
//! `istio/istio: pilot/pkg/model/proxy_config.go` (EffectiveProxyConfig). What counts more comes
//! first: a `ProxyConfig` that selects the pods, their annotation, the `ProxyConfig` of their
//! namespace, that of the root namespace. The objects hold environment variables only.

use super::MeshConfig;
use crate::k8s::selector::is_subset;
use crate::k8s::{Index, node_at};
use crate::model::{At, Decided, Labels, ResourceId, Workload};
use crate::syntax::{Node, from_node};

const ANNOTATION: &str = "proxy.istio.io/config";
const HBONE: &str = "ISTIO_META_ENABLE_HBONE";

impl MeshConfig {
    /// Where it says that nothing of a workload is captured.
    pub fn interception(&self, index: &Index, workload: &Workload) -> Option<At> {
        match annotated(index, workload, &["interceptionMode"]) {
            Some((mode, at)) => (mode.as_str() == Some("NONE")).then_some(at),
            None => self.no_interception.clone(),
        }
    }

    /// How many proxies in front of a gateway write addresses that it trusts.
    pub fn trusted_proxies(&self, index: &Index, workload: &Workload) -> u32 {
        let path = &["gatewayTopology", "numTrustedProxies"];
        let own = annotated(index, workload, path)
            .and_then(|(number, _)| u32::try_from(number.as_i64()?).ok());
        let general = self.num_trusted_proxies.as_ref().map(|(number, _)| *number);
        own.or(general).unwrap_or(0)
    }

    /// Whether a workload's sidecar listens for HBONE; nothing where nothing is known about it.
    pub fn hbone_of(&self, index: &Index, workload: &Workload) -> Option<Decided<bool>> {
        let root = &*self.neutral.root_namespace.value;
        let own = || variable(index, &workload.namespace, Some(&workload.labels));
        let annotated = || annotated(index, workload, &["proxyMetadata", HBONE]);
        let near = || variable(index, &workload.namespace, None);
        let found = own()
            .or_else(annotated)
            .or_else(near)
            .or_else(|| variable(index, root, None));
        match found {
            Some((value, at)) => {
                let on = value.as_bool() == Some(true) || value.as_str() == Some("true");
                Some(Decided::configured(on, at))
            }
            None => self.hbone.clone(),
        }
    }
}

/// A field of the annotation on a workload's pods.
fn annotated<'a>(index: &'a Index, workload: &Workload, path: &[&str]) -> Option<(Node<'a>, At)> {
    workload.annotation(ANNOTATION)?;
    let whole = workload.annotation_at(ANNOTATION);
    let at = path.iter().fold(whole, |at, step| at.join(step));
    Some((node_at(index, &at)?, at))
}

/// The variable that the oldest `ProxyConfig` of a namespace sets which selects these labels, or
/// which is about all proxies.
fn variable<'a>(
    index: &'a Index,
    namespace: &str,
    labels: Option<&Labels>,
) -> Option<(Node<'a>, At)> {
    let all = index.of_kind("networking.istio.io", "ProxyConfig").iter();
    let fits = |id: &ResourceId| {
        let selector = index.node(*id).path(&["spec", "selector", "matchLabels"]);
        let wanted: Labels = selector
            .and_then(|node| from_node(node).ok())
            .unwrap_or_default();
        index.resource(*id).key.namespace.as_deref() == Some(namespace)
            && match labels {
                Some(labels) => !wanted.is_empty() && is_subset(&wanted, labels),
                None => wanted.is_empty(),
            }
    };
    let oldest = all
        .copied()
        .filter(fits)
        .min_by_key(|&id| index.resource(id).age())?;
    let at = At::new(oldest, "/spec/environmentVariables").join(HBONE);
    Some((node_at(index, &at)?, at))
}
