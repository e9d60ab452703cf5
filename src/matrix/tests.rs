#![allow(clippy::unwrap_used)]

use super::{Matrix, State, scan};
use crate::policy::Rules;
use crate::scan::{Origin, parse};
use crate::text::{SourceFile, Sources};

const PEERS: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n";

/// A workload in a namespace with sidecars.
fn base(namespace: &str) -> String {
    let all = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n\
        ---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
        spec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    \
        spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}\n";
    all.replace("shop", namespace)
}

fn peers(namespace: &str, mode: &str) -> String {
    format!(
        "{PEERS}metadata: {{name: default, namespace: {namespace}}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
    )
}

/// The cells of each row and its subject, of environments that each have a file, under one rule.
fn table(rule: &str, files: &[(&str, String)]) -> Vec<String> {
    with(rule, files, |matrix| {
        let rows = matrix.rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| match cell.state {
                State::Finding => 'x',
                State::Clear => '.',
                State::Unknown => '?',
                State::Absent => '-',
            });
            format!("{} {}", cells.collect::<String>(), row.subject)
        });
        rows.collect()
    })
}

fn with<T>(rule: &str, files: &[(&str, String)], then: impl FnOnce(&Matrix<'_>) -> T) -> T {
    let rules = Rules::embedded().unwrap().only(|one| &*one.id == rule);
    with_rules(&rules, files, then)
}

fn with_rules<T>(
    rules: &Rules,
    files: &[(&str, String)],
    then: impl FnOnce(&Matrix<'_>) -> T,
) -> T {
    let mut sources = Sources::default();
    for (name, text) in files {
        let directory = name.split('/').next().unwrap();
        let kustomization = format!("{directory}/kustomization.yaml");
        let is_there = files.iter().any(|(name, _)| *name == kustomization)
            || sources.iter().any(|(_, file)| file.name() == kustomization);
        if name.contains('/') && !is_there {
            sources.add(SourceFile::new(kustomization, "resources: [a.yaml]\n"));
        }
        sources.add(SourceFile::new(*name, text.as_str()));
    }
    let parsed = parse(&sources);
    let (outcome, worlds) = scan(&sources, &parsed, rules, &Origin::default());
    then(&worlds.matrix(&outcome.findings))
}

fn mesh(namespace: &str, mode: &str) -> String {
    format!("{}---\n{}", base(namespace), peers(namespace, mode))
}

#[test]
fn a_row_says_what_holds_in_each_environment() {
    let files = [
        ("a/a.yaml", mesh("shop", "PERMISSIVE")),
        ("b/a.yaml", mesh("shop", "STRICT")),
        ("c/a.yaml", base("shop")),
        ("d/a.yaml", mesh("shop", "DISABLE")),
    ];
    let told = table("mtls/permissive", &files);
    assert_eq!(told, ["x.-. PeerAuthentication shop/default"]);
}

#[test]
fn what_could_not_be_judged_is_not_called_clear() {
    let files = |more: &str| {
        [
            ("a/a.yaml", mesh("shop", "PERMISSIVE")),
            ("b/a.yaml", mesh("shop", "STRICT") + more),
            ("c/a.yaml", base("shop") + more),
        ]
    };
    let of = |more| table("mtls/permissive", &files(more));
    assert_eq!(of(""), ["x.- PeerAuthentication shop/default"]);
    // a document that nobody can read may hold the object, too
    assert_eq!(of("---\na: [\n"), ["x?? PeerAuthentication shop/default"]);
    // one that is there and not understood is another one
    let unclear = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\n\
        metadata: {name: x, namespace: shop}\n";
    assert_eq!(of(unclear), ["x?- PeerAuthentication shop/default"]);
}

#[test]
fn a_rule_that_fails_leaves_only_its_own_rows_open() {
    let file = |name: &str, more: &str| {
        let metadata = "# METADATA\n# title: t\n# description: d\n# custom:\n#   severity: high\n\
            #   remediation: r\n#   meshes: [istio]\n";
        let deny = "deny contains {\"msg\": \"m\", \"at\": w.at} if {\n\tsome w in input.workloads\n\t\
            input.scan.environment == \"a\"\n}";
        let text = format!("{metadata}package meshvet.own.{name}\n{deny}\n{more}\n");
        SourceFile::new(format!("own/{name}.rego"), text)
    };
    let fails = "deny contains 3 if input.scan.environment == \"b\"";
    let rules = Rules::from_files([file("fails", fails), file("fine", "")]).unwrap();
    let files = [("a/a.yaml", base("shop")), ("b/a.yaml", base("shop"))];
    with_rules(&rules, &files, |matrix| {
        let states = matrix.rows.iter().map(|row| {
            let states = row.cells.iter().map(|cell| cell.state.name());
            (row.rule.to_string(), states.collect::<Vec<_>>().join(" "))
        });
        let expected = [
            ("own/fails", "finding unknown"),
            ("own/fine", "finding clear"),
        ];
        assert_eq!(
            states.collect::<Vec<_>>(),
            expected.map(|(rule, states)| (rule.to_owned(), states.to_owned()))
        );
        let unjudged = matrix.environments.iter().map(|column| column.unjudged);
        assert_eq!(unjudged.collect::<Vec<_>>(), [0, 1]);
    });
}

#[test]
fn one_base_in_namespaces_of_their_own_is_one() {
    let files = [
        ("a/a.yaml", mesh("shop-a", "PERMISSIVE")),
        ("b/a.yaml", mesh("shop-b", "STRICT")),
    ];
    let told = table("mtls/permissive", &files);
    assert_eq!(told, ["x. PeerAuthentication shop-*/default"]);
    with("mtls/permissive", &files, |matrix| {
        assert_eq!(matrix.alone, 0);
        let names = matrix.alike.iter().flat_map(|one| &one.names);
        let names: Vec<&str> = names.flatten().map(|name| &**name).collect();
        assert_eq!(names, ["shop-a", "shop-b"]);
    });
}

#[test]
fn namespaces_that_cannot_be_told_apart_stay_apart() {
    // both of b's hold what a's holds
    let files = [
        ("a/a.yaml", mesh("one", "PERMISSIVE")),
        (
            "b/a.yaml",
            mesh("two", "STRICT") + "---\n" + &mesh("three", "STRICT"),
        ),
    ];
    let told = table("mtls/permissive", &files);
    assert_eq!(told, ["x- PeerAuthentication one/default"]);
    with("mtls/permissive", &files, |matrix| {
        assert_eq!((matrix.alone, matrix.alike.len()), (3, 0));
    });
}

#[test]
fn the_same_name_is_the_same_namespace_whatever_it_holds() {
    let files = [
        ("a/a.yaml", mesh("shop", "PERMISSIVE")),
        (
            "b/a.yaml",
            mesh("shop", "STRICT").replace("web", "other") + "---\n" + &base("copy"),
        ),
    ];
    let told = table("mtls/permissive", &files);
    assert_eq!(told, ["x. PeerAuthentication shop/default"]);
}

#[test]
fn what_is_in_no_environment_is_named() {
    let files = [
        ("a/a.yaml", base("shop")),
        (
            "b/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n".to_owned(),
        ),
        ("lost.yaml", "a: [\n".to_owned()),
    ];
    with("mtls/permissive", &files, |matrix| {
        assert_eq!(matrix.environments.len(), 1);
        assert_eq!(matrix.without_mesh, ["b"]);
        assert_eq!(matrix.left_out.len(), 1);
    });
}

#[test]
fn what_cannot_be_rendered_is_a_world_of_its_own() {
    let kustomization = "resources: [b.yaml]\nhelmCharts: [{name: x}]\n".to_owned();
    let files = [
        ("x/kustomization.yaml", kustomization),
        ("x/a.yaml", base("shop")),
        ("x/b.yaml", base("other")),
    ];
    with("mtls/permissive", &files, |matrix| {
        let columns = matrix.environments.iter();
        let columns: Vec<_> = columns.map(|one| (&*one.name, one.unjudged)).collect();
        assert_eq!(columns, [(".", 0)]);
        assert_eq!(matrix.left_out.len(), 1);
    });
}

#[test]
fn a_template_beside_the_files_of_an_environment_may_be_one_of_them() {
    let template = "{{ .Values.x }}\nkind: PeerAuthentication\n".to_owned();
    let files = [
        ("a/a.yaml", mesh("shop", "PERMISSIVE")),
        ("b/a.yaml", base("shop")),
        ("b/more.yaml", template),
    ];
    let told = table("mtls/permissive", &files);
    assert_eq!(told, ["x? PeerAuthentication shop/default"]);
}

#[test]
fn a_chart_that_is_not_rendered_is_no_gap_of_others() {
    let files = [
        ("Plain.yaml", base("shop")),
        (
            "chart/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\n".to_owned(),
        ),
        (
            "chart/templates/a.yaml",
            "kind: {{ .Values.kind }}\n".to_owned(),
        ),
        ("chart/kustomization.yaml", "a: 1\n".to_owned()),
    ];
    with("mtls/permissive", &files, |matrix| {
        let columns = matrix.environments.iter();
        let columns: Vec<_> = columns.map(|one| (&*one.name, one.unjudged)).collect();
        assert_eq!(columns, [(".", 0)]);
        assert!(!matrix.left_out.is_empty());
    });
}
