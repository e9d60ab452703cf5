#![allow(clippy::unwrap_used)]

use super::*;
use crate::render;
use crate::syntax::parse;
use crate::text::Sources;

/// Files of one state, by name and text.
struct State {
    sources: Sources,
    documents: Vec<Vec<Document>>,
}

impl State {
    fn read(files: &[(&str, &str)]) -> Self {
        let mut sources = Sources::default();
        let mut documents = Vec::new();
        for (name, text) in files {
            let file = sources.add(SourceFile::new(*name, *text));
            let (mut found, problems) = parse(file, sources.get(file));
            assert!(problems.is_empty(), "{problems:?}");
            assert!(render::embedded::attach(|id| sources.get(id), &mut found).is_empty());
            documents.push(found);
        }
        Self { sources, documents }
    }

    fn files(&self) -> Vec<File<'_>> {
        let sources = self.sources.iter().map(|(_, source)| source);
        let both = sources.zip(&self.documents);
        both.map(|(source, documents)| File { source, documents })
            .collect()
    }
}

fn between(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<FieldChange> {
    let (before, after) = (State::read(before), State::read(after));
    compare(&before.files(), &after.files())
}

/// A change on one line: file and line, object, field, the values, and a star if it is a mesh's.
fn told(change: &FieldChange) -> String {
    let side = |side: &Option<Side>| match side {
        Some(side) => side.value.to_string(),
        None => "-".to_owned(),
    };
    let at = change.after.as_ref().or(change.before.as_ref()).unwrap();
    let resource = change.resource.as_ref();
    format!(
        "{}:{} {} {} {} {}{}",
        at.at.file,
        at.line,
        resource.map_or("-".to_owned(), ToString::to_string),
        if change.field.is_empty() {
            "."
        } else {
            &change.field
        },
        side(&change.before),
        side(&change.after),
        if change.of_mesh { " *" } else { "" }
    )
}

fn all(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
    between(before, after).iter().map(told).collect()
}

/// What changes in one file, from the field on.
fn one(before: &str, after: &str) -> Vec<String> {
    let all = all(&[("a.yaml", before)], &[("a.yaml", after)]);
    let rest = |line: String| line.splitn(3, ' ').nth(2).unwrap().to_owned();
    all.into_iter().map(rest).collect()
}

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
spec:
  mtls:
    mode: STRICT
";

#[test]
fn a_scalar_is_told_with_its_line_and_both_values() {
    let after = POLICY.replace("STRICT", "PERMISSIVE");
    assert_eq!(
        all(&[("a.yaml", POLICY)], &[("a.yaml", &after)]),
        [
            "a.yaml:8 PeerAuthentication.security.istio.io/shop/default /spec/mtls/mode \"STRICT\" \"PERMISSIVE\" *"
        ]
    );
}

#[test]
fn style_order_comments_and_anchors_are_no_change() {
    let flow = "{kind: PeerAuthentication, spec: {mtls: {\"mode\": &x 'STRICT'}}, # why
  metadata: {namespace: shop, name: default}, apiVersion: security.istio.io/v1}\n";
    assert!(one(POLICY, flow).is_empty());
    assert!(one("{a: &x {b: 1}, c: *x}", "{c: {b: 1.0}, a: {b: 0x1}}").is_empty());
    assert_eq!(one("a: 1", "a: '1'"), ["/a 1 \"1\""]);
    assert_eq!(one("a: true", "a: 'true'"), ["/a true \"true\""]);
    assert_eq!(one("a: [1]", "a: [1.0]"), Vec::<String>::new());
}

