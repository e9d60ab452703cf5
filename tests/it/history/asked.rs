//! Questions about history: a part of it, two revisions, since when a call is allowed, what is new.

use meshvet::cli::Exit;
use serde_json::{Value, json};

use super::story::{told_of, whole};
use super::told::{state, tell};
use super::{Past, lines, subjects};
use crate::cli::Ran;
use crate::revisions::{refused, with_mode};

const FILE: &str = "deploy/shop.yaml";

/// Three commits, two days apart: on the third, fifth and seventh of March.
fn days() -> Past {
    let past = Past::new();
    for (mode, subject) in [
        ("STRICT", "First"),
        ("PERMISSIVE", "Permit"),
        ("STRICT", "Forbid"),
    ] {
        past.wait(2);
        past.shop.write(FILE, with_mode(mode));
        past.commit(subject);
    }
    past
}

#[track_caller]
fn asked(past: &Past, args: &[&str]) -> Vec<String> {
    let told = past.history(args);
    subjects(&told).into_iter().map(ToOwned::to_owned).collect()
}

#[track_caller]
fn fine(past: &Past, args: &[&str]) -> Ran {
    let ran = past.shop.run(args);
    assert_eq!(ran.exit, Exit::Fine, "{args:?}: {}", ran.stderr);
    ran
}

#[test]
fn a_range_is_given_by_revisions_or_days() {
    let past = days();
    for (args, expected) in [
        (&[][..], &["Forbid", "Permit", "First"][..]),
        // the first of a range is where it starts from, and not in it
        (&["--since", "HEAD~1"], &["Forbid"]),
        (&["--since", "HEAD~2"], &["Forbid", "Permit"]),
        (&["--since", "HEAD"], &[]),
        (&["--until", "HEAD~1"], &["Permit", "First"]),
        (&["--since", "HEAD~2", "--until", "HEAD~1"], &["Permit"]),
        (&["--since", "2026-03-05"], &["Forbid", "Permit"]),
        (&["--since", "2026-03-06"], &["Forbid"]),
        (&["--since", "2026-03-08"], &[]),
        (&["--until", "2026-03-04"], &["First"]),
        (
            &["--since", "2026-03-04", "--until", "2026-03-06"],
            &["Permit"],
        ),
        (&["--rev", "HEAD~1"], &["Permit", "First"]),
    ] {
        assert_eq!(asked(&past, args), expected, "{args:?}");
    }
    let only = past.shop.repository.revparse_single("HEAD~1").unwrap();
    let id = only.id().to_string();
    let args = [
        "history", "-f", "json", "--since", "HEAD~2", "--until", "HEAD~1",
    ];
    let document = fine(&past, &args).json();
    assert_eq!(document["version"], 1);
    // the oldest and the newest that were looked at
    assert_eq!(document["range"]["from"], id);
    assert_eq!(document["range"]["to"], id);
    assert_eq!(document["range"]["commits"], 1);
    assert_eq!(document["range"]["shallow"], false);
}

#[test]
fn a_part_of_the_story_is_given_by_file_object_or_call() {
    let past = whole();
    for (args, fits, in_first) in [
        (
            &["--path", "mesh/pay.yaml"][..],
            &(|told: &str| told.contains(" mesh/pay.yaml:")) as &dyn Fn(&str) -> bool,
            true,
        ),
        (
            &["--path", "mesh/web.yaml", "--path", "base"],
            &|told| told.contains(" mesh/web.yaml:") || told.contains(" base/shop.yaml:"),
            true,
        ),
        (
            &["--resource", "PeerAuthentication/pay/scrape"],
            &|told| told.contains("PeerAuthentication.security.istio.io pay/scrape "),
            false,
        ),
        (
            &["--resource", "pay/ledger"],
            &|told| told.contains(" pay/ledger /") || told.contains(" pay/ledger object"),
            true,
        ),
        (
            &["--resource", "Telemetry"],
            &|told| told.contains("Telemetry.telemetry.istio.io "),
            true,
        ),
        (
            &["--resource", "scraping", "--resource", "canary"],
            &|told| told.contains("pay/scraping ") || told.contains("pay/canary object"),
            false,
        ),
        (
            &["--between", "web/frontend", "pay/ledger:8080"],
            &|told| told.contains(" web/frontend → pay/ledger:8080,"),
            true,
        ),
        (
            &["--between", "batch/nightly", "pay/ledger:9090"],
            &|told| told.contains(" batch/nightly → pay/ledger:9090,"),
            false,
        ),
    ] {
        let mut expected = told_of(fits);
        expected.extend(in_first.then_some("First"));
        assert_eq!(asked(&past, args), expected, "{args:?}");
    }
}

