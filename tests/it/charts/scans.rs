//! Commands on charts, from end to end.

use std::path::Path;
use std::process::Command;

use meshvet::cli::Exit;
use serde_json::Value;

use crate::charts::helm;
use crate::cli::{Ran, SHOP, meshvet, root};

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    directory
}

/// Scans with the helm that is here.
fn rendered(directory: &Path, args: &[&str]) -> Option<Ran> {
    let helm = helm()?;
    let helm = helm.to_string_lossy();
    let own = [
        "scan",
        "--no-history",
        "--render",
        "--helm",
        &helm,
        "-f",
        "json",
    ];
    Some(meshvet(directory, &[&own, args].concat()))
}

fn environments(report: &Value) -> Vec<&str> {
    let all = report["scan"]["environments"].as_array().expect("a list");
    all.iter().filter_map(Value::as_str).collect()
}

/// `rule file:line text` of all findings.
fn findings(report: &Value, directory: &Path) -> Vec<String> {
    let all = report["findings"].as_array().expect("a list").iter();
    let shown = |finding: &Value| {
        let location = &finding["location"];
        let file = location["file"].as_str().unwrap_or("");
        let line = location["line"].as_u64().unwrap_or(0);
        let text = std::fs::read_to_string(directory.join(file)).expect("a file");
        let text = text
            .lines()
            .nth(line as usize - 1)
            .unwrap_or("")
            .trim()
            .to_owned();
        format!(
            "{} {file}:{line} {text}",
            finding["rule"].as_str().unwrap_or("")
        )
    };
    all.map(shown).collect()
}

const MTLS: &str = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: shop
spec:
  mtls:
    mode: {{ .Values.mode }}
";

fn chart(more: &[(&str, &str)]) -> tempfile::TempDir {
    let workload = SHOP
        .replace("name: shop\n", "name: {{ .Release.Namespace }}\n")
        .replace("namespace: shop", "namespace: {{ .Release.Namespace }}");
    let files = [
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("c/templates/mtls.yaml", MTLS),
        ("c/templates/shop.yaml", workload.as_str()),
        ("c/values.yaml", "mode: STRICT\n"),
    ];
    written(&[&files, more].concat())
}

#[test]
fn a_finding_in_a_rendered_object_points_at_the_line_to_edit() {
    let directory = chart(&[("c/values-dev.yaml", "# for dev\nmode: PERMISSIVE\n")]);
    let Some(ran) = rendered(directory.path(), &["."]) else {
        return;
    };
    let report = ran.json();
    assert_eq!(environments(&report), ["c", "c:values-dev.yaml"]);
    let found = findings(&report, directory.path());
    let wanted = "mtls/permissive c/values-dev.yaml:2 mode: PERMISSIVE";
    assert!(found.iter().any(|one| one == wanted), "{found:#?}");
    let all = report["findings"].as_array().expect("a list");
    let one = all
        .iter()
        .find(|one| one["rule"] == "mtls/permissive")
        .expect("one");
    assert_eq!(
        one["environments"],
        serde_json::json!(["c:values-dev.yaml"])
    );
    assert_eq!(ran.exit, Exit::Found, "{}", ran.stderr);
}

#[test]
fn a_chart_that_helm_refuses_is_a_problem_at_its_line_and_no_pass() {
    let directory = chart(&[("c/templates/bad.yaml", "# one\na: {{ .Values.a.b.c }}\n")]);
    let Some(ran) = rendered(directory.path(), &["."]) else {
        return;
    };
    assert_eq!(ran.exit, Exit::Incomplete, "{}{}", ran.stdout, ran.stderr);
    let report = ran.json();
    let problem = &report["problems"][0];
    assert_eq!(problem["kind"], "unrendered-template");
    assert_eq!(problem["location"]["file"], "c/templates/bad.yaml");
    assert_eq!(problem["location"]["line"], 2);
    let message = problem["message"].as_str().expect("a message");
    assert!(message.contains("nil pointer evaluating"), "{message}");
}

#[test]
fn values_that_helm_would_quote_are_not_printed() {
    let directory = chart(&[
        (
            "c/templates/bad.yaml",
            "{{ fail (printf \"wrong: %s\" .Values.password) }}\n",
        ),
        ("c/values-secret.yaml", "password: hunter2\n"),
    ]);
    let Some(ran) = rendered(directory.path(), &["-v", "."]) else {
        return;
    };
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"));
    ran.says("made up of values");
}

