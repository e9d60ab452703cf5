#![allow(clippy::unwrap_used)]

use crate::mesh::linkerd::sample::{APP, Sample, compile, deployment, namespace, settings};
use crate::mesh::{Mesh, Refusal};

const ASKING: &str = "annotations: {linkerd.io/inject: enabled}";

/// What is asked in vain: the line, the words, why, what is in the way and who is concerned.
fn unanswered(sample: &Sample) -> Vec<String> {
    let of = |asked: &crate::mesh::Unanswered| {
        let why = match &asked.why {
            Refusal::Prevented(what, at) => format!("{what} {}", sample.address(at)),
            why => why.name().to_owned(),
        };
        let workloads = asked
            .workloads
            .iter()
            .map(|&id| sample.index.workload(id).to_string());
        let workloads: Vec<_> = workloads.collect();
        let at = sample.address(&asked.at);
        format!("{at} {} {why} [{}]", asked.label, workloads.join(" "))
    };
    sample
        .linkerd
        .settings()
        .unanswered
        .iter()
        .map(of)
        .collect()
}

fn shop(of_namespace: &str, more: &str) -> Sample {
    let of_namespace = match of_namespace {
        "" => String::new(),
        some => format!(", {some}"),
    };
    let text = settings("proxy: {}") + &namespace("shop", &of_namespace) + more;
    compile(&[("a.yaml", &text)])
}

fn api(metadata: &str) -> String {
    deployment("shop", "api", metadata, APP)
}

#[test]
fn what_stands_in_the_wrong_place_asks_for_nothing() {
    let label = "labels: {linkerd.io/inject: enabled}";
    let sample = shop(
        label,
        &(api("")
            + &deployment(
                "shop",
                "out",
                "annotations: {linkerd.io/inject: disabled}",
                APP,
            )),
    );
    assert_eq!(
        unanswered(&sample),
        [
            "Namespace/shop#/metadata/labels/linkerd.io~1inject linkerd.io/inject=enabled misplaced [shop/api]"
        ]
    );
    let sample = shop("", &api(label));
    let own = "Deployment.apps/shop/api#/spec/template/metadata/labels/linkerd.io~1inject";
    assert_eq!(
        unanswered(&sample),
        [format!(
            "{own} linkerd.io/inject=enabled misplaced [shop/api]"
        )]
    );
    let owner = api("").replace("{name: api,", &format!("{{name: api, {ASKING},"));
    let at = "Deployment.apps/shop/api#/metadata/annotations/linkerd.io~1inject";
    assert_eq!(
        unanswered(&shop("", &owner)),
        [format!(
            "{at} linkerd.io/inject=enabled misplaced [shop/api]"
        )]
    );
    let service = format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: api, namespace: shop, {ASKING}}}\nspec: {{selector: {{app: api}}, ports: [{{port: 80}}]}}\n"
    );
    let at = "Service/shop/api#/metadata/annotations/linkerd.io~1inject";
    let sample = shop("", &(api("labels: {app: api}") + &service));
    assert_eq!(
        unanswered(&sample),
        [format!(
            "{at} linkerd.io/inject=enabled misplaced [shop/api]"
        )]
    );
    let account = format!(
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, namespace: shop, {ASKING}}}\n"
    );
    let at = "ServiceAccount/shop/default#/metadata/annotations/linkerd.io~1inject";
    let sample = shop("", &(api("") + &account));
    assert_eq!(
        unanswered(&sample),
        [format!(
            "{at} linkerd.io/inject=enabled misplaced [shop/api]"
        )]
    );
}

#[test]
fn nothing_is_misplaced_where_the_proxy_is_there_or_not_wanted() {
    let label = "labels: {linkerd.io/inject: enabled}";
    let both = format!("{label}, {ASKING}");
    assert!(unanswered(&shop(&both, &api(label))).is_empty());
    assert!(unanswered(&shop(label, &api(ASKING))).is_empty());
    assert!(unanswered(&shop("labels: {linkerd.io/inject: disabled}", &api(""))).is_empty());
    assert!(
        unanswered(&shop(
            "annotations: {linkerd.io/inject: disabled}",
            &api(label)
        ))
        .is_empty()
    );
    // nobody knows what its namespace says
    let elsewhere = deployment("elsewhere", "api", label, APP);
    assert!(unanswered(&shop("", &elsewhere)).is_empty());
    // nor would the annotation help
    let host = deployment("shop", "api", label, &format!("hostNetwork: true, {APP}"));
    assert!(unanswered(&shop("", &host)).is_empty());
}