#[test]
fn since_when_a_call_is_allowed_and_when_it_was_not() {
    let past = whole();
    let ask = |from, to| {
        let args = ["history", "--when-allowed", from, to, "-f", "json"];
        fine(&past, &args).json()
    };
    let answer = ask("web/frontend", "pay/ledger:8080");
    assert_eq!(answer["version"], 1);
    assert_eq!(
        answer["now"],
        json!({"verdict": "allow", "transport": "mtls"})
    );
    assert_eq!(answer["since"]["subject"], "No typo");
    let periods = answer["periods"].as_array().unwrap();
    let told: Vec<_> = periods
        .iter()
        .map(|period| {
            let text = |side: &str| period[side]["subject"].as_str().unwrap_or("now");
            (state(period), text("from"), text("until"))
        })
        .collect();
    let allow = || "allow mtls".to_owned();
    let deny = || "deny".to_owned();
    assert_eq!(
        told,
        [
            (allow(), "No typo", "now"),
            (deny(), "A typo", "No typo"),
            (allow(), "Nobody can pay", "A typo"),
            (deny(), "The web goes without proxies", "Nobody can pay"),
            (
                allow(),
                "No policies for now",
                "The web goes without proxies"
            ),
            (deny(), "The frontend asks the admin", "No policies for now"),
            (allow(), "First", "The frontend asks the admin"),
        ]
    );
    let because = |at: usize| -> Vec<String> {
        let because = periods[at]["because"].as_array().unwrap();
        because
            .iter()
            .map(|change| change["field"].to_string())
            .collect()
    };
    assert_eq!(because(0), ["\"/spec/selector/app\""]);
    assert_eq!(because(3), ["\"/metadata/labels/istio-injection\""]);
    assert_eq!(because(5), ["\"/spec/rules/1/from/0/source/principals/0\""]);
    for (from, to, now) in [
        ("batch/nightly", "pay/ledger:9090", "deny"),
        ("web/admin", "pay/ledger:8080", "deny"),
        ("web/report", "pay/ledger:8080", "deny"),
    ] {
        let answer = ask(from, to);
        assert_eq!(answer["now"]["verdict"], now, "{from} {to}");
        let verdicts: Vec<_> = answer["periods"].as_array().unwrap().clone();
        let verdicts = verdicts.iter().map(|one| one["verdict"].clone());
        let mut verdicts: Vec<_> = verdicts.collect();
        verdicts.dedup();
        let periods = answer["periods"].as_array().unwrap().len();
        assert!(verdicts.len() > 1, "{from} {to}: {answer:#}");
        assert_eq!(verdicts.len(), periods, "each differs from the next");
    }
    let text = past.shop.run(&[
        "history",
        "--when-allowed",
        "web/frontend",
        "pay/ledger:8080",
    ]);
    assert_eq!(text.exit, Exit::Fine);
    text.says("No typo");
    let none = past
        .shop
        .run(&["history", "--when-allowed", "web/nobody", "pay/ledger:8080"]);
    assert_eq!(none.exit, Exit::Usage, "{}", none.stdout);
    assert!(none.stderr.contains("web/nobody"), "{}", none.stderr);
}

