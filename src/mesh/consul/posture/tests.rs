#![allow(clippy::unwrap_used)]

use super::*;
use crate::mesh::consul::settings;
use crate::mesh::sample;
use crate::model::ResourceId;

/// What is set, as `name value at`, of one name.
fn set(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let (index, mut problems) = sample::index(files);
    let config = settings::read(&index, At::new(ResourceId(0), ""), &mut problems);
    let entries = Entries::read(&index, &config, &mut problems);
    let all = read(&index, &config, &entries).into_iter();
    all.filter(|one| one.name == name)
        .map(|one| {
            let address = index.address(one.because.at());
            let (_, pointer) = address.split_once('#').unwrap();
            format!("{} {pointer}", one.value)
        })
        .collect()
}

fn of_values(name: &str, text: &str) -> Vec<String> {
    set(name, &[("consul-values.yaml", text)])
}

fn of_agent(name: &str, text: &str) -> Vec<String> {
    set(name, &[("server.hcl", &format!("server = true\n{text}"))])
}

const NONE: [&str; 0] = [];

#[test]
fn a_control_plane_that_is_not_here_says_nothing() {
    let workload =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {containers: []}";
    let (index, mut problems) = sample::index(&[("pod.yaml", workload)]);
    let config = settings::read(&index, At::new(ResourceId(0), ""), &mut problems);
    let entries = Entries::read(&index, &config, &mut problems);
    assert_eq!(read(&index, &config, &entries), []);
}

#[test]
fn access_control_and_what_opens_it_again() {
    assert_eq!(
        of_values("acl", "global: {acls: {manageSystemACLs: true}}"),
        ["on /global/acls/manageSystemACLs"]
    );
    assert_eq!(of_values("acl", "connectInject: {}"), ["off "]);
    let reopened = "global: {acls: {manageSystemACLs: true}}\nserver:\n  extraConfig: '{\"default_intention_policy\": \"allow\"}'";
    let at = "allow /server/extraConfig/default_intention_policy";
    assert_eq!(of_values("intention_default_reopened", reopened), [at]);
    assert_eq!(of_values("intention_default", reopened), [at]);
    let open = reopened.replace("true", "false");
    assert_eq!(of_values("intention_default_reopened", &open), NONE);
    let agent = "acl { enabled = true default_policy = \"deny\" }";
    assert_eq!(
        of_agent("intention_default", agent),
        ["deny /acl/default_policy"]
    );
}

#[test]
fn encryption_between_servers_and_agents() {
    let tls = "control_plane_tls";
    assert_eq!(of_values(tls, "connectInject: {}"), ["off "]);
    assert_eq!(
        of_values(tls, "connectInject: {}\nglobal: {tls: {enabled: true}}"),
        ["on /global/tls/enabled"]
    );
    assert_eq!(of_agent(tls, ""), ["off "]);
    assert_eq!(of_agent(tls, "bind_addr = \"127.0.0.1\""), NONE);
    assert_eq!(
        of_agent(tls, "tls { defaults { ca_file = \"/ca\" } }"),
        ["on /tls/defaults/ca_file"]
    );
    let unverified = "control_plane_tls_unverified";
    assert_eq!(
        of_agent(
            unverified,
            "tls { defaults { ca_file = \"/ca\" verify_incoming = true } }"
        ),
        ["verify_outgoing ", "verify_server_hostname "]
    );
    let all = "ca_file = \"/ca\"\nverify_incoming = true\nverify_server_hostname = true";
    assert_eq!(of_agent(unverified, all), NONE);
    let not = all.replace("incoming = true", "incoming = false");
    assert_eq!(
        of_agent(unverified, &not),
        ["verify_incoming /verify_incoming"]
    );
    assert_eq!(of_agent(unverified, ""), NONE);
    let chart = "connectInject: {}\nglobal: {tls: {enabled: true, verify: false}}";
    assert_eq!(of_values(unverified, chart).len(), 3);
    assert_eq!(
        of_values(unverified, &chart.replace("verify: false", "verify: true")),
        NONE
    );
}

