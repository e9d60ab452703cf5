//! Lists of ports in texts.

use std::ops::RangeInclusive;

/// Some ports.
pub type Ports = Vec<RangeInclusive<u16>>;

/// The ports of databases and the like, which the chart has read as streams.
/// `linkerd/linkerd2: charts/linkerd-control-plane/values.yaml` (proxy.opaquePorts).
pub const USUALLY_OPAQUE: &str = "25,587,3306,4444,5432,6379,9300,11211";

/// Whether a list has a port.
pub fn contains(ports: &Ports, port: u16) -> bool {
    ports.iter().any(|range| range.contains(&port))
}

/// The ports of a list as the policy controller reads it: what is no number spoils the whole list.
/// `linkerd/linkerd2: policy-controller/k8s/index/src/ports.rs` (parse_portset).
pub fn all(text: &str) -> Option<Ports> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(one).collect()
}

/// The ports of a list as the init container reads it, each for itself.
/// `linkerd/linkerd2-proxy-init: pkg/ports/ports.go`.
pub fn each(text: &str) -> Ports {
    text.split(',')
        .filter_map(|part| one(part.trim()))
        .collect()
}

/// The ports of a list as the injector reads it: each is compared as a text, so that a range or a space
/// is no port.
/// `linkerd/linkerd2: pkg/inject/inject.go` (FilterPodOpaquePorts).
pub fn spelled(text: &str) -> Ports {
    text.split(',')
        .filter_map(|part| Some((part, part.parse::<u16>().ok()?)))
        .filter(|(part, port)| *part == port.to_string())
        .map(|(_, port)| port..=port)
        .collect()
}

fn one(text: &str) -> Option<RangeInclusive<u16>> {
    let number = |text: &str| text.trim().parse::<u16>().ok().filter(|&port| port > 0);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = number(first)?..=number(last)?;
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::{all, contains, each, spelled};

    #[test]
    fn one_that_is_none_spoils_the_list_of_the_policy_controller_only() {
        let text = "80, 8000-8090,http";
        assert_eq!(all(text), None);
        assert!(contains(&each(text), 8050) && contains(&each(text), 80));
        assert_eq!(all("80,,443").map(|ports| ports.len()), Some(2));
        assert_eq!(all("90-80"), None);
        assert_eq!(all("0"), None);
    }
    #[test]
    fn the_injector_knows_no_ranges_and_no_spaces() {
        assert_eq!(spelled("9000-9100, 9200,9300,080"), vec![9300..=9300]);
    }
}
