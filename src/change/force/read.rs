//! From a judged environment to what is kept of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Client, Fate, Found, InForce, Listener, Log, Places};
use crate::change::{EdgeState, Written};
use crate::finding::{self, Finding, Related, ResourceRef};
use crate::k8s::{ResourceKey, whole};
use crate::model::{At, Because, LogState, Membership, ResourceId, Workload, WorkloadId};
use crate::reach::{Edge, Group, ListenerPort, Stage};
use crate::scan::Judged;
use crate::text::{FileId, Sources};

impl InForce {
    /// Keeps what is in force in an environment. `sources` are those of its scan,
    /// `findings` what rules found in this environment.
    pub fn of(judged: &Judged, sources: &Sources, findings: Vec<Finding>) -> Self {
        let mut reader = Reader {
            judged,
            sources,
            names: names(judged.world.index.workloads()),
            files: HashMap::new(),
            shared: HashMap::new(),
        };
        Self {
            environment: judged.name.as_str().into(),
            meshed: !judged.world.meshes.is_empty(),
            clients: reader.clients(),
            listeners: reader.listeners(),
            logs: reader.logs(),
            findings: reader.findings(findings),
            objects: reader.objects(),
        }
    }
}

/// A name for every workload. Several may have the same, of several kinds or in several copies.
fn names(workloads: &[Workload]) -> HashMap<WorkloadId, Arc<str>> {
    let mut sorted: Vec<_> = workloads.iter().collect();
    sorted.sort_by_key(|one| (&one.namespace, &one.name, &one.kind, one.id));
    let mut seen: HashMap<String, usize> = HashMap::new();
    let name = |one: &Workload| {
        let name = one.to_string();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => Arc::from(name),
            more => Arc::from(format!("{name}~{more}")),
        }
    };
    let ids = sorted.iter().map(|one| one.id).collect::<Vec<_>>();
    ids.into_iter().zip(sorted.into_iter().map(name)).collect()
}

fn named(key: &ResourceKey) -> ResourceRef {
    ResourceRef {
        kind: Arc::clone(&key.kind),
        group: Arc::clone(&key.group),
        namespace: key.namespace.clone(),
        name: Arc::clone(&key.name),
    }
}

/// What decided a call: as in [`Places`], what decided, what is sent, what is around, and by what.
type Reason = (Vec<At>, Vec<At>, Vec<At>, bool);

struct Reader<'a> {
    judged: &'a Judged,
    sources: &'a Sources,
    names: HashMap<WorkloadId, Arc<str>>,
    files: HashMap<FileId, Arc<str>>,
    /// The places of calls that the same lines decided.
    shared: HashMap<Reason, Arc<Places>>,
}

