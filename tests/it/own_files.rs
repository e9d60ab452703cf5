//! Files of Consul's own: whose they are, and what is wrong with them.

use meshvet::cli::Exit;

use crate::cli::{SHOP, meshvet_with, root};

fn scan(manifest: &str) -> (Exit, String) {
    let input = format!("{SHOP}---\n{manifest}");
    let ran = meshvet_with(&root(), &["scan", "-v", "--fail-on", "never", "-"], &input);
    (ran.exit, ran.stdout)
}

#[test]
fn what_only_looks_like_theirs_is_no_problem() {
    for manifest in [
        "apiVersion: notconsul.hashicorp.com/v1\nkind: Server\nmetadata: {name: s, namespace: shop}",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: blue, annotations: {linkerd.io/inject: disabled}}",
    ] {
        let (exit, stdout) = scan(manifest);
        assert_eq!(exit, Exit::Fine, "{manifest}\n{stdout}");
    }
}

/// Scans a directory with these files beside a small mesh.
fn scan_files(files: &[(&str, &str)]) -> (Exit, serde_json::Value) {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in [&[("shop.yaml", SHOP)], files].concat() {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    let args = ["scan", "--fail-on", "never", "-f", "json", "."];
    let ran = meshvet_with(directory.path(), &args, "");
    let report = ran.json();
    (ran.exit, report)
}

/// The problems of a file beside others, each with its message, line and column.
fn problems_of(name: &str, text: &str) -> (Exit, Vec<(String, u64, u64)>) {
    let (exit, report) = scan_files(&[
        (name, text),
        ("z/broken.hcl", "Kind = \"service-router\"\nName =\n"),
    ]);
    let problems = report["problems"].as_array().expect("problems").clone();
    let in_file = |file: &str| {
        let of = problems
            .iter()
            .filter(|one| one["location"]["file"] == file);
        of.cloned().collect::<Vec<_>>()
    };
    // what is wrong with one file hides nothing of another
    assert_eq!(in_file("z/broken.hcl").len(), 1, "{name}: {report:#}");
    let number = |one: &serde_json::Value, key: &str| one["location"][key].as_u64().expect("one");
    let said = in_file(name).into_iter().map(|one| {
        let message = one["message"].as_str().expect("a message").to_owned();
        (message, number(&one, "line"), number(&one, "column"))
    });
    (exit, said.collect())
}

#[test]
fn what_is_broken_has_a_line_and_a_column_and_hides_nothing_else() {
    for (name, text, message, line, column) in [
        (
            "broken.hcl",
            "Kind = \"mesh\"\n  TLS {\n",
            "this document cannot be read: this `{` is never closed",
            2,
            7,
        ),
        (
            "a/api.hcl",
            "Kind = \"service-intentions\"\nName = \"api\"\nSources = [\n  { Name = \"web\" }\n]\n",
            "Consul refuses this ServiceIntentions, so it is not in force: a source has an action or permissions",
            4,
            3,
        ),
        (
            "b.hcl",
            "Kind = \"of-tomorrow\"\nName = \"api\"\n",
            "config entries of the kind of-tomorrow are not known here, so what this one does is not judged",
            1,
            8,
        ),
    ] {
        let (exit, said) = problems_of(name, text);
        assert_eq!(exit, Exit::Incomplete, "{name}");
        assert_eq!(said, [(message.to_owned(), line, column)], "{name}");
    }
    // and what can be read is judged
    for (name, text) in [
        ("c.json", "{\"Kind\": \"mesh\"}"),
        (
            "d.hcl",
            "server = true\nacl { enabled = true default_policy = \"deny\" }\n",
        ),
        (
            "e.hcl",
            "service {\n  name = \"web\"\n  connect { sidecar_service {} }\n}\n",
        ),
        ("f.hcl", "service_prefix \"\" { policy = \"read\" }"),
    ] {
        assert_eq!(problems_of(name, text).1, [], "{name}");
    }
}

#[test]
fn hcl_of_others_is_no_problem() {
    let (exit, report) = scan_files(&[
        (
            "main.hcl",
            "resource \"consul_node\" \"a\" {\n  name = var.x ? \"a\" : upper(\"b\")\n}\nserver = true\n",
        ),
        (
            "nomad.hcl",
            "datacenter = \"dc1\"\nserver { enabled = true }\nacl { enabled = true }\n",
        ),
        (
            "job.hcl",
            "job \"web\" {\n  group \"g\" { service { connect { sidecar_service {} } } }\n}\n",
        ),
        (
            "vault.hcl",
            "path \"secret/*\" { capabilities = [\"read\"] }\n",
        ),
        (
            ".terraform.lock.hcl",
            "provider \"registry\" {\n  hashes = [\"h1:x\"]\n}\n",
        ),
        (
            "package.json",
            "{\"name\": \"web\", \"services\": [\"a\"], \"server\": true}",
        ),
    ]);
    assert_eq!(exit, Exit::Fine, "{report:#}");
}
