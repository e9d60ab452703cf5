//! A story of one repository: each step is a commit, with exactly what is to be told of it.
//!
//! The files that it begins with lie in `testdata/history`. What came of a step stands here because
//! somebody thought it through; that `scan` and `facts` see the same in both states is tested too.

use std::collections::BTreeSet;
use std::fs;

use git2::Oid;
use serde_json::{Value, json};

use super::state::State;
use super::told::{effects, tell};
use super::{ANN, BO, FORGE, Past, Person, START, subjects};
use crate::cli::root;

/// Something done to a file.
enum Edit {
    Write(&'static str, &'static str),
    /// A text that stands once, and what comes in its place.
    Replace(&'static str, &'static str, &'static str),
    Append(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
}

use Edit::{Append, Remove, Rename, Replace, Write};

/// How a step came onto the branch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Ann committed it.
    Ann,
    /// Bo's branch, as one commit of the forge that names pull request 12.
    Squash,
    /// Bo's branch of two commits, merged by the forge as pull request 7 after a commit of Ann.
    Merge,
}

struct Step {
    by: By,
    subject: &'static str,
    edits: &'static [Edit],
    /// In the form of [`super::told`].
    told: &'static [&'static str],
}

const fn step(
    subject: &'static str,
    edits: &'static [Edit],
    told: &'static [&'static str],
) -> Step {
    Step {
        by: By::Ann,
        subject,
        edits,
        told,
    }
}