#[test]
fn an_object_comes_goes_and_moves() {
    let name = "PeerAuthentication.security.istio.io/shop/default";
    let body = "{\"mtls\":{\"mode\":\"STRICT\"}}";
    let body = format!("{{\"spec\":{body}}}");
    assert_eq!(
        all(&[], &[("a.yaml", POLICY)]),
        [format!("a.yaml:4 {name} . - {body} *")]
    );
    assert_eq!(
        all(&[("a.yaml", POLICY)], &[]),
        [format!("a.yaml:4 {name} . {body} - *")]
    );
    let changed = POLICY.replace("STRICT", "PERMISSIVE");
    assert_eq!(
        all(&[("a.yaml", POLICY)], &[("b.yaml", &changed)]),
        [
            format!(
                "b.yaml:4 {name} . {body} {} *",
                body.replace("STRICT", "PERMISSIVE")
            ),
            format!("b.yaml:8 {name} /spec/mtls/mode \"STRICT\" \"PERMISSIVE\" *"),
        ]
    );
}

#[test]
fn another_version_is_no_change_of_the_mesh_and_another_group_another_object() {
    assert_eq!(
        one(POLICY, &POLICY.replace("/v1", "/v1beta1")),
        ["/apiVersion \"security.istio.io/v1\" \"security.istio.io/v1beta1\""]
    );
    assert_eq!(
        one(POLICY, &POLICY.replace("security.istio.io", "a.example")).len(),
        2
    );
    assert_eq!(
        one(
            POLICY,
            &POLICY.replace("namespace: shop", "namespace: bank")
        )
        .len(),
        2
    );
    assert_eq!(
        one(POLICY, &POLICY.replace("  namespace: shop\n", "")).len(),
        2
    );
}

#[test]
fn a_list_of_objects_is_opened() {
    let item = |mode: &str| {
        format!(
            "{{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {{name: {mode}}}, spec: {{mode: {mode}}}}}"
        )
    };
    let list = |items: &str| {
        format!(
            "apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: '{}'}}\nitems: [{items}]\n",
            items.len()
        )
    };
    let (a, b) = (item("a"), item("b"));
    let changes = between(
        &[("a.yaml", &list(&format!("{a}, {b}")))],
        &[(
            "a.yaml",
            &list(&format!("{{}}, {}", b.replace("mode: b", "mode: c"))),
        )],
    );
    let fields: Vec<&str> = changes.iter().map(|change| &*change.field).collect();
    // what is no object in a list is nothing that a name or a place is known of
    assert_eq!(fields, ["", "", "/spec/mode"]);
    let last = changes.last().unwrap();
    assert_eq!(
        last.before.as_ref().unwrap().at.pointer.as_str(),
        "/items/1/spec/mode"
    );
    assert_eq!(
        last.after.as_ref().unwrap().at.pointer.as_str(),
        "/items/1/spec/mode"
    );
    // the same object, alone and elsewhere
    assert_eq!(
        one(&list(&format!("{a}, {b}")), &format!("{b}\n---\n{a}\n")),
        Vec::<String>::new()
    );
}

#[test]
fn several_of_one_name_pair_within_their_file_first() {
    let other = POLICY.replace("STRICT", "DISABLE");
    let changed = POLICY.replace("STRICT", "PERMISSIVE");
    assert_eq!(
        all(
            &[("prod.yaml", POLICY), ("test.yaml", &other)],
            &[("aa.yaml", &other), ("prod.yaml", &changed)]
        )
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned()
            + " "
            + line.split(' ').nth(2).unwrap())
        .collect::<Vec<_>>(),
        ["aa.yaml:4 .", "prod.yaml:8 /spec/mtls/mode"]
    );
}

