//! What the graph says of a group of clients holds for every one of them.

use std::collections::BTreeMap;
use std::path::Path;

use meshvet::load::{self, Options};
use meshvet::model::{Client, Transport, WorkloadId};
use meshvet::reach::{Graph, ListenerId, ListenerPort, Question, Verdict, World};
use meshvet::scan;

use crate::cli::{folders, root};

/// What a client of a listener meets.
type Met = (Verdict, Option<Transport>, Option<Transport>);

/// Who may call whom, by asking for one workload after another.
fn one_by_one(world: &World, listener: &ListenerPort, client: WorkloadId) -> Option<Met> {
    let question = Question {
        client: Client::Workload(client, None),
        destination: None,
        request: None,
        explain: false,
    };
    let answer = world.answer(&question, listener);
    let path = answer
        .paths
        .iter()
        .find(|path| path.verdict == answer.verdict)
        .or(answer.paths.first())?;
    Some((answer.verdict, answer.transport, Some(path.transport)))
}

/// Compares the graph of what lies in a directory, and says how many calls it compared.
fn compare(case: &Path) -> usize {
    let mut asked = 0;
    let loaded = load::load(
        &[case.to_path_buf()],
        &root(),
        &Options {
            gitignore: false,
            charts: false,
        },
    );
    let parsed = scan::parse(&loaded.sources);
    for environment in &parsed.environments {
        let (world, _) = scan::world(&parsed, environment);
        let graph = Graph::build(&world);
        let mut said: BTreeMap<_, BTreeMap<_, Met>> = BTreeMap::new();
        for (group, listener, edge) in graph.edges() {
            let met = (edge.verdict, edge.transport, Some(edge.sends));
            for member in graph.some_members(group, usize::MAX) {
                let before = said.entry(listener).or_default().insert(member, met);
                assert!(before.is_none(), "{case:?}: {member:?} is in two groups");
            }
        }
        for (i, listener) in graph.listeners.iter().enumerate() {
            let said = said.remove(&ListenerId(i as u32)).unwrap_or_default();
            let called = world.index.workload(listener.workload);
            for client in world.index.workloads() {
                if client.id == called.id {
                    continue;
                }
                assert_eq!(
                    said.get(&client.id).copied(),
                    one_by_one(&world, listener, client.id),
                    "{case:?}: {} calls {}:{}",
                    client.name,
                    called.name,
                    listener.port
                );
                asked += 1;
            }
        }
    }
    asked
}

#[test]
fn a_group_stands_for_each_of_its_members() {
    let kinds = [
        "conformance/istio",
        "conformance/istio-envoy",
        "conformance/istio-sidecar",
        "conformance/consul",
        "conformance/consul-corners",
        "conformance/consul-envoy",
        "conformance/linkerd",
        "conformance/linkerd-corners",
        "conformance/linkerd-upstream",
        "conformance/two-meshes",
        "scenarios",
    ];
    let testdata = root().join("testdata");
    let cases = kinds.map(|kind| folders(&testdata.join(kind))).concat();
    let asked: usize = cases.iter().map(|case| compare(case)).sum();
    assert!(asked > 1000, "only {asked} calls");
}

#[test]
fn clients_that_share_an_unknown_namespace_are_a_group_of_their_own() {
    let workload = |namespace: &str, name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, \
             labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c, image: i, \
             ports: [{{containerPort: 80}}]}}]}}\n"
        )
    };
    let rest = "---\napiVersion: v1\nkind: Service\nmetadata: {name: server, namespace: a}\n\
        spec: {selector: {app: server}, ports: [{name: http, port: 80}]}\n---\n\
        apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
        metadata: {name: strict, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";
    let all = [("a", "server"), ("a", "near"), ("b", "far")].map(|(ns, name)| workload(ns, name));
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("all.yaml"), all.concat() + rest).expect("written");
    assert!(compare(dir.path()) > 0);
}
