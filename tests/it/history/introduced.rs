//! Since when a finding is there, and who brought it.

use std::fs;

use git2::Oid;
use serde_json::{Value, json};

use super::{ANN, BO, FORGE, Past};
use crate::cli::{Ran, meshvet};

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    team: shop
    istio-injection: enabled
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
spec:
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
      - name: app
        ports:
        - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
spec:
  selector: {app: api}
  ports:
  - {name: http, port: 8080}
";

const STRICT: &str = "\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
spec:
  mtls:
    mode: STRICT
";

const POLICY: &str = "\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: api
  namespace: shop
spec:
  rules:
  - from:
    - source: {namespaces: [shop]}
";

/// A repository with all of it, and a commit that changes something else.
fn past() -> Past {
    let past = Past::with(&[
        ("shop.yaml", SHOP),
        ("peer.yaml", STRICT),
        ("policy.yaml", POLICY),
    ]);
    past.replace("shop.yaml", "name: app\n", "name: server\n");
    past.commit("Another name");
    past
}

/// What the only finding of a rule says of its origin.
#[track_caller]
fn origin_in(ran: &Ran, rule: &str) -> Value {
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: Vec<_> = findings.filter(|one| one["rule"] == rule).collect();
    let [finding] = findings.as_slice() else {
        panic!("{rule} is found {} times: {report:#}", findings.len())
    };
    finding["introduced"].clone()
}

/// The same of a scan of the working tree, and of the commit if that is all there is.
#[track_caller]
fn origin(past: &Past, rule: &str) -> Value {
    let origin = origin_in(&past.shop.run(&["scan", "-f", "json"]), rule);
    let of_commit = past.shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!(origin_in(&of_commit, rule), origin, "of HEAD");
    origin
}

/// What is said of a finding that a commit of Ann brought.
fn by_ann(past: &Past, id: Oid) -> Value {
    by(past, id, "Ann Lee <ann@example.com>")
}

fn by(past: &Past, id: Oid, author: &str) -> Value {
    let commit = past.shop.repository.find_commit(id).unwrap();
    let hours = (commit.time().seconds() - super::START) / 3_600;
    json!({
        "commit": id.to_string(),
        "author": author,
        "time": format!("2026-03-01T{hours:02}:00:00Z"),
        "subject": commit.summary().unwrap(),
    })
}

#[test]
fn a_line_names_the_commit_that_wrote_it() {
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let planted = past.commit("Permit");
    past.replace("policy.yaml", "[shop]", "[shop, web]");
    past.commit("The web too");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, planted));
    let text = past.shop.run(&["scan"]);
    text.says("since 2026-03-01, ");
    text.says(" \"Permit\", Ann Lee");
    // a commit between says of itself what a scan of it says
    let between = past.shop.run(&["scan", "-f", "json", "--rev", "HEAD~1"]);
    let said = origin_in(&between, "mtls/permissive");
    assert_eq!(said, by_ann(&past, planted));
}

#[test]
fn the_last_time_counts_where_a_line_was_changed_back() {
    let past = past();
    for (from, to) in [("STRICT", "PERMISSIVE"), ("PERMISSIVE", "STRICT")] {
        past.replace("peer.yaml", from, to);
        past.commit(to);
    }
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let again = past.commit("Again");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, again));
}

#[test]
fn whoever_changes_how_it_is_written_did_not_bring_it() {
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let planted = past.commit("Permit");
    past.replace(
        "peer.yaml",
        "mode: PERMISSIVE",
        "mode:   \"PERMISSIVE\" # for now",
    );
    past.commit_by(BO, BO, "Quotes");
    past.replace(
        "peer.yaml",
        "  mtls:\n    mode:",
        "      mtls:\n        mode:",
    );
    past.shop
        .write("peer.yaml", format!("# ours\n{}", past.read("peer.yaml")));
    past.commit_by(BO, BO, "Indent");
    past.shop.write(
        "peer.yaml",
        "{kind: PeerAuthentication, apiVersion: security.istio.io/v1, spec: {mtls: {mode: PERMISSIVE}}, metadata: {namespace: shop, name: default}}\n",
    );
    past.commit_by(BO, BO, "One line");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, planted));
}