#[test]
fn documents_without_a_name_pair_by_their_place() {
    let kustomization =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    let changed = kustomization.replace("a.yaml", "b.yaml");
    assert_eq!(
        all(
            &[("k/kustomization.yaml", kustomization)],
            &[("k/kustomization.yaml", &changed)]
        ),
        ["k/kustomization.yaml:3 - /resources/0 \"a.yaml\" \"b.yaml\""]
    );
    // two files are not mixed up, and one that went and came is the same
    assert_eq!(
        all(
            &[("a.yaml", "{a: 1, b: 2, c: 3}")],
            &[("b.yaml", "{a: 1, b: 2, c: 4}")]
        ),
        ["b.yaml:1 - . null null", "b.yaml:1 - /c 3 4"]
    );
    assert_eq!(all(&[("a.yaml", "a: 1")], &[("b.yaml", "a: 2")]).len(), 2);
    assert_eq!(
        all(
            &[("a.yaml", "a: 1"), ("c.yaml", "a: 1")],
            &[("b.yaml", "a: 1")]
        )
        .len(),
        3
    );
}

#[test]
fn what_the_cluster_writes_is_passed_over() {
    let with = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata:
  name: default
  namespace: shop
  uid: u
  generation: 2
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}
  managedFields: [{manager: x}]
  creationTimestamp: '2026-01-01T00:00:00Z'
spec:
  mtls:
    mode: STRICT
status: {a: b}
";
    assert!(one(POLICY, with).is_empty());
    assert!(one(with, POLICY).is_empty());
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {team: a}}
spec:
  replicas: 1
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: web:1
          env: [{name: A, value: hidden}]
        - name: side
          image: side:1
";

#[test]
fn labels_and_annotations_that_a_mesh_reads_are_the_meshs() {
    assert_eq!(
        one(
            WEB,
            &WEB.replace(
                "        app: web\n",
                "        app: web\n        istio.io/rev: x\n"
            )
        ),
        ["/spec/template/metadata/labels/istio.io~1rev - \"x\" *"]
    );
    assert_eq!(
        one(
            WEB,
            &WEB.replace(
                "    metadata:\n      labels",
                "    metadata:\n      annotations: {linkerd.io/inject: enabled, a: b}\n      labels"
            )
        ),
        [
            "/spec/template/metadata/annotations/a - \"b\"",
            "/spec/template/metadata/annotations/linkerd.io~1inject - \"enabled\" *",
        ]
    );
    assert_eq!(
        one(WEB, &WEB.replace("app: web", "app: api")),
        ["/spec/template/metadata/labels/app \"web\" \"api\""]
    );
    for (key, of_mesh) in [
        ("sidecar.istio.io/inject", true),
        ("istio-injection", true),
        ("config.linkerd.io/skip-inbound-ports", true),
        ("consul.hashicorp.com/connect-inject", true),
        ("istio.example/x", false),
        ("notistio.io/x", false),
        ("app", false),
    ] {
        let labelled = WEB.replace("team: a", &format!("team: a, {key}: x"));
        let changes = between(&[("a.yaml", WEB)], &[("a.yaml", &labelled)]);
        assert_eq!(changes.first().unwrap().of_mesh, of_mesh, "{key}");
    }
    // in a mesh's own object too
    let noted = POLICY.replace("  name:", "  labels: {team: a}\n  name:");
    assert_eq!(one(POLICY, &noted), ["/metadata/labels/team - \"a\""]);
}

#[test]
fn containers_pair_by_their_name() {
    let side = "        - name: side\n          image: side:1\n";
    let web =
        "        - name: web\n          image: web:1\n          env: [{name: A, value: hidden}]\n";
    assert_eq!(
        one(WEB, &WEB.replace(web, "").replace("side:1", "side:2")),
        [
            "/spec/template/spec/containers/0 {\"name\":\"web\",\"image\":\"web:1\",\"env\":[{\"name\":\"A\",\"value\":null}]} -",
            "/spec/template/spec/containers/0/image \"side:1\" \"side:2\"",
        ]
    );
    let new = format!("        - name: first\n          image: web:1\n{web}");
    let added = WEB.replace(web, &new).replace(side, "");
    let lines = one(WEB, &added);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("/spec/template/spec/containers/0 - {"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("/spec/template/spec/containers/1 {\"name\":\"side\""),
        "{lines:?}"
    );
}

