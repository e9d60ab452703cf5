//! Which EgressNetwork takes a call.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::mesh::linkerd::Linkerd;
use crate::mesh::linkerd::crd::{EgressNetwork, Network};
use crate::mesh::linkerd::object::Object;
use crate::model::{At, Workload};

/// The EgressNetwork that takes a call.
pub enum Choice<'a> {
    /// None.
    None,
    /// This one.
    One(&'a Object<EgressNetwork>),
    /// It depends on what is not known.
    Open(String, At),
}

impl Linkerd {
    /// The EgressNetwork that takes calls of a client to an address: of those of its namespace, if
    /// there is any, else of the one for everyone, the one with the smallest block.
    pub(super) fn egress_network(&self, client: &Workload, to: Option<IpAddr>) -> Choice<'_> {
        let of = |namespace: &str| -> Vec<_> { self.egress.networks.of(namespace).collect() };
        let mut all = of(&client.namespace);
        if all.is_empty() {
            all = of(&self.config.egress_namespace.value);
        }
        let Some(address) = to else {
            // whatever its address is, it is outside the cluster
            return match all.as_slice() {
                [] => Choice::None,
                [one] if one.spec.networks.is_none() => Choice::One(one),
                [first, ..] => Choice::Open(
                    "which EgressNetwork takes the call depends on the address".to_owned(),
                    first.at("/metadata/name"),
                ),
            };
        };
        let cluster = &self.config.cluster_networks.value;
        let sized = all.into_iter().filter_map(|one| {
            let size = match &one.spec.networks {
                Some(networks) => {
                    let all = networks.iter().filter(|network| takes(network, address));
                    all.map(size).min()?
                }
                None => outside(cluster, address)?,
            };
            let created = self.index.resource(one.id).created.clone();
            Some((
                Reverse(size),
                Reverse(created),
                Reverse((&one.namespace, &one.name)),
                one,
            ))
        });
        let best = sized.max_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
        best.map_or(Choice::None, |(.., one)| Choice::One(one))
    }

    /// Whether routes count on a network: none does where it takes addresses of the cluster.
    pub(super) fn is_accepted(&self, network: &Object<EgressNetwork>) -> bool {
        let cluster = &self.config.cluster_networks.value;
        let networks = network.spec.networks.iter().flatten();
        !networks.into_iter().any(|one| {
            let net = one.cidr.0;
            cluster.iter().any(|inside| {
                let excepted = one.except.iter().flatten().any(|e| e.0.contains(inside));
                (inside.contains(&net) || net.contains(inside)) && !excepted
            })
        })
    }
}

fn takes(network: &Network, address: IpAddr) -> bool {
    let mut except = network.except.iter().flatten();
    network.cidr.0.contains(&address) && !except.any(|one| one.0.contains(&address))
}

/// The size of a network, as it is compared: its hosts without those that do not count. What does not
/// fit wraps round.
fn size(network: &Network) -> u64 {
    let except = network.except.iter().flatten();
    except.fold(hosts(network.cidr.0), |size, one| {
        size.wrapping_sub(hosts(one.0))
    })
}

/// The size of everything outside the cluster of an address's kind, if it is outside.
fn outside(cluster: &[IpNet], address: IpAddr) -> Option<u64> {
    let inside = cluster.iter().any(|net| net.contains(&address));
    let alike = |net: &&IpNet| net.addr().is_ipv6() == address.is_ipv6();
    let all = match address.is_ipv6() {
        true => 0,
        false => (1 << 32) - 2,
    };
    let inner = cluster.iter().filter(alike);
    (!inside).then(|| inner.fold(all, |size: u64, &net| size.wrapping_sub(hosts(net))))
}

/// How many hosts a network has.
fn hosts(net: IpNet) -> u64 {
    let bits = u32::from(net.max_prefix_len() - net.prefix_len());
    match (net, bits) {
        (_, 0) => 1,
        (IpNet::V4(_), 1) => 2,
        (IpNet::V4(_), bits) => (1 << bits) - 2,
        (IpNet::V6(_), bits) => 1_u64.checked_shl(bits).unwrap_or(0),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{hosts, outside};

    #[test]
    fn sizes() {
        let hosts = |text: &str| hosts(text.parse().unwrap());
        assert_eq!(hosts("10.0.0.0/24"), 254);
        assert_eq!(hosts("10.0.0.0/31"), 2);
        assert_eq!(hosts("10.0.0.1/32"), 1);
        assert_eq!(hosts("0.0.0.0/0"), (1 << 32) - 2);
        assert_eq!(hosts("fd00::/96"), 1 << 32);
        // what has no room is taken for the smallest of all
        assert_eq!(hosts("fd00::/64"), 0);
        assert_eq!(hosts("::/0"), 0);
    }

    #[test]
    fn everything_outside_is_what_is_left() {
        let cluster = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let size = |text: &str| outside(&cluster, text.parse().unwrap());
        assert_eq!(size("10.1.1.1"), None);
        assert_eq!(size("8.8.8.8"), Some((1 << 32) - 2 - ((1 << 24) - 2)));
        assert_eq!(size("2001:db8::1"), Some(0));
    }
}