#[test]
fn whoever_moves_it_did_not_bring_it() {
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let planted = past.commit("Permit");
    past.rename("peer.yaml", "mesh/tls.yaml");
    past.commit_by(BO, BO, "Rename the file");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, planted));
    let moved = format!("---\n{}", past.read("mesh/tls.yaml"));
    past.shop
        .write("policy.yaml", past.read("policy.yaml") + &moved);
    past.remove("mesh/tls.yaml");
    past.commit_by(BO, BO, "Move the object");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, planted));
    // renamed and edited beside the line in one commit
    past.rename("policy.yaml", "access.yaml");
    past.replace("access.yaml", "[shop]", "[shop, web]");
    past.commit_by(BO, BO, "Rename and edit");
    assert_eq!(origin(&past, "mtls/permissive"), by_ann(&past, planted));
}

#[test]
fn a_change_that_is_not_committed_is_told_as_such() {
    let uncommitted = json!({
        "commit": null, "author": null, "time": null, "subject": null, "uncommitted": true,
    });
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let disk = |rule| origin_in(&past.shop.run(&["scan", "-f", "json"]), rule);
    assert_eq!(disk("mtls/permissive"), uncommitted);
    past.shop
        .run(&["scan"])
        .says("since a change that is not committed");
    // a file that git does not know
    past.replace("peer.yaml", "PERMISSIVE", "STRICT");
    past.rename("peer.yaml", "tls.yaml");
    past.replace("tls.yaml", "STRICT", "PERMISSIVE");
    assert_eq!(disk("mtls/permissive"), uncommitted);
    // what is not there any more, too
    past.remove("policy.yaml");
    assert_eq!(disk("authorization/no_policy"), uncommitted);
    // lines that shifted because of others are still those of their commits
    past.shop.write("policy.yaml", POLICY);
    let planted = past.commit("Permit");
    past.shop.write(
        "tls.yaml",
        format!("# one\n# two\n{}", past.read("tls.yaml")),
    );
    assert_eq!(disk("mtls/permissive"), by_ann(&past, planted));
    past.rename("tls.yaml", "moved.yaml");
    assert_eq!(disk("mtls/permissive"), by_ann(&past, planted));
    // and nothing of it is in the commit
    let head = past.shop.run(&["scan", "-f", "json", "--rev", "HEAD"]);
    assert_eq!(origin_in(&head, "mtls/permissive"), by_ann(&past, planted));
}

#[test]
fn what_is_missing_names_the_commit_that_took_it_away() {
    let past = past();
    past.remove("policy.yaml");
    let deleted = past.commit("No policy");
    past.replace("shop.yaml", "name: server\n", "name: app\n");
    past.commit("The old name");
    let rule = "authorization/no_policy";
    assert_eq!(origin(&past, rule), by_ann(&past, deleted));
    past.replace("shop.yaml", "    istio-injection: enabled\n", "");
    let unlabelled = past.commit("No label");
    past.replace("shop.yaml", "name: app\n", "name: server\n");
    past.commit("The new name");
    let rule = "membership/outside_mesh";
    assert_eq!(origin(&past, rule), by_ann(&past, unlabelled));
}

#[test]
fn what_was_never_there_came_with_what_needs_it() {
    let past = Past::with(&[("shop.yaml", SHOP), ("peer.yaml", STRICT)]);
    let first = past.head().unwrap();
    past.replace("peer.yaml", "mode: STRICT", "mode: \"STRICT\"");
    past.commit("Quotes");
    let rule = "authorization/no_policy";
    assert_eq!(origin(&past, rule), by_ann(&past, first));
}

#[test]
fn a_merged_branch_names_the_commit_on_it() {
    let past = past();
    let base = past.head().unwrap();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let wrote = past.record(BO, BO, "Bo permits", &[base]);
    past.replace("shop.yaml", "team: shop", "team: shops");
    let tip = past.record(BO, BO, "And a label", &[wrote]);
    past.reset(base);
    past.replace("policy.yaml", "[shop]", "[shop, web]");
    let main = past.commit("The web too");
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    past.replace("shop.yaml", "team: shop", "team: shops");
    let merge = past.record(
        FORGE,
        FORGE,
        "Merge pull request #5 from bo/x",
        &[main, tip],
    );
    past.advance(merge);
    let bo = by(&past, wrote, "Bo Ek <bo@example.com>");
    assert_eq!(origin(&past, "mtls/permissive"), bo);
}

