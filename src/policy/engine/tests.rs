#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};

use crate::finding::{Addresses, Finding, Severity, Site};
use crate::model::{Problem, ProblemKind};
use crate::policy::{Rules, evaluate, evaluate_again};
use crate::text::SourceFile;

struct Anywhere;

impl Addresses for Anywhere {
    fn resolve(&self, at: &str) -> Option<Site> {
        (at != "unknown").then(|| Site {
            field: at.into(),
            ..Site::default()
        })
    }

    fn mesh(&self, _: &str) -> Option<&'static str> {
        None
    }
}

fn file(name: &str, body: &str) -> SourceFile {
    let metadata = "# METADATA\n# title: t\n# description: d\n# custom:\n#   severity: high\n\
                    #   remediation: r\n#   meshes: [istio]\n#   params: {least: 2}\n";
    let package = format!("package meshvet.test.{name}");
    SourceFile::new(
        format!("test/{name}.rego"),
        format!("{metadata}{package}\n{body}\n"),
    )
}

fn rules(of: &[(&str, &str)]) -> Rules {
    Rules::from_files(of.iter().map(|(name, body)| file(name, body))).expect("rules")
}

fn run(rules: &Rules, input: &serde_json::Value) -> (Vec<Finding>, Vec<Problem>) {
    evaluate(rules, input, &Anywhere, "prod")
}

fn errors(of: &[(&str, &str)]) -> String {
    rules(of).check().expect_err("an error").to_string()
}

const ALL: &str = r#"deny contains {"msg": m, "at": "x"} if some m in input.all"#;

#[test]
fn the_built_in_rules_judge() {
    let rules = Rules::embedded().expect("metadata");
    rules.check().expect("policies");
    let rules = rules.only(|rule| &*rule.id == "mtls/permissive");
    let port = |id: &str| json!({"id": id, "at": format!("w#/{id}")});
    let acceptance = |mode: &str, at: &str, ports: Value| {
        json!({"mode": mode, "at": at, "configured": true, "certain": true, "rivals": [],
               "ports": ports, "workloads": 1, "plaintext_callers": []})
    };
    let input = json!({"noted": [], "acceptance": [
        acceptance("permissive", "pa#/spec", json!([port("shop/web:80"), port("shop/web:90")])),
        acceptance("required", "pb#/spec", json!([port("shop/core:80")])),
    ]});
    let (findings, problems) = run(&rules, &input);
    assert_eq!(problems, []);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].message,
        "shop/web:80 and shop/web:90 take plaintext as well as mutual TLS"
    );
    assert_eq!(findings[0].related.len(), 2);
    assert_eq!(findings[0].severity, Severity::High);
    assert_eq!(findings[0].environments, ["prod"]);
}

#[test]
fn built_in_rules_pass_over_exempt_namespaces() {
    for (id, mode) in [
        ("mtls/permissive", "permissive"),
        ("mtls/disabled", "plaintext"),
    ] {
        let rules = Rules::embedded().expect("metadata");
        let mut rules = rules.only(|rule| &*rule.id == id);
        let policy = json!({"subject": "transport", "mesh": "istio", "mode": mode,
            "scope": "namespace", "selects": 0, "namespace": "old", "at": "PeerAuthentication.x/old/default#"});
        let group = json!({"mode": mode, "at": "pa#/spec", "configured": true,
            "ports": [{"id": "old/web:80", "at": "w#"}], "plaintext_callers": []});
        let input = json!({"noted": [policy], "acceptance": [group]});
        assert_eq!(run(&rules, &input).0.len(), 2, "{id}");
        let exempt = json!({"exempt_namespaces": ["old"]});
        let exempt = exempt.as_object().cloned().unwrap_or_default();
        rules.set_params(id, exempt).expect("known");
        assert_eq!(run(&rules, &input).0.len(), 0, "{id}");
    }
}

#[test]
fn parameters_have_the_users_values_on_top() {
    let body = r#"deny contains {"msg": "few", "at": "x"} if input.n < data.params.test.few.least"#;
    let mut rules = rules(&[("few", body)]);
    assert_eq!(run(&rules, &json!({"n": 1})).0.len(), 1);
    let two = |n: u8| json!({"least": n}).as_object().cloned().unwrap_or_default();
    rules.set_params("test/few", two(1)).expect("known");
    assert_eq!(run(&rules, &json!({"n": 1})).0.len(), 0);
    let most = json!({"most": 1}).as_object().cloned().unwrap_or_default();
    assert!(rules.set_params("test/few", most).is_err());
    assert!(rules.set_params("test/many", two(1)).is_err());
}