#[test]
fn items_pair_where_they_are_alike() {
    let list = |items: &str| format!("a: [{items}]");
    for (before, after, expected) in [
        // what stayed is known wherever it stands
        ("u, v, w", "u, w", &["/a/1 \"v\" -"][..]),
        ("u, w", "u, v, w", &["/a/1 - \"v\""]),
        ("u, v", "u, x", &["/a/1 \"v\" \"x\""]),
        (
            "u, v",
            "x",
            &["/a/0 - \"x\"", "/a/0 \"u\" -", "/a/1 \"v\" -"],
        ),
        // one for one, a key in common is enough; else an entry
        ("{p: 1}", "{p: 2}", &["/a/0/p 1 2"]),
        (
            "{p: 1}",
            "{q: 1}",
            &["/a/0 - {\"q\":1}", "/a/0 {\"p\":1} -"],
        ),
        (
            "{p: 1, q: 1}",
            "{p: 1, q: 2}, {r: 1}",
            &["/a/0/q 1 2", "/a/1 - {\"r\":1}"],
        ),
        (
            "{p: 1}",
            "{p: 2}, {r: 1}",
            &["/a/0 - {\"p\":2}", "/a/1 - {\"r\":1}", "/a/0 {\"p\":1} -"],
        ),
        ("[1, 2]", "[1, 3]", &["/a/0/1 2 3"]),
        ("1", "{p: 1}", &["/a/0 - {\"p\":1}", "/a/0 1 -"]),
    ] {
        let mut lines = one(&list(before), &list(after));
        let mut expected = expected.to_vec();
        lines.sort();
        expected.sort();
        assert_eq!(lines, expected, "{before} -> {after}");
    }
}

#[test]
fn numbers_of_items_are_those_of_their_own_side() {
    let changes = between(
        &[("a.yaml", "a: [x, {k: 1, v: 1}]")],
        &[("a.yaml", "a: [{k: 1, v: 2}]")],
    );
    let value = changes
        .iter()
        .find(|change| change.field.ends_with("/v"))
        .unwrap();
    assert_eq!(value.field, "/a/0/v");
    assert_eq!(value.before.as_ref().unwrap().at.pointer.as_str(), "/a/1/v");
    assert_eq!(value.after.as_ref().unwrap().at.pointer.as_str(), "/a/0/v");
}

#[test]
fn lines_are_those_of_what_is_written() {
    for (before, after, lines) in [
        ("x: 1\na:\n  b: c\n", "x: 1\na:\n  b:\n", &[3][..]),
        ("a: 1\n", "a:\n  b: 1\n  c: 1\n", &[1]),
        ("x: 1\n", "x: 1\na:\n- b\n", &[2]),
        ("x: 1\n", "x: 1\na:\n  b: 1\n", &[2]),
        ("x: 1\n", "x: 1\na:\n  b\n", &[3]),
        ("x: 1\n", "x: 1\na: [b]\n", &[2]),
        ("a: |\n  x\n", "# z\na: |\n  x\n  y\n", &[2]),
        ("a: [1]\n", "a:\n- 1\n- k: 1\n  l: 1\n", &[3]),
        ("a: 1\nb: 1\nc: 1\n", "c: 2\na: 2\n", &[1, 2, 2]),
    ] {
        let changes = between(&[("a.yaml", before)], &[("a.yaml", after)]);
        let found: Vec<u32> = changes
            .iter()
            .map(|change| {
                change
                    .after
                    .as_ref()
                    .or(change.before.as_ref())
                    .unwrap()
                    .line
            })
            .collect();
        assert_eq!(found, lines, "{after}");
    }
}

const SETTINGS: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-
    accessLogFile: /dev/stdout
    token: abc
  other: x
";

