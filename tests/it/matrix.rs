//! Environments side by side: `scan --matrix`.

use std::path::Path;

use meshvet::cli::Exit;
use serde_json::{Value, json};

use crate::cli::{SHOP, folders, meshvet, meshvet_with, root};

const FORMATS: [&str; 4] = ["text", "json", "markdown", "csv"];

fn matrix(args: &[&str]) -> crate::cli::Ran {
    let args = [&["scan", "--matrix"], args].concat();
    meshvet(&root().join("testdata/matrix"), &args)
}

#[test]
fn every_case_looks_as_is_expected_of_it() {
    let update = std::env::var_os("UPDATE").is_some();
    for case in folders(&root().join("testdata/matrix")) {
        let name = case.file_name().expect("a name").to_string_lossy();
        for (format, file) in [
            ("text", "expected.txt"),
            ("markdown", "expected.md"),
            ("csv", "expected.csv"),
        ] {
            let ran = matrix(&["-f", format, &name]);
            let expected = case.join(file);
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
}

#[test]
fn output_is_the_same_at_any_number_of_threads() {
    for case in folders(&root().join("testdata/matrix")) {
        let path = case.to_string_lossy();
        for format in FORMATS {
            let one = matrix(&["--threads", "1", "-v", "-f", format, &path]);
            let two = matrix(&["--threads", "2", "-v", "-f", format, &path]);
            assert_eq!(one, two, "{path} as {format}");
        }
    }
}

#[test]
fn exit_codes_are_those_of_a_scan() {
    for case in folders(&root().join("testdata/matrix")) {
        let path = case.to_string_lossy();
        for flags in [
            &[][..],
            &["--exit-zero"],
            &["--fail-on", "critical", "--allow-partial"],
        ] {
            let scan = meshvet(&root(), &[&["scan", "--no-history", &path], flags].concat());
            for format in FORMATS {
                let ran = matrix(&[&["-f", format, &path], flags].concat());
                assert_eq!(
                    (ran.exit, &ran.stderr),
                    (scan.exit, &scan.stderr),
                    "{path} {flags:?}"
                );
            }
        }
    }
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.yaml"), "a: 1\n").expect("written");
    let ran = meshvet(dir.path(), &["scan", "--matrix"]);
    assert_eq!(ran.exit, Exit::NoInput, "{}", ran.stderr);
}

#[test]
fn other_formats_are_wrong_usage() {
    for (args, says) in [
        (
            &["scan", "--matrix", "-f", "sarif", "-"][..],
            "text, json, markdown, csv",
        ),
        (
            &["scan", "--matrix", "-o", "sarif=x", "-"],
            "text, json, markdown, csv",
        ),
        (&["scan", "-f", "csv", "-"], "text, json, sarif"),
        (&["scan", "-o", "markdown=x", "-"], "text, json, sarif"),
    ] {
        let ran = meshvet_with(&root(), args, SHOP);
        assert_eq!(
            (ran.exit, ran.stdout.as_str()),
            (Exit::Usage, ""),
            "{args:?}"
        );
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn the_document_for_programs_says_all_that_the_table_says() {
    let report = matrix(&["-f", "json", "shop"]).json();
    let names = ["dev", "prod", "staging"].map(|name| format!("shop/overlays/{name}"));
    assert_eq!(report["environments"], json!(names));
    assert_eq!(report["incomplete"], json!([names[0]]));
    let row = &report["rows"][0];
    assert_eq!(row["rule"], "mtls/permissive");
    assert_eq!(row["resource"]["name"], "default");
    let states: Vec<&Value> = (0..3).map(|at| &row["cells"][at]["state"]).collect();
    assert_eq!(states, ["unknown", "finding", "absent"]);
    assert_eq!(row["cells"][1]["environment"], names[1]);
    assert_eq!(row["cells"][1]["location"]["line"], 9);
    assert_eq!(row["cells"][2]["location"], Value::Null);
    let first = &report["differences"][0];
    assert_eq!(first["from"], json!(["batch/nightly"]));
    assert_eq!(
        (&first["to"], &first["port"]),
        (&json!("payments/ledger"), &json!(8443))
    );
    let prod = &first["environments"][1];
    assert_eq!(
        (&prod["verdict"], &prod["transport"]),
        (&json!("allow"), &json!("plaintext"))
    );
    assert_eq!(prod["location"]["file"], "shop/overlays/prod/payments.yaml");
    assert_eq!(first["environments"][2]["verdict"], "deny");
    assert_eq!(report["problems"][0]["kind"], "unreadable-manifest");
}

/// What the differences say is what `can` says of each environment.
#[test]
fn every_difference_is_what_can_says() {
    let mut asked = 0;
    for case in ["shop", "namespaces"] {
        let report = matrix(&["-f", "json", case]).json();
        let alike = report["namespaces"].as_array().expect("a list").clone();
        for one in report["differences"].as_array().expect("a list") {
            for of in one["environments"].as_array().expect("a list") {
                let environment = of["environment"].as_str().expect("a name");
                let called = |name: &Value| {
                    let mut name = name.as_str().expect("a name").to_owned();
                    for one in &alike {
                        let own = one["environments"][environment].as_str().unwrap_or("");
                        name = name.replace(one["name"].as_str().expect("a name"), own);
                    }
                    name
                };
                let to = format!("{}:{}", called(&one["to"]), one["port"]);
                for from in one["from"].as_array().expect("a list") {
                    let args = [
                        "can",
                        &called(from),
                        &to,
                        case,
                        "-f",
                        "json",
                        "--environment",
                        environment,
                    ];
                    let ran = meshvet(&root().join("testdata/matrix"), &args);
                    let answer = ran.json();
                    assert_eq!(answer["verdict"], of["verdict"], "{args:?}");
                    assert_eq!(answer["transport"], of["transport"], "{args:?}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 8, "{asked}");
}

#[test]
fn one_environment_has_nothing_beside_it() {
    let ran = matrix(&["--environment", "shop/overlays/prod", "shop"]);
    ran.says("nothing to compare it with");
    ran.says("mtls/permissive");
    let ran = meshvet_with(&root(), &["scan", "--matrix", "-"], SHOP);
    ran.says("there is one environment with a mesh");
}

#[test]
fn many_environments_are_split_and_none_is_lost() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::write(file, text).expect("written");
    };
    write("base/kustomization.yaml", "resources: [all.yaml]\n");
    write("base/all.yaml", SHOP);
    let mode = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
        )
    };
    for number in 0..90 {
        let name = |file: &str| format!("clusters/c{number:02}/{file}");
        write(
            &name("kustomization.yaml"),
            "resources: [../../base, mesh.yaml]\n",
        );
        write(
            &name("mesh.yaml"),
            &mode(if number % 9 == 0 {
                "PERMISSIVE"
            } else {
                "STRICT"
            }),
        );
    }
    let args = |width: &'static str| ["scan", "--matrix", "--exit-zero", width];
    let ran = meshvet(dir.path(), &args("-q"));
    for number in 0..90 {
        ran.says(&format!("┌ c{number:02}\n"));
    }
    let permissive = ran
        .stdout
        .lines()
        .filter(|line| line.contains("mtls/permissive"));
    let found: usize = permissive.map(|line| line.matches('×').count()).sum();
    assert_eq!(found, 10, "{}", ran.stdout);
}

#[test]
fn only_what_is_new_is_shown_and_what_is_older_is_no_less_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let repository = Path::new(dir.path());
    let git = |args: &[&str]| {
        let out = std::process::Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
            .args(args)
            .current_dir(repository)
            .output()
            .expect("git");
        assert!(out.status.success(), "{args:?}");
    };
    let write = |name: &str, text: &str| {
        let file = repository.join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::write(file, text).expect("written");
    };
    let mesh = |mode: &str| {
        format!(
            "{SHOP}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
        )
    };
    for name in ["a", "b", "c"] {
        write(
            &format!("{name}/kustomization.yaml"),
            "resources: [all.yaml]\n",
        );
        write(&format!("{name}/all.yaml"), &mesh("STRICT"));
    }
    write("a/all.yaml", &mesh("PERMISSIVE"));
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    let new = || {
        let args = [
            "scan",
            "--matrix",
            "-f",
            "csv",
            "--exit-zero",
            "--new-since",
            "HEAD",
        ];
        let out = meshvet(repository, &args).stdout;
        let rows = out.lines().filter(|line| line.contains("mtls/permissive"));
        rows.map(|row| row.split(',').skip(4).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(new(), [""; 0]);
    write("b/all.yaml", &mesh("PERMISSIVE"));
    let row = new();
    assert_eq!(row.len(), 1, "{row:?}");
    assert!(
        row[0].starts_with("finding a/all.yaml:")
            && row[0].contains(" finding b/all.yaml:")
            && row[0].ends_with(" clear"),
        "{row:?}"
    );
}
