//! Files of agents' configurations, put together as agents read them.
//!
//! An agent reads a directory file by file, in the order of their names; the last that says something
//! counts (`hashicorp/consul: agent/config/builder.go`, `agent/config/merge.go`). A directory may as
//! well hold the files of several agents, which no agent reads together: then each of them says what
//! an agent has one of.

use std::collections::BTreeMap;

use super::server::{Origin, Server};
use crate::k8s::Index;
use crate::mesh::consul::written::Written;
use crate::model::{At, ResourceId};
use crate::syntax::Consul;

/// What an agent has one of.
const OWN: &[&str] = &["node_name", "data_dir"];

/// The servers that files configure, and the agents that are no servers.
pub(super) fn find(index: &Index) -> (Vec<Server>, Vec<Server>) {
    let mut directories: BTreeMap<&str, Vec<(&str, ResourceId)>> = BTreeMap::new();
    for &id in index.values() {
        if index.node(id).document().consul() == Some(Consul::Agent) {
            let file = &*index.resource(id).key.name;
            let (directory, base) = file.rsplit_once('/').unwrap_or((".", file));
            directories.entry(directory).or_default().push((base, id));
        }
    }
    let mut all = Vec::new();
    for mut files in directories.into_values() {
        files.sort_by_key(|(base, _)| *base);
        let files: Vec<At> = files.iter().map(|(_, id)| At::new(*id, "")).collect();
        all.extend(agents(index, files));
    }
    all.into_iter().partition(|agent| is_server(index, agent))
}

fn agents(index: &Index, files: Vec<At>) -> Vec<Server> {
    let written = |at: &At| Written::own(index, at.clone());
    let says = |at: &At, key: &str| written(at).is_some_and(|file| file.get(key).is_some());
    let count = |key: &str| files.iter().filter(|at| says(at, key)).count();
    let role = |at: &At| written(at).and_then(|file| file.flag("server"));
    let differ = files.iter().any(|at| role(at) == Some(true))
        && files.iter().any(|at| role(at) == Some(false));
    let several = differ || OWN.iter().any(|key| count(key) > 1);
    let is_whole = |at: &At| OWN.iter().any(|key| says(at, key)) || (differ && role(at).is_some());
    let agent = |layers: Vec<At>| {
        let at = layers.first().cloned()?;
        Some(Server {
            origin: Origin::Files,
            at,
            values: Vec::new(),
            layers,
        })
    };
    if !several {
        return agent(files).into_iter().collect();
    }
    let whole = files.iter().filter(|at| is_whole(at));
    let each = whole.filter_map(|own| {
        // what names no agent is for all of them
        let mut found = agent(
            files
                .iter()
                .filter(|at| *at == own || !is_whole(at))
                .cloned()
                .collect(),
        )?;
        found.at = own.clone();
        Some(found)
    });
    each.collect()
}

/// Whether it runs as a server; the command line may say so instead of a file.
fn is_server(index: &Index, agent: &Server) -> bool {
    let flag = agent.own(index, &[&["server"]]).and_then(|it| it.as_flag());
    let expects = ["bootstrap_expect", "bootstrap"];
    flag.unwrap_or_else(|| {
        expects
            .iter()
            .any(|key| agent.own(index, &[&[key]]).is_some())
    })
}
