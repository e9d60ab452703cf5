//! `requestHeaders`: what becomes of the headers of requests.
//!
//! `hashicorp/consul: agent/xds/routes.go` (injectHeaderManipToRoute, makeHeadersValueOptions),
//! `agent/structs/config_entry_discoverychain.go` (MergeHTTPHeaderModifiers).

use std::collections::BTreeMap;

use crate::mesh::consul::written::Written;
use crate::model::{HeaderChange, Rewrite};

/// Changes of headers: a name is added or set once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    add: BTreeMap<String, String>,
    set: BTreeMap<String, String>,
    remove: Vec<String>,
}

impl Headers {
    /// As an entry writes them.
    pub fn of(written: &Written<'_>) -> Self {
        Self {
            add: pairs(written, "add"),
            set: pairs(written, "set"),
            remove: written
                .texts("remove")
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
        }
    }

    /// Those of a route of the Gateway API.
    pub fn of_filter(written: &Written<'_>) -> Self {
        let lines = |key: &str| {
            let lines = written.each(key).into_iter();
            let pairs = lines.filter_map(|line| {
                let value = line.text("value").unwrap_or_default();
                Some((line.text("name")?.to_owned(), value.to_owned()))
            });
            pairs.collect()
        };
        Self {
            add: lines("add"),
            set: lines("set"),
            remove: written
                .texts("remove")
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
        }
    }

    /// Together with others, whose values count where both have a name.
    pub fn with(&self, mut others: Self) -> Self {
        for (own, all) in [(&self.add, &mut others.add), (&self.set, &mut others.set)] {
            for (name, value) in own {
                all.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        others.remove.extend(self.remove.iter().cloned());
        others
    }

    /// The changes in the order in which Envoy makes them: what is removed comes first.
    pub fn changes(&self) -> Vec<HeaderChange> {
        let removed = self.remove.iter().map(|name| HeaderChange::remove(name));
        let added = self
            .add
            .iter()
            .map(|(name, value)| HeaderChange::add(name, value));
        let set = self
            .set
            .iter()
            .map(|(name, value)| HeaderChange::set(name, value));
        removed.chain(added).chain(set).collect()
    }

    /// The same as what becomes of a request; nothing where nothing does.
    pub fn rewrite(&self) -> Option<Rewrite> {
        let headers = self.changes();
        (!headers.is_empty()).then(|| Rewrite {
            headers,
            ..Rewrite::default()
        })
    }
}

fn pairs(written: &Written<'_>, key: &str) -> BTreeMap<String, String> {
    let Some(map) = written.get(key) else {
        return BTreeMap::new();
    };
    // a block of HCL is a list of one
    let blocks = match map.is_own() {
        true => map.items(),
        false => vec![map],
    };
    let pairs = blocks.iter().flat_map(Written::entries);
    let pairs = pairs.map(|(name, value)| {
        let text = value.node().as_str().unwrap_or_default();
        (name.to_owned(), text.to_owned())
    });
    pairs.collect()
}