#[test]
fn a_namespace_that_has_no_workload_yet_asks_as_well() {
    let at = "Namespace/shop#/metadata";
    assert_eq!(
        unanswered(&shop("labels: {linkerd.io/inject: ingress}", "")),
        [format!(
            "{at}/labels/linkerd.io~1inject linkerd.io/inject=ingress misplaced []"
        )]
    );
    assert_eq!(
        unanswered(&shop("annotations: {linkerd.io/inject: \"true\"}", "")),
        [format!(
            "{at}/annotations/linkerd.io~1inject linkerd.io/inject=true invalid_value []"
        )]
    );
}

#[test]
fn a_value_that_is_none() {
    let of_namespace = "annotations: {linkerd.io/inject: \"true\"}";
    let at = "Namespace/shop#/metadata/annotations/linkerd.io~1inject";
    let two = api("") + &deployment("shop", "web", ASKING, APP);
    assert_eq!(
        unanswered(&shop(of_namespace, &two)),
        [format!(
            "{at} linkerd.io/inject=true invalid_value [shop/api shop/web]"
        )]
    );
    let own = "Deployment.apps/shop/api#/spec/template/metadata/annotations/linkerd.io~1inject";
    assert_eq!(
        unanswered(&shop(
            ASKING,
            &api("annotations: {linkerd.io/inject: Enabled}")
        )),
        [format!(
            "{own} linkerd.io/inject=Enabled invalid_value [shop/api]"
        )]
    );
    // who writes this gets what he wants, and so does not who asks beside it
    let refuses = "annotations: {linkerd.io/inject: \"false\"}";
    assert!(unanswered(&shop(refuses, &api(""))).is_empty());
    assert!(unanswered(&shop(ASKING, &api(refuses))).is_empty());
    assert_eq!(
        unanswered(&shop(refuses, &two)),
        [format!(
            "{at} linkerd.io/inject=false invalid_value [shop/web]"
        )]
    );
    let template = "annotations: {linkerd.io/inject: \"{{ .Values.mesh }}\"}";
    assert!(unanswered(&shop(template, &two)).is_empty());
}

#[test]
fn what_is_in_the_way_is_told_with_its_line() {
    let host = |metadata: &str| {
        deployment(
            "shop",
            "api",
            metadata,
            &format!("hostNetwork: true, {APP}"),
        )
    };
    let at = "Namespace/shop#/metadata/annotations/linkerd.io~1inject linkerd.io/inject=enabled";
    let by = "host_network Deployment.apps/shop/api#/spec/template/spec/hostNetwork";
    assert_eq!(
        unanswered(&shop(ASKING, &host(""))),
        [format!("{at} {by} [shop/api]")]
    );
    let excluded = format!("labels: {{config.linkerd.io/admission-webhooks: disabled}}, {ASKING}");
    let by = "passed_over Namespace/shop#/metadata/labels/config.linkerd.io~1admission-webhooks";
    let two = api("") + &deployment("shop", "web", "", APP);
    assert_eq!(
        unanswered(&shop(&excluded, &two)),
        [format!("{at} {by} [shop/api shop/web]")]
    );
    // it has a token of its own
    let tokenless = deployment(
        "shop",
        "api",
        "",
        &format!("automountServiceAccountToken: false, {APP}"),
    );
    assert!(unanswered(&shop(ASKING, &tokenless)).is_empty());
    let running = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {nodeName: node-1, containers: [{name: app, image: a}]}\n";
    assert!(unanswered(&shop(ASKING, running)).is_empty());
    // nobody asked
    assert!(unanswered(&shop("", &host(""))).is_empty());
}