#[test]
fn a_rule_that_fails_is_a_problem_and_the_others_still_run() {
    let forever = "deny contains {\"msg\": \"m\", \"at\": \"x\"} if {
	some a in input.n; some b in input.n; some c in input.n; some d in input.n
	a + b + c + d == 0
}";
    let rules = rules(&[
        ("bad_form", "deny contains 3"),
        ("fine", ALL),
        ("forever", forever),
        ("nowhere", r#"deny contains {"msg": "m", "at": "unknown"}"#),
        (
            "undefined_function",
            r#"deny contains {"msg": "m", "at": no.such(3)}"#,
        ),
    ]);
    let numbers: Vec<u32> = (1..400).collect();
    let (findings, problems) = run(&rules, &json!({"all": ["m"], "n": numbers}));
    assert_eq!(findings.len(), 1);
    let told: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        told[0],
        "rule test/bad_form failed, prod: a result is no object"
    );
    assert!(
        told[1].starts_with("rule test/forever failed, prod: "),
        "{}",
        told[1]
    );
    assert!(told[1].contains("time limit"), "{}", told[1]);
    assert_eq!(
        told[2],
        "rule test/nowhere names \"unknown\", which is no address"
    );
    assert!(told[3].contains("no.such"), "{}", told[3]);
    assert!(problems.iter().all(|p| p.kind == ProblemKind::RuleFailed));
}

#[test]
fn a_result_may_say_its_severity() {
    let body = r#"deny contains {"msg": "m", "at": "x", "severity": "low"}"#;
    let (findings, _) = run(&rules(&[("soft", body)]), &json!({}));
    assert_eq!(findings[0].severity, Severity::Low);
}