const STORY: &[Step] = &[
    step(
        "Let the batch job in",
        &[Replace("mesh/pay.yaml", "mode: STRICT", "mode: PERMISSIVE")],
        &[
            r#"weaker mesh/pay.yaml:46 PeerAuthentication.security.istio.io pay/default /spec/mtls/mode "STRICT" → "PERMISSIVE"
  introduced mtls/permissive
  listener pay/ledger:8080 required → permissive
  listener pay/ledger:9090 required → permissive"#,
        ],
    ),
    step(
        "The batch job is gone",
        &[Replace("mesh/pay.yaml", "mode: PERMISSIVE", "mode: STRICT")],
        &[
            r#"stronger mesh/pay.yaml:46 PeerAuthentication.security.istio.io pay/default /spec/mtls/mode "PERMISSIVE" → "STRICT"
  listener pay/ledger:8080 permissive → required
  listener pay/ledger:9090 permissive → required
  resolved mtls/permissive"#,
        ],
    ),
    step(
        "Ports of the ledger, one by one",
        &[Write(
            "mesh/scrape.yaml",
            r#"apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: scrape
  namespace: pay
spec:
  selector: {matchLabels: {app: ledger}}
  portLevelMtls: {8080: {mode: STRICT}, 9090: {mode: STRICT}}
"#,
        )],
        &[
            r#"neutral mesh/scrape.yaml:4 PeerAuthentication.security.istio.io pay/scrape object null → {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"portLevelMtls":{"8080":{"mode":"STRICT"},"9090":{"mode":"STRICT"}}}}"#,
        ],
    ),
    step(
        "Two ports on one line",
        &[Replace(
            "mesh/scrape.yaml",
            "{8080: {mode: STRICT}, 9090: {mode: STRICT}}",
            "{8080: {mode: PERMISSIVE}, 9090: {mode: PERMISSIVE}}",
        )],
        &[
            r#"weaker mesh/scrape.yaml:8 PeerAuthentication.security.istio.io pay/scrape /spec/portLevelMtls/8080/mode "STRICT" → "PERMISSIVE"
  introduced mtls/port_exception
  listener pay/ledger:8080 required → permissive"#,
            r#"weaker mesh/scrape.yaml:8 PeerAuthentication.security.istio.io pay/scrape /spec/portLevelMtls/9090/mode "STRICT" → "PERMISSIVE"
  introduced mtls/port_exception
  listener pay/ledger:9090 required → permissive"#,
        ],
    ),
    step(
        "Only the metrics are scraped",
        &[Replace(
            "mesh/scrape.yaml",
            "8080: {mode: PERMISSIVE}",
            "8080: {mode: STRICT}",
        )],
        &[
            r#"stronger mesh/scrape.yaml:8 PeerAuthentication.security.istio.io pay/scrape /spec/portLevelMtls/8080/mode "PERMISSIVE" → "STRICT"
  listener pay/ledger:8080 permissive → required
  resolved mtls/port_exception"#,
        ],
    ),
    step(
        "Anyone may scrape",
        &[Write(
            "mesh/scraping.yaml",
            r#"# who may read the metrics
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: scraping
  namespace: pay
spec:
  selector: {matchLabels: {app: ledger}}
  rules: [{to: [{operation: {ports: ["9090"]}}]}]
"#,
        )],
        &[
            r#"weaker mesh/scraping.yaml:5 AuthorizationPolicy.security.istio.io pay/scraping object null → {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"rules":[{"to":[{"operation":{"ports":["9090"]}}]}]}}
  introduced authorization/anyone_allowed
  opened batch/nightly → pay/ledger:9090, deny → allow plaintext
  opened web/admin → pay/ledger:9090, deny → allow mtls
  opened web/frontend → pay/ledger:9090, deny → allow mtls
  opened web/report → pay/ledger:9090, deny → allow mtls"#,
        ],
    ),
    step(
        "The report, above the others",
        &[Replace(
            "mesh/policies.yaml",
            "  rules:\n",
            r#"  rules:
  - from:
    - source: {principals: [cluster.local/ns/web/sa/report]}
    to:
    - operation: {ports: ["8080"]}
"#,
        )],
        &[
            r#"weaker mesh/policies.yaml:11 AuthorizationPolicy.security.istio.io pay/ledger /spec/rules/0 null → {"from":[{"source":{"principals":["cluster.local/ns/web/sa/report"]}}],"to":[{"operation":{"ports":["8080"]}}]}
  opened web/report → pay/ledger:8080, deny → allow mtls"#,
        ],
    ),
    step(
        "The admin too",
        &[Replace(
            "mesh/policies.yaml",
            "sa/frontend\n",
            "sa/frontend\n        - cluster.local/ns/web/sa/admin\n",
        )],
        &[
            r#"weaker mesh/policies.yaml:19 AuthorizationPolicy.security.istio.io pay/ledger /spec/rules/1/from/0/source/principals/1 null → "cluster.local/ns/web/sa/admin"
  opened web/admin → pay/ledger:8080, deny → allow mtls"#,
        ],
    ),
    step(
        "The frontend asks the admin",
        &[Replace(
            "mesh/policies.yaml",
            "        - cluster.local/ns/web/sa/frontend\n",
            "",
        )],
        &[
            r#"stronger mesh/policies.yaml:18 AuthorizationPolicy.security.istio.io pay/ledger /spec/rules/1/from/0/source/principals/0 "cluster.local/ns/web/sa/frontend" → null
  closed web/frontend → pay/ledger:8080, allow mtls → deny"#,
        ],
    ),
    step(
        "Nobody scrapes",
        &[Remove("mesh/scraping.yaml")],
        &[
            r#"stronger mesh/scraping.yaml:5 AuthorizationPolicy.security.istio.io pay/scraping object {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"rules":[{"to":[{"operation":{"ports":["9090"]}}]}]}} → null
  closed batch/nightly → pay/ledger:9090, allow plaintext → deny
  closed web/admin → pay/ledger:9090, allow mtls → deny
  closed web/frontend → pay/ledger:9090, allow mtls → deny
  closed web/report → pay/ledger:9090, allow mtls → deny
  resolved authorization/anyone_allowed"#,
        ],
    ),
    step(
        "No policies for now",
        &[Remove("mesh/policies.yaml")],
        &[
            r#"weaker mesh/policies.yaml:4 AuthorizationPolicy.security.istio.io pay/ledger object {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"action":"ALLOW","rules":[{"from":[{"source":{"principals":["cluster.local/ns/web/sa/report"]}}],"to":[{"operation":{"ports":["8080"]}}]},{"from":[{"source":{"principals":["cluster.local/ns/web/sa/admin"]}}],"to":[{"operation":{"methods":["GET","POST"],"ports":["8080"]}}]}]}} → null
  introduced authorization/no_policy
  opened batch/nightly → pay/ledger:9090, deny → allow plaintext
  opened web/admin → pay/ledger:9090, deny → allow mtls
  opened web/frontend → pay/ledger:8080, deny → allow mtls
  opened web/frontend → pay/ledger:9090, deny → allow mtls
  opened web/report → pay/ledger:9090, deny → allow mtls"#,
        ],
    ),
    Step {
        by: By::Squash,
        subject: "Only the frontend (#12)",
        edits: &[Write(
            "mesh/policies.yaml",
            r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ledger
  namespace: pay
spec:
  selector: {matchLabels: {app: ledger}}
  action: ALLOW
  rules:
  - from:
    - source: {principals: [cluster.local/ns/web/sa/frontend]}
    to:
    - operation: {methods: [GET, POST], ports: ["8080"]}
"#,
        )],
        told: &[
            r#"stronger mesh/policies.yaml:4 AuthorizationPolicy.security.istio.io pay/ledger object null → {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"action":"ALLOW","rules":[{"from":[{"source":{"principals":["cluster.local/ns/web/sa/frontend"]}}],"to":[{"operation":{"methods":["GET","POST"],"ports":["8080"]}}]}]}}
  closed batch/nightly → pay/ledger:9090, allow plaintext → deny
  closed web/admin → pay/ledger:8080, allow mtls → deny
  closed web/admin → pay/ledger:9090, allow mtls → deny
  closed web/frontend → pay/ledger:9090, allow mtls → deny
  closed web/report → pay/ledger:8080, allow mtls → deny
  closed web/report → pay/ledger:9090, allow mtls → deny
  resolved authorization/no_policy"#,
        ],
    },
    step(
        "Logs are too loud",
        &[Replace(
            "mesh/logs.yaml",
            "disabled: false",
            "disabled: true",
        )],
        &[
            r#"weaker mesh/logs.yaml:10 Telemetry.telemetry.istio.io istio-system/everywhere /spec/accessLogging/0/disabled false → true
  introduced access_log/disabled
  logging access pay/ledger, on → off
  logging access web/admin, on → off
  logging access web/frontend, on → off
  logging access web/report, on → off"#,
        ],
    ),
    Step {
        by: By::Merge,
        subject: "Logs are back",
        edits: &[Replace(
            "mesh/logs.yaml",
            "disabled: true",
            "disabled: false",
        )],
        told: &[
            r#"stronger mesh/logs.yaml:10 Telemetry.telemetry.istio.io istio-system/everywhere /spec/accessLogging/0/disabled true → false
  logging access pay/ledger, off → on
  logging access web/admin, off → on
  logging access web/frontend, off → on
  logging access web/report, off → on
  resolved access_log/disabled"#,
        ],
    },
    step(
        "The web goes without proxies",
        &[Replace(
            "mesh/web.yaml",
            "    istio-injection: enabled\n",
            "",
        )],
        &[
            r#"weaker mesh/web.yaml:7 Namespace web /metadata/labels/istio-injection "enabled" → null
  closed web/frontend → pay/ledger:8080, allow mtls → deny
  logging access web/admin, on → off
  logging access web/frontend, on → off
  logging access web/report, on → off"#,
        ],
    ),
    step(
        "Nobody can pay",
        &[Replace(
            "mesh/web.yaml",
            "    team: web\n",
            "    team: web\n    istio-injection: enabled\n",
        )],
        &[
            r#"weaker mesh/web.yaml:7 Namespace web /metadata/labels/istio-injection null → "enabled"
  logging access web/admin, off → on
  logging access web/frontend, off → on
  logging access web/report, off → on
  opened web/frontend → pay/ledger:8080, deny → allow mtls"#,
        ],
    ),
    step(
        "A typo",
        &[Replace(
            "mesh/pay.yaml",
            "  selector: {app: ledger}",
            "  selector: {app: ledgers}",
        )],
        &[
            r#"stronger mesh/pay.yaml:34 Service pay/ledger /spec/selector/app "ledger" → "ledgers"
  closed web/frontend → pay/ledger:8080, allow mtls → deny"#,
        ],
    ),
    step(
        "No typo",
        &[Replace(
            "mesh/pay.yaml",
            "  selector: {app: ledgers}",
            "  selector: {app: ledger}",
        )],
        &[
            r#"weaker mesh/pay.yaml:34 Service pay/ledger /spec/selector/app "ledgers" → "ledger"
  opened web/frontend → pay/ledger:8080, deny → allow mtls"#,
        ],
    ),
    step(
        "A canary",
        &[Write(
            "mesh/canary.yaml",
            r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: canary
  namespace: pay
spec:
  selector:
    matchLabels: {app: ledger, track: canary}
  template:
    metadata:
      labels: {app: ledger, track: canary}
    spec:
      serviceAccountName: ledger
      containers:
      - name: app
        image: registry.example/ledger:1.1.0
        ports:
        - {name: http, containerPort: 8080}
"#,
        )],
        &[
            r#"neutral mesh/canary.yaml:4 Deployment.apps pay/canary object null → null
  logging access pay/canary, - → on
  opened web/frontend → pay/canary:8080, - → allow mtls"#,
        ],
    ),
    step(
        "No canary",
        &[Remove("mesh/canary.yaml")],
        &[
            r#"neutral mesh/canary.yaml:4 Deployment.apps pay/canary object null → null
  closed web/frontend → pay/canary:8080, allow mtls → -
  logging access pay/canary, on → -"#,
        ],
    ),
    step(
        "A better name",
        &[Rename("mesh/logs.yaml", "mesh/telemetry.yaml")],
        &[
            "neutral mesh/telemetry.yaml:4 Telemetry.telemetry.istio.io istio-system/everywhere object moved from mesh/logs.yaml:4",
        ],
    ),
    step(
        "A name, and no logs",
        &[
            Rename("mesh/telemetry.yaml", "mesh/access-log.yaml"),
            Replace("mesh/access-log.yaml", "disabled: false", "disabled: true"),
        ],
        &[
            "neutral mesh/access-log.yaml:4 Telemetry.telemetry.istio.io istio-system/everywhere object moved from mesh/telemetry.yaml:4",
            r#"weaker mesh/access-log.yaml:10 Telemetry.telemetry.istio.io istio-system/everywhere /spec/accessLogging/0/disabled false → true
  introduced access_log/disabled
  logging access pay/ledger, on → off
  logging access web/admin, on → off
  logging access web/frontend, on → off
  logging access web/report, on → off"#,
        ],
    ),
    step(
        "As the mesh has it",
        &[Remove("mesh/access-log.yaml")],
        &[
            r#"stronger mesh/access-log.yaml:4 Telemetry.telemetry.istio.io istio-system/everywhere object {"spec":{"accessLogging":[{"providers":[{"name":"envoy"}],"disabled":true}]}} → null
  logging access pay/ledger, off → on
  logging access web/admin, off → on
  logging access web/frontend, off → on
  logging access web/report, off → on
  resolved access_log/disabled"#,
        ],
    ),
    step(
        "No log file",
        &[Replace("mesh/mesh.yaml", "/dev/stdout", "\"\"")],
        &[
            r#"weaker mesh/mesh.yaml:13 ConfigMap istio-system/istio /data/mesh/accessLogFile "/dev/stdout" → ""
  introduced access_log/disabled
  logging access pay/ledger, on → off
  logging access web/admin, on → off
  logging access web/frontend, on → off
  logging access web/report, on → off"#,
        ],
    ),
    step(
        "Ports where the namespace is",
        &[
            Append(
                "mesh/pay.yaml",
                r#"---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: scrape
  namespace: pay
spec:
  selector: {matchLabels: {app: ledger}}
  portLevelMtls: {8080: {mode: STRICT}, 9090: {mode: PERMISSIVE}}
"#,
            ),
            Remove("mesh/scrape.yaml"),
        ],
        &[
            "neutral mesh/pay.yaml:51 PeerAuthentication.security.istio.io pay/scrape object moved from mesh/scrape.yaml:4",
        ],
    ),
    step(
        "Every shop",
        &[Replace("base/shop.yaml", "STRICT", "PERMISSIVE")],
        &[
            r#"weaker base/shop.yaml:31 PeerAuthentication.security.istio.io shop/default /spec/mtls/mode "STRICT" → "PERMISSIVE"
  [overlays/prod] listener shop/cart:8080 required → permissive
  [overlays/stage] listener shop/cart:8080 required → permissive
  introduced mtls/permissive"#,
        ],
    ),
    step(
        "Other marks, another indentation",
        &[Replace(
            "mesh/pay.yaml",
            "  mtls:\n    mode: STRICT\n",
            "    mtls: {\"mode\": 'STRICT'}\n",
        )],
        &[],
    ),
    step(
        "Say why",
        &[Replace(
            "mesh/policies.yaml",
            "  rules:\n",
            "  # ask the team before you add one\n  rules: # in any order\n",
        )],
        &[],
    ),
    step(
        "Another order",
        &[
            Replace("mesh/policies.yaml", "  action: ALLOW\n", ""),
            Append("mesh/policies.yaml", "  action: ALLOW\n"),
        ],
        &[],
    ),
    step(
        "Update frontend to 1.0.2",
        &[Replace("mesh/web.yaml", "frontend:1.0.1", "frontend:1.0.2")],
        &[],
    ),
    step(
        "More frontends",
        &[Replace("mesh/web.yaml", "replicas: 2", "replicas: 5")],
        &[],
    ),
    step(
        "How to run it",
        &[Write("README.md", "mode: PERMISSIVE\n")],
        &[],
    ),
];

