//! What cannot be decided is never called a pass: verdicts that depend on something say on what.

use meshvet::cli::Exit;
use serde_json::Value;

use crate::cli::{Ran, SHOP, meshvet, meshvet_with, root};

/// Another workload of the shop, which calls.
const WEB: &str = "\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      containers:
      - name: app
---
apiVersion: v1
kind: Service
metadata:
  name: api
  namespace: shop
spec:
  selector:
    app: api
  ports:
  - name: http
    port: 80
    targetPort: 8080
";

fn can(manifests: &str, flags: &[&str]) -> Ran {
    let text = format!("{SHOP}{WEB}---\n{manifests}");
    let args = [
        &[
            "can",
            "shop/web",
            "shop/api:8080",
            "-",
            "-f",
            "json",
            "--allow-partial",
        ],
        flags,
    ]
    .concat();
    meshvet_with(&root(), &args, &text)
}

/// The first line of the manifests that a test adds.
fn first_line() -> u64 {
    (SHOP.lines().count() + WEB.lines().count() + 2) as u64
}

/// The verdict, and the lines of the steps that left it open.
fn open_steps(answer: &Value) -> (String, Vec<u64>) {
    let verdict = answer["verdict"].as_str().unwrap_or("").to_owned();
    let steps = answer["paths"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|path| path["steps"].as_array().cloned());
    let open = steps.flatten().filter(|step| step["outcome"] == "open");
    (
        verdict,
        open.filter_map(|step| step["location"]["line"].as_u64())
            .collect(),
    )
}

#[test]
fn a_plain_answer_names_its_lines() {
    let ran = can("", &[]);
    assert_eq!(ran.exit, Exit::Fine, "{}", ran.stderr);
    let answer = ran.json();
    assert_eq!(answer["verdict"], "allow");
    assert_eq!(answer["transport"], "mtls");
    assert_eq!(answer["to"], "shop/api:8080");
    for step in answer["paths"][0]["steps"].as_array().expect("steps") {
        assert!(step["location"]["line"].is_u64(), "{step}");
    }
}

#[test]
fn what_is_not_understood_makes_the_verdict_depend_on_it() {
    let line = first_line();
    for (what, manifest) in [
        (
            "an EnvoyFilter that touches access control",
            "kind: EnvoyFilter\napiVersion: networking.istio.io/v1alpha3\nmetadata: {name: x, namespace: shop}\nspec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    match: {listener: {filterChain: {filter: {subFilter: {name: envoy.filters.http.rbac}}}}}\n    patch: {operation: REMOVE}\n",
        ),
        (
            "a plugin",
            "kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nmetadata: {name: x, namespace: shop}\nspec: {url: \"oci://a/b\"}\n",
        ),
        (
            "a plugin of the whole mesh",
            "kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nmetadata: {name: x, namespace: istio-system}\nspec: {url: \"oci://a/b\"}\n",
        ),
        (
            "a port that is served by hand",
            "kind: Sidecar\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  ingress:\n  - port: {number: 8080, name: http, protocol: HTTP}\n    defaultEndpoint: 127.0.0.1:8080\n",
        ),
        (
            "a NetworkPolicy",
            "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec: {podSelector: {matchLabels: {app: api}}}\n",
        ),
    ] {
        let ran = can(manifest, &[]);
        let (verdict, lines) = open_steps(&ran.json());
        assert_eq!(verdict, "conditional", "{what}: {}", ran.stdout);
        assert_eq!(ran.exit, Exit::Found, "{what}");
        assert!(lines.contains(&line), "{what}: {lines:?}");
        // and without leave to be incomplete it says so
        let text = format!("{SHOP}{WEB}---\n{manifest}");
        let ran = meshvet_with(&root(), &["scan", "-", "--fail-on", "never"], &text);
        assert_eq!(ran.exit, Exit::Incomplete, "{what}");
    }
}