#[test]
fn a_difference_of_revisions_is_what_is_left_of_all_between_them() {
    let past = whole();
    let head = past.head().unwrap().to_string();
    let root = past.shop.repository.revparse_single("HEAD").unwrap();
    let mut root = root.peel_to_commit().unwrap();
    while let Ok(parent) = root.parent(0) {
        root = parent;
    }
    let first = root.id().to_string();
    let document = fine(&past, &["diff", &first, "HEAD", "-f", "json"]).json();
    assert_eq!(document["version"], 1);
    assert_eq!(
        (&document["old"], &document["new"]),
        (&json!(first), &json!(head))
    );
    let changes = document["changes"].as_array().unwrap();
    for change in changes {
        for key in ["commit", "author", "time", "subject", "merge"] {
            assert_eq!(change[key], Value::Null, "{key} of {change:#}");
        }
    }
    let told: Vec<_> = changes.iter().map(tell).collect();
    let expected = [
        r#"weaker base/shop.yaml:31 PeerAuthentication.security.istio.io shop/default /spec/mtls/mode "STRICT" → "PERMISSIVE"
  [overlays/prod] listener shop/cart:8080 required → permissive
  [overlays/stage] listener shop/cart:8080 required → permissive
  introduced mtls/permissive"#,
        r#"neutral mesh/logs.yaml:4 Telemetry.telemetry.istio.io istio-system/everywhere object {"spec":{"accessLogging":[{"providers":[{"name":"envoy"}],"disabled":false}]}} → null"#,
        r#"weaker mesh/mesh.yaml:13 ConfigMap istio-system/istio /data/mesh/accessLogFile "/dev/stdout" → """#,
        r#"weaker mesh/pay.yaml:50 PeerAuthentication.security.istio.io pay/scrape object null → {"spec":{"selector":{"matchLabels":{"app":"ledger"}},"portLevelMtls":{"8080":{"mode":"STRICT"},"9090":{"mode":"PERMISSIVE"}}}}
  introduced mtls/port_exception
  listener pay/ledger:9090 required → permissive"#,
    ];
    // the log is off because there is neither a Telemetry nor a file any more: whichever of the two
    // is held to have done it, it is told
    let written = |text: &str| {
        let head = text.lines().next().unwrap_or_default();
        head.split_once(' ').unwrap().1.to_owned()
    };
    let heads: Vec<_> = told.iter().map(|one| written(one)).collect();
    assert_eq!(heads, expected.map(written));
    assert_eq!([&told[0], &told[3]], [expected[0], expected[3]]);
    let off = "logging access pay/ledger, on → off";
    assert!(told[1].contains(off) || told[2].contains(off), "{told:#?}");
    let summary = &document["summary"];
    assert_eq!(
        (&summary["opened"], &summary["closed"]),
        (&json!(0), &json!(0))
    );

    // the other way round, and with itself
    let back = fine(&past, &["diff", "HEAD", &first, "-f", "json"]).json();
    assert_eq!(back["changes"].as_array().unwrap().len(), changes.len());
    assert_eq!(back["changes"][0]["direction"], "stronger");
    let none = fine(&past, &["diff", "HEAD", "HEAD", "-f", "json"]).json();
    assert_eq!(none["changes"], json!([]));
    for format in ["text", "markdown"] {
        fine(&past, &["diff", &first, "HEAD", "-f", format]).says("pay.yaml");
    }
}

