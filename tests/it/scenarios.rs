//! Whole small meshes: the same answer in every format, at any number of threads.

use meshvet::cli::Exit;

use crate::cli::{folders, meshvet, root};

#[test]
fn output_is_the_same_at_any_number_of_threads() {
    for scenario in folders(&root().join("testdata/scenarios")) {
        let path = scenario.to_string_lossy();
        for format in ["text", "json", "sarif"] {
            let one = meshvet(&root(), &["scan", "--threads", "1", "-f", format, &path]);
            let two = meshvet(&root(), &["scan", "--threads", "2", "-f", format, &path]);
            assert_eq!(one, two, "{path} as {format}");
        }
        let one = meshvet(&root(), &["facts", "--threads", "1", &path]);
        let two = meshvet(&root(), &["facts", "--threads", "2", &path]);
        assert_eq!(one, two, "facts of {path}");
    }
}

#[test]
fn every_scenario_says_what_is_expected_of_it() {
    let update = std::env::var_os("UPDATE").is_some();
    for scenario in folders(&root().join("testdata/scenarios")) {
        let name = scenario
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        // run where the example lies, so that paths are what a user sees; the clone decides what git says
        let ran = meshvet(
            &root().join("testdata/scenarios"),
            &["scan", "-v", "--no-history", &name],
        );
        let expected = scenario.join("expected.txt");
        if update {
            std::fs::write(&expected, &ran.stdout).expect("written");
        }
        let text = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(
            ran.stdout, text,
            "{name} (UPDATE=1 rewrites it; read the difference first)"
        );
    }
}

#[test]
fn a_clean_mesh_is_clean() {
    let ran = meshvet(
        &root(),
        &["scan", "-f", "sarif", "testdata/scenarios/clean"],
    );
    assert_eq!(ran.exit, Exit::Fine, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn the_reachability_tests_of_every_scenario_pass() {
    for scenario in folders(&root().join("testdata/scenarios")) {
        let path = scenario.to_string_lossy();
        let ran = meshvet(&root(), &["test", &path]);
        assert_eq!(ran.exit, Exit::Fine, "{path}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_refused_request_names_the_part_of_the_nearest_rule_that_differs() {
    for (question, reason) in [
        (
            "can web/frontend payments/ledger:8443 payments --method GET --path /admin/export",
            "the path \"/admin/export\" is not \"/balance/*\", payments/payments.yaml:26",
        ),
        // of permissions, those of the caller, though others of the list would take the request
        (
            "can ferries/boarding ferries/tickets:8080 ferries --method POST --path /valid",
            "the method \"POST\" is not \"GET\", ferries/entries.yaml:55",
        ),
        (
            "can ferries/tariffs ferries/tickets:8080 ferries",
            "no intention lets it call the service, ferries/consul-values.yaml:6",
        ),
    ] {
        let question: Vec<&str> = question.split(' ').collect();
        let ran = meshvet(&root().join("testdata/scenarios"), &question);
        assert_eq!(ran.exit, Exit::Found, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(reason), "{}", ran.stdout);
    }
}

#[test]
fn a_call_of_which_no_request_passes_is_refused_for_what_they_all_have_in_common() {
    let question = ["can", "back/printer", "shop/till:8080", "booths"];
    let ran = meshvet(&root().join("testdata/scenarios"), &question);
    assert_eq!(ran.exit, Exit::Found, "{}{}", ran.stdout, ran.stderr);
    let reason =
        "the caller proves no identity, which is not \"office.back.serviceaccount.identity";
    assert!(ran.stdout.contains(reason), "{}", ran.stdout);
}
