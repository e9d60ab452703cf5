#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::sample::{Sample, ann, finding, related};
use super::super::{Format, Options};
use crate::finding::{Severity, collect};
use crate::model::ProblemKind;
use crate::policy::Rules;
use crate::text::SourceFile;

fn print(sample: &Sample, options: Options<'_>) -> Value {
    let text = sample.print(Format::sarif, options);
    let log: Value = serde_json::from_str(&text).expect("JSON");
    check(&log);
    log
}

fn run(sample: &Sample) -> Value {
    print(sample, Options::default())["runs"][0].clone()
}

/// What every log has to fulfil for code scanning to take it.
fn check(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-2.1.0.json")
    );
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().expect("a text");
            assert!(!text.is_empty() && (text.len() <= 1024 || text == rule["help"]["text"]));
        }
        assert!(rule["help"]["markdown"].is_string());
        let properties = &rule["properties"];
        let score = properties["security-severity"].as_str();
        assert!(score.is_none_or(|s| s.parse::<f64>().is_ok_and(|s| s > 0.0)));
        assert!(properties["tags"].as_array().unwrap().len() <= 20);
        assert!(properties["precision"].is_string() && properties["problem.severity"].is_string());
        assert!(rule["defaultConfiguration"]["level"].is_string());
    }
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let locations = result["locations"].as_array().expect("locations");
        assert_eq!(locations.len(), 1);
        assert!(locations[0]["logicalLocations"][0]["fullyQualifiedName"].is_string());
        check_links(result);
    }
}

/// Every link in the message leads to a related place that is in a file.
fn check_links(result: &Value) {
    let none = Vec::new();
    let related = result["relatedLocations"].as_array().unwrap_or(&none);
    let ids: BTreeSet<_> = related
        .iter()
        .filter(|place| place["physicalLocation"].is_object())
        .filter_map(|place| place["id"].as_u64())
        .collect();
    let message = result["message"]["text"].as_str().unwrap();
    for link in message.split("](").skip(1) {
        let id = link.split(')').next().unwrap().parse().expect("a number");
        assert!(ids.contains(&id), "{id} in {message}");
    }
}

#[test]
fn who_brought_it_is_a_property_of_the_result() {
    let mut sample = Sample::new();
    sample.findings[0].introduced = Some(ann());
    let results = &run(&sample)["results"];
    assert_eq!(
        results[0]["properties"]["introduced"],
        json!({
            "commit": "4f2c9e1d",
            "author": "Ann Lee <ann@example.com>",
            "time": "2026-03-02T09:14:00Z",
            "subject": "payments: let the batch job in"
        })
    );
    assert!(results[1]["properties"].get("introduced").is_none());
}

#[test]
fn a_result_in_full() {
    let mut sample = Sample::new();
    sample.findings[0].fingerprint = "f".into();
    sample.findings[0].related.drain(..2);
    let expected = json!({
        "ruleId": "mtls/permissive",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "payments/ledger:8443 and 3 more ports take plaintext. See [one caller](1)."},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/payments.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 8, "startColumn": 11, "endLine": 8, "endColumn": 21}
            },
            "logicalLocations": [{
                "fullyQualifiedName": "PeerAuthentication.security.istio.io/payments/default#/spec/mtls/mode",
                "kind": "resource"
            }]
        }],
        "relatedLocations": [{
            "id": 1,
            "message": {"text": "one caller"},
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/web%20shop.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 12}
            },
            "logicalLocations": [{"fullyQualifiedName": "one caller", "kind": "resource"}]
        }],
        "partialFingerprints": {"meshvet/v1": "f", "primaryLocationLineHash": "b44b95fd5e367b8f:1"},
        "properties": {
            "severity": "high",
            "remediation": "set STRICT",
            "environments": ["prod"],
            "controls": ["pci-dss-4.0.1/4.2.1"]
        }
    });
    assert_eq!(run(&sample)["results"][0], expected);
}

#[test]
fn what_has_no_line_has_a_name() {
    let result = run(&Sample::new())["results"][1].clone();
    let place = json!([{"logicalLocations":
        [{"fullyQualifiedName": "MeshConfig/istio-system/mesh#", "kind": "resource"}]}]);
    assert_eq!(result["locations"], place);
    assert_eq!(result["level"], "note");
    let fingerprints = result["partialFingerprints"].as_object().unwrap();
    assert_eq!(fingerprints.len(), 1);
}