#[test]
fn only_what_a_revision_did_not_have_counts_with_new_since() {
    let past = days();
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    let permit = past.commit("Permit again");
    past.shop
        .write(FILE, format!("# moved down\n{}", with_mode("PERMISSIVE")));
    past.commit("A comment");
    let rules = |ran: &Ran| -> Vec<Value> {
        let report = ran.json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|one| one["rule"].clone()).collect()
    };
    let scan = |since: &str, more: &[&str]| {
        let args = ["scan", "-f", "json", "--new-since", since];
        past.shop.run(&[&args[..], more].concat())
    };
    let whole = past.shop.run(&["scan", "-f", "json"]);
    assert!(rules(&whole).len() > 1);
    assert_eq!(whole.exit, Exit::Found);
    // the line moved, and was there
    let none = scan("HEAD~1", &[]);
    assert_eq!((rules(&none), none.exit), (vec![], Exit::Fine));
    let new = scan("HEAD~2", &[]);
    assert_eq!(
        (rules(&new), new.exit),
        (vec!["mtls/permissive".into()], Exit::Found)
    );
    let earlier = scan("HEAD~2", &["--rev", &permit.to_string()]);
    assert_eq!(rules(&earlier), rules(&new));
    assert_eq!(scan("HEAD~2", &["--exit-zero"]).exit, Exit::Fine);
    assert_eq!(scan("HEAD~2", &["--fail-on", "critical"]).exit, Exit::Fine);
    // counted are those that are told
    let summary = &new.json()["summary"];
    let severities = ["critical", "high", "medium", "low", "info"];
    let sum: u64 = severities
        .map(|one| summary[one].as_u64().unwrap())
        .iter()
        .sum();
    assert_eq!(sum, 1);
    // the working tree counts as it lies there
    past.shop.write(FILE, with_mode("DISABLE"));
    let disk = rules(&scan("HEAD", &[]));
    assert!(disk.contains(&"mtls/disabled".into()), "{disk:?}");
}

#[test]
fn the_trend_counts_what_scans_count() {
    let past = days();
    let csv = fine(&past, &["history", "--trend", "-f", "csv"]).stdout;
    let mut rows = csv.lines();
    assert_eq!(
        rows.next(),
        Some("time,commit,critical,high,medium,low,info")
    );
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    let times: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(
        times,
        [
            "2026-03-03T01:00:00Z",
            "2026-03-05T02:00:00Z",
            "2026-03-07T03:00:00Z"
        ]
    );
    for row in &rows {
        let scan = past
            .shop
            .run(&["scan", "-f", "json", "--rev", row[1]])
            .json();
        let counts = ["critical", "high", "medium", "low", "info"]
            .map(|severity| scan["summary"][severity].to_string());
        assert_eq!(row[2..], counts, "{}", row[1]);
    }
    assert_ne!(rows[0][2..], rows[1][2..]);
    assert_eq!(rows[0][2..], rows[2][2..]);
    let svg = fine(&past, &["history", "--trend", "-f", "svg"]).stdout;
    assert!(svg.contains("<svg") && svg.contains("</svg>"), "{svg}");
    fine(&past, &["history", "--trend"]).says("2026-03-05");
    let points = fine(&past, &["history", "--trend", "-f", "json"]).json();
    assert!(points.is_object() || points.is_array());
}

#[test]
fn what_comes_from_the_repository_cannot_draw_on_a_terminal_or_leave_its_cell() {
    let past = days();
    past.shop.write(FILE, with_mode("PERMISSIVE"));
    let subject = "\u{1b}[2Jgone | <script>alert(1)</script> `x` \u{202e}";
    past.commit_by(
        ("\u{1b}]0;owned\u{7}", "a@example.com"),
        super::ANN,
        subject,
    );
    for args in [&["history"][..], &["scan"], &["history", "-f", "markdown"]] {
        let ran = past.shop.run(args);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        let bad = ['\u{1b}', '\u{7}', '\u{202e}'];
        assert!(!all.contains(bad), "{args:?}: {all:?}");
    }
    let markdown = fine(&past, &["history", "-f", "markdown"]).stdout;
    assert!(markdown.contains("<script>"));
    let plain = without(&without(&markdown, "``"), "`");
    assert!(!plain.contains("<script>"), "{plain}");
    // in JSON it stands as it is
    let told = past.history(&["--since", "HEAD~1"]);
    assert_eq!(told[0]["subject"], subject);
    let text = fine(&past, &["history", "-f", "jsonl"]).stdout;
    assert_eq!(lines(&text).len(), text.lines().count());
}

/// A text without what stands between two of these marks.
fn without(text: &str, mark: &str) -> String {
    text.split(mark).step_by(2).collect()
}

/// Deployments, and a policy with this before its end.
fn ports(policy: &str) -> String {
    let shop = with_mode("STRICT").replace("mode: STRICT\n", &format!("{policy}\n"));
    shop.replace(
        "- containerPort: 8080",
        "- containerPort: 8080\n        - containerPort: 9090",
    )
}