#[test]
fn what_touches_nothing_here_changes_nothing() {
    for manifest in [
        // rate limits are none of our business
        "kind: EnvoyFilter\napiVersion: networking.istio.io/v1alpha3\nmetadata: {name: x, namespace: shop}\nspec:\n  configPatches:\n  - applyTo: HTTP_FILTER\n    patch: {operation: INSERT_BEFORE, value: {name: envoy.filters.http.local_ratelimit}}\n",
        // another namespace
        "kind: WasmPlugin\napiVersion: extensions.istio.io/v1alpha1\nmetadata: {name: x, namespace: other}\nspec: {url: \"oci://a/b\"}\n",
        // other pods
        "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec: {podSelector: {matchLabels: {app: other}}}\n",
        // the same host, split by subsets that say nothing of TLS
        "kind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  hosts: [api]\n  http:\n  - route:\n    - destination: {host: api, subset: v1}\n---\nkind: DestinationRule\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  host: api\n  subsets: [{name: v1, labels: {app: api}}]\n",
        // the service is among what the client's proxy knows of
        "kind: Sidecar\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  egress:\n  - hosts: [\"./*\"]\n",
    ] {
        let ran = can(manifest, &[]);
        assert_eq!(ran.json()["verdict"], "allow", "{manifest}: {}", ran.stdout);
    }
}

#[test]
fn a_call_that_is_routed_elsewhere_does_not_arrive() {
    let ran = can(
        "kind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  hosts: [api]\n  http:\n  - route:\n    - destination: {host: elsewhere}\n",
        &[],
    );
    let answer = ran.json();
    assert_eq!(answer["verdict"], "deny", "{answer:#}");
    let line = &answer["paths"][0]["steps"][0]["location"]["line"];
    assert_eq!(line.as_u64(), Some(first_line() + 7), "{answer:#}");
}

#[test]
fn what_changes_nothing_either_way_leaves_nothing_open() {
    let policy = |name: &str, action: &str, source: &str| {
        format!(
            "---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: api}}}}\n  action: {action}\n  rules:\n  - from: [{{source: {{{source}}}}}]\n"
        )
    };
    let (address, namespace) = ("ipBlocks: [\"10.1.0.0/16\"]", "namespaces: [\"shop\"]");
    let nobody = "namespaces: [\"nobody\"]";
    for (first, second, verdict) in [
        (("ALLOW", address), ("ALLOW", namespace), "allow"),
        (("ALLOW", address), ("ALLOW", nobody), "conditional"),
        (("DENY", address), ("ALLOW", namespace), "conditional"),
        (("DENY", address), ("DENY", namespace), "deny"),
        (("DENY", address), ("ALLOW", nobody), "deny"),
        (("ALLOW", address), ("DENY", namespace), "deny"),
    ] {
        let both = format!(
            "{}{}",
            policy("a", first.0, first.1),
            policy("b", second.0, second.1)
        );
        let answer = can(&both, &["--path", "/"]).json();
        assert_eq!(answer["verdict"], verdict, "{both}: {answer:#}");
    }
}

#[test]
fn two_versions_of_a_policy_leave_it_open() {
    let one = |mode: &str| {
        format!(
            "kind: PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {{name: x, namespace: shop}}\nspec:\n  mtls: {{mode: {mode}}}\n"
        )
    };
    let ran = can(&format!("{}---\n{}", one("STRICT"), one("DISABLE")), &[]);
    assert_eq!(ran.json()["verdict"], "conditional", "{}", ran.stdout);
    // the same twice is no second version
    let ran = can(&format!("{}---\n{}", one("STRICT"), one("STRICT")), &[]);
    assert_eq!(ran.json()["verdict"], "allow", "{}", ran.stdout);
}

#[test]
fn a_provider_that_is_asked_decides_and_not_we() {
    let config = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    extensionProviders:\n    - name: opa\n      envoyExtAuthzGrpc: {service: opa.shop.svc.cluster.local, port: 9191}\n";
    let policy = "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  action: CUSTOM\n  provider: {name: opa}\n  rules:\n  - to:\n    - operation: {paths: [\"/admin\"]}\n";
    let both = format!("{config}---\n{policy}");
    assert_eq!(
        can(&both, &["--path", "/admin"]).json()["verdict"],
        "conditional"
    );
    assert_eq!(can(&both, &["--path", "/"]).json()["verdict"], "allow");
}

#[test]
fn an_address_that_is_not_known_is_not_guessed() {
    let policy = "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  rules:\n  - from:\n    - source: {ipBlocks: [\"10.0.0.0/8\"]}\n";
    assert_eq!(can(policy, &[]).json()["verdict"], "conditional");
    assert_eq!(
        can(policy, &["--ip", "10.1.1.1"]).json()["verdict"],
        "allow"
    );
    assert_eq!(
        can(policy, &["--ip", "192.0.2.1"]).json()["verdict"],
        "deny"
    );
}