#[test]
fn a_clean_run_lists_its_rules_and_no_results() {
    let run = run(&Sample::clean());
    assert_eq!(run["results"], json!([]));
    assert_eq!(run["automationDetails"]["id"], "meshvet/");
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].is_object());
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "meshvet");
    assert_eq!(driver["semanticVersion"], env!("CARGO_PKG_VERSION"));
    assert!(driver["informationUri"].is_string());
    assert_eq!(driver["rules"][0]["id"], "mtls/permissive");
    let properties = json!({
        "tags": ["security", "istio", "linkerd", "consul", "nist-800-53r5/SC-8", "nist-800-53r5/IA-9",
            "nist-800-204/MS-SS-4", "nist-800-204a/SM-DR6", "pci-dss-4.0.1/4.2.1",
            "hipaa-164.312/164.312(e)(1)", "soc2-2017/CC6.7"],
        "precision": "very-high", "problem.severity": "error", "security-severity": "8.0"
    });
    assert_eq!(driver["rules"][0]["properties"], properties);
}

#[test]
fn problems_are_notifications() {
    let mut sample = Sample::new();
    let invocation = run(&sample)["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    let told = &invocation["toolExecutionNotifications"];
    assert_eq!(told[0]["descriptor"]["id"], "unrendered-template");
    assert_eq!(told[0]["level"], "warning");
    let file = &told[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(file["uri"], "chart/web.yaml");
    assert_eq!(told[1]["level"], "note");
    assert_eq!(
        told[1]["locations"][0]["physicalLocation"]["region"]["startLine"],
        3
    );
    sample.problems.remove(0);
    assert_eq!(run(&sample)["invocations"][0]["executionSuccessful"], true);
    sample.problems[0].kind = ProblemKind::RuleFailed;
    let invocation = run(&sample)["invocations"][0].clone();
    assert_eq!(
        invocation["toolExecutionNotifications"][0]["level"],
        "error"
    );
}

#[test]
fn columns_count_utf_16_units_of_the_first_line() {
    let mut sample = Sample::clean();
    let text = "\u{feff}a: \"🦀\", b: [c,\n d]\n";
    let file = sample.sources.add(SourceFile::new("x.yaml", text));
    let start = text.find("[c").unwrap() as u32;
    let mut long = finding("mtls/permissive", Severity::High);
    long.site.span = Some(crate::text::Span {
        file,
        start,
        end: start + 6,
    });
    sample.findings = collect(vec![vec![long]], &sample.sources);
    let result = run(&sample)["results"][0].clone();
    let region = json!({"startLine": 1, "startColumn": 13, "endLine": 1, "endColumn": 16});
    assert_eq!(result["locations"][0]["physicalLocation"]["region"], region);
}

#[test]
fn paths_are_those_of_the_repository() {
    let map = |name: &str| format!("charts/{name}");
    let options = Options {
        repository_path: Some(&map),
        ..Options::default()
    };
    let log = print(&Sample::new(), options);
    let results = &log["runs"][0]["results"];
    let place = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "charts/deploy/payments.yaml");
}

#[test]
fn messages_hold_no_links_of_their_own_and_few_of_ours() {
    let mut sample = Sample::new();
    let span = sample.findings[0].site.span;
    let many = |i: u32| related(&format!("[x](http://{i})"), span);
    sample.findings[0].message = "see [here](http://example.com)".into();
    sample.findings[0].related = (0..150).map(many).collect();
    sample.findings[0].related[1].site.span = None;
    let result = run(&sample)["results"][0].clone();
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("see [here] (http://example.com). See [ x (http://0)](1), ["));
    assert_eq!(text.matches("](").count(), 5, "{text}");
    assert!(!text.contains("](2)"), "{text}");
    assert!(text.ends_with(" and 145 more."), "{text}");
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 100);
}

#[test]
fn advice_has_no_score_and_is_not_called_security() {
    let mut sample = Sample::clean();
    let rules = Rules::embedded().unwrap();
    sample.rules = rules.only(|rule| &*rule.id == "mtls/permissive");
    sample
        .rules
        .set_severity("mtls/permissive", Severity::Info)
        .unwrap();
    let rule = run(&sample)["tool"]["driver"]["rules"][0].clone();
    assert_eq!(rule["properties"]["security-severity"], Value::Null);
    assert_eq!(rule["properties"]["problem.severity"], "recommendation");
    assert_eq!(rule["properties"]["tags"][0], "istio");
}
