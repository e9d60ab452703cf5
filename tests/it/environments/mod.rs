//! Three clusters that reuse the same names are three worlds, however they are laid out.

use std::fs;
use std::path::Path;

use meshvet::cli::Exit;
use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Ran, SHOP, meshvet};

const CLUSTERS: [&str; 3] = ["dev", "prod", "staging"];

/// Files below a directory.
fn write(dir: &Path, files: &[(String, String)]) {
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }
}

fn policy(mode: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec:\n  mtls: {{mode: {mode}}}\n"
    )
}

/// What tells one layout from the others: how a base and a directory for each cluster come together.
type Layout = fn() -> Vec<(String, String)>;

fn of_each(file: impl Fn(&str) -> (String, String)) -> Vec<(String, String)> {
    CLUSTERS.iter().map(|cluster| file(cluster)).collect()
}

fn overlays() -> Vec<(String, String)> {
    let mut files = of_each(|cluster| {
        let text = "resources: [../../base, policy.yaml]\n".to_owned();
        (format!("clusters/{cluster}/kustomization.yaml"), text)
    });
    let base = "resources: [shop.yaml]\n".to_owned();
    files.push(("base/kustomization.yaml".to_owned(), base));
    files
}

fn flux() -> Vec<(String, String)> {
    of_each(|cluster| {
        let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: base, namespace: flux-system}\nspec:\n  path: ./base\n  sourceRef: {kind: GitRepository, name: flux-system}\n".to_owned();
        (format!("clusters/{cluster}/base.yaml"), text)
    })
}

fn set() -> Vec<(String, String)> {
    let text = "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  generators:
  - matrix:
      generators:
      - list: {elements: [{cluster: dev}, {cluster: prod}, {cluster: staging}]}
      - list: {elements: [{part: base, path: base}, {part: own, path: 'clusters/{{cluster}}'}]}
  template:
    metadata: {name: '{{cluster}}-{{part}}'}
    spec:
      source: {repoURL: 'https://git.example/shop', path: '{{path}}'}
      destination: {name: '{{cluster}}', namespace: shop}
";
    vec![("argo/set.yaml".to_owned(), text.to_owned())]
}

fn configured() -> Vec<(String, String)> {
    let each = CLUSTERS
        .iter()
        .map(|one| format!("  {one}: {{paths: [base, clusters/{one}]}}\n"));
    let text = format!("environments:\n{}", each.collect::<String>());
    vec![(".meshvet.yaml".to_owned(), text)]
}

/// A layout with a base and a policy for each cluster.
fn laid_out(layout: Layout, of_prod: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let mut files = layout();
    files.push(("base/shop.yaml".to_owned(), SHOP.to_owned()));
    files.extend(of_each(|cluster| {
        let mode = if cluster == "prod" { of_prod } else { "STRICT" };
        (format!("clusters/{cluster}/policy.yaml"), policy(mode))
    }));
    write(dir.path(), &files);
    dir
}

fn scan(dir: &Path, more: &[&str]) -> Ran {
    let args = ["scan", "--no-history", "-f", "json"].iter().chain(more);
    meshvet(dir, &args.copied().collect::<Vec<_>>())
}

/// The last steps of the names of environments.
fn names(all: &Value) -> Vec<String> {
    let all = all.as_array().expect("a list").iter();
    all.map(|one| {
        let name = one.as_str().expect("a name");
        name.rsplit('/').next().unwrap_or(name).to_owned()
    })
    .filter(|name| name != "argo")
    .collect()
}

/// The environments of the findings of a rule.
fn found(report: &Value, rule: &str) -> Vec<Vec<String>> {
    let findings = report["findings"].as_array().expect("a list").iter();
    findings
        .filter(|finding| finding["rule"] == rule)
        .map(|finding| names(&finding["environments"]))
        .collect()
}

fn is_three_worlds(layout: Layout) {
    for (of_prod, expected) in [
        ("STRICT", vec![]),
        ("PERMISSIVE", vec![vec!["prod".to_owned()]]),
    ] {
        let dir = laid_out(layout, of_prod);
        let ran = scan(dir.path(), &[]);
        let report = ran.json();
        assert_eq!(names(&report["scan"]["environments"]), CLUSTERS);
        assert_eq!(report["problems"], serde_json::json!([]), "{}", ran.stdout);
        assert_eq!(found(&report, "mtls/permissive"), expected);
        // what lies in the base is found once, and said of all
        let shared = found(&report, "authorization/no_policy");
        assert_eq!(shared, [CLUSTERS.map(str::to_owned).to_vec()]);
    }
}

#[test]
fn in_overlays() {
    is_three_worlds(overlays);
}

#[test]
fn under_flux() {
    is_three_worlds(flux);
}

#[test]
fn in_an_application_set() {
    is_three_worlds(set);
}

#[test]
fn in_the_configuration() {
    is_three_worlds(configured);
}