impl Edit {
    fn apply(&self, past: &Past) {
        match *self {
            Write(name, text) => past.shop.write(name, text),
            Replace(name, from, to) => past.replace(name, from, to),
            Append(name, text) => past.shop.write(name, past.read(name) + text),
            Rename(from, to) => past.rename(from, to),
            Remove(name) => past.remove(name),
        }
    }
}

/// What a step made: the last commit on `main` before and after it, and what the entries of its
/// changes say about who and when.
struct Planted {
    before: Oid,
    after: Oid,
    who: Value,
}

fn plant(past: &Past, step: &Step) -> Planted {
    let before = past.head().unwrap();
    let apply = || step.edits.iter().for_each(|edit| edit.apply(past));
    let (after, who) = match step.by {
        By::Ann => {
            apply();
            let id = past.commit(step.subject);
            (id, commit(past, id, ANN, ANN, step.subject, Value::Null))
        }
        By::Squash => {
            apply();
            let message = format!("{}\n\n* a first try\n* a second try\n", step.subject);
            let id = past.commit_by(BO, FORGE, &message);
            (id, commit(past, id, BO, FORGE, step.subject, json!(12)))
        }
        By::Merge => {
            past.shop.write("README.md", "# Logs\n");
            let first = past.record(BO, BO, "Notes", &[before]);
            apply();
            let second = past.record(BO, BO, step.subject, &[first]);
            // meanwhile; of an image nothing is told
            past.reset(before);
            past.replace("mesh/web.yaml", "frontend:1.0.0", "frontend:1.0.1");
            let main = past.commit("Update frontend");
            apply();
            past.shop.write("README.md", "# Logs\n");
            let subject = "Merge pull request #7 from bo/logs";
            let message = format!("{subject}\n\n{}\n", step.subject);
            let merge = past.record(FORGE, FORGE, &message, &[main, second]);
            past.advance(merge);
            let mut who = commit(past, second, BO, BO, step.subject, json!(7));
            who["merge"] = json!({
                "commit": merge.to_string(),
                "time": time(past, merge),
                "author": shown(FORGE),
                "subject": subject,
            });
            (merge, who)
        }
    };
    Planted { before, after, who }
}