#[test]
fn a_shallow_clone_says_no_more_than_it_knows() {
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    let planted = past.commit("Permit");
    past.remove("policy.yaml");
    let deleted = past.commit("No policy");
    // the clone ends at the commit that permits: who wrote it cannot be seen
    let lost = past.shop.repository.find_commit(planted).unwrap();
    let path = lost.parent_id(0).unwrap().to_string();
    let (folder, file) = path.split_at(2);
    let git = past.shop.path().join(".git");
    fs::remove_file(git.join("objects").join(folder).join(file)).unwrap();
    fs::write(git.join("shallow"), format!("{planted}\n")).unwrap();
    let before = json!({
        "commit": null, "author": null, "time": null, "subject": null,
        "before": planted.to_string(),
    });
    assert_eq!(origin(&past, "mtls/permissive"), before);
    let rule = "authorization/no_policy";
    assert_eq!(origin(&past, rule), by_ann(&past, deleted));
    past.shop.run(&["scan"]).says("the clone is shallow");
}

#[test]
fn without_git_or_unasked_there_is_no_origin() {
    let past = past();
    past.replace("peer.yaml", "STRICT", "PERMISSIVE");
    past.commit("Permit");
    let unasked = past.shop.run(&["scan", "-f", "json", "--no-history"]);
    assert_eq!(origin_in(&unasked, "mtls/permissive"), Value::Null);
    let plain = tempfile::tempdir().unwrap();
    for name in ["shop.yaml", "peer.yaml"] {
        fs::write(plain.path().join(name), past.read(name)).unwrap();
    }
    let ran = meshvet(plain.path(), &["scan", "-f", "json"]);
    assert_eq!(origin_in(&ran, "mtls/permissive"), Value::Null);
    // a repository without commits has nobody to name
    let unborn = Past::new();
    for name in ["shop.yaml", "peer.yaml"] {
        unborn.shop.write(name, past.read(name));
    }
    let ran = unborn.shop.run(&["scan", "-f", "json"]);
    let said = origin_in(&ran, "mtls/permissive");
    assert_eq!(said["commit"], Value::Null);
}

#[test]
fn two_findings_on_one_line_have_their_own_origins() {
    let exceptions = |first: &str, second: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: api, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: api}}}}\n  portLevelMtls: {{8080: {{mode: {first}}}, 9090: {{mode: {second}}}}}\n"
        )
    };
    let shop = SHOP.replace(
        "        - containerPort: 8080\n",
        "        - containerPort: 8080\n        - containerPort: 9090\n",
    );
    let past = Past::with(&[
        ("shop.yaml", &shop),
        ("peer.yaml", STRICT),
        ("ports.yaml", &exceptions("STRICT", "STRICT")),
    ]);
    past.shop
        .write("ports.yaml", exceptions("PERMISSIVE", "STRICT"));
    let first = past.commit("The first");
    past.shop
        .write("ports.yaml", exceptions("PERMISSIVE", "PERMISSIVE"));
    let second = past.commit_by(ANN, FORGE, "The second");
    let report = past.shop.run(&["scan", "-f", "json"]).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let found: Vec<_> = findings
        .filter(|one| one["rule"] == "mtls/port_exception")
        .map(|one| (one["field"].clone(), one["introduced"]["commit"].clone()))
        .collect();
    let expected = [("8080", first), ("9090", second)].map(|(port, id)| {
        let field = format!("/spec/portLevelMtls/{port}/mode");
        (json!(field), json!(id.to_string()))
    });
    assert_eq!(found, expected);
}

#[test]
fn who_decides_a_conflict_is_named_and_not_the_branch() {
    let past = past();
    let first = past.head().unwrap();
    past.replace("peer.yaml", "STRICT", "DISABLE");
    let branch = past.record(BO, BO, "Disable", &[first]);
    past.replace("peer.yaml", "DISABLE", "UNSET");
    let main = past.record(ANN, ANN, "Unset", &[first]);
    past.replace("peer.yaml", "UNSET", "PERMISSIVE");
    let merge = past.record(FORGE, FORGE, "Merge by hand", &[main, branch]);
    past.advance(merge);
    let forge = by(&past, merge, "Forge <noreply@forge.example.com>");
    assert_eq!(origin(&past, "mtls/permissive"), forge);
    assert_eq!(past.history(&[])[0]["subject"], "Merge by hand");

    // the same merge within a branch is found behind the one that brought it
    past.replace("peer.yaml", "PERMISSIVE", "UNSET");
    let other = past.record(ANN, ANN, "Other", &[main]);
    past.replace("peer.yaml", "UNSET", "PERMISSIVE");
    let outer = past.record(ANN, ANN, "Merge all", &[other, merge]);
    past.advance(outer);
    assert_eq!(origin(&past, "mtls/permissive"), forge);
}