#[test]
fn a_document_in_a_text_is_compared_inside() {
    assert_eq!(
        all(
            &[("a.yaml", SETTINGS)],
            &[(
                "a.yaml",
                &SETTINGS.replace("/dev/stdout", "''").replace("abc", "xyz")
            )]
        ),
        [
            "a.yaml:6 ConfigMap/istio-system/istio /data/mesh/accessLogFile \"/dev/stdout\" \"\" *",
            "a.yaml:7 ConfigMap/istio-system/istio /data/mesh/token null null *",
        ]
    );
    // a comment in it is none of the mesh's configuration
    let commented = SETTINGS.replace("    token", "    # why\n    token");
    assert!(one(SETTINGS, &commented).is_empty());
    assert_eq!(
        one(
            SETTINGS,
            &SETTINGS
                .replace("  other: x\n", "")
                .replace("mesh: |-", "mess: |-")
        ),
        [
            "/data/mesh {\"accessLogFile\":\"/dev/stdout\",\"token\":null} - *",
            "/data/mess - null",
            "/data/other null -",
        ]
    );
}

#[test]
fn no_secret_is_shown() {
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----";
    let secret = "hunter2";
    for text in [
        "{apiVersion: v1, kind: Secret, metadata: {name: s, labels: {istio.io/x: hunter2}}, data: {a: hunter2}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hunter2}}",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: s}, data: {a: hunter2}, binaryData: {b: hunter2}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: c, env: [{name: A, value: hunter2}]}]}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: c, args: ['--token=hunter2']}]}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: s}, spec: {containers: [{name: c, command: ['a --db-password hunter2']}]}}",
        "{global: {password: hunter2, apiToken: {x: [hunter2]}, tls.key: hunter2, caPrivateKey: hunter2}}",
        "{app: {extraEnv: {A: hunter2}, db_pass: hunter2, env: [a, hunter2]}}",
        "{apiVersion: v1, kind: Pod, metadata: {name: s, annotations: {config.linkerd.io/proxy-additional-env: '[{\"name\": \"A\", \"value\": \"hunter2\"}]'}}}",
        "{global: {gossip: {encrypt: hunter2}}, licence: {license: hunter2}}",
        "{x: {name: DB_PASSWORD, value: hunter2}}",
        "{x: 'postgres://me:hunter2@db/x'}",
        "{x: {Authorization: hunter2}, y: Bearer hunter2}",
        "{apiVersion: bitnami.com/v1, kind: SealedSecret, metadata: {name: s}, spec: {clientSecret: hunter2}}",
        "{apiVersion: networking.istio.io/v1, kind: EnvoyFilter, metadata: {name: s}, spec: {a: {x-api-key: {exact: hunter2}}, b: {secret: hunter2}}}",
        "{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: s}, spec: {jwks: '{\"keys\": [{\"kty\": \"oct\", \"k\": \"hunter2\"}]}'}}",
        "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: s}, spec: {when: [{key: 'request.headers[x-token]', values: [hunter2]}]}}",
        "{a: {b: '-----BEGIN EC PRIVATE KEY----- hunter2'}, c: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t hunter2}",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: istio}, data: {mesh: 'a: {password: hunter2}'}}",
    ] {
        let other = text
            .replace(secret, "hunter3")
            .replace(KEY, "-----BEGIN RSA PRIVATE KEY-----");
        let empty = text
            .split_once("metadata: {name: ")
            .map_or("{}".to_owned(), |(head, rest)| {
                let name = rest.split(['}', ',']).next().unwrap();
                format!("{head}metadata: {{name: {name}}}}}")
            });
        for (before, after) in [
            (text, &*other),
            (&*empty, text),
            (text, &*empty),
            ("{}", text),
            (text, "{}"),
            (text, "[1]"),
        ] {
            let changes = between(&[("a.yaml", before)], &[("a.yaml", after)]);
            assert!(!changes.is_empty(), "{before} {after}");
            let shown = format!("{changes:?}");
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}

#[test]
fn settings_of_a_mesh_are_shown_though_they_are_variables() {
    let text = |value: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {{values: {{pilot: {{env: {{PILOT_X: '{value}'}}}}}}}}\n"
        )
    };
    assert_eq!(
        all(&[("a.yaml", &text("a"))], &[("a.yaml", &text("b"))]),
        [
            "a.yaml:3 IstioOperator.install.istio.io/unnamed /spec/values/pilot/env/PILOT_X \"a\" \"b\" *"
        ]
    );
}