fn commit(
    past: &Past,
    id: Oid,
    author: Person,
    committer: Person,
    subject: &str,
    request: Value,
) -> Value {
    json!({
        "commit": id.to_string(),
        "time": time(past, id),
        "author": shown(author),
        "committer": shown(committer),
        "signed": false,
        "subject": subject,
        "pull_request": request,
        "merge": null,
    })
}

fn shown((name, mail): Person) -> String {
    format!("{name} <{mail}>")
}

/// The time of a commit; they are all whole hours after [`START`].
fn time(past: &Past, id: Oid) -> String {
    let commit = past.shop.repository.find_commit(id).unwrap();
    let hours = (commit.time().seconds() - START) / 3_600;
    format!("2026-03-{:02}T{:02}:00:00Z", 1 + hours / 24, hours % 24)
}

/// The repository with the whole story in it.
pub fn whole() -> Past {
    let past = begin();
    for step in STORY {
        plant(&past, step);
    }
    past
}

/// The subjects of the steps of which something is told that fits, newest first.
pub fn told_of(fits: &dyn Fn(&str) -> bool) -> Vec<&'static str> {
    let steps = STORY.iter().rev();
    let steps = steps.filter(|step| step.told.iter().any(|told| fits(told)));
    steps.map(|step| step.subject).collect()
}

