//! Config entries in neutral words: what each is about, and why some are in force for nobody.

mod criteria;
mod intentions;
mod lost;
mod settings;
mod tokens;
mod wider;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Consul;
use super::annotation;
use super::entry::{Entry, Kind};
use super::service::Name;
use crate::model::{At, Ineffective, Membership, Policy, Subject, Target, WorkloadId};

/// All of them.
pub(super) fn policies(consul: &Consul) -> Vec<Policy> {
    let services = Services::find(consul);
    let mut all = intentions::policies(consul, &services);
    all.extend(settings::policies(consul, &services));
    all.extend(tokens::policies(consul, &services));
    all
}

/// What callers are called that are known.
pub(super) fn callers(consul: &Consul) -> Vec<(Arc<str>, Arc<str>)> {
    let services = Services::find(consul);
    let all = services.registered.into_keys().chain(services.others);
    all.map(|name| (name.namespace, name.name)).collect()
}

/// Who is registered as what, and who would be.
pub(super) struct Services {
    /// Workloads of the mesh by what they are called.
    registered: BTreeMap<Name, Vec<WorkloadId>>,
    /// Workloads outside the mesh by the Kubernetes Service before them.
    unmeshed: BTreeMap<Name, Vec<WorkloadId>>,
    /// Names that are services without a workload: gateways, services outside, names that lead on.
    others: BTreeSet<Name>,
    /// Gateways by which clients come in from outside.
    gateways: BTreeSet<Name>,
    /// Names that workloads of several namespaces of Kubernetes have, with these namespaces.
    shared: BTreeMap<Name, BTreeSet<Arc<str>>>,
}

/// Those who call under one name.
struct Many {
    /// In a person's words.
    text: String,
    /// Whether they are clients outside.
    outside: bool,
}

impl Services {
    fn find(consul: &Consul) -> Self {
        let (mut registered, mut unmeshed) = (BTreeMap::new(), BTreeMap::new());
        for workload in consul.index.workloads() {
            let out = consul.member(workload).membership.value == Membership::Unmeshed;
            let names = match consul.registered(workload) {
                [] => Vec::new(),
                all => all.iter().map(|one| one.name.clone()).collect(),
            };
            let list: &mut BTreeMap<Name, Vec<WorkloadId>> = match out {
                true => &mut unmeshed,
                false => &mut registered,
            };
            for name in names {
                list.entry(name).or_default().push(workload.id);
            }
        }
        let homes = |ids: &Vec<WorkloadId>| {
            let workloads = ids.iter().map(|&id| consul.index.workload(id));
            let meshed =
                workloads.filter(|one| consul.member(one).membership.value == Membership::Meshed);
            let homes: BTreeSet<Arc<str>> = meshed.map(|one| Arc::clone(&one.namespace)).collect();
            homes
        };
        let of_names = registered.iter().map(|(name, ids)| (name, homes(ids)));
        let shared = of_names.filter(|(_, homes)| homes.len() > 1);
        Self {
            shared: shared.map(|(name, homes)| (name.clone(), homes)).collect(),
            registered,
            unmeshed,
            others: others(consul),
            gateways: gateways(consul),
        }
    }

    /// Who calls under a name, if these are many.
    fn many(&self, namespace: &Arc<str>, name: &Arc<str>) -> Option<Many> {
        let name = Name {
            namespace: Arc::clone(namespace),
            name: Arc::clone(name),
        };
        if self.gateways.contains(&name) {
            let text = format!("everyone outside who comes in by the gateway {}", name.name);
            return Some(Many {
                text,
                outside: true,
            });
        }
        let homes: Vec<&str> = self.shared.get(&name)?.iter().map(|one| &**one).collect();
        let (last, rest) = homes.split_last()?;
        let text = format!(
            "{} of the namespaces {} and {last}, which are one service,",
            name.name,
            rest.join(", ")
        );
        Some(Many {
            text,
            outside: false,
        })
    }

