//! Networks whose calls pass by the proxy.
//!
//! `linkerd/linkerd2-proxy-init: pkg/iptables/iptables.go` (SubnetsToIgnore): callers from these
//! addresses reach every port past the proxy.

use ipnet::IpNet;

use super::Proxy;
use crate::mesh::linkerd::settings::networks;
use crate::model::{Because, Setting};

impl Proxy<'_> {
    /// Each of them, and how far they reach together.
    pub(super) fn networks(&self) -> Vec<Setting> {
        let Some((skipped, because)) = self.skipped() else {
            return Vec::new();
        };
        let setting = |name, value: String| Setting {
            name,
            value,
            because: because.clone(),
        };
        let extent = extent(&skipped, &self.config.cluster_networks.value);
        let whole = extent.map(|extent| setting("skipped_networks", extent.to_owned()));
        let each = skipped
            .iter()
            .map(|net| setting("skipped_network", net.to_string()));
        whole.into_iter().chain(each).collect()
    }

    fn skipped(&self) -> Option<(Vec<IpNet>, Because)> {
        match self.annotation("skip-subnets") {
            // with one that is none the pod does not start
            Some((text, at)) => Some((networks(text)?, Because::Configured(at))),
            None if self.may_inherit("skip-subnets") => None,
            None => {
                let installed = &self.config.skip_subnets;
                Some((installed.value.clone(), installed.because.clone()))
            }
        }
    }
}

/// How far networks reach: `everything`, a network of the `cluster`, `some` addresses, or no more than
/// the `few` of a node or a load balancer.
fn extent(skipped: &[IpNet], cluster: &[IpNet]) -> Option<&'static str> {
    let together = IpNet::aggregate(&skipped.to_vec());
    let has = |net: &IpNet| together.iter().any(|one| one.contains(net));
    let is_few = |net: &IpNet| net.max_prefix_len() - net.prefix_len() <= 4;
    Some(match skipped {
        [] => return None,
        _ if together.iter().any(|net| net.prefix_len() == 0) => "everything",
        _ if cluster.iter().any(has) => "cluster",
        _ if together.iter().all(is_few) => "few",
        _ => "some",
    })
}