/// The repository that all begins with.
fn begin() -> Past {
    let past = Past::new();
    let folder = root().join("testdata/history");
    for entry in walkdir::WalkDir::new(&folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(&folder).unwrap();
            let name = name.to_str().unwrap().replace('\\', "/");
            past.shop.write(&name, fs::read(entry.path()).unwrap());
        }
    }
    past.commit("First");
    past
}

#[test]
fn every_step_of_the_story_is_told_and_nothing_else() {
    let past = begin();
    let first = past.head().unwrap().to_string();
    let planted: Vec<_> = STORY.iter().map(|step| plant(&past, step)).collect();
    let mut told = past.history(&[]);
    // the first commit made everything, and comes last
    let start = told.iter().position(|change| change["commit"] == *first);
    let start = told.split_off(start.expect("the first commit"));
    assert!(start.iter().all(|change| change["subject"] == "First"));
    assert!(start.iter().all(|change| change["before"].is_null()));

    let tellers = STORY.iter().filter(|step| !step.told.is_empty());
    let expected: Vec<_> = tellers.rev().map(|step| step.subject).collect();
    assert_eq!(subjects(&told), expected);
    let mut told = told.into_iter().peekable();
    for (step, planted) in STORY.iter().zip(&planted).rev() {
        let mut own = Vec::new();
        while let Some(change) = told.next_if(|change| change["subject"] == step.subject) {
            for (key, value) in planted.who.as_object().unwrap() {
                assert_eq!(change[key], *value, "{key} of {change:#}");
            }
            own.push(tell(&change));
        }
        assert_eq!(own.join("\n"), step.told.join("\n"), "{}", step.subject);
    }
    assert_eq!(told.next(), None);
}