#[test]
fn a_namespace_that_is_not_in_the_input_leaves_membership_open() {
    let text = format!("{SHOP}{WEB}").replacen("kind: Namespace", "kind: ConfigMap", 1);
    let strict = "---\nkind: PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  mtls: {mode: STRICT}\n";
    let args = ["facts", "-", "--allow-partial"];
    let facts = meshvet_with(&root(), &args, &format!("{text}{strict}")).json();
    assert_eq!(facts["workloads"][0]["membership"], "unknown", "{facts:#}");
    // in or out, the two are so together, and the call passes either way
    let args = ["can", "shop/web", "shop/api:8080", "-", "-f", "json"];
    let answer = meshvet_with(&root(), &args, &format!("{text}{strict}")).json();
    assert_eq!(answer["verdict"], "allow", "{answer:#}");
    assert_eq!(answer["transport"], "plaintext");
    // someone without a proxy passes only if there is none on the other side either
    let args = ["can", "ip:10.9.9.9", "shop/api:8080", "-", "-f", "json"];
    let answer = meshvet_with(&root(), &args, &format!("{text}{strict}")).json();
    assert_eq!(answer["verdict"], "conditional", "{answer:#}");
}

#[test]
fn a_way_in_that_is_not_understood_keeps_a_refusal_open() {
    let text = format!("{SHOP}{WEB}").replacen(
        "spec:\n  selector:\n    app: api",
        "spec:\n  type: LoadBalancer\n  selector:\n    app: api",
        1,
    );
    let strict = "---\nkind: PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  mtls: {mode: STRICT}\n";
    let gateway = "---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  gatewayClassName: another\n  listeners: [{name: http, port: 80, protocol: HTTP}]\n---\nkind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  parentRefs: [{name: x}]\n  rules: [{backendRefs: [{name: api, port: 80}]}]\n";
    let args = [
        "can",
        "external",
        "shop/api:8080",
        "-",
        "-f",
        "json",
        "--allow-partial",
    ];
    let verdict = |text: &str| meshvet_with(&root(), &args, text).json()["verdict"].clone();
    assert_eq!(verdict(&text), "allow");
    assert_eq!(verdict(&format!("{text}{strict}")), "deny");
    assert_eq!(verdict(&format!("{text}{gateway}")), "allow");
    assert_eq!(verdict(&format!("{text}{strict}{gateway}")), "unknown");
}

