//! Meshes that are not read yet are never passed over.

use meshvet::cli::Exit;

use crate::cli::{SHOP, meshvet_with, root};

fn scan(manifest: &str) -> (Exit, String) {
    let input = format!("{SHOP}---\n{manifest}");
    let ran = meshvet_with(&root(), &["scan", "-v", "--fail-on", "never", "-"], &input);
    (ran.exit, ran.stdout)
}

#[test]
fn their_objects_and_proxies_could_not_be_judged() {
    let pod = |annotation: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: shop\n  annotations: {annotation}\n\
             spec: {{containers: [{{name: c}}]}}"
        )
    };
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: shop}\n\
        spec: {template: {metadata: {annotations: {consul.hashicorp.com/connect-inject: 'true'}}, spec: {containers: []}}}";
    let cases = [
        ("Consul", deployment.to_owned()),
        ("Consul", pod("{consul.hashicorp.com/connect-inject: \"true\"}")),
        (
            "Consul",
            "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\nmetadata: {name: i, namespace: shop}"
                .to_owned(),
        ),
    ];
    for (product, manifest) in cases {
        let (exit, stdout) = scan(&manifest);
        assert_eq!(exit, Exit::Incomplete, "{manifest}\n{stdout}");
        assert!(stdout.contains("1 thing could not be judged"), "{stdout}");
        assert!(
            stdout.contains(&format!("{product}, which is not worked out yet"))
                || stdout.contains(&format!("{product} is not worked out yet")),
            "{stdout}"
        );
    }
}

#[test]
fn a_call_that_they_may_refuse_is_not_decided() {
    let asked_by = |client: &str, input: &str| {
        let args = ["can", client, "shop/api:8080", "-", "-f", "json"];
        let ran = meshvet_with(&root(), &[&args[..], &["--allow-partial"]].concat(), input);
        ran.json()["verdict"].clone()
    };
    let asked = |input: &str| asked_by("shop/web", input);
    let web = SHOP
        .replace("name: api", "name: web")
        .replace("app: api", "app: web");
    let namespace = "metadata:\n  name: shop\n";
    let web = web.split_once("---\n").expect("two documents").1;
    let both = format!("{SHOP}---\n{web}---\n");
    let out = both.replace("    istio-injection: enabled\n", "    team: shop\n");
    let gone = both.replacen(namespace, "metadata:\n  name: other\n", 1);
    let consul = "kind: ServiceIntentions\napiVersion: consul.hashicorp.com/v1alpha1\n\
        metadata: {name: s, namespace: shop}\n";
    let istio = "---\nkind: Telemetry\napiVersion: telemetry.istio.io/v1\nmetadata: {name: t, namespace: shop}\n";
    for (what, input, verdict) in [
        ("no mesh at all", out.clone(), "allow"),
        ("Consul", format!("{out}{consul}"), "unknown"),
        ("Istio has neither", format!("{out}{istio}"), "allow"),
        (
            "of two, Istio has neither",
            format!("{out}{consul}{istio}"),
            "unknown",
        ),
        (
            "Istio may have both",
            format!("{gone}{consul}{istio}"),
            "conditional",
        ),
        ("Istio has both", format!("{both}{consul}"), "allow"),
    ] {
        assert_eq!(asked(&input), verdict, "{what}");
    }
    let input = format!("{out}{consul}{istio}");
    let facts = meshvet_with(&root(), &["facts", "-", "--allow-partial"], &input).json();
    assert_eq!(facts["workloads"][0]["membership"], "unknown");
    assert_eq!(asked_by("external", &both), "deny");
    assert_eq!(asked_by("external", &format!("{both}{consul}")), "unknown");
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

#[test]
fn files_of_consuls_own_could_not_be_judged() {
    let entry = "# who may call\nName = \"api\"\nKind = \"service-intentions\"\n\
        Sources = [{ Name = \"web\" Permissions = [{ Action = \"deny\" HTTP { PathPrefix = \"/\" } }] }]\n";
    for (name, text, message, line) in [
        (
            "a/api.hcl",
            entry,
            "service-intentions: Consul is not worked out yet",
            3,
        ),
        (
            "api.json",
            "{\n  \"Kind\": \"service-intentions\", \"Name\": \"api\"\n}",
            "service-intentions: Consul is not worked out yet",
            2,
        ),
        (
            "server.hcl",
            "server = true\nacl { enabled = true default_policy = \"allow\" }\n",
            "agent configuration: Consul is not worked out yet",
            1,
        ),
        (
            "server.json",
            "{\"bootstrap_expect\": 1}",
            "agent configuration: Consul is not worked out yet",
            1,
        ),
        (
            "web.hcl",
            "\nservice {\n  name = \"web\"\n  connect { sidecar_service {} }\n}\n",
            "service registration: Consul is not worked out yet",
            2,
        ),
        (
            "policy.hcl",
            "service_prefix \"\" { policy = \"write\" intentions = \"write\" }",
            "ACL policy: Consul is not worked out yet",
            1,
        ),
        (
            "broken.hcl",
            "Kind = \"mesh\"\nTLS {\n",
            "this document cannot be read: this `{` is never closed",
            2,
        ),
    ] {
        // what is broken hides nothing else, and a chart around a file that is none of its parts neither
        let (exit, report) = scan_files(&[
            (name, text),
            ("z/Chart.yaml", "name: z\nversion: 1.0.0\n"),
            ("z/consul/z.hcl", "Kind = \"mesh\"\n"),
        ]);
        assert_eq!(exit, Exit::Incomplete, "{name}");
        let problems = report["problems"].as_array().expect("problems");
        let of_file: Vec<_> = problems
            .iter()
            .filter(|one| one["location"]["file"] == name)
            .collect();
        assert_eq!(of_file.len(), 1, "{name}: {report:#}");
        assert_eq!(of_file[0]["message"], message, "{name}");
        assert_eq!(of_file[0]["location"]["line"], line, "{name}");
        assert!(
            problems
                .iter()
                .any(|one| one["location"]["file"] == "z/consul/z.hcl"),
            "{name}"
        );
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