#[test]
fn an_exception_that_moves_to_another_port_is_new() {
    // a port is a key, or an item of a list: neither is like another one
    for (mode, exception, rule) in [
        ("STRICT", "PERMISSIVE", "mtls/port_exception"),
        ("PERMISSIVE", "STRICT", "mtls/permissive"),
    ] {
        let past = Past::new();
        let policy = |port: &str| {
            ports(&format!(
                "mode: {mode}\n  selector: {{matchLabels: {{app: api}}}}\n  portLevelMtls: {{{port}: {{mode: {exception}}}}}"
            ))
        };
        past.shop.write(FILE, policy("8080"));
        past.commit("First");
        past.shop.write(FILE, policy("9090"));
        past.commit("Another port");
        let ran = past
            .shop
            .run(&["scan", "-f", "json", "--new-since", "HEAD~1"]);
        assert_eq!(ran.exit, Exit::Found, "{rule}: {}", ran.stdout);
        let report = ran.json();
        let rules: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap())
            .collect();
        assert_eq!(rules, [rule]);
        // who only moves lines brings nothing
        past.shop
            .write(FILE, format!("# ports\n\n{}", policy("9090")));
        past.commit("Comment");
        let ran = past.shop.run(&["scan", "--new-since", "HEAD~1"]);
        assert_eq!(ran.exit, Exit::Fine, "{rule}: {}", ran.stdout);
    }
}

#[test]
fn a_file_is_kept_where_there_is_nothing_to_write() {
    let past = days();
    past.shop.write("report.txt", "old");
    let ran = past
        .shop
        .run(&["history", "-o", "report.txt", "--since", "nothing"]);
    assert_eq!(ran.exit, Exit::Usage);
    assert_eq!(past.read("report.txt"), "old");
    fine(&past, &["history", "-o", "report.txt"]);
    assert!(past.read("report.txt").contains("Permit"));
    // a report that says nothing is one, too
    let args = ["history", "-f", "jsonl", "--since", "HEAD"];
    fine(&past, &[&args[..], &["-o", "report.txt"]].concat());
    assert_eq!(past.read("report.txt"), "");
    let ran = past.shop.run(&["history", "-o", "no/such/report.txt"]);
    assert_eq!(ran.exit, Exit::Usage, "{}", ran.stderr);
}

#[test]
fn names_that_were_never_there_are_refused() {
    let past = whole();
    for (from, to) in [
        ("web/nobody", "pay/ledger:8080"),
        ("web/frontend", "pay/ledger:1"),
    ] {
        let ran = past.shop.run(&["history", "--between", from, to]);
        refused(&ran, Exit::Usage, "were never there together");
    }
}

#[test]
fn only_changes_of_an_environment_are_told_of_it() {
    let past = Past::new();
    past.shop.write("base/shop.yaml", crate::cli::SHOP);
    past.shop
        .write("base/kustomization.yaml", "resources: [shop.yaml]\n");
    let peer = |mode: &str| with_mode(mode).replace(crate::cli::SHOP, "");
    for name in ["prod", "staging"] {
        past.shop.write(
            &format!("{name}/kustomization.yaml"),
            "resources: [../base, peer.yaml]\n",
        );
        past.shop
            .write(&format!("{name}/peer.yaml"), peer("STRICT"));
    }
    past.commit("First");
    past.shop.write("staging/peer.yaml", peer("PERMISSIVE"));
    past.commit("Staging");
    past.shop.write("prod/peer.yaml", peer("PERMISSIVE"));
    past.commit("Prod");
    let told = asked(&past, &["--environment", "prod"]);
    assert_eq!(told, ["Prod", "First"]);
    let told = asked(&past, &["--environment", "staging"]);
    assert_eq!(told, ["Staging", "First"]);
    let ran = past.shop.run(&["history", "--environment", "nowhere"]);
    refused(&ran, Exit::NoInput, "nothing here is a mesh");
}