#[test]
fn absence_is_a_note_where_not_all_is_known() {
    let file = file("absent", r#"deny contains {"msg": "m", "at": "x"}"#);
    let text = file
        .text()
        .replace("#   params", "#   complete: [NetworkPolicy]\n#   params");
    let rules = Rules::from_files([SourceFile::new(file.name(), text)]).expect("rules");
    let severity = |complete: serde_json::Value| {
        let input = json!({"scan": {"complete": complete}});
        run(&rules, &input).0[0].severity
    };
    assert_eq!(severity(json!([])), Severity::Info);
    assert_eq!(severity(json!(["NetworkPolicy"])), Severity::High);
}

#[test]
fn what_does_not_compile_is_told_with_its_line() {
    assert_eq!(
        errors(&[
            ("broken", "deny contains x if {\n\tx := \n}"),
            ("bad", "deny := ]")
        ]),
        "test/bad.rego:10:9: expecting expression\ntest/broken.rego:11:7: expecting `}` while parsing set"
    );
    assert_eq!(
        errors(&[("none", "x := 1")]),
        "test/none.rego: the rule defines no `deny`"
    );
    let unsafe_variable = r#"deny contains {"msg": "m", "at": y} if x == 1"#;
    assert!(
        errors(&[("unsafe_variable", unsafe_variable)])
            .starts_with("test/unsafe_variable.rego:10:")
    );
}

#[test]
fn functions_that_call_themselves_are_refused() {
    let direct = format!("{ALL}\nf(x) := f(x + 1)");
    assert_eq!(
        errors(&[("direct", &direct)]),
        "test/direct.rego:11:1: data.meshvet.test.direct.f can call itself, which is not allowed"
    );
    for body in [
        "f(x) := g(x)\ng(x) := y if { y := [z | z := f(x)][0] }",
        "f(x) := y if { y := data.meshvet.test.one.f(x) }",
        "f(x) := y if { y := data.meshvet[\"test\"].one.f(x) }",
        "f(x) := y if { some z in [1]; every a in [1] { f(a) }; y := z }",
        "f(x) := 1 if { x == 0 } else := f(x - 1)",
        "f(x) := r\nr := f(1)",
        "default f(x) := 3\nf(x) := {\"a\": {f(x): 1}}",
    ] {
        let errors = errors(&[("one", &format!("{ALL}\n{body}"))]);
        assert!(errors.contains("can call itself"), "{body}: {errors}");
    }
    let imported = SourceFile::new(
        "lib/a.rego",
        "package meshvet.lib.a\nimport data.meshvet.lib.b as other\nf(x) := other.g(x)",
    );
    let back = SourceFile::new(
        "lib/b.rego",
        "package meshvet.lib.b\nimport data.meshvet.lib.a\ng(x) := a.f(x)",
    );
    let rules = Rules::from_files([imported, back, file("one", ALL)]).expect("rules");
    let errors = rules.check().expect_err("a cycle").to_string();
    assert_eq!(errors.matches("can call itself").count(), 2, "{errors}");
}

#[test]
fn a_package_that_is_asked_for_what_is_in_it_is_a_circle_too() {
    for body in [
        "f(x) := y if { some n; y := data.meshvet.test[n].r }\nr := f(1)",
        "f(x) := y if { y := data.meshvet.test.one }\nr := f(1)",
    ] {
        let errors = errors(&[("one", &format!("{ALL}\n{body}"))]);
        assert!(errors.contains("can call itself"), "{body}: {errors}");
    }
}

#[test]
fn a_variable_may_have_the_name_of_a_rule() {
    for body in [
        "port := 3\nf(x) := port if { port := x.port }",
        "f(x) := [f | f := x.a]",
        "f(f) := f.a",
        "f(x) := y if { every f in x { f > 1 }; y := 1 }",
        "r contains r if { {\"a\": r} := input.all[0] }",
    ] {
        let rules = rules(&[("one", &format!("{ALL}\n{body}"))]);
        assert_eq!(rules.check(), Ok(()), "{body}");
    }
    // outside of where it is a variable the name is that of the rule
    let body = "f(x) := y if { a := [r | r := x]; y := [a, r] }\nr := f(1)";
    assert!(errors(&[("one", &format!("{ALL}\n{body}"))]).contains("can call itself"));
}

#[test]
fn long_chains_of_calls_are_refused() {
    let chain = |n: usize| {
        let links = (0..n).map(|i| format!("f{i}(x) := f{}(x)\n", i + 1));
        format!("{ALL}\n{}f{n}(x) := x", links.collect::<String>())
    };
    assert!(rules(&[("one", &chain(24))]).check().is_ok());
    let errors = errors(&[("one", &chain(2_000))]);
    assert!(errors.ends_with("goes through too many others"), "{errors}");
    assert_eq!(errors.lines().count(), 1);
}

#[test]
fn builtins_that_make_much_of_little_are_refused() {
    for call in [
        "numbers.range(1, 9)",
        "bits.lsh(1, 9)",
        "count(numbers[\"range\"](1, 9))",
    ] {
        let errors = errors(&[("one", &format!("{ALL}\nx := [y | y := {call}]"))]);
        assert!(errors.ends_with("is not allowed"), "{call}: {errors}");
    }
}

#[test]
fn functions_that_call_others_are_fine() {
    let lib = SourceFile::new("lib/a.rego", "package meshvet.lib.a\nname(x) := upper(x)");
    let body = "import data.meshvet.lib.a
name(x) := a.name(x)
deny contains {\"msg\": name(m), \"at\": \"x\"} if some m in input.all";
    let rules = Rules::from_files([lib, file("one", body)]).expect("rules");
    let (findings, problems) = run(&rules, &json!({"all": ["m"]}));
    assert_eq!(problems, []);
    assert_eq!(findings[0].message, "M");
}

#[test]
fn a_rule_that_needs_itself_is_a_problem() {
    let body = "deny contains {\"msg\": m, \"at\": \"x\"} if some m in a\na := b\nb := a";
    let rules = rules(&[("ring", body)]);
    assert!(rules.check().is_err() || run(&rules, &json!({})).1.len() == 1);
}

#[test]
fn a_package_may_be_there_once() {
    let rules = rules(&[("one", ALL)]);
    let errors = rules
        .with(super::tests::rules(&[("one", ALL)]))
        .expect_err("twice");
    assert_eq!(
        errors.to_string(),
        "test/one.rego: package meshvet.test.one is there twice"
    );
}

#[test]
fn a_rule_reads_what_it_and_all_that_it_uses_name() {
    let lib = |name: &str, body: &str| {
        SourceFile::new(
            format!("lib/{name}.rego"),
            format!("package meshvet.lib.{name}\n{body}"),
        )
    };
    let libraries = [
        lib("ports", "import data.meshvet.lib.words\nall := input.ports"),
        lib("words", "all := input.words"),
        lib("calls", "all := input.calls"),
    ];
    let read = |body: &str| {
        let files = [file("one", body), file("two", "deny := input.two")];
        let rules = Rules::from_files(libraries.iter().cloned().chain(files)).expect("rules");
        let program = rules.program().expect("policies");
        let names = ["ports", "words", "calls", "two", "own"];
        let sees = |name: &&str| {
            let [one, other] =
                [0, 1].map(|n| super::Input::new(&json!({*name: n})).expect("input"));
            !program.sees_the_same(0, &one.differing(&other))
        };
        names.into_iter().filter(sees).collect::<Vec<_>>()
    };
    let deny = "deny contains {\"msg\": \"m\", \"at\": input.own}";
    let of = |import: &str| read(&format!("{import}\n{deny} if input.own"));
    assert_eq!(of(""), ["own"]);
    assert_eq!(
        of("# data.meshvet.lib.ports and calls\nports := 1"),
        ["own"]
    );
    assert_eq!(of("import data.meshvet.lib.calls"), ["calls", "own"]);
    assert_eq!(
        of("import data.meshvet.lib.ports as p"),
        ["ports", "words", "own"]
    );
    assert_eq!(of("x := data.meshvet.lib.calls.all"), ["calls", "own"]);
    assert_eq!(of("x := data.meshvet.test.two.deny"), ["two", "own"]);
    for all in [
        "import data.meshvet.lib",
        "import data.meshvet.lib as l",
        "x := data.meshvet.lib[\"calls\"]",
    ] {
        assert_eq!(of(all), ["ports", "words", "calls", "own"], "{all}");
    }
    assert_eq!(
        of("x := data[\"params\"]"),
        ["ports", "words", "calls", "two", "own"]
    );
}

/// Rules that each find something everywhere they are asked: of Istio, Consul and none.
fn rules_of_meshes() -> Rules {
    let of = |name: &str, mesh: &str| {
        let rule = file(name, r#"deny contains {"msg": "m", "at": "x"}"#);
        let text = rule.text().replace("[istio]", mesh);
        SourceFile::new(rule.name(), text)
    };
    let rules = [
        of("istio", "[istio]"),
        of("consul", "[consul, linkerd]"),
        of("none", "[kubernetes]"),
    ];
    Rules::from_files(rules).expect("rules")
}

fn asked(findings: &[Finding]) -> Vec<&str> {
    let rules = findings.iter().map(|finding| &*finding.rule);
    rules.map(|rule| rule.trim_start_matches("test/")).collect()
}

#[test]
fn a_rule_is_asked_only_where_one_of_its_meshes_is() {
    let rules = rules_of_meshes();
    let in_these = |meshes: Value| {
        let (findings, problems) = run(&rules, &json!({"meshes": meshes}));
        assert_eq!(problems, []);
        asked(&findings).join(" ")
    };
    assert_eq!(in_these(json!([{"kind": "istio"}])), "istio none");
    assert_eq!(in_these(json!([{"kind": "linkerd"}])), "consul none");
    let both = json!([{"kind": "consul"}, {"kind": "istio"}]);
    assert_eq!(in_these(both), "consul istio none");
    assert_eq!(in_these(json!([])), "none");
    // a document that does not say
    assert_eq!(in_these(Value::Null), "consul istio none");
}

#[test]
fn what_a_rule_was_not_asked_is_asked_once_its_mesh_is_there() {
    let rules = rules_of_meshes();
    let [istio, both] = [
        json!([{"kind": "istio"}]),
        json!([{"kind": "istio"}, {"kind": "consul"}]),
    ];
    let mut known = None;
    for (meshes, expected) in [
        (&istio, "istio none"),
        (&both, "consul istio none"),
        (&istio, "istio none"),
        (&both, "consul istio none"),
    ] {
        let input = json!({"meshes": meshes});
        let (findings, problems, memory) =
            evaluate_again(&rules, &input, &Anywhere, "prod", known.as_ref());
        assert_eq!(problems, []);
        assert_eq!(asked(&findings).join(" "), expected);
        known = memory;
    }
}

#[test]
fn what_a_rule_said_counts_only_while_it_sees_the_same() {
    let each = r#"deny contains {"msg": m, "at": m} if some m in input.all"#;
    let rules = rules(&[("one", each), ("two", "deny := set()")]);
    let mut known = None;
    for all in [json!(["a"]), json!(["a"]), json!(["a", "b"]), json!([])] {
        let input = json!({"all": all, "other": [all]});
        let (findings, _, memory) =
            evaluate_again(&rules, &input, &Anywhere, "prod", known.as_ref());
        let told: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(json!(told), all);
        known = memory;
    }
}
