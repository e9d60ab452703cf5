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

#[derive(Deserialize)]
struct Expected {
    workload: Option<String>,
    access_log: Option<String>,
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
            std::fs::write(dir.path().join(name), text).expect("written");
        }
        let facts = meshvet(dir.path(), &["facts"]).json();
        for expected in set.expect {
            let workload = expected.workload.expect("a workload");
            let found = facts["workloads"]
                .as_array()
                .and_then(|all| all.iter().find(|one| one["id"] == *workload))
                .map(|one| one["access_log"]["state"].clone());
            assert_eq!(
                found.as_ref().and_then(|s| s.as_str()),
                expected.access_log.as_deref(),
                "{}: {workload}",
                set.name
            );
            asked += 1;
        }
    }
    assert!(asked > 0);
}