#[test]
fn references_that_lead_nowhere_say_what_is_there() {
    for (from, to, message) in [
        (
            "shop/wbe",
            "shop/api:8080",
            "there is no workload shop/wbe; there is shop/api, shop/web",
        ),
        (
            "web",
            "shop/api:8080",
            "there is no workload web; there is shop/web",
        ),
        (
            "cart",
            "shop/api:8080",
            "there is no workload cart; one in Kubernetes is written namespace/name",
        ),
        (
            "/web",
            "shop/api:8080",
            "\"/web\" is no workload: write namespace/name",
        ),
        ("ip:nonsense", "shop/api:8080", "\"nonsense\" is no address"),
    ] {
        let text = format!("{SHOP}{WEB}");
        let ran = meshvet_with(&root(), &["can", from, to, "-"], &text);
        assert_eq!(ran.exit, Exit::Usage, "{from}");
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}

#[test]
fn a_service_outside_kubernetes_goes_by_its_name() {
    let registered = |name: &str| {
        format!(
            "---\n{{\"service\": {{\"name\": \"{name}\", \"port\": 8080, \"connect\": {{}}}}}}\n"
        )
    };
    // the workload of the same name in Kubernetes is another one
    let text = format!("{SHOP}{WEB}{}{}", registered("web"), registered("cart"));
    let args = ["can", "web", "cart:8080", "-", "--allow-partial"];
    let ran = meshvet_with(&root(), &args, &text);
    ran.says("web → cart:8080");
    let facts = meshvet_with(&root(), &["facts", "-", "--allow-partial"], &text).json();
    let ids = |section: &str| -> Vec<String> {
        let all = facts[section].as_array().expect("a list").iter();
        all.filter_map(|one| one["id"].as_str())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(ids("workloads"), ["shop/api", "shop/web", "web", "cart"]);
    assert_eq!(ids("listeners"), ["shop/api:8080", "web:8080", "cart:8080"]);

    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
    };
    let test =
        |from: &str, to: &str| format!("- {{name: t, from: {from}, to: {to}, expect: allow}}\n");
    write("all.yaml", &text);
    write(
        "a.meshvet-test.yaml",
        &[
            "tests:\n".to_owned(),
            test("{service: web}", "{service: cart, port: 8080}"),
            test("{service: api}", "{service: cart, port: 8080}"),
            test("{service: web}", "{service: api, port: 8080}"),
            test("{service: web}", "{port: 8080}"),
        ]
        .concat(),
    );
    let args = ["test", "-f", "json", "--allow-partial"];
    let tests = meshvet(dir.path(), &args).json();
    let because = |i: usize| tests["tests"][i]["because"].clone();
    assert!(!tests["tests"][0]["location"].is_null(), "{tests:#}");
    assert_eq!(because(1), "there is no service api outside Kubernetes");
    assert_eq!(because(2), "there is no service api outside Kubernetes");
    assert_eq!(because(3), "the test does not say who is called");
}

#[test]
fn a_service_port_is_the_port_behind_it() {
    let args = [
        "can",
        "deployment/shop/web",
        "shop/api:80",
        "-",
        "-f",
        "json",
    ];
    let answer = meshvet_with(&root(), &args, &format!("{SHOP}{WEB}")).json();
    assert_eq!(answer["verdict"], "allow", "{answer:#}");
}

#[test]
fn facts_hold_what_is_promised() {
    let facts = meshvet_with(&root(), &["facts", "-"], &format!("{SHOP}{WEB}")).json();
    let api = facts["workloads"]
        .as_array()
        .expect("workloads")
        .iter()
        .find(|w| w["id"] == "shop/api")
        .expect("api");
    for (field, value) in [
        ("namespace", "shop"),
        ("name", "api"),
        ("kind", "Deployment"),
        ("mesh", "istio"),
        ("membership", "meshed"),
        ("identity", "cluster.local/ns/shop/sa/default"),
    ] {
        assert_eq!(api[field], value, "{api:#}");
    }
    assert_eq!(api["access_log"]["state"], "off");
    let listener = &facts["listeners"][0];
    assert_eq!(listener["workload"], "shop/api");
    assert_eq!(listener["port"], 8080);
    assert_eq!(listener["tls"]["mode"], "permissive");
    assert!(
        listener["tls"]["at"]
            .as_str()
            .is_some_and(|at| at.contains('#'))
    );
    assert_eq!(facts["meshes"][0]["kind"], "istio");
    assert_eq!(facts["meshes"][0]["access_log"]["state"], "off");
    assert_eq!(facts["meshes"][0]["audit_log"]["state"], "unknown");
}

#[test]
fn a_provider_that_writes_no_log_is_none() {
    for (provider, state) in [("prometheus", "off"), ("absent", "off"), ("envoy", "on")] {
        let telemetry = format!(
            "---\nkind: Telemetry\napiVersion: telemetry.istio.io/v1\nmetadata: {{name: x, namespace: shop}}\nspec:\n  accessLogging:\n  - providers: [{{name: {provider}}}]\n"
        );
        let text = format!("{SHOP}{telemetry}");
        let facts = meshvet_with(&root(), &["facts", "-", "--allow-partial"], &text).json();
        let found = &facts["workloads"][0]["access_log"]["state"];
        assert_eq!(found, state, "{provider}: {facts:#}");
    }
}

#[test]
fn tests_that_fail_say_what_was_found() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a.yaml"), format!("{SHOP}{WEB}")).expect("written");
    let test = "tests:\n- name: closed\n  from: {workload: shop/web}\n  to: {workload: shop/api, port: 8080}\n  expect: deny\n- name: open\n  from: {workload: shop/web}\n  to: {workload: shop/api, port: 8080}\n  expect: allow\n  transport: mtls\n";
    std::fs::write(dir.path().join("a.meshvet-test.yaml"), test).expect("written");
    let ran = crate::cli::meshvet(dir.path(), &["test"]);
    assert_eq!(ran.exit, Exit::Found);
    ran.says("FAILED  closed  (a.meshvet-test.yaml:2)");
    ran.says("expected deny, found allow over mtls");
    ran.says("1 passed, 1 failed");
    let junit = crate::cli::meshvet(dir.path(), &["test", "-f", "junit"]).stdout;
    assert!(junit.contains(r#"tests="2" failures="1""#), "{junit}");
    // a test that cannot be read is never passed over
    std::fs::write(
        dir.path().join("a.meshvet-test.yaml"),
        format!("{test}- name: odd\n  form: 1\n"),
    )
    .expect("written");
    let ran = crate::cli::meshvet(dir.path(), &["test"]);
    assert_eq!(ran.exit, Exit::Incomplete, "{}{}", ran.stdout, ran.stderr);
}

/// The shop in ambient mode, its API behind a waypoint that lets nobody delete.
fn behind_a_waypoint() -> String {
    let text = format!("{SHOP}{WEB}").replacen(
        "istio-injection: enabled",
        "istio.io/dataplane-mode: ambient\n    istio.io/use-waypoint: front",
        1,
    );
    let waypoint = "---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: front, namespace: shop}\nspec:\n  gatewayClassName: istio-waypoint\n  listeners: [{name: mesh, port: 15008, protocol: HBONE}]\n";
    let policy = "---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: keep, namespace: shop}\nspec:\n  targetRefs: [{group: \"\", kind: Service, name: api}]\n  action: DENY\n  rules: [{to: [{operation: {methods: [DELETE]}}]}]\n";
    format!("{text}{waypoint}{policy}")
}

#[test]
fn what_dialling_the_pod_itself_gains_is_said_beside_the_verdict() {
    let args = [
        "can",
        "shop/web",
        "shop/api:8080",
        "-",
        "--method",
        "DELETE",
    ];
    let text = behind_a_waypoint();
    let ran = meshvet_with(&root(), &[&args[..], &["-f", "json"]].concat(), &text);
    let answer = ran.json();
    assert_eq!(answer["verdict"], "deny", "{answer:#}");
    assert_eq!(answer["bypass"][0]["verdict"], "allow", "{answer:#}");
    assert_eq!(answer["bypass"][0]["transport"], "mtls");
    let ran = meshvet_with(&root(), &args, &text);
    ran.says("the waypoint shop/front: this rule refuses it");
    ran.says("if it dials the pod itself");
    // where the verdict is yes, there is nothing to gain
    let args = [
        "can",
        "shop/web",
        "shop/api:8080",
        "-",
        "--method",
        "GET",
        "-f",
        "json",
    ];
    let answer = meshvet_with(&root(), &args, &text).json();
    assert_eq!(answer["verdict"], "allow", "{answer:#}");
    assert_eq!(answer["bypass"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_test_may_ask_that_there_be_no_way_around() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
    };
    let tests = "tests:\n- name: nobody deletes\n  from: {workload: shop/web}\n  to: {workload: shop/api, port: 8080}\n  request: {method: DELETE}\n  expect: deny\n  bypass: none\n";
    write("all.yaml", &behind_a_waypoint());
    write("shop.meshvet-test.yaml", tests);
    let ran = meshvet(dir.path(), &["test", ".", "-f", "json"]);
    assert_eq!(ran.json()["tests"][0]["passed"], false, "{}", ran.stdout);
    // the pods take calls of the waypoint only
    let only = "---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: only, namespace: shop}\nspec:\n  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/front]}}]}]\n";
    write("all.yaml", &format!("{}{only}", behind_a_waypoint()));
    let ran = meshvet(dir.path(), &["test", ".", "-f", "json"]);
    assert_eq!(ran.json()["tests"][0]["passed"], true, "{}", ran.stdout);
}

#[test]
fn what_is_outside_may_be_called_or_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let tests = |expect: &str, transport: &str| {
        format!(
            "tests:\n- name: out\n  from: {{workload: shop/web}}\n  to: {{external: true, host: api.example.com, port: 443}}\n  expect: {expect}\n{transport}"
        )
    };
    let entry = "---\nkind: ServiceEntry\napiVersion: networking.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  hosts: [\"*.example.com\"]\n  ports: [{number: 443, name: tls, protocol: TLS}]\n";
    let only = "---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n";
    for (manifests, expect, transport) in [
        (String::new(), "allow", "  transport: plaintext\n"),
        (only.to_owned(), "deny", ""),
        (format!("{only}{entry}"), "allow", "  transport: tls\n"),
    ] {
        let text = format!("{SHOP}{WEB}{manifests}");
        std::fs::write(dir.path().join("all.yaml"), text).expect("written");
        let file = dir.path().join("shop.meshvet-test.yaml");
        std::fs::write(file, tests(expect, transport)).expect("written");
        let ran = meshvet(dir.path(), &["test", ".", "-f", "json"]);
        assert_eq!(
            ran.json()["tests"][0]["passed"],
            true,
            "{manifests}: {}",
            ran.stdout
        );
    }
}

#[test]
fn what_becomes_of_a_call_at_a_gateway_that_is_not_read_is_open() {
    let manifests = |gateway: &str| {
        format!(
            "{SHOP}{WEB}---\nkind: ServiceEntry\napiVersion: networking.istio.io/v1\n\
             metadata: {{name: x, namespace: shop}}\nspec:\n  hosts: [api.example.com]\n  \
             ports: [{{number: 80, name: http, protocol: HTTP}}]\n---\nkind: VirtualService\n\
             apiVersion: networking.istio.io/v1\nmetadata: {{name: x, namespace: shop}}\nspec:\n  \
             hosts: [api.example.com]\n  http: [{{route: [{{destination: {{host: out-istio}}}}]}}]\n\
             ---\nkind: Service\napiVersion: v1\nmetadata: {{name: out-istio, namespace: shop}}\n\
             spec: {{selector: {{app: out}}, ports: [{{port: 80}}]}}\n{gateway}"
        )
    };
    let made = "---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\n\
        metadata: {name: out, namespace: shop}\nspec:\n  gatewayClassName: istio\n  \
        addresses: [{value: out-istio, type: Hostname}]\n  \
        listeners: [{name: http, port: 80, protocol: HTTP}]\n";
    for (gateway, why) in [
        (
            "",
            "the pods of the gateway that it is led to are not in the input",
        ),
        (made, "leads out of the cluster is not looked into"),
    ] {
        let tests = "tests:\n- name: out\n  from: {workload: shop/web}\n  \
            to: {external: true, host: api.example.com, port: 80}\n  expect: allow\n";
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("shop.meshvet-test.yaml");
        std::fs::write(file, tests).expect("written");
        std::fs::write(dir.path().join("all.yaml"), manifests(gateway)).expect("written");
        let ran = meshvet(dir.path(), &["test", "."]);
        ran.says("found conditional");
        ran.says(why);
    }
}

#[test]
fn an_ingress_of_another_controller_is_a_client_like_any_other() {
    let ingress = "---\nkind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  ingressClassName: nginx\n  rules:\n  - http:\n      paths:\n      - {path: /shop, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}\n";
    let controller = "---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: nginx, namespace: edge}\nspec:\n  template:\n    metadata: {labels: {app.kubernetes.io/name: nginx}}\n    spec: {containers: [{name: c, image: nginx}]}\n---\nkind: Namespace\napiVersion: v1\nmetadata: {name: edge}\n";
    let strict = "---\nkind: PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec:\n  mtls: {mode: STRICT}\n";
    let verdict = |manifests: &str, path: &str| {
        let text = format!("{SHOP}{WEB}{manifests}");
        let args = [
            "can",
            "external",
            "shop/api:8080",
            "-",
            "-f",
            "json",
            "--path",
            path,
        ];
        meshvet_with(&root(), &args, &text).json()["verdict"].clone()
    };
    let both = format!("{ingress}{controller}");
    assert_eq!(verdict(&both, "/shop/a"), "allow");
    assert_eq!(verdict(&both, "/other"), "deny");
    assert_eq!(verdict(&format!("{both}{strict}"), "/shop/a"), "deny");
    // who calls from a controller that is not here is not known
    assert_eq!(
        verdict(&format!("{ingress}{strict}"), "/shop/a"),
        "conditional"
    );
}

#[test]
fn settings_are_read_from_values_of_a_chart() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::write(file, text).expect("written");
    };
    write("app.yaml", SHOP);
    write(
        "mesh/Chart.yaml",
        "apiVersion: v2\nname: mesh\nversion: 1.0.0\ndependencies: [{name: istiod}]\n",
    );
    write(
        "mesh/values.yaml",
        "istiod:\n  meshConfig:\n    accessLogFile: \"\"\n",
    );
    let args = ["scan", "-f", "json", "--allow-partial"];
    let found = crate::cli::meshvet(dir.path(), &args).json();
    let findings = found["findings"].as_array().expect("findings");
    let log = findings.iter().find(|f| f["rule"] == "access_log/disabled");
    let location = &log.expect("a finding")["location"];
    assert_eq!(location["file"], "mesh/values.yaml");
    assert_eq!(location["line"], 3);
}