#[test]
fn without_a_word_they_are_one_world_and_the_report_says_what_to_write() {
    let dir = laid_out(Vec::new, "PERMISSIVE");
    let report = scan(dir.path(), &[]).json();
    assert_eq!(report["scan"]["environments"], serde_json::json!(["."]));
    let problems = report["problems"].as_array().expect("a list").iter();
    let told: Vec<&str> = problems.filter_map(|one| one["message"].as_str()).collect();
    let advice = "clusters/dev and clusters/prod and clusters/staging have objects of the same name; if these are worlds of their own, say so in .meshvet.yaml: environments: {dev: {paths: [clusters/dev]}, prod: {paths: [clusters/prod]}, staging: {paths: [clusters/staging]}}";
    assert!(told.contains(&advice), "{told:#?}");
}

#[test]
fn one_of_them_can_be_asked_for() {
    let dir = laid_out(configured, "PERMISSIVE");
    let ran = scan(dir.path(), &["--environment", "dev"]);
    assert_eq!(
        found(&ran.json(), "mtls/permissive"),
        Vec::<Vec<String>>::new()
    );
    let ran = scan(dir.path(), &["--environment", "live"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(
        ran.stderr.contains("there is dev, prod, staging"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_configuration_that_is_wrong_ends_the_run() {
    let dir = laid_out(configured, "STRICT");
    for (text, told) in [
        (
            "environment: {}\n",
            ".meshvet.yaml:1: the file has no key `environment`; did you mean `environments`?",
        ),
        (
            "environments:\n  dev: {paths: [cluster/dev]}\n",
            ".meshvet.yaml:2: `cluster/dev` of environment `dev` is nothing",
        ),
    ] {
        fs::write(dir.path().join(".meshvet.yaml"), text).expect("written");
        let ran = scan(dir.path(), &[]);
        assert_eq!(ran.exit, Exit::Usage);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    fs::write(dir.path().join("meshvet.yaml"), "").expect("written");
    let ran = scan(dir.path(), &[]);
    assert!(
        ran.stderr
            .contains("there is .meshvet.yaml and meshvet.yaml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_configuration_is_found_upwards_and_can_be_named() {
    let dir = laid_out(configured, "PERMISSIVE");
    let top = dir.path();
    git2::Repository::init(top).expect("a repository");
    let named = |cwd: &Path, args: &[&str]| names(&scan(cwd, args).json()["scan"]["environments"]);
    // from below, with only part of the files
    assert_eq!(named(top, &["clusters"]), CLUSTERS);
    assert_eq!(named(&top.join("clusters"), &["."]), CLUSTERS);
    assert_eq!(named(&top.join("clusters"), &[".."]), CLUSTERS);
    fs::create_dir(top.join(".github")).expect("made");
    fs::rename(top.join(".meshvet.yaml"), top.join(".github/meshvet.yaml")).expect("moved");
    assert_eq!(named(top, &[]), CLUSTERS);
    let elsewhere = tempfile::tempdir().expect("a directory");
    let own = elsewhere.path().join("own.yaml");
    fs::write(
        &own,
        "environments: {only: {paths: [base, clusters/prod]}}\n",
    )
    .expect("written");
    let own = own.to_string_lossy().into_owned();
    assert_eq!(named(top, &["--config", &own]), [".", "only"]);
}

#[cfg(unix)]
#[test]
fn a_configuration_that_leads_out_is_not_read() {
    let dir = laid_out(Vec::new, "STRICT");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let secret = elsewhere.path().join("secret");
    fs::write(&secret, "hunter2: x\n").expect("written");
    std::os::unix::fs::symlink(&secret, dir.path().join(".meshvet.yaml")).expect("linked");
    let ran = scan(dir.path(), &[]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
}

#[test]
fn a_commit_is_read_by_its_own_configuration() {
    for layout in [flux as Layout, configured] {
        let dir = laid_out(layout, "PERMISSIVE");
        let repository = git2::Repository::init(dir.path()).expect("a repository");
        let mut index = repository.index().expect("an index");
        index
            .add_all(["*"], git2::IndexAddOption::DEFAULT, None)
            .expect("added");
        let tree = repository
            .find_tree(index.write_tree().expect("a tree"))
            .expect("a tree");
        let ann = git2::Signature::now("Ann", "ann@example.com").expect("a name");
        repository
            .commit(Some("HEAD"), &ann, &ann, "all", &tree, &[])
            .expect("a commit");
        index.write().expect("written");
        let without_origin = |cwd: &Path, args: &[&str]| {
            let mut report = scan(cwd, args).json();
            report["scan"]["origin"] = Value::Null;
            report["scan"]["revision"] = Value::Null;
            report
        };
        let there = without_origin(dir.path(), &[]);
        assert_eq!(there, without_origin(dir.path(), &["--rev", "HEAD"]));
        let below = dir.path().join("clusters/prod");
        let there = without_origin(&below, &["../.."]);
        let committed = without_origin(&below, &["--rev", "HEAD", "../.."]);
        assert_eq!(there, committed);
        // another one that lies there now changes nothing of the commit
        fs::write(
            dir.path().join(".meshvet.yaml"),
            "environments: {x: {paths: [base]}}\n",
        )
        .expect("written");
        let report = scan(dir.path(), &["--rev", "HEAD"]).json();
        assert_eq!(names(&report["scan"]["environments"]), CLUSTERS);
        let told = meshvet(dir.path(), &["history"]);
        assert!(
            told.stdout.contains("1 commit"),
            "{} {}",
            told.stdout,
            told.stderr
        );
    }
}