#[test]
fn what_the_story_says_is_what_scans_of_its_commits_say() {
    let past = begin();
    for step in STORY {
        let planted = plant(&past, step);
        let [before, after] = [planted.before, planted.after].map(|id| id.to_string());
        let (before, after) = (State::of(&past, &before), State::of(&past, &after));
        let told = step.told.iter().flat_map(|change| change.lines());
        let told: BTreeSet<_> = told
            .filter_map(|line| Some(line.strip_prefix("  ")?.to_owned()))
            .collect();
        let felt = before.difference(&after);
        let missing: Vec<_> = felt.difference(&told).collect();
        let too_much: Vec<_> = told.difference(&felt).collect();
        assert!(
            missing.is_empty() && too_much.is_empty(),
            "{}: not said {missing:#?}, said and not so {too_much:#?}",
            step.subject
        );
    }
}

/// The text form of a change says all that came of it.
#[test]
fn the_form_that_changes_are_compared_in_leaves_nothing_out() {
    let edge = json!({"environment": ".", "from": "a/b", "to": "c/d:1", "before": null, "after": {"verdict": "allow", "transport": "tls"}});
    let change = json!({
        "listeners": [{"environment": "x", "listener": "c/d:1", "before": "required", "after": "plaintext"}],
        "opened": [edge], "closed": [edge], "downgraded": [edge], "upgraded": [edge],
        "logging": [{"environment": ".", "log": "audit", "of": "istio", "before": null, "after": "on"}],
        "introduced": ["a/b"], "resolved": ["c/d"],
    });
    assert_eq!(
        effects(&change),
        [
            "[x] listener c/d:1 required → plaintext",
            "opened a/b → c/d:1, - → allow tls",
            "closed a/b → c/d:1, - → allow tls",
            "downgraded a/b → c/d:1, - → allow tls",
            "upgraded a/b → c/d:1, - → allow tls",
            "logging audit istio, - → on",
            "introduced a/b",
            "resolved c/d",
        ]
    );
}