/// A gateway of Istio and a route from it to the shop's API.
fn gateway_and_route(tls: &str, destination: &str) -> String {
    format!(
        "---\nkind: Gateway\napiVersion: networking.istio.io/v1\nmetadata: {{name: front, namespace: shop}}\nspec:\n  selector: {{istio: ingress}}\n  servers:\n  - port: {{number: 443, name: https, protocol: HTTPS}}\n    hosts: [\"*\"]\n    tls: {{mode: {tls}}}\n---\nkind: VirtualService\napiVersion: networking.istio.io/v1\nmetadata: {{name: front, namespace: shop}}\nspec:\n  hosts: [shop.example.com]\n  gateways: [front]\n  http:\n  - route:\n    - destination: {destination}\n"
    )
}

/// The pods and the Service of that gateway.
const INGRESS: &str = "---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: ingress, namespace: shop}\nspec:\n  template:\n    metadata: {labels: {istio: ingress}, annotations: {inject.istio.io/templates: gateway}}\n    spec: {serviceAccountName: ingress, containers: [{name: istio-proxy, image: auto}]}\n---\nkind: Service\napiVersion: v1\nmetadata: {name: ingress, namespace: shop}\nspec: {type: LoadBalancer, selector: {istio: ingress}, ports: [{name: https, port: 443}]}\n";