    /// The workloads of the mesh that an entry about services of a name is in force for.
    fn of(&self, entry: &Entry) -> Vec<WorkloadId> {
        let covers = |name: &Name| {
            (&*entry.namespace == "*" || entry.namespace == name.namespace)
                && (&*entry.name == "*" || entry.name == name.name)
        };
        let all = self.registered.iter().filter(|(name, _)| covers(name));
        let mut ids: Vec<WorkloadId> = all.flat_map(|(_, ids)| ids.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn named<T>(map: &BTreeMap<Name, T>, entry: &Entry) -> bool {
        map.keys()
            .any(|name| name.name == entry.name && name.namespace == entry.namespace)
    }

    /// The frame of what an entry says about the services of its name.
    fn policy(&self, entry: &Entry, at: At, subject: Subject, consul: &Consul) -> Policy {
        let selects = self.of(entry);
        let wild = &*entry.name == "*";
        let own = Name {
            namespace: Arc::clone(&entry.namespace),
            name: Arc::clone(&entry.name),
        };
        let known = wild || self.others.contains(&own);
        let misses = self.unmeshed.get(&own).cloned().unwrap_or_default();
        let absent = selects.is_empty() && misses.is_empty() && !known;
        let resource = &consul.index.resource(entry.resource()).key;
        Policy {
            at,
            subject,
            namespace: resource.namespace.clone().unwrap_or_else(|| "".into()),
            name: Arc::clone(&resource.name),
            scope: if wild { "mesh" } else { "target" },
            targets: match wild || Self::named(&self.registered, entry) {
                true => Vec::new(),
                false => vec![Target {
                    name: format!("service {}", entry.name),
                    proxy: self.others.contains(&own).then_some("gateway"),
                    without_tokens: false,
                }],
            },
            selects,
            misses,
            ineffective: absent.then(|| (Ineffective::TargetMissing, entry.named.clone())),
            opens: false,
        }
    }
}

/// The gateways that let clients in.
fn gateways(consul: &Consul) -> BTreeSet<Name> {
    let entries = [Kind::IngressGateway, Kind::APIGateway].into_iter();
    let entries = entries.flat_map(|kind| consul.entries.of(kind));
    let mut names: BTreeSet<Name> = entries
        .map(|entry| Name {
            namespace: Arc::clone(&entry.namespace),
            name: Arc::clone(&entry.name),
        })
        .collect();
    let of_chart = consul.config.gateways.iter();
    let ingress = of_chart.filter(|gateway| gateway.kind == "ingress");
    names.extend(ingress.map(|gateway| Name {
        namespace: "default".into(),
        name: Arc::clone(&gateway.name),
    }));
    for &id in consul.index.of_kind("gateway.networking.k8s.io", "Gateway") {
        let key = &consul.index.resource(id).key;
        let namespace = key.namespace.as_deref().unwrap_or("default");
        names.insert(Name {
            namespace: consul.config.namespaces.of(namespace),
            name: Arc::clone(&key.name),
        });
    }
    names
}

/// Names that entries make services.
fn others(consul: &Consul) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    let mut add = |namespace: &Arc<str>, name: &str| {
        names.insert(Name {
            namespace: Arc::clone(namespace),
            name: name.into(),
        });
    };
    for kind in [
        Kind::IngressGateway,
        Kind::TerminatingGateway,
        Kind::APIGateway,
        Kind::ServiceResolver,
        Kind::ServiceRouter,
        Kind::ServiceSplitter,
    ] {
        for entry in consul.entries.of(kind) {
            add(&entry.namespace, &entry.name);
        }
    }
    for entry in consul.entries.of(Kind::TerminatingGateway) {
        let fields = entry.fields(&consul.index);
        for service in fields.iter().flat_map(|it| it.each("services")) {
            add(&entry.namespace, service.text("name").unwrap_or(""));
        }
    }
    for entry in consul.entries.of(Kind::ServiceDefaults) {
        let fields = entry.fields(&consul.index);
        if fields.is_some_and(|it| it.get("destination").is_some()) {
            add(&entry.namespace, &entry.name);
        }
    }
    for gateway in &consul.config.gateways {
        add(&"default".into(), &gateway.name);
    }
    for &id in consul.index.of_kind("gateway.networking.k8s.io", "Gateway") {
        let key = &consul.index.resource(id).key;
        let namespace = key.namespace.as_deref().unwrap_or("default");
        add(&consul.config.namespaces.of(namespace), &key.name);
    }
    for workload in consul.index.workloads() {
        if let Some((name, _)) = annotation::of(workload, "gateway-consul-service-name") {
            add(&"default".into(), name);
        }
    }
    names
}
