//! The reachability graph: groups of clients, listeners, and an edge for every pair.
//!
//! For each listener the clients are grouped by what its rules, and nothing else, tell apart. The
//! clients that no rule of it singles out are one group per base, written as "all but …".

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use petgraph::Graph as Petgraph;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use rayon::prelude::*;

use super::answer::{Inbound, Path, Question, Stage, Step, Verdict};
use super::class::{ClassId, Classes};
use super::world::{ListenerPort, World};
use crate::model::{At, Client, Membership, Ruleset, Test, Transport, WorkloadId};

/// A listener of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(pub u32);

/// A group of clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// These classes.
    Only(Vec<ClassId>),
    /// All classes of a base but these, in ascending order.
    AllBut(usize, Vec<ClassId>),
    /// Clients outside the cluster.
    Outside,
}

/// Node of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Node {
    Clients(Group),
    Listener(ListenerId),
}

/// What holds between a group of clients and a listener.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Whether any request passes.
    pub verdict: Verdict,
    /// The weakest transport among the ways that are open.
    pub transport: Option<Transport>,
    /// What the clients send.
    pub sends: Transport,
    /// The step that decided.
    pub deciding: Step,
    /// The address that decided what the clients send.
    pub sends_at: At,
    /// Of clients outside: the ways in that may be open.
    pub inbound: Vec<(Verdict, Inbound)>,
}

/// The reachability graph of an environment.
pub struct Graph {
    /// All clients.
    pub classes: Classes,
    /// All listeners.
    pub listeners: Vec<ListenerPort>,
    graph: Petgraph<Node, Edge>,
}

impl Graph {
    /// Works out who may call whom.
    pub fn build(world: &World) -> Self {
        let classes = Classes::new(world);
        let listeners: Vec<ListenerPort> = world
            .index
            .workloads()
            .par_iter()
            .flat_map_iter(|workload| {
                let ports = world.ports(workload).into_iter();
                ports.map(|(port, at)| world.listener_port(workload, port, at))
            })
            .collect();
        let edges: Vec<Vec<(Group, Edge)>> = listeners
            .par_iter()
            .map(|listener| edges_to(world, &classes, listener))
            .collect();
        let mut graph = Petgraph::new();
        let mut nodes: HashMap<Node, NodeIndex> = HashMap::new();
        for (i, edges) in edges.into_iter().enumerate() {
            let listener = graph.add_node(Node::Listener(ListenerId(i as u32)));
            for (group, edge) in edges {
                let node = Node::Clients(group);
                let source = match nodes.get(&node) {
                    Some(&known) => known,
                    None => {
                        let new = graph.add_node(node.clone());
                        nodes.insert(node, new);
                        new
                    }
                };
                graph.add_edge(source, listener, edge);
            }
        }
        Self {
            classes,
            listeners,
            graph,
        }
    }

    /// All edges, by listener.
    pub fn edges(&self) -> impl Iterator<Item = (&Group, ListenerId, &Edge)> {
        self.graph.edge_references().filter_map(|edge| {
            match (
                self.graph.node_weight(edge.source())?,
                self.graph.node_weight(edge.target())?,
            ) {
                (Node::Clients(group), Node::Listener(listener)) => {
                    Some((group, *listener, edge.weight()))
                }
                _ => None,
            }
        })
    }

    /// A listener.
    ///
    /// # Panics
    /// With an id of another graph.
    #[allow(clippy::indexing_slicing)]
    pub fn listener(&self, id: ListenerId) -> &ListenerPort {
        &self.listeners[id.0 as usize]
    }

    /// How many workloads a group has; none for clients outside.
    pub fn size(&self, group: &Group) -> usize {
        let count = |ids: &[ClassId]| -> usize {
            ids.iter()
                .map(|&id| self.classes.get(id).members.len())
                .sum()
        };
        match group {
            Group::Only(ids) => count(ids),
            Group::AllBut(base, but) => {
                self.classes.sizes.get(*base).copied().unwrap_or(0) - count(but)
            }
            Group::Outside => 0,
        }
    }

    /// Whether the clients of a group are in a mesh.
    pub fn membership(&self, group: &Group) -> Membership {
        let base = match group {
            Group::Only(ids) => ids.first().map(|&id| self.classes.get(id).base),
            Group::AllBut(base, _) => Some(*base),
            Group::Outside => None,
        };
        let known = base.and_then(|base| self.classes.bases.get(base).copied());
        known.unwrap_or(Membership::Unmeshed)
    }

    /// The workloads of a group, one after another.
    fn members<'a>(&'a self, group: &'a Group) -> Box<dyn Iterator<Item = WorkloadId> + 'a> {
        let of = |id: &ClassId| self.classes.get(*id).members.iter().copied();
        match group {
            Group::Only(ids) => Box::new(ids.iter().flat_map(of)),
            Group::AllBut(base, but) => {
                let all = self.classes.of_base.get(*base).into_iter().flatten();
                Box::new(all.filter(|id| but.binary_search(id).is_err()).flat_map(of))
            }
            Group::Outside => Box::new(std::iter::empty()),
        }
    }

    /// At most `most` workloads of a group.
    pub fn some_members(&self, group: &Group, most: usize) -> Vec<WorkloadId> {
        self.members(group).take(most).collect()
    }

    /// A workload of a group that is not the one that is called.
    pub fn client_of(&self, group: &Group, called: WorkloadId) -> Option<WorkloadId> {
        self.members(group).find(|&id| id != called)
    }
}

