//! Questions whose answers are known: from upstream's code, and from a real Envoy.

use std::path::Path;

use serde::Deserialize;

use crate::cli::{folders, meshvet, root};

fn check(mesh: &str) {
    let cases = folders(&root().join("testdata/conformance").join(mesh));
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let name = case
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let ran = meshvet(
            &root(),
            &[
                "test",
                "-f",
                "json",
                "--tests",
                &case.join("expect.meshvet-test.yaml").to_string_lossy(),
                &case.join("manifests").to_string_lossy(),
            ],
        );
        let tests = ran.json()["tests"].as_array().cloned().unwrap_or_default();
        assert!(!tests.is_empty(), "{name}: no test ran: {}", ran.stderr);
        for test in tests {
            if test["passed"] != true {
                wrong.push(format!(
                    "{name}: {}: expected {}, found {}: {}",
                    test["name"], test["expected"], test["actual"], test["because"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn istio_as_its_code_says() {
    check("istio");
}

#[test]
fn istio_as_a_real_envoy_answered() {
    check("istio-envoy");
}

#[test]
fn istio_sidecars_corner_by_corner() {
    check("istio-sidecar");
}

#[test]
fn istio_ambient_corner_by_corner() {
    check("istio-ambient");
}

#[test]
fn istio_gateways_routes_and_scope() {
    check("istio-gateways");
}

#[test]
fn consul_as_its_code_says() {
    check("consul");
}

#[test]
fn consul_as_a_real_envoy_answered() {
    check("consul-envoy");
}

#[test]
fn consul_corner_by_corner() {
    check("consul-corners");
}

#[test]
fn linkerd_as_its_code_says() {
    check("linkerd");
}

#[test]
fn linkerd_as_its_policy_index_answered() {
    check("linkerd-upstream");
}

#[test]
fn linkerd_corner_by_corner() {
    check("linkerd-corners");
}

#[test]
fn from_one_mesh_to_the_other() {
    check("two-meshes");
    let case = root().join("testdata/conformance/two-meshes/edge-between/manifests");
    let facts = meshvet(&case, &["facts"]).json();
    let meshes: Vec<_> = facts["meshes"].as_array().expect("meshes").iter().collect();
    let kinds: Vec<_> = meshes.iter().map(|mesh| mesh["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("istio"), Some("linkerd")]);
    // one graph has the edges of both, and those between them
    let edges = facts["edges"].as_array().expect("edges");
    let edge = |to: &str, from: &str| {
        let of = |edge: &&serde_json::Value| {
            let from = serde_json::Value::from(from);
            let sources = edge["source"]["workloads"].as_array();
            edge["destination"] == to && sources.is_some_and(|all| all.contains(&from))
        };
        let found = edges.iter().find(of).expect("an edge");
        (found["verdict"].clone(), found["transport"].clone())
    };
    let allowed = |transport: &str| ("allow".into(), transport.into());
    assert_eq!(edge("pay/api", "shop/cart"), allowed("plaintext"));
    assert_eq!(edge("pay/api", "pay/vault"), allowed("mtls"));
    assert_eq!(edge("shop/cart", "pay/api"), allowed("plaintext"));
    assert_eq!(edge("pay/vault", "shop/cart").0, "deny");
}

#[derive(Deserialize)]
struct Logging {
    sets: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    name: String,
    manifests: std::collections::BTreeMap<String, String>,
    expect: Vec<Expected>,
}

/// What is expected of a workload, or of a mesh, and of one of its logs.
#[derive(Deserialize)]
struct Expected {
    workload: Option<String>,
    mesh: Option<String>,
    access_log: Option<String>,
    audit_log: Option<String>,
}

#[test]
fn istio_access_logs() {
    logging(&root().join("testdata/conformance/istio/logging.yaml"));
}

#[test]
fn istio_access_logs_of_ztunnel_and_waypoints() {
    logging(&root().join("testdata/conformance/istio-ambient/logging.yaml"));
}

#[test]
fn consul_logs() {
    logging(&root().join("testdata/conformance/consul/logging.yaml"));
}

#[test]
fn consul_logs_corner_by_corner() {
    logging(&root().join("testdata/conformance/consul-corners/logging.yaml"));
}

#[test]
fn linkerd_access_logs() {
    logging(&root().join("testdata/conformance/linkerd/logging.yaml"));
}

#[test]
fn linkerd_access_logs_corner_by_corner() {
    logging(&root().join("testdata/conformance/linkerd-corners/logging.yaml"));
}

fn logging(file: &Path) {
    let text = std::fs::read_to_string(file).expect("the file");
    let logging: Logging = serde_yaml::from_str(&text).expect("sets");
    let mut asked = 0;
    for set in logging.sets {
        let dir = tempfile::tempdir().expect("a directory");
        for (name, text) in &set.manifests {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
            std::fs::write(file, text).expect("written");
        }
        let facts = meshvet(dir.path(), &["facts"]).json();
        for expected in set.expect {
            let (list, key, name) = match (&expected.workload, &expected.mesh) {
                (Some(workload), _) => ("workloads", "id", workload),
                (None, Some(mesh)) => ("meshes", "kind", mesh),
                (None, None) => panic!("{}: of whom?", set.name),
            };
            let all = facts[list].as_array().expect("a list");
            let found = all.iter().find(|one| one[key] == **name);
            let logs = [
                ("access_log", &expected.access_log),
                ("audit_log", &expected.audit_log),
            ];
            for (log, state) in logs {
                let Some(state) = state else { continue };
                let found = found.and_then(|one| one[log]["state"].as_str());
                assert_eq!(found, Some(&**state), "{}: {name}: {log}", set.name);
                asked += 1;
            }
        }
    }
    assert!(asked > 0);
}
