//! Who calls and from where, as conditions.

use ipnet::IpNet;

use super::crd::Network;
use super::settings::{Config, DefaultPolicy};
use crate::model::{At, StringMatch, Test, When};

/// What the identities begin with that are no names of hosts.
pub const SPIFFE: &str = "spiffe://";

/// Anyone with an identity of the mesh. What is no name of a host is in no pattern:
/// `linkerd/linkerd2-proxy: linkerd/app/inbound/src/policy.rs` (is_tls_authorized).
pub fn anyone(at: &At) -> When {
    pattern(StringMatch::Any, at)
}

/// An identity as policies name it: `*`, `*.rest` or the whole name.
/// `linkerd/linkerd2: policy-controller/core/src/identity_match.rs`.
pub fn identity(text: &str, at: &At) -> When {
    match text.strip_prefix('*') {
        Some("") => anyone(at),
        Some(rest) if rest.starts_with('.') => pattern(StringMatch::Suffix(rest.into()), at),
        _ => When::Is(Test::Identity(StringMatch::Exact(text.into())), at.clone()),
    }
}

fn pattern(name: StringMatch, at: &At) -> When {
    let spiffe = Test::Identity(StringMatch::Prefix(SPIFFE.into()));
    When::all(vec![
        When::Is(Test::Identity(name), at.clone()),
        When::Is(spiffe, at.clone()).not(),
    ])
}

/// From any of these networks; `at` is their list.
pub fn from(networks: &[Network], at: &At) -> When {
    let each = networks.iter().enumerate().map(|(i, network)| {
        let at = at.join(i);
        let cidr = at.join("cidr");
        let mut parts = vec![When::Is(Test::PeerAddress(network.cidr.0), cidr)];
        for (i, except) in network.except.iter().flatten().enumerate() {
            let at = at.join("except").join(i);
            parts.push(When::Is(Test::PeerAddress(except.0), at).not());
        }
        When::all(parts)
    });
    let whole = |network: &&Network| network.except.iter().flatten().next().is_none();
    let nets = networks.iter().filter(whole).map(|network| network.cidr.0);
    match is_everywhere(nets) {
        true => When::Always,
        false => When::any(each.collect()),
    }
}

/// Whether networks hold all addresses: one network is of one kind of addresses only.
fn is_everywhere(networks: impl Iterator<Item = IpNet>) -> bool {
    let all = networks.filter(|net| net.prefix_len() == 0);
    let (six, four): (Vec<_>, Vec<_>) = all.partition(|net| net.addr().is_ipv6());
    !six.is_empty() && !four.is_empty()
}

/// From any of these networks, which one line names.
pub fn within(networks: &[IpNet], at: &At) -> When {
    if is_everywhere(networks.iter().copied()) {
        return When::Always;
    }
    let each = networks.iter();
    let each = each.map(|&net| When::Is(Test::PeerAddress(net), at.clone()));
    When::any(each.collect())
}

/// From an address of the cluster.
pub fn inside(config: &Config) -> When {
    let networks = &config.cluster_networks;
    if is_everywhere(networks.value.iter().copied()) {
        return When::Always;
    }
    let at = networks.because.at().clone();
    When::Is(Test::PeerInside(networks.value.clone().into()), at)
}

/// Whom a default policy lets in; `at` is the line that chooses it.
/// `linkerd/linkerd2: policy-controller/k8s/index/src/defaults.rs`.
pub fn by_default(policy: DefaultPolicy, config: &Config, at: &At) -> When {
    match policy {
        DefaultPolicy::Deny => When::Never,
        DefaultPolicy::Audit => When::Always,
        DefaultPolicy::Allow {
            authenticated,
            cluster,
        } => When::all(vec![
            match authenticated {
                true => anyone(at),
                false => When::Always,
            },
            match cluster {
                true => inside(config),
                false => When::Always,
            },
        ]),
    }
}

/// Anyone whose connection is mutual TLS of the mesh, with an identity of whatever form.
pub fn any_tls(at: &At) -> When {
    When::Is(Test::Identity(StringMatch::Any), at.clone())
}