#[test]
fn gossip_is_encrypted_with_a_key() {
    let name = "gossip_encryption";
    assert_eq!(of_values(name, "connectInject: {}"), ["off "]);
    for key in ["autoGenerate: true", "secretName: a, secretKey: b"] {
        assert_eq!(
            of_values(name, &format!("global: {{gossipEncryption: {{{key}}}}}")),
            NONE
        );
    }
    assert_eq!(
        of_values(name, "global: {gossipEncryption: {autoGenerate: false}}"),
        ["off /global/gossipEncryption/autoGenerate"]
    );
    let key = "encrypt = \"${KEY}\"";
    assert_eq!(of_agent(name, key), NONE);
    assert_eq!(
        of_agent(name, &format!("{key}\nencrypt_verify_incoming = false")),
        ["unverified /encrypt_verify_incoming"]
    );
    // the command line of what the chart renders has the key
    let rendered = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: consul-server-config, namespace: consul}\ndata:\n  server.json: |\n    {\"server\": true}\n";
    assert_eq!(set(name, &[("a.yaml", rendered)]), NONE);
}

#[test]
fn programs_that_others_make_agents_run() {
    let name = "remote_commands";
    assert_eq!(
        of_agent(name, "enable_script_checks = true"),
        ["script_checks /enable_script_checks"]
    );
    assert_eq!(
        of_agent(name, "disable_remote_exec = false"),
        ["remote_exec /disable_remote_exec"]
    );
    assert_eq!(
        of_agent(
            name,
            "enable_local_script_checks = true\ndisable_remote_exec = true"
        ),
        NONE
    );
    let client = (
        "client.hcl",
        "retry_join = []\nnode_name = \"c\"\nenable_script_checks = true",
    );
    let server = ("server.hcl", "server = true\nnode_name = \"s\"");
    assert_eq!(
        set(name, &[client, server]),
        ["script_checks /enable_script_checks"]
    );
    let chart = "connectInject: {}\nclient:\n  extraConfig: '{\"enable_script_checks\": true}'";
    assert_eq!(
        of_values(name, chart),
        ["script_checks /client/extraConfig/enable_script_checks"]
    );
}

#[test]
fn levels_of_logs() {
    let name = "control_plane_log_level";
    assert_eq!(
        of_values(name, "connectInject: {}\nglobal: {logLevel: debug}"),
        ["debug /global/logLevel"]
    );
    assert_eq!(
        of_values(
            name,
            "connectInject: {}\nglobal: {logLevel: debug}\nserver: {logLevel: warn}"
        ),
        ["warn /server/logLevel"]
    );
    assert_eq!(
        of_agent(name, "log_level = \"TRACE\""),
        ["TRACE /log_level"]
    );
    assert_eq!(
        of_agent("debug_endpoints", "enable_debug = true"),
        ["on /enable_debug"]
    );
}

