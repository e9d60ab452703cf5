//! A subset of a service: the instances that a filter takes.
//!
//! `hashicorp/consul: agent/structs/config_entry_discoverychain.go` (ServiceResolverSubset),
//! `hashicorp/consul-k8s: control-plane/connect-inject/controllers/endpoints/endpoints_controller.go`
//! (createServiceRegistrations).

use std::sync::Arc;

use crate::k8s::Index;
use crate::mesh::consul::annotation;
use crate::mesh::consul::written::Written;
use crate::model::{At, Tri, Workload};

/// What the registrations of pods say beside what annotations do.
const BUILT_IN: [&str; 6] = [
    "pod-name",
    "pod-uid",
    "k8s-namespace",
    "k8s-service-name",
    "managed-by",
    "synthetic-node",
];

/// Some of a service's instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Its name.
    pub name: Arc<str>,
    filter: Option<String>,
    at: At,
}

impl Subset {
    /// The one that a resolver defines.
    pub(super) fn of(resolver: &Written<'_>, name: &str) -> Result<Self, ()> {
        let all = resolver.get("subsets").ok_or(())?;
        let entries = match all.is_own() {
            true => all.items().iter().flat_map(Written::entries).collect(),
            false => all.entries(),
        };
        let mut entries = entries.into_iter();
        let (_, one) = entries.find(|(known, _)| *known == name).ok_or(())?;
        Ok(Self {
            name: name.into(),
            filter: one.text("filter").map(str::to_owned),
            at: one.field("filter"),
        })
    }

    /// Whether a workload that is the service is one of its instances.
    pub(super) fn has(&self, index: &Index, workload: &Workload) -> Tri {
        let Some(filter) = &self.filter else {
            return Tri::Yes;
        };
        if filter.contains(['(', ')']) || filter.contains(" or ") || filter.contains("not ") {
            return Tri::Unknown;
        }
        Tri::all(
            filter
                .split(" and ")
                .map(|part| holds(part, index, workload)),
        )
    }

    /// That nobody knows whether an instance is in it.
    pub(super) fn open(&self) -> (String, At) {
        let what = format!("whether its pods are in the subset {}", self.name);
        (what, self.at.clone())
    }
}

fn holds(part: &str, index: &Index, workload: &Workload) -> Tri {
    let (sides, equal) = match (part.split_once("=="), part.split_once("!=")) {
        (Some(sides), _) => (sides, true),
        (None, Some(sides)) => (sides, false),
        (None, None) => return Tri::Unknown,
    };
    let key = sides.0.trim();
    let key = key.strip_prefix("Service.Meta.").or_else(|| {
        let quoted = key.strip_prefix("Service.Meta[")?.strip_suffix(']')?;
        Some(unquoted(quoted))
    });
    let Some(key) = key.filter(|key| !BUILT_IN.contains(key)) else {
        return Tri::Unknown;
    };
    // outside Kubernetes the data are where the service is registered
    let value = match index.node(workload.resource).document().consul() {
        Some(_) => {
            Written::own(index, workload.template_at("/meta")).and_then(|meta| meta.text(key))
        }
        None => annotation::of(workload, &format!("service-meta-{key}")).map(|(value, _)| value),
    };
    match value {
        // filled in by the injector
        Some(value) if value.starts_with('$') => Tri::Unknown,
        Some(value) => Tri::from((value == unquoted(sides.1)) == equal),
        None if equal => Tri::No,
        None => Tri::Unknown,
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '`'])
}