#[test]
fn what_a_cluster_would_have_to_say_is_an_assumption() {
    let directory = chart(&[(
        "c/templates/_h.tpl",
        "{{ define \"x\" }}{{ .Capabilities.KubeVersion }}{{ end }}\n",
    )]);
    let Some(ran) = rendered(directory.path(), &["."]) else {
        return;
    };
    let problems = ran.json()["problems"].clone();
    let problems = problems.as_array().expect("a list");
    let one = problems
        .iter()
        .find(|one| one["location"]["file"] == "c/Chart.yaml");
    let one = one.expect("a problem of the chart");
    assert_eq!(one["kind"], "assumption");
    assert_eq!(one["location"]["line"], 2);
}

#[test]
fn a_broken_file_of_values_is_not_left_out_in_silence() {
    let directory = chart(&[("c/values-prod.yaml", "mode: [STRICT\n")]);
    let Some(ran) = rendered(directory.path(), &["."]) else {
        return;
    };
    assert_eq!(ran.exit, Exit::Incomplete);
    ran.says("c/values-prod.yaml");
}

#[test]
fn a_commit_renders_like_its_checkout() {
    let directory = chart(&[
        ("c/values-dev.yaml", "mode: DISABLE\n"),
        ("c/templates/_h.tpl", "x\n"),
    ]);
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(args);
        assert!(
            git.current_dir(directory.path())
                .output()
                .expect("git")
                .status
                .success()
        );
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "all"]);
    let Some(here) = rendered(directory.path(), &["."]) else {
        return;
    };
    std::fs::remove_dir_all(directory.path().join("c")).expect("gone");
    let Some(there) = rendered(directory.path(), &["--rev", "HEAD", "."]) else {
        return;
    };
    assert_eq!(here.json()["findings"], there.json()["findings"]);
    assert!(
        !here.json()["findings"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

#[test]
fn without_helm_rendering_is_refused_with_what_to_do() {
    let directory = chart(&[]);
    let ran = meshvet(directory.path(), &["scan", "--render", "."]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.stderr.contains("--helm PATH"), "{}", ran.stderr);
    let ran = meshvet(directory.path(), &["scan", "--helm", "x", "."]);
    assert_eq!(ran.exit, Exit::Usage);
    let ran = meshvet(
        directory.path(),
        &["scan", "--render", "--helm", "gone/helm", "."],
    );
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.stderr.contains("gone/helm"), "{}", ran.stderr);
}

const UMBRELLA: &str = "\
apiVersion: v2
name: mesh
version: 0.1.0
dependencies:
- {name: istiod, alias: control, version: 1.27.0, repository: https://istio-release.storage.googleapis.com/charts}
";

#[test]
fn values_of_a_meshs_chart_are_settings_in_each_environment() {
    let directory = written(&[
        ("mesh/Chart.yaml", UMBRELLA),
        (
            "mesh/values-dev.yaml",
            "control:\n  meshConfig:\n    accessLogFile: ''\n",
        ),
        (
            "mesh/values-prod.yaml",
            "control:\n  meshConfig:\n    trustDomain: prod\n",
        ),
        (
            "mesh/values.yaml",
            "control:\n  meshConfig:\n    accessLogFile: /dev/stdout\n",
        ),
    ]);
    let state = |name: &str| {
        let ran = meshvet(
            directory.path(),
            &["facts", "--allow-partial", "--environment", name, "."],
        );
        ran.json()["meshes"][0]["access_log"]["state"].clone()
    };
    assert_eq!(state("mesh:values-prod.yaml"), "on");
    assert_eq!(state("mesh:values-dev.yaml"), "off");
    let ran = meshvet(directory.path(), &["scan", "--no-history", "."]);
    assert_eq!(ran.exit, Exit::Incomplete, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn plain_manifests_keep_the_settings_of_the_one_chart_beside_them() {
    let directory = written(&[
        (
            "mesh/Chart.yaml",
            "apiVersion: v2\nname: istiod\nversion: 1.27.0\n",
        ),
        (
            "mesh/values.yaml",
            "meshConfig:\n  accessLogFile: /dev/stdout\n",
        ),
        ("shop.yaml", SHOP),
    ]);
    let report = meshvet(
        directory.path(),
        &["scan", "--no-history", "-f", "json", "."],
    )
    .json();
    assert_eq!(environments(&report), ["."]);
    let facts = meshvet(directory.path(), &["facts", "--allow-partial", "."]).json();
    assert_eq!(facts["meshes"][0]["access_log"]["state"], "on");
}

#[test]
fn the_charts_of_others_render() {
    let corpus = root().join("../shared/corpus");
    for chart in [
        "online-boutique/helm-chart",
        "istio-samples/ambient-argo/tag-chart",
    ] {
        let directory = corpus.join(chart);
        if !directory.exists() {
            continue;
        }
        let Some(ran) = rendered(&directory, &["--exit-zero", "."]) else {
            return;
        };
        assert!(
            ran.exit != Exit::Incomplete,
            "{chart}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}