/// The edges that lead to a listener.
fn edges_to(world: &World, classes: &Classes, listener: &ListenerPort) -> Vec<(Group, Edge)> {
    let mut edges = Vec::new();
    for (group, representative) in groups(world, classes, listener) {
        let client = Client::Workload(representative, None);
        edges.extend(edge(world, listener, client).map(|edge| (group, edge)));
    }
    let edge = edge(world, listener, Client::External(None));
    edges.extend(
        edge.filter(|e| e.deciding.stage != Stage::Entry)
            .map(|edge| (Group::Outside, edge)),
    );
    edges
}

fn edge(world: &World, listener: &ListenerPort, client: Client) -> Option<Edge> {
    let question = Question {
        client,
        destination: None,
        request: None,
        explain: false,
    };
    let answer = world.answer(&question, listener);
    let deciding = answer.deciding()?;
    let path = answer
        .paths
        .iter()
        .find(|path| path.verdict == answer.verdict)
        .or(answer.paths.first())?;
    let sends = path.steps.first()?;
    Some(Edge {
        verdict: answer.verdict,
        transport: answer.transport,
        sends: path.transport,
        deciding: deciding.clone(),
        sends_at: sends.at().clone(),
        inbound: answer.paths.iter().filter_map(open_way).collect(),
    })
}

fn open_way(path: &Path) -> Option<(Verdict, Inbound)> {
    let open = matches!(path.verdict, Verdict::Allow | Verdict::Conditional);
    let inbound = path.inbound.clone().filter(|_| open)?;
    Some((path.verdict, inbound))
}

/// What clients have in common that one of them can stand for: their base, their namespace where it
/// counts, and what each test says of them.
type Alike<'a> = (usize, Option<&'a str>, Vec<bool>);

/// The groups that a listener tells apart, each with a client that stands for it.
fn groups(world: &World, classes: &Classes, listener: &ListenerPort) -> Vec<(Group, WorkloadId)> {
    let before = before(world, listener);
    let tests = identity_tests(listener, &before);
    let server = world.index.workload(listener.workload);
    let mut singled_out: BTreeSet<ClassId> = BTreeSet::new();
    for test in &tests {
        classes.satisfying(test, &mut singled_out);
    }
    let mut apart: BTreeSet<&str> = BTreeSet::new();
    let mut namespaces = Vec::new();
    for (service, _) in world.services_to(server, listener.port) {
        for mesh in &world.meshes {
            namespaces.extend(mesh.distinguished_namespaces(service));
        }
    }
    if world.membership(server.id).value == Membership::Unknown {
        namespaces.push(Arc::clone(&server.namespace));
    }
    for namespace in &namespaces {
        apart.insert(namespace);
        singled_out.extend(classes.in_namespace(namespace));
    }
    // one that is singled out alone differs from another by what the tests say of it
    let mut only: BTreeMap<Alike<'_>, Vec<ClassId>> = BTreeMap::new();
    let mut but: Vec<Vec<ClassId>> = vec![Vec::new(); classes.bases.len()];
    for &id in &singled_out {
        let class = classes.get(id);
        let namespace = apart.get(&*class.namespace).copied();
        let says = tests
            .iter()
            .map(|test| {
                super::authorize::holds_identity(test, class.identity.as_ref()) == Some(true)
            })
            .collect();
        only.entry((class.base, namespace, says))
            .or_default()
            .push(id);
        if let Some(but) = but.get_mut(class.base) {
            but.push(id);
        }
    }
    let mut groups = Vec::new();
    let mut add = |group: Group, ids: &mut dyn Iterator<Item = ClassId>| {
        let members = ids.flat_map(|id| classes.get(id).members.iter().copied());
        // where only the server itself is left, nobody comes this way
        let mut others = members.filter(|&id| id != listener.workload);
        groups.extend(others.next().map(|representative| (group, representative)));
    };
    for ids in only.into_values() {
        add(Group::Only(ids.clone()), &mut ids.into_iter());
    }
    for (base, but) in but.into_iter().enumerate() {
        let all = classes.of_base.get(base).map_or(&[][..], Vec::as_slice);
        let mut rest = all.iter().copied().filter(|id| !singled_out.contains(id));
        add(Group::AllBut(base, but), &mut rest);
    }
    groups
}

/// What is asked before a call gets to the server's side.
fn before(world: &World, listener: &ListenerPort) -> Vec<Arc<Ruleset>> {
    let server = world.index.workload(listener.workload);
    let meshes = world.meshes.iter();
    meshes
        .flat_map(|mesh| mesh.proxies_before(server, listener.port))
        .map(|before| before.rules)
        .collect()
}

/// The tests on identities that any way into a listener makes, or what is asked before.
fn identity_tests<'a>(listener: &'a ListenerPort, before: &'a [Arc<Ruleset>]) -> Vec<&'a Test> {
    let mut tests: Vec<&Test> = Vec::new();
    let inlets = listener.meshed.iter().flat_map(|listener| &listener.inlets);
    let mut seen: Vec<*const Ruleset> = Vec::new();
    let own = inlets.filter_map(|inlet| inlet.authorization.as_ref());
    for rules in own.chain(before) {
        let address = Arc::as_ptr(rules);
        if seen.contains(&address) {
            continue;
        }
        seen.push(address);
        for rule in &rules.rules {
            rule.when.each_test(&mut |test, _| {
                if super::authorize::holds_identity(test, None).is_some() && !tests.contains(&test)
                {
                    tests.push(test);
                }
            });
        }
    }
    tests
}
