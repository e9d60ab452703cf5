//! Who may write what decides in a mesh: roles, bindings and what is not known of them.

use crate::cli::{SHOP, meshvet_with, root};

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn role(kind: &str, metadata: &str, rules: &str) -> String {
    format!("---\n{API}kind: {kind}\nmetadata: {{{metadata}}}\nrules:\n{rules}\n")
}

/// Binds a role; in a namespace, if there is one.
fn bind(namespace: &str, role: &str, subject: &str) -> String {
    let kind = match namespace {
        "" => "ClusterRoleBinding",
        _ => "RoleBinding",
    };
    let (role_kind, name) = role.split_once(' ').expect("kind and name");
    let place = match namespace {
        "" => String::new(),
        own => format!(", namespace: {own}"),
    };
    format!(
        "---\n{API}kind: {kind}\nmetadata: {{name: b{place}}}\nroleRef: {{kind: {role_kind}, name: {name}}}\n\
         subjects:\n- {subject}\n"
    )
}

/// `user ann in shop: settings, routing` for each holder, and the kinds of all problems.
fn found(manifests: &str) -> (Vec<String>, Vec<String>) {
    let ran = meshvet_with(&root(), &["facts", "-"], &format!("{SHOP}{manifests}"));
    let facts = ran.json();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("everywhere").to_owned();
    let holders = list(&facts["grants"]).into_iter().flat_map(|grant| {
        list(&grant["holders"]).into_iter().map(move |holder| {
            let parts: Vec<String> = list(&holder["parts"]).iter().map(word).collect();
            format!(
                "{} {} in {}: {}",
                word(&holder["class"]),
                word(&holder["subject"]),
                word(&holder["scope"]),
                parts.join(", ")
            )
        })
    });
    let problems = list(&facts["problems"]);
    (
        holders.collect(),
        problems.iter().map(|one| word(&one["kind"])).collect(),
    )
}

const ANN: &str = "{kind: User, name: ann}";
const PATCHES: &str =
    "- {apiGroups: [security.istio.io], resources: [authorizationpolicies], verbs: [patch]}";

#[test]
fn a_binding_hands_out_its_role_where_it_is() {
    let own = role("Role", "name: r, namespace: shop", PATCHES);
    let common = role("ClusterRole", "name: r", PATCHES);
    let cases = [
        (
            format!("{common}{}", bind("", "ClusterRole r", ANN)),
            "user ann in everywhere: authorization",
        ),
        (
            format!("{common}{}", bind("shop", "ClusterRole r", ANN)),
            "user ann in shop: authorization",
        ),
        (
            format!("{own}{}", bind("shop", "Role r", ANN)),
            "user ann in shop: authorization",
        ),
        // the settings lie beside the control plane
        (
            bind("istio-system", "ClusterRole edit", ANN),
            "user ann in istio-system: settings",
        ),
        (
            bind("istio-system", "ClusterRole admin", ANN),
            "user ann in istio-system: settings",
        ),
        (bind("shop", "ClusterRole admin", ANN), ""),
        (bind("", "ClusterRole view", ANN), ""),
        // a name that a service account signs in with
        (
            format!(
                "{own}{}",
                bind(
                    "shop",
                    "Role r",
                    "{kind: User, name: 'system:serviceaccount:ci:bot'}"
                )
            ),
            "service_account ci/bot in shop: authorization",
        ),
    ];
    for (manifests, expected) in cases {
        let expected: Vec<&str> = Some(expected)
            .filter(|e| !e.is_empty())
            .into_iter()
            .collect();
        let (holders, problems) = found(&manifests);
        assert_eq!(holders, expected, "{manifests}");
        assert_eq!(problems, Vec::<String>::new(), "{manifests}");
    }
}

#[test]
fn one_label_reaches_all_roles_that_take_it_in() {
    let label = "name: r, labels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}";
    let common = role("ClusterRole", label, PATCHES);
    for name in ["view", "edit", "admin"] {
        let (holders, _) = found(&format!(
            "{common}{}",
            bind("shop", &format!("ClusterRole {name}"), ANN)
        ));
        assert_eq!(holders, ["user ann in shop: authorization"], "{name}");
    }
    let other = label.replace("-to-view", "-to-admin");
    let common = role("ClusterRole", &other, PATCHES);
    let (holders, _) = found(&format!(
        "{common}{}",
        bind("shop", "ClusterRole edit", ANN)
    ));
    assert_eq!(holders, Vec::<String>::new());
}

#[test]
fn what_is_not_known_is_said() {
    for (manifests, expected) in [
        (bind("shop", "Role r", ANN), "dangling-reference"),
        (bind("", "ClusterRole r", ANN), "dangling-reference"),
        // a Role of another namespace
        (
            format!(
                "{}{}",
                role("Role", "name: r, namespace: web", PATCHES),
                bind("shop", "Role r", ANN)
            ),
            "dangling-reference",
        ),
        (
            format!(
                "{}{}",
                role("ClusterRole", "name: r", "- {verbs: all}"),
                bind("", "ClusterRole r", ANN)
            ),
            "rejected-object",
        ),
    ] {
        assert_eq!(
            found(&manifests),
            (Vec::new(), vec![expected.to_owned()]),
            "{manifests}"
        );
    }
    // refused as it is, and most likely meant so
    let account = bind(
        "istio-system",
        "ClusterRole edit",
        "{kind: ServiceAccount, name: bot}",
    );
    let (holders, problems) = found(&account);
    assert_eq!(
        holders,
        ["service_account istio-system/bot in istio-system: settings"]
    );
    assert_eq!(problems, ["rejected-object"]);
}

#[test]
fn of_very_many_holders_those_who_can_do_most_are_told_apart() {
    let accounts = |namespace: &str| -> String {
        let each = (0..60)
            .map(|i| format!("{{kind: ServiceAccount, name: a{i}, namespace: {namespace}}}"));
        each.collect::<Vec<_>>().join("\n- ")
    };
    let scan = |manifests: String| {
        let args = ["scan", "--allow-partial", "-f", "json", "-"];
        let json = meshvet_with(&root(), &args, &format!("{SHOP}{manifests}")).json();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        let own = findings
            .into_iter()
            .filter(|one| one["rule"] == "control/policy_writers");
        own.map(|one| one["message"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let common = role("ClusterRole", "name: r", PATCHES);
    // trusted, as far as they are seen
    let many = bind("", "ClusterRole r", &accounts("kube-system"));
    assert_eq!(
        scan(format!("{common}{many}")),
        [
            "10 other holders of this right may change what is in force, more than are looked at one by one"
        ]
    );
    // none of them matters, and the one who does is not crowded out
    let many = bind("shop", "ClusterRole r", &accounts("ci"));
    assert_eq!(scan(format!("{common}{many}")), Vec::<String>::new());
    let everyone = bind(
        "web",
        "ClusterRole r",
        "{kind: Group, name: 'system:authenticated'}",
    );
    assert_eq!(
        scan(format!("{common}{many}{everyone}")),
        ["group system:authenticated may change who may call whom in web"]
    );
}

#[test]
fn roles_that_take_in_one_another_end_somewhere() {
    let label = "metadata: {labels: {all: 'true'}, name: ";
    let selects = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {all: 'true'}}]}";
    let each =
        (0..1500).map(|i| format!("---\n{API}kind: ClusterRole\n{label}r{i}}}\n{selects}\n"));
    let roles: String = each.collect();
    let (holders, problems) = found(&format!("{roles}{}", bind("", "ClusterRole r0", ANN)));
    assert_eq!(
        (holders, problems),
        (Vec::new(), vec!["not-understood".to_owned()])
    );
}
