//! Whether a source is this repository.

use std::collections::{BTreeMap, BTreeSet};

use super::{Order, text};
use crate::syntax::Tree;

/// The name of the GitRepository that Flux makes of the repository it is set up in.
const FLUX: &str = "flux-system";

/// What a path is a path of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::render) enum Origin {
    /// A repository at an address.
    Url(String),
    /// An object that names one.
    Named {
        kind: String,
        namespace: Option<String>,
        name: String,
    },
}

/// What is known about which repository this is.
#[derive(Debug, Default)]
pub(in crate::render) struct Own {
    /// Its addresses, as far as they can be told.
    addresses: BTreeSet<String>,
    /// The addresses of sources, by the namespace and name of the objects that name them.
    named: BTreeMap<(Option<String>, String), BTreeSet<String>>,
}

/// Whose a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Whose {
    This,
    Another,
    Unknown,
}

impl Own {
    /// Works out which repository this is, from all objects that are read as they are; `is_there` tells
    /// whether a path is in it.
    pub(in crate::render) fn find(
        repositories: &[Tree],
        orders: &[Order],
        is_there: impl Fn(&str) -> bool,
    ) -> Self {
        let mut own = Self::default();
        for object in repositories {
            let (Some(name), Some(url)) = (
                text(object, &["metadata", "name"]),
                text(object, &["spec", "url"]),
            ) else {
                continue;
            };
            let namespace = text(object, &["metadata", "namespace"]).map(str::to_owned);
            let url = address(url);
            if name == FLUX {
                own.addresses.insert(url.clone());
            }
            let known = own.named.entry((namespace, name.to_owned())).or_default();
            known.insert(url);
        }
        if own.addresses.is_empty() {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for order in orders.iter().filter(|order| is_there(&order.path)) {
                for url in own.urls(&order.origin).into_iter().flatten() {
                    *counts.entry(url).or_default() += usize::from(order.path != ".");
                }
            }
            let most = counts.values().copied().max().filter(|most| *most > 0);
            let most = counts.iter().filter(|(_, count)| Some(**count) == most);
            own.addresses = most.map(|(url, _)| url.clone()).collect();
        }
        own
    }

    /// Whose a source is.
    pub(in crate::render) fn whose(&self, origin: &Origin) -> Whose {
        if matches!(origin, Origin::Named { kind, name, .. } if kind == "GitRepository" && name == FLUX)
        {
            return Whose::This;
        }
        match self.urls(origin) {
            Some(urls) if urls.iter().any(|url| self.addresses.contains(url)) => Whose::This,
            Some(_) if !self.addresses.is_empty() => Whose::Another,
            _ => Whose::Unknown,
        }
    }

    /// Whose what lies at an address is.
    pub(in crate::render) fn whose_address(&self, url: &str) -> Whose {
        self.whose(&Origin::Url(url.to_owned()))
    }

    /// The addresses of a source, as far as they are known.
    fn urls(&self, origin: &Origin) -> Option<BTreeSet<String>> {
        match origin {
            Origin::Url(url) => Some(BTreeSet::from([address(url)])),
            Origin::Named {
                kind,
                namespace,
                name,
            } if kind == "GitRepository" => {
                let exact = self.named.get(&(namespace.clone(), name.clone()));
                let by_name = || {
                    let mut all = self.named.iter();
                    all.find(|((_, one), _)| one == name).map(|(_, urls)| urls)
                };
                exact.or_else(by_name).cloned()
            }
            Origin::Named { .. } => None,
        }
    }
}

/// An address without what differs between the ways to write it.
fn address(url: &str) -> String {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = match url.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest,
        _ => url,
    };
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let end = url.find(['/', ':']).unwrap_or(url.len());
    let (host, path) = url.split_at(end);
    // a port
    let after = path.strip_prefix(':').unwrap_or(path);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let path = match after.split_once('/') {
        Some((port, rest)) if path.starts_with(':') && is_port(port) => rest,
        _ => after,
    };
    let path = path.trim_start_matches('/');
    format!("{host}/{path}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for url in [
            "https://github.com/Ann/shop",
            "https://github.com/ann/shop.git",
            "https://token@github.com/ann/shop/",
            "ssh://git@github.com/ann/shop.git",
            "ssh://git@github.com:22/ann/shop",
            "git@github.com:ann/shop.git",
        ] {
            assert_eq!(address(url), "github.com/ann/shop", "{url}");
        }
        assert_ne!(
            address("https://github.com/ann/shop-2"),
            "github.com/ann/shop"
        );
    }
}