#[test]
fn the_api_is_reached_from_outside() {
    let name = "api_exposed";
    let ui = "connectInject: {}\nui: {service: {type: LoadBalancer}}";
    assert_eq!(
        of_values(name, ui),
        ["plaintext /ui/service/type", "without_acl /ui/service/type"]
    );
    let safe = "global: {tls: {enabled: true}, acls: {manageSystemACLs: true}}\nui: {service: {type: LoadBalancer}}";
    assert_eq!(of_values(name, safe), NONE);
    assert_eq!(
        of_values(
            name,
            &safe.replace("enabled: true", "enabled: true, httpsOnly: false")
        ),
        ["plaintext /ui/service/type"]
    );
    assert_eq!(
        of_values(name, "connectInject: {}\nui: {service: {type: ClusterIP}}"),
        NONE
    );
    assert_eq!(
        of_values(
            name,
            "connectInject: {}\nserver: {exposeService: {enabled: true}}"
        )
        .len(),
        2
    );
    assert_eq!(of_agent(name, "client_addr = \"0.0.0.0\"").len(), 2);
    for text in [
        "",
        "client_addr = \"127.0.0.1\"",
        "client_addr = \"0.0.0.0\"\nports { http = -1 }",
        "client_addr = \"0.0.0.0\"\naddresses { http = \"127.0.0.1\" }",
        "client_addr = \"0.0.0.0\"\nacl { enabled = true }\nca_file = \"/ca\"",
        "client_addr = \"{{ GetPrivateIP }}\"",
    ] {
        assert_eq!(of_agent(name, text), NONE, "{text}");
    }
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: consul-ui, namespace: consul}\nspec:\n  type: NodePort\n  selector: {app: consul, component: server}\n  ports: [{port: 80, targetPort: 8500}]";
    assert_eq!(set(name, &[("ui.yaml", service)]).len(), 1);
    assert_eq!(
        set(
            name,
            &[("ui.yaml", &service.replace("NodePort", "ClusterIP"))]
        ),
        NONE
    );
    assert_eq!(
        set(name, &[("ui.yaml", &service.replace("8500", "8501"))]),
        NONE
    );
}

#[test]
fn what_starts_without_the_injector() {
    let name = "injection_failure";
    assert_eq!(
        of_values(name, "connectInject: {failurePolicy: Ignore}"),
        ["Ignore /connectInject/failurePolicy"]
    );
    assert_eq!(
        of_values(
            name,
            "connectInject: {enabled: false, failurePolicy: Ignore}"
        ),
        NONE
    );
    let webhook = "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: hashi-connect-injector}\nwebhooks:\n- name: mutate-mesh.consul.hashicorp.com\n  failurePolicy: Fail\n  clientConfig: {service: {path: /mutate-v1alpha1-mesh}}\n- name: hashi-connect-injector.consul.hashicorp.com\n  failurePolicy: Ignore\n  clientConfig: {service: {path: /mutate}}\n";
    assert_eq!(
        set(name, &[("webhook.yaml", webhook)]),
        ["Ignore /webhooks/1/failurePolicy"]
    );
    assert_eq!(
        set("validation_failure", &[("webhook.yaml", webhook)]),
        ["Fail /webhooks/0/failurePolicy"]
    );
}

#[test]
fn the_default_account_logs_in() {
    let name = "default_account_login";
    let of = |acls: bool, selector: &str| {
        of_values(
            name,
            &format!(
                "global: {{acls: {{manageSystemACLs: {acls}}}}}\nconnectInject: {{aclBindingRuleSelector: {selector}}}"
            ),
        )
    };
    assert_eq!(
        of(true, "\"\""),
        ["open /connectInject/aclBindingRuleSelector"]
    );
    assert_eq!(of(false, "\"\""), NONE);
    assert_eq!(of(true, "serviceaccount.name!=default"), NONE);
}