#[test]
fn metadata_of_something_else_is_told() {
    let text =
        |uid: &str| POLICY.replace("  mtls:", &format!("  metadata: {{uid: {uid}}}\n  mtls:"));
    assert_eq!(
        one(&text("a"), &text("b")),
        ["/spec/metadata/uid \"a\" \"b\" *"]
    );
}

#[test]
fn names_of_secrets_and_switches_are_shown() {
    for (before, after) in [
        ("credentialName: a", "credentialName: b"),
        ("secretName: a", "secretName: b"),
        (
            "automountServiceAccountToken: true",
            "automountServiceAccountToken: false",
        ),
        ("key: a", "key: b"),
        ("mode: a", "mode: b"),
    ] {
        let lines = one(before, after);
        assert!(!lines.concat().contains("null"), "{lines:?}");
    }
}

#[test]
fn what_is_huge_is_compared_in_time() {
    let list = |of: &dyn Fn(usize) -> usize| -> String {
        let items: Vec<String> = (0..100_000).map(|n| of(n).to_string()).collect();
        format!("a: [{}]\n", items.join(","))
    };
    let before = list(&|n| n);
    assert_eq!(one(&before, &list(&|n| (n * 17 / 5) % 7)), ["/a null null"]);
    // what differs in one stretch is told item by item
    let after = list(&|n| if n == 50_000 { 7 } else { n });
    assert_eq!(one(&before, &after), ["/a/50000 50000 7"]);
    let map = |value: &str| -> String { (0..50_000).map(|n| format!("k{n}: {value}\n")).collect() };
    assert_eq!(
        between(&[("a.yaml", &map("1"))], &[("a.yaml", &map("2"))]).len(),
        50_000
    );
}

#[test]
fn long_ways_and_long_values_are_not_told_again_and_again() {
    let key = "k".repeat(1_000_000);
    let deep = |value: &str| {
        format!(
            "? {key}\n: [{}]\nb: {value}\n",
            format!("{value},").repeat(10_000)
        )
    };
    let changes = between(&[("a.yaml", &deep("1"))], &[("a.yaml", &deep("2"))]);
    let fields: Vec<usize> = changes.iter().map(|change| change.field.len()).collect();
    assert_eq!(fields, [key.len() + 1, 2]);
    let text = "word ".repeat(100_000);
    let many = |end: &str| format!("a: &x '{text}'\nb: [{}]\nc: {end}\n", "*x,".repeat(100_000));
    assert_eq!(one(&many("1"), &many("2")), ["/c 1 2"]);
    let changes = one("a: 1", &many("1"));
    assert!(
        changes.iter().all(|line| line.len() < 100),
        "{}",
        changes.len()
    );
}

#[test]
fn deep_documents_are_compared() {
    for (open, close) in [("[", "]"), ("{a: ", "}")] {
        let deep = |value: &str| format!("{}{value}{}", open.repeat(250), close.repeat(250));
        assert_eq!(one(&deep("1"), &deep("2")).len(), 1);
        assert!(!one(&deep("1"), "x: 1").is_empty());
        let inside = |value: &str| SETTINGS.replace("token: abc", &format!("t: {}", deep(value)));
        assert_eq!(one(&inside("1"), &inside("2")).len(), 1);
    }
}

#[test]
fn a_document_names_its_objects() {
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n  - {}",
        POLICY.replace('\n', "\n    ")
    );
    let state = State::read(&[("a.yaml", &text)]);
    let names: Vec<String> = resources(&state.documents[0][0])
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["PeerAuthentication.security.istio.io/shop/default"]);
}