#[test]
fn what_a_way_in_needs_and_files_do_not_show_is_said() {
    let plain = "{host: api}";
    let verdict = |manifests: &str| {
        let text = format!("{SHOP}{WEB}{manifests}");
        let args = ["can", "external", "shop/api:8080", "-", "-f", "json"];
        let answer = meshvet_with(&root(), &args, &text).json();
        let steps = answer["paths"][0]["steps"].as_array().cloned();
        let open = steps.into_iter().flatten().find(|s| s["outcome"] == "open");
        let because = open.map(|step| step["because"].as_str().unwrap_or("").to_owned());
        (
            answer["verdict"].as_str().unwrap_or("").to_owned(),
            because.unwrap_or_default(),
        )
    };
    let conditional = |why: &str| ("conditional".to_owned(), why.to_owned());
    let open = format!("{INGRESS}{}", gateway_and_route("SIMPLE", plain));
    assert_eq!(verdict(&open).0, "allow");
    assert_eq!(
        verdict(&gateway_and_route("SIMPLE", plain)),
        conditional("the pods of this gateway are not in the input")
    );
    assert_eq!(
        verdict(&format!("{INGRESS}{}", gateway_and_route("MUTUAL", plain))),
        conditional("the client has to show a certificate that the gateway accepts")
    );
    let subset = gateway_and_route("SIMPLE", "{host: api, subset: v2}");
    assert_eq!(
        verdict(&format!("{INGRESS}{subset}")),
        conditional("no DestinationRule in the input defines the subset v2")
    );
    // pods of another gateway are there, so that this one has none
    let other = INGRESS.replace("istio: ingress}", "istio: other}");
    assert_eq!(
        verdict(&format!("{other}{}", gateway_and_route("SIMPLE", plain))).0,
        "deny"
    );
}

#[test]
fn what_can_only_refuse_leaves_a_refusal_as_it_is() {
    let network = "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: x, namespace: shop}\nspec: {podSelector: {matchLabels: {app: api}}}\n";
    let policy = "---\nkind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nmetadata: {name: x, namespace: shop}\nspec: {}\n";
    assert_eq!(can(network, &[]).json()["verdict"], "conditional");
    let both = format!("{network}{policy}");
    assert_eq!(can(&both, &[]).json()["verdict"], "deny");
}
