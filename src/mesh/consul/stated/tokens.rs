//! Who vouches for tokens, for whom they are looked at, and from where the keys come.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Services;
use super::lost::Losses;
use crate::mesh::consul::Consul;
use crate::mesh::consul::entry::{Entry, Kind};
use crate::model::{At, Policy, Subject, WorkloadId};

/// The entries about providers.
pub(super) fn policies(consul: &Consul, services: &Services) -> Vec<Policy> {
    let asked = asked(consul, services);
    let all = consul.entries.of(Kind::JWTProvider);
    all.map(|entry| policy(consul, entry, &asked)).collect()
}

/// The workloads whose proxies look at tokens of a provider.
type Asked = BTreeSet<(Arc<str>, WorkloadId)>;

fn asked(consul: &Consul, services: &Services) -> Asked {
    let mut asked = Asked::new();
    for entry in consul.entries.of(Kind::ServiceIntentions) {
        let losses = Losses::new(consul, services, entry);
        for intention in consul.intentions_of(entry) {
            for name in losses.looks_at(&intention) {
                let reading = losses.reading().iter();
                asked.extend(reading.map(|id| (Arc::clone(&name), *id)));
            }
        }
    }
    asked
}

fn policy(consul: &Consul, entry: &Entry, asked: &Asked) -> Policy {
    let resource = &consul.index.resource(entry.resource()).key;
    let of_it = asked.iter().filter(|(name, _)| *name == entry.name);
    let fields = entry.fields(&consul.index);
    let remote = fields.and_then(|it| it.path(&["jsonWebKeySet", "remote", "uri"]));
    let keys = remote.and_then(|uri| Some((uri.as_text()?.into(), uri.at().clone())));
    Policy {
        at: At::new(entry.resource(), ""),
        subject: Subject::Authentication(keys.into_iter().collect()),
        namespace: resource.namespace.clone().unwrap_or_else(|| "".into()),
        name: Arc::clone(&resource.name),
        scope: "target",
        selects: of_it.map(|(_, id)| *id).collect(),
        targets: Vec::new(),
        misses: Vec::new(),
        ineffective: None,
        opens: false,
    }
}