impl Reader<'_> {
    fn written(&mut self, at: &At) -> Option<Written> {
        let (document, pointer) = self.judged.world.index.written(at)?;
        let sources = self.sources;
        let file = self.files.entry(document.file());
        let file = file.or_insert_with(|| sources.get(document.file()).name().into());
        Some(Written {
            file: Arc::clone(file),
            document: document.number(),
            pointer,
        })
    }

    fn all(&mut self, places: impl IntoIterator<Item = At>) -> Vec<Written> {
        let written = places.into_iter().filter_map(|at| self.written(&at));
        written.collect()
    }

    fn name(&self, workload: WorkloadId) -> Arc<str> {
        let name = self.names.get(&workload);
        name.map_or_else(|| Arc::from(""), Arc::clone)
    }

    fn objects(&mut self) -> BTreeMap<Written, ResourceRef> {
        let index = &self.judged.world.index;
        let values = index.values().iter().map(|&id| (id, index.resource(id)));
        let all: Vec<_> = index.resources().chain(values).collect();
        all.into_iter()
            .filter_map(|(id, resource)| {
                let name = named(&resource.key);
                Some((self.written(&whole(id))?, name))
            })
            .collect()
    }

    /// The object of a namespace, where there is one.
    fn namespace(&self, name: &str) -> Option<At> {
        let namespace = self.judged.world.index.namespace(name)?;
        let known = namespace.labels.as_ref();
        known.map(|_| whole(namespace.at.resource))
    }

    fn clients(&mut self) -> Vec<Client> {
        let world = &self.judged.world;
        let mut clients = Vec::with_capacity(world.index.workloads().len());
        for (class, of) in self.judged.graph.classes.all.iter().enumerate() {
            for &id in &of.members {
                let workload = world.index.workload(id);
                let (decided, near) = split([&world.membership(id).because]);
                let around = near.into_iter().chain(self.namespace(&workload.namespace));
                let places = Places {
                    around: self.all(around.collect::<Vec<_>>()),
                    membership: self.all(decided),
                    object: self.written(&workload.at()),
                    says: (None, Some(world.membership(id).value)),
                    ..Places::default()
                };
                clients.push(Client {
                    name: self.name(id),
                    object: named(&world.index.resource(workload.resource).key),
                    class: class as u32,
                    base: of.base as u32,
                    places: Arc::new(places),
                });
            }
        }
        clients.sort_by(|a, b| a.name.cmp(&b.name));
        clients
    }

    fn listeners(&mut self) -> Vec<Listener> {
        let graph = &self.judged.graph;
        let mut listeners: Vec<_> = graph
            .listeners
            .iter()
            .map(|one| self.listener(one))
            .collect();
        let mut classes: Vec<BTreeMap<u32, Option<Fate>>> = vec![BTreeMap::new(); listeners.len()];
        for (group, id, edge) in graph.edges() {
            let at = id.0 as usize;
            let (Some(listener), Some(classes)) = (listeners.get_mut(at), classes.get_mut(at))
            else {
                continue;
            };
            let called = graph.listener(id).workload;
            let fate = self.fate(edge, self.stand_in(group, called));
            match group {
                Group::Only(ids) => {
                    classes.extend(ids.iter().map(|id| (id.0, Some(fate.clone()))));
                }
                Group::AllBut(base, but) => {
                    for id in but {
                        classes.entry(id.0).or_insert(None);
                    }
                    listener.bases.push((*base as u32, fate));
                }
                Group::Outside => listener.outside = Some(fate),
            }
        }
        for (listener, classes) in listeners.iter_mut().zip(classes) {
            listener.classes = classes.into_iter().collect();
            listener.bases.sort_by_key(|(base, _)| *base);
        }
        listeners.sort_by(|a, b| a.name.cmp(&b.name));
        listeners
    }

    fn listener(&mut self, listener: &ListenerPort) -> Listener {
        let world = &self.judged.world;
        let workload = world.index.workload(listener.workload);
        let tls = world.acceptance(listener);
        let membership = world.membership(workload.id);
        let (decided, mut around) = split([&tls.because]);
        let (member, near) = split([&membership.because]);
        around.extend(near);
        let services = world.services_to(workload, listener.port);
        let services = services.into_iter().map(|(one, _)| whole(one.resource));
        around.extend(services.chain(self.namespace(&workload.namespace)));
        let server = self.name(workload.id);
        Listener {
            name: format!("{server}:{}", listener.port).into(),
            server,
            tls: tls.value,
            places: Arc::new(Places {
                decided: self.all(decided),
                membership: self.all(member),
                object: self.written(&workload.at()),
                port: self.all([listener.at.clone()]),
                around: self.all(around),
                says: (Some(tls.value), Some(membership.value)),
                ..Places::default()
            }),
            classes: Vec::new(),
            bases: Vec::new(),
            outside: None,
        }
    }

    /// The object of the client that stands for a group of several: what is said of it is said of no
    /// other.
    fn stand_in(&self, group: &Group, called: WorkloadId) -> Option<ResourceId> {
        let graph = &self.judged.graph;
        let client = graph.client_of(group, called)?;
        let few = graph.some_members(group, 3);
        let others = few.iter().filter(|&&one| one != called).count();
        (others > 1).then(|| self.judged.world.index.workload(client).resource)
    }

    fn fate(&mut self, edge: &Edge, stand_in: Option<ResourceId>) -> Fate {
        let (mut decided, mut around) = split([&edge.deciding.because]);
        for (_, way) in &edge.inbound {
            let also = [&way.route, &way.gateway].into_iter().flatten();
            decided.extend(std::iter::once(&way.entry).chain(also).cloned());
        }
        // where nobody wrote what is sent, an object as a whole is named
        let mut sent = vec![edge.sends_at.clone()];
        sent.retain(|at| !at.pointer.as_str().is_empty());
        for places in [&mut decided, &mut sent, &mut around] {
            places.retain(|at| Some(at.resource) != stand_in);
        }
        let by_rule = matches!(
            edge.deciding.stage,
            Stage::Entry | Stage::Routing | Stage::Authorization
        );
        let key = (decided, sent, around, by_rule);
        let places = match self.shared.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                let new = Arc::new(Places {
                    decided: self.all(key.0.clone()),
                    sent: self.all(key.1.clone()),
                    around: self.all(key.2.clone()),
                    by_rule,
                    ..Places::default()
                });
                self.shared.insert(key, Arc::clone(&new));
                new
            }
        };
        let state = EdgeState {
            verdict: edge.verdict,
            transport: edge.transport,
        };
        Fate { state, places }
    }

    fn logs(&mut self) -> Vec<Log> {
        let world = &self.judged.world;
        let mut logs = Vec::new();
        for workload in world.index.workloads() {
            let (state, because) = self.access_log(workload);
            let membership = &world.membership(workload.id).because;
            let (decided, mut around) = split(because.iter().chain([membership]));
            around.extend(self.namespace(&workload.namespace));
            let places = Places {
                decided: self.all(decided),
                object: self.written(&workload.at()),
                around: self.all(around),
                ..Places::default()
            };
            logs.push(Log {
                log: "access",
                of: self.name(workload.id),
                state: state.name(),
                places: Arc::new(places),
            });
        }
        for mesh in &world.meshes {
            let audit = mesh.audit_log();
            let (decided, mut around) = split(audit.iter().map(|log| &log.because));
            around.push(mesh.settings().at.clone());
            let places = Places {
                decided: self.all(decided),
                around: self.all(around),
                ..Places::default()
            };
            logs.push(Log {
                log: "audit",
                of: mesh.kind().into(),
                state: audit.map_or(LogState::Unknown, |log| log.value).name(),
                places: Arc::new(places),
            });
        }
        logs.sort_by(|a, b| (a.log, &a.of).cmp(&(b.log, &b.of)));
        logs
    }

    /// The access log of a workload, as facts have it.
    fn access_log(&self, workload: &Workload) -> (LogState, Option<Because>) {
        let world = &self.judged.world;
        let membership = world.membership(workload.id).value;
        if membership == Membership::Unmeshed {
            return (LogState::Off, None);
        }
        let log = world
            .mesh_of(workload.id)
            .map(|mesh| mesh.access_log(workload));
        match log {
            Some(log) if membership == Membership::Meshed || log.state == LogState::Off => {
                (log.state, Some(log.because))
            }
            _ => (LogState::Unknown, None),
        }
    }

    fn findings(&mut self, findings: Vec<Finding>) -> Vec<Found> {
        let index = &self.judged.world.index;
        let findings = finding::collect(vec![findings], self.sources);
        let mut found: Vec<_> = findings
            .into_iter()
            .map(|finding| {
                let at = |at: &str| index.parse_address(at);
                let related = finding.related.iter();
                let related: Vec<_> = related
                    .filter_map(|Related { at: one, .. }| at(one))
                    .collect();
                let places = Places {
                    decided: self.all(at(&finding.at)),
                    around: self.all(related),
                    ..Places::default()
                };
                Found {
                    fingerprint: finding.fingerprint,
                    rule: finding.rule,
                    severity: finding.severity,
                    message: finding.message,
                    places: Arc::new(places),
                }
            })
            .collect();
        found.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
        found
    }
}

/// Written lines that decided, and what defaults and assumptions are about.
fn split<'a>(reasons: impl IntoIterator<Item = &'a Because>) -> (Vec<At>, Vec<At>) {
    let (written, not): (Vec<&Because>, Vec<&Because>) = reasons
        .into_iter()
        .partition(|because| because.is_configured());
    let places = |reasons: Vec<&Because>| {
        let mut places: Vec<At> = Vec::new();
        for because in reasons {
            if !places.contains(because.at()) {
                places.push(because.at().clone());
            }
        }
        places
    };
    (places(written), places(not))
}
