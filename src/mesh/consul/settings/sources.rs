//! The places that hold the settings of Consul.

use std::sync::Arc;

use super::recognize::{self, CHARTS};
use super::server::{Origin, Server};
use super::{agents, rendered};
use crate::k8s::{Index, node_at};
use crate::mesh::consul::written::Written;
use crate::mesh::release::{passed_over, releases};
use crate::model::{At, Problem, ProblemKind, ResourceId};
use crate::syntax::Node;

/// How near a place is to what is installed; the first counts before the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// What it is installed with.
    Installed,
    /// The defaults that come with a chart.
    Chart,
}

/// Values of the chart.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) at: At,
    pub(super) rank: Rank,
}

/// All places.
#[derive(Debug)]
pub(super) struct Sources {
    /// Values of the chart; what counts first is first.
    pub(super) values: Vec<Source>,
    /// Servers, as near to what runs as the input gets.
    pub(super) servers: Vec<Server>,
    /// Agents that are no servers.
    pub(super) clients: Vec<Server>,
    /// The namespace of the control plane, and where it is written.
    pub(super) namespace: Option<(Arc<str>, At)>,
}

/// Finds them.
pub(super) fn find(index: &Index) -> Sources {
    let mut values = Vec::new();
    let mut namespaces = Vec::new();
    for release in releases(index, CHARTS) {
        values.push(Source {
            at: release.values,
            rank: Rank::Installed,
        });
        namespaces.extend(release.namespace);
    }
    values.extend(index.values().iter().flat_map(|&id| documents(index, id)));
    values.sort_by_key(|source| source.rank);
    namespaces.extend(applied(index));
    let (servers, clients) = servers(index, &values);
    Sources {
        values,
        servers,
        clients,
        namespace: namespaces.into_iter().next(),
    }
}

/// The servers, and the agents that are none.
fn servers(index: &Index, values: &[Source]) -> (Vec<Server>, Vec<Server>) {
    let (own, mut clients) = agents::find(index);
    let mut servers = rendered::find(index);
    if servers.is_empty() {
        servers = of_values(index, values);
    }
    servers.extend(own);
    clients.extend(
        values
            .iter()
            .filter_map(|source| client_of_values(index, &source.at)),
    );
    (servers, clients)
}

/// What the chart adds to the configuration of agents on nodes.
fn client_of_values(index: &Index, values: &At) -> Option<Server> {
    let at = values.join("client").join("extraConfig");
    let is_read = node_at(index, &at).is_some_and(Node::is_map);
    is_read.then(|| Server {
        origin: Origin::Rendered,
        at: at.clone(),
        values: Vec::new(),
        layers: vec![at],
    })
}

/// The servers that values of the chart make.
/// `charts/consul/templates/server-statefulset.yaml`.
fn of_values(index: &Index, values: &[Source]) -> Vec<Server> {
    let of_rank = |rank| values.iter().filter(move |source| source.rank == rank);
    let chart: Vec<At> = of_rank(Rank::Chart)
        .map(|source| source.at.clone())
        .collect();
    let installed = of_rank(Rank::Installed).map(|source| source.at.clone());
    let stacks: Vec<Vec<At>> = installed
        .map(|at| std::iter::once(at).chain(chart.iter().cloned()).collect())
        .collect();
    let stacks = match stacks.is_empty() && !chart.is_empty() {
        true => vec![chart],
        false => stacks,
    };
    let server = |values: Vec<At>| {
        let mut server = Server {
            origin: Origin::Values,
            at: values.first()?.clone(),
            values,
            layers: Vec::new(),
        };
        let extra = server.value(index, &["server", "extraConfig"]);
        server.layers = extra
            .filter(|extra| extra.node().is_map())
            .map(|extra| extra.at().clone())
            .into_iter()
            .collect();
        runs(index, &server).then_some(server)
    };
    stacks.into_iter().filter_map(server).collect()
}

/// Whether the chart runs servers of its own.
fn runs(index: &Index, server: &Server) -> bool {
    let flag = |path: &[&str]| server.value(index, path).and_then(|it| it.as_flag());
    let own = flag(&["server", "enabled"]);
    own.unwrap_or_else(|| flag(&["global", "enabled"]) != Some(false))
}

/// Values in a document that is no object.
fn documents(index: &Index, id: ResourceId) -> Vec<Source> {
    let node = index.node(id);
    if node.document().consul().is_some() {
        return Vec::new();
    }
    let file = &*index.resource(id).key.name;
    let rank = match recognize::is_of_chart(file, node) {
        true => Rank::Chart,
        false => Rank::Installed,
    };
    let whole = At::new(id, "");
    let place = |field: String| match field.as_str() {
        "" => whole.clone(),
        field => whole.join(field),
    };
    let fields = recognize::document(node, file).into_iter();
    fields
        .map(|field| Source {
            at: place(field),
            rank,
        })
        .collect()
}

/// The namespace of a part of the control plane that is in the input.
/// `charts/consul/templates/*.yaml` (the labels `app` and `component`).
fn applied(index: &Index) -> Option<(Arc<str>, At)> {
    let mut all = index.resources();
    all.find_map(|(id, resource)| {
        let label = |key| resource.labels.get(key).map(|value| &**value);
        let part = matches!(label("component"), Some("connect-injector" | "server"));
        let ours = label("app") == Some("consul") && part && !resource.namespace_assumed;
        let namespace = resource.key.namespace.clone().filter(|_| ours)?;
        Some((namespace, At::new(id, "/metadata/namespace")))
    })
}

/// What sets values or loads configuration and is not looked at.
pub(super) fn report_passed_over(index: &Index, sources: &Sources, problems: &mut Vec<Problem>) {
    let mut report = |message: &str, at: At| {
        problems.push(Problem::at(
            ProblemKind::NotUnderstood,
            message.to_owned(),
            at,
        ));
    };
    for over in passed_over(index, CHARTS) {
        report(
            "what is set here is not looked at, and may change any setting of Consul; write it into the values of \
             this object",
            over.at,
        );
    }
    for Source { at, rank } in &sources.values {
        if *rank == Rank::Chart {
            continue;
        }
        let server = at.join("server");
        let extra = server.join("extraConfig");
        let written = node_at(index, &extra).filter(|node| !node.is_null() && !node.is_map());
        if written.is_some_and(|node| node.as_str().is_none_or(|text| !text.trim().is_empty())) {
            report(
                "this is no JSON object: Consul's servers do not start with it, so what is in force is not known; \
                 write one",
                extra,
            );
        }
        let volumes =
            Written::object(index, server).map_or_else(Vec::new, |it| it.each("extraVolumes"));
        for volume in volumes.iter().filter(|volume| volume.is_on("load")) {
            report(
                "servers load configuration from this volume, which is not looked at and may change any setting; \
                 write it into server.extraConfig",
                volume.field("load"),
            );
        }
    }
}

/// Whether anything shows that Consul is installed.
pub(super) fn trace(index: &Index) -> Option<ResourceId> {
    let sources = find(index);
    let installed = sources
        .values
        .iter()
        .find(|one| one.rank == Rank::Installed);
    let values = installed.map(|source| source.at.resource);
    let servers = || sources.servers.first().map(|server| server.at.resource);
    values
        .or_else(servers)
        .or_else(|| Some(sources.namespace.as_ref()?.1.resource))
}
