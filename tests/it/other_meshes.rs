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