#[test]
fn policies_that_give_more_than_a_service_needs() {
    let of = |file: &str, text: &str| set("broad_acl_policy", &[(file, text)]);
    assert_eq!(
        of("ops.hcl", "operator = \"write\"\nacl = \"read\""),
        ["operator /operator"]
    );
    assert_eq!(
        of(
            "all.hcl",
            "service_prefix \"\" { policy = \"write\" intentions = \"write\" }"
        ),
        [
            "service /service_prefix//policy",
            "intentions /service_prefix//intentions"
        ]
    );
    assert_eq!(
        of("kv.hcl", "key_prefix \"\" { policy = \"write\" }"),
        ["key /key_prefix//policy"]
    );
    assert_eq!(
        of(
            "ent.hcl",
            "namespace_prefix \"\" { service_prefix \"\" { policy = \"write\" } }"
        )
        .len(),
        1
    );
    for (file, text) in [
        (
            "web.hcl",
            "service \"web\" { policy = \"write\" }\nservice_prefix \"\" { policy = \"read\" }",
        ),
        (
            "web.hcl",
            "service_prefix \"web-\" { policy = \"write\" }\nkey_prefix \"web/\" { policy = \"write\" }",
        ),
        (
            "replication-policy.hcl",
            "acl = \"write\"\noperator = \"write\"",
        ),
        ("connect_inject.hcl", "operator = \"write\""),
        (
            "team.hcl",
            "namespace \"team\" { service_prefix \"\" { policy = \"write\" } }",
        ),
    ] {
        assert_eq!(of(file, text), NONE, "{text}");
    }
    let anonymous = [(
        "anonymous.hcl",
        "service_prefix \"\" { policy = \"write\" }",
    )];
    assert_eq!(set("anonymous_acl_policy", &anonymous).len(), 1);
}

#[test]
fn secrets_are_found_and_not_told() {
    let name = "secret_in_file";
    let token = "5f1c9f0e-7a43-4b8e-9d7c-0c1d2e3f4a5b";
    let tokens = format!(
        "acl {{ tokens {{ initial_management = \"{token}\" agent = \"${{AGENT}}\" }} }}\nencrypt = \"Luj2FZWwlt8475wD1WtwUQ==\""
    );
    assert_eq!(
        of_agent(name, &tokens),
        [
            "management_token /acl/tokens/initial_management",
            "gossip_key /encrypt"
        ]
    );
    let service = format!(
        "service {{ name = \"web\" token = \"{token}\" connect {{ sidecar_service {{}} }} }}"
    );
    assert_eq!(
        set(name, &[("web.hcl", &service)]),
        ["service_token /service/token"]
    );
    let chart = format!(
        "connectInject: {{}}\nserver:\n  extraConfig: |\n    {{\"acl\": {{\"tokens\": {{\"agent\": \"{token}\"}}}}}}\n"
    );
    assert_eq!(
        of_values(name, &chart),
        ["agent_token /server/extraConfig/acl/tokens/agent"]
    );
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: b}}\nspec:\n  containers:\n  - name: a\n    image: a\n    env: [{{name: CONSUL_HTTP_TOKEN, value: {token}}}]"
    );
    assert_eq!(
        set(name, &[("pod.yaml", &pod)]),
        ["token /spec/containers/0/env/0/value"]
    );
    let from = pod.replace(
        &format!("value: {token}"),
        "valueFrom: {secretKeyRef: {name: a, key: b}}",
    );
    assert_eq!(set(name, &[("pod.yaml", &from)]), NONE);
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: consul-bootstrap-acl-token, namespace: consul}}\nstringData: {{token: {token}}}"
    );
    assert_eq!(
        set(name, &[("secret.yaml", &secret)]),
        ["management_token /stringData/token"]
    );
}

#[test]
fn an_audit_log_without_effect() {
    let text = "global: {image: hashicorp/consul:1.20.5, acls: {manageSystemACLs: true}}\nserver: {auditLogs: {enabled: true, sinks: [{name: a, rotate_bytes: 1}]}}";
    assert_eq!(
        of_values("audit_without_effect", text),
        ["community /server/auditLogs/enabled"]
    );
    assert_eq!(of_values("edition", text), ["community /global/image"]);
}

#[test]
fn an_intention_that_keeps_everyone_from_everything() {
    let of = |action: &str, name: &str| {
        let text = format!(
            "Kind = \"service-intentions\"\nName = \"{name}\"\nSources = [{{ Name = \"*\" Action = \"{action}\" }}]"
        );
        set("deny_all_intention", &[("all.hcl", &text)])
    };
    assert_eq!(of("deny", "*"), ["* /Sources/0/Action"]);
    assert_eq!(of("allow", "*"), NONE);
    assert_eq!(of("deny", "web"), NONE);
}
