//! Environments that are put together from several files: who changed which of these, and what it did.

use meshvet::cli::Exit;
use serde_json::{Value, json};

use super::{Past, lines};
use crate::revisions::with_mode;

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

const OFF: &str = "- op: replace\n  path: /spec/mtls/mode\n  value: DISABLE\n";

/// Two environments with the same base; each patches it in its own way.
fn past() -> Past {
    let indented = POLICY.replace('\n', "\n    ");
    let inside = format!("resources: [../base]\npatches:\n- patch: |\n    {indented}\n");
    let beside = "resources: [../base]\nimages: [{name: x, newTag: one}]\npatches:\n- path: patch.yaml\n  target: {kind: PeerAuthentication}\n";
    let past = Past::with(&[
        ("base/shop.yaml", &with_mode("STRICT")),
        ("base/kustomization.yaml", "resources: [shop.yaml]\n"),
        ("dev/kustomization.yaml", "resources: [../base]\n"),
        ("prod/kustomization.yaml", "resources: [../base]\n"),
    ]);
    past.shop.write("dev/kustomization.yaml", inside);
    past.commit("Patch without effect");
    past.replace("dev/kustomization.yaml", "STRICT", "PERMISSIVE");
    past.commit("Permit in dev");
    past.shop.write("prod/kustomization.yaml", beside);
    past.shop.write("prod/patch.yaml", OFF);
    past.commit("Off in prod");
    past.replace("prod/kustomization.yaml", "newTag: one", "newTag: two");
    past.commit("Another image");
    past.replace("prod/patch.yaml", "DISABLE", "PERMISSIVE");
    past.commit("Permit in prod");
    past.replace("base/shop.yaml", "STRICT", "UNSET");
    past.commit("Patched over");
    past
}

#[test]
fn a_patch_is_told_where_it_is_written_and_in_its_own_environment() {
    let past = past();
    let ran = past.shop.run(&["history", "-f", "jsonl"]);
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
    let keys = [
        "subject",
        "file",
        "line",
        "after",
        "direction",
        "introduced",
        "resolved",
    ];
    let told = |one: &Value| Value::Array(keys.iter().map(|key| one[key].clone()).collect());
    let changes = lines(&ran.stdout);
    let later = changes.iter().take_while(|one| one["subject"] != "First");
    let later: Vec<Value> = later.map(told).collect();
    let (patch, permissive, off) = ("prod/patch.yaml", "mtls/permissive", "mtls/disabled");
    assert_eq!(
        Value::Array(later),
        json!([
            [
                "Patched over",
                "base/shop.yaml",
                31,
                "UNSET",
                "neutral",
                [],
                []
            ],
            [
                "Permit in prod",
                patch,
                3,
                "PERMISSIVE",
                "stronger",
                [permissive],
                [off]
            ],
            ["Off in prod", patch, 1, null, "weaker", [off], []],
            [
                "Permit in dev",
                "dev/kustomization.yaml",
                7,
                "PERMISSIVE",
                "weaker",
                [permissive],
                []
            ],
        ]),
    );
}

#[test]
fn scans_of_each_commit_find_what_the_log_tells() {
    let past = past();
    let found = |back: usize| {
        let rev = format!("HEAD~{back}");
        let ran = past.shop.run(&["scan", "-f", "json", "--rev", &rev]);
        let report = ran.json();
        let all = report["findings"].as_array().unwrap().iter();
        let of_mtls = all.filter(|one| one["rule"].as_str().unwrap().starts_with("mtls/"));
        let shown = of_mtls.map(|one| {
            json!([
                one["rule"],
                one["environments"],
                one["location"]["file"],
                one["introduced"]["subject"]
            ])
        });
        Value::Array(shown.collect())
    };
    let dev = json!([
        "mtls/permissive",
        ["dev"],
        "dev/kustomization.yaml",
        "Permit in dev"
    ]);
    let off = json!(["mtls/disabled", ["prod"], "prod/patch.yaml", "Off in prod"]);
    let open = json!([
        "mtls/permissive",
        ["prod"],
        "prod/patch.yaml",
        "Permit in prod"
    ]);
    assert_eq!(found(0), json!([dev, open]));
    assert_eq!(found(1), json!([dev, open]));
    assert_eq!(found(2), json!([dev, off]));
    assert_eq!(found(3), json!([dev, off]));
    assert_eq!(found(4), json!([dev]));
    assert_eq!(found(5), json!([]));
}
