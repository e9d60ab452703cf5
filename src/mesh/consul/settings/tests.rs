#![allow(clippy::unwrap_used)]

use super::*;
use crate::mesh::sample;
use crate::model::{Because, Place, ProblemKind};

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop}\nspec: {containers: []}";

/// The settings of an environment.
struct Sample {
    index: Arc<Index>,
    config: Config,
    problems: Vec<Problem>,
}

/// The settings that files hold, beside a workload.
fn read_files(files: &[(&str, &str)]) -> Sample {
    let files: Vec<_> = files.iter().chain([&("pod.yaml", POD)]).copied().collect();
    let (index, _) = sample::index(&files);
    let mut problems = Vec::new();
    let near = index.workloads().first().unwrap().at();
    let config = super::read(&index, near, &mut problems);
    Sample {
        index,
        config,
        problems,
    }
}

fn values(text: &str) -> Sample {
    read_files(&[("consul-values.yaml", text)])
}

fn agent(text: &str) -> Sample {
    read_files(&[("server.hcl", text)])
}

impl Sample {
    fn address<T>(&self, decided: &Decided<T>) -> String {
        self.index.address(decided.because.at())
    }

    /// Where something was not understood.
    fn reported(&self) -> Vec<String> {
        let at = |problem: &Problem| match &problem.place {
            Place::At(at) => self.index.address(at),
            _ => String::new(),
        };
        let incomplete = |p: &&Problem| p.kind == ProblemKind::NotUnderstood;
        self.problems.iter().filter(incomplete).map(at).collect()
    }

    /// The default, and where it comes from.
    fn default(&self) -> (Option<bool>, String) {
        let default = &self.config.default_allow;
        (default.value, self.address(default))
    }

    /// The state of the audit log, the line, and why one is configured in vain.
    fn audit(&self) -> (LogState, String, Option<&'static str>) {
        let log = &self.config.audit;
        let void = self.config.audit_void.as_ref().map(|void| void.why);
        (log.value, self.address(log), void)
    }
}

#[test]
fn without_settings_everything_is_assumed() {
    let sample = read_files(&[]);
    assert!(!sample.config.neutral.known);
    assert_eq!(sample.default().0, None);
    for because in [
        &sample.config.default_allow.because,
        &sample.config.inject_by_default.because,
        &sample.config.audit.because,
        &sample.config.acls.because,
    ] {
        assert!(matches!(because, Because::Assumed { .. }), "{because:?}");
    }
    assert_eq!(sample.config.audit.value, LogState::Unknown);
    assert!(trace(&sample.index).is_none());
}

#[test]
fn values_of_the_chart_are_told_from_others() {
    for (file, text, expected) in [
        (
            "consul-values.yaml",
            "global: {name: consul, datacenter: dc1}\nserver: {replicas: 1}",
            true,
        ),
        (
            "consul-values.yaml",
            "global: {name: consul}\nconnectInject: {enabled: true}",
            true,
        ),
        (
            "values.yaml",
            "global: {acls: {manageSystemACLs: true}}",
            true,
        ),
        (
            "values.yaml",
            "global: {datacenter: dc1}\nserver: {replicas: 1}",
            true,
        ),
        (
            "values.yaml",
            "consul: {global: {gossipEncryption: {autoGenerate: true}}}",
            true,
        ),
        (
            "values.yaml",
            "mesh: {connectInject: {enabled: true}}",
            true,
        ),
        (
            "infra/consul/values-prod.yaml",
            "global: {name: consul}\nserver: {replicas: 3}",
            true,
        ),
        (
            "values.yaml",
            "global: {image: a}\nserver: {replicas: 1}",
            false,
        ),
        (
            "vault-values.yaml",
            "global: {enabled: true}\nserver: {}\nui: {}\ninjector: {}",
            false,
        ),
        (
            "consul-vault.yaml",
            "global: {tlsDisable: true, datacenter: a}\nserver: {}",
            false,
        ),
        (
            "values.yaml",
            "consul: {host: consul.example, port: 8500}",
            false,
        ),
        ("consul-client.yaml", "server: {port: 8080}", false),
    ] {
        let sample = read_files(&[(file, text)]);
        assert_eq!(sample.config.neutral.known, expected, "{file}: {text}");
        assert_eq!(trace(&sample.index).is_some(), expected, "{file}: {text}");
    }
}

#[test]
fn the_chart_decides_the_default_by_its_acls() {
    let on = values("global: {acls: {manageSystemACLs: true}}");
    let at = "File/consul-values.yaml#/global/acls/manageSystemACLs".to_owned();
    assert_eq!(on.default(), (Some(false), at.clone()));
    assert!(on.config.acls.value);
    let off = values("global: {acls: {manageSystemACLs: false}}");
    assert_eq!(off.default(), (Some(true), at));
    let silent = values("global: {name: consul}\nconnectInject: {enabled: true}");
    assert_eq!(silent.default().0, Some(true));
    let because = &silent.config.default_allow.because;
    assert!(matches!(because, Because::Default { .. }), "{because:?}");
}

#[test]
fn the_configuration_that_is_loaded_last_counts() {
    for text in [
        "global: {acls: {manageSystemACLs: true}}\nserver:\n  extraConfig: |\n    {\"default_intention_policy\": \"allow\"}\n",
        "server:\n  extraConfig: '{\"default_intention_policy\": \"allow\"}'\nglobal: {acls: {manageSystemACLs: true}}",
    ] {
        let sample = values(text);
        let at = "File/consul-values.yaml#/server/extraConfig/default_intention_policy";
        assert_eq!(sample.default(), (Some(true), at.to_owned()));
        assert!(sample.reported().is_empty());
    }
    let acl = values(
        "connectInject: {}\nserver:\n  extraConfig: |\n    {\"acl\": {\"enabled\": true, \"default_policy\": \"deny\"}}\n",
    );
    assert_eq!(acl.default().0, Some(false));
    assert_eq!(
        acl.address(&acl.config.acls),
        "File/consul-values.yaml#/server/extraConfig/acl/enabled"
    );
}

#[test]
fn what_servers_do_not_start_with_is_a_problem() {
    for text in ["acl { enabled = true }", "[1]", "{\"acl\": "] {
        let sample = values(&format!(
            "connectInject: {{}}\nserver:\n  extraConfig: |\n    {text}\n"
        ));
        let at = "File/consul-values.yaml#/server/extraConfig".to_owned();
        assert_eq!(sample.reported(), [at], "{text}");
    }
    let loaded = "connectInject: {}\nserver: {extraVolumes: [{type: secret, name: a, load: true}]}";
    assert_eq!(values(loaded).reported().len(), 1);
    assert!(
        values(&loaded.replace("true", "false"))
            .reported()
            .is_empty()
    );
}

#[test]
fn agents_say_the_default_themselves() {
    let at = |pointer: &str| format!("File/server.hcl{pointer}");
    for (text, expected, pointer) in [
        ("", Some(true), "#"),
        (
            "acl { default_policy = \"deny\" }",
            Some(false),
            "#/acl/default_policy",
        ),
        // acl.enabled is not asked
        (
            "acl { enabled = false default_policy = \"deny\" }",
            Some(false),
            "#/acl/default_policy",
        ),
        ("acl { enabled = true }", Some(true), "#"),
        (
            "acl_default_policy = \"deny\"",
            Some(false),
            "#/acl_default_policy",
        ),
        (
            "acl { default_policy = \"deny\" }\ndefault_intention_policy = \"allow\"",
            Some(true),
            "#/default_intention_policy",
        ),
        (
            "acl { default_policy = \"deny\" }\ndefault_intention_policy = \"\"",
            Some(false),
            "#/acl/default_policy",
        ),
        (
            "default_intention_policy = \"maybe\"",
            None,
            "#/default_intention_policy",
        ),
    ] {
        let sample = agent(&format!("server = true\n{text}"));
        assert_eq!(sample.default(), (expected, at(pointer)), "{text}");
    }
    let older = agent("server = true\nacl_datacenter = \"dc1\"");
    assert!(older.config.acls.value);
}

#[test]
fn files_of_a_directory_are_one_agent() {
    let sample = read_files(&[
        (
            "etc/20-acl.json",
            "{\"acl\": {\"default_policy\": \"deny\"}, \"retry_join\": []}",
        ),
        (
            "etc/10-base.hcl",
            "server = true\nacl { enabled = true default_policy = \"allow\" }",
        ),
    ]);
    let at = "File/etc/20-acl.json#/acl/default_policy".to_owned();
    assert_eq!(sample.default(), (Some(false), at));
    assert!(sample.config.acls.value);
    assert!(sample.reported().is_empty());
}

#[test]
fn servers_that_differ_are_a_problem_and_other_agents_leave_the_default_open() {
    let server = "server = true\nnode_name = \"s1\"\nacl { default_policy = \"deny\" }";
    let other = "server = true\nnode_name = \"s2\"\nacl { default_policy = \"allow\" }";
    let both = [("etc/s1.hcl", server), ("etc/s2.hcl", other)];
    let sample = read_files(&both);
    assert_eq!(sample.default().0, Some(false));
    assert_eq!(sample.reported(), ["File/etc/s2.hcl#/acl/default_policy"]);
    let client = other.replace("server = true", "server = false");
    let sample = read_files(&[both[0], ("etc/c1.hcl", &client)]);
    let at = "File/etc/c1.hcl#/acl/default_policy".to_owned();
    assert_eq!(sample.default(), (None, at));
    assert!(sample.reported().is_empty());
    let alone = read_files(&[("etc/c1.hcl", &client)]);
    assert_eq!(alone.default().0, Some(true));
    assert_eq!(alone.config.audit.value, LogState::Unknown);
}

#[test]
fn what_is_applied_counts_before_values() {
    let map = |name: &str, data: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: mesh, labels: {{app: consul, component: server}}}}\ndata:\n{data}"
        )
    };
    let rendered = map(
        "hashi-server-config",
        "  server.json: |\n    {\"server\": true}\n  acl-config.json: |-\n    {\"acl\": {\"enabled\": true, \"default_policy\": \"deny\"}}\n",
    );
    let extra = map(
        "hashi-server-tmp-extra-config",
        "  extra-from-values.json: |-\n    {\"default_intention_policy\": \"allow\"}\n",
    );
    let chart = (
        "consul-values.yaml",
        "global: {acls: {manageSystemACLs: false}}",
    );
    let sample = read_files(&[("rendered.yaml", &rendered), chart]);
    let at = "ConfigMap/mesh/hashi-server-config#/data/acl-config.json/acl/default_policy";
    assert_eq!(sample.default(), (Some(false), at.to_owned()));
    assert_eq!(&*sample.config.control_plane.value, "mesh");
    let sample = read_files(&[("rendered.yaml", &format!("{rendered}{extra}"))]);
    assert_eq!(sample.default().0, Some(true));
    // older charts keep both in one ConfigMap
    let older = map(
        "hashi-server-config",
        "  extra-from-values.json: |-\n    {\"default_intention_policy\": \"allow\"}\n  server.json: |\n    {\"server\": true, \"default_intention_policy\": \"deny\"}\n",
    );
    assert_eq!(
        read_files(&[("rendered.yaml", &older)]).default().0,
        Some(true)
    );
}

#[test]
fn a_release_has_its_values_in_it() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mesh, namespace: flux}\nspec:\n  targetNamespace: mesh\n  chart: {spec: {chart: consul}}\n  values:\n    server:\n      extraConfig: |\n        {\"default_intention_policy\": \"deny\"}\n";
    let sample = read_files(&[("release.yaml", release)]);
    let at = "HelmRelease.helm.toolkit.fluxcd.io/flux/mesh#/spec/values/server/extraConfig/default_intention_policy";
    assert_eq!(sample.default(), (Some(false), at.to_owned()));
    assert_eq!(&*sample.config.control_plane.value, "mesh");
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mesh, namespace: argo}\nspec:\n  destination: {namespace: mesh}\n  source:\n    chart: consul\n    helm:\n      values: |\n        server:\n          extraConfig: |\n            {\"default_intention_policy\": \"deny\"}\n";
    let sample = read_files(&[("application.yaml", application)]);
    assert_eq!(sample.default().0, Some(false));
    assert!(sample.reported().is_empty());
    let twice = read_files(&[
        ("release.yaml", release),
        (
            "consul-values.yaml",
            "global: {acls: {manageSystemACLs: false}}",
        ),
    ]);
    assert_eq!(
        twice.reported(),
        ["File/consul-values.yaml#/global/acls/manageSystemACLs"]
    );
}

#[test]
fn servers_elsewhere_leave_the_default_open() {
    let sample = values(
        "global: {enabled: false, acls: {manageSystemACLs: true}}\nexternalServers: {enabled: true, hosts: [a]}\nconnectInject: {enabled: true}",
    );
    assert_eq!(sample.default().0, None);
    assert!(sample.config.acls.value);
    assert_eq!(sample.config.audit.value, LogState::Unknown);
}

#[test]
fn injection_is_as_the_chart_sets_it() {
    let sample = values(
        "global: {enabled: false, metrics: {enabled: true}}\nconnectInject:\n  enabled: \"-\"\n  default: true\n  k8sAllowNamespaces: [shop]\n  k8sDenyNamespaces: [dev]\n  namespaceSelector: |\n    matchLabels: {mesh: consul}\n  metrics: {defaultPrometheusScrapePort: 21000}\n  transparentProxy: {defaultEnabled: false}\n",
    );
    let config = &sample.config;
    assert!(!config.injects.value);
    assert_eq!(
        sample.address(&config.injects),
        "File/consul-values.yaml#/global/enabled"
    );
    assert!(config.inject_by_default.value && config.metrics.value);
    assert!(!config.transparent_proxy.value && config.overwrite_probes.value);
    assert_eq!(config.allow_namespaces.value, ["shop"]);
    assert_eq!(config.deny_namespaces.value, ["dev"]);
    assert_eq!(config.inject_namespaces.value.match_labels.len(), 1);
    assert_eq!(config.metrics_port, 21000);
    assert!(sample.reported().is_empty());
    let nobody = values("connectInject: {k8sAllowNamespaces: []}");
    assert!(nobody.config.allow_namespaces.value.is_empty());
    let usual = values("connectInject: {enabled: true}");
    assert_eq!(
        usual.config.inject_namespaces.value.match_expressions.len(),
        2
    );
    assert!(usual.config.injects.value);
}

#[test]
fn a_value_that_is_none_is_a_problem() {
    let sample = values("connectInject: {default: sometimes}");
    assert!(!sample.config.inject_by_default.value);
    assert_eq!(
        sample.reported(),
        ["File/consul-values.yaml#/connectInject/default"]
    );
}

#[test]
fn namespaces_are_the_enterprise_editions() {
    let of = |image: &str, rest: &str| {
        let text = format!(
            "global: {{image: {image}, enableConsulNamespaces: true}}\nconnectInject: {{consulNamespaces: {{{rest}}}}}"
        );
        values(&text).config.namespaces
    };
    let enterprise = "hashicorp/consul-enterprise:1.20.5-ent";
    assert_eq!(
        &*of(enterprise, "mirroringK8SPrefix: k8s-").of("shop"),
        "k8s-shop"
    );
    assert_eq!(
        &*of(
            enterprise,
            "mirroringK8S: false, consulDestinationNamespace: all"
        )
        .of("shop"),
        "all"
    );
    assert!(!of("hashicorp/consul:1.20.5", "").are_apart());
    let license = values("global: {enterpriseLicense: {secretName: license}}\nconnectInject: {}");
    assert!(license.config.enterprise.value);
}

#[test]
fn gateways_have_the_services_that_the_chart_gives_them() {
    let sample = values(
        "connectInject: {}\ningressGateways:\n  enabled: true\n  defaults: {service: {type: NodePort}}\n  gateways:\n  - name: edge\n    service: {type: LoadBalancer, ports: [{port: 443}]}\n  - name: inner\nterminatingGateways: {enabled: true}\nmeshGateway: {enabled: true}\n",
    );
    let all: Vec<_> = sample
        .config
        .gateways
        .iter()
        .map(|one| {
            (
                one.kind,
                &*one.name,
                one.service.value.as_str(),
                one.ports.as_slice(),
            )
        })
        .collect();
    assert_eq!(
        all,
        [
            ("ingress", "edge", "LoadBalancer", &[443][..]),
            ("ingress", "inner", "NodePort", &[8080, 8443]),
            ("terminating", "terminating-gateway", "ClusterIP", &[]),
            ("mesh", "mesh-gateway", "LoadBalancer", &[443]),
        ]
    );
}

#[test]
fn an_audit_log_of_the_chart() {
    let of = |image: &str, acls: bool, audit: &str| {
        values(&format!(
            "global: {{image: {image}, acls: {{manageSystemACLs: {acls}}}}}\nserver: {{auditLogs: {audit}}}"
        ))
        .audit()
    };
    let enterprise = "hashicorp/consul-enterprise:1.20.5-ent";
    let full = "{enabled: true, sinks: [{name: a, type: file, rotate_bytes: 1}]}";
    let at = |pointer: &str| format!("File/consul-values.yaml#/{pointer}");
    let own = at("server/auditLogs/enabled");
    assert_eq!(
        of(enterprise, true, full),
        (LogState::On, own.clone(), None)
    );
    assert_eq!(
        of(enterprise, false, full),
        (
            LogState::Off,
            at("global/acls/manageSystemACLs"),
            Some("acl_off")
        )
    );
    assert_eq!(
        of("hashicorp/consul:1.20.5", true, full),
        (LogState::Off, at("global/image"), Some("community"))
    );
    assert_eq!(
        of("\"{{ image }}\"", true, full),
        (LogState::Unknown, at("global/image"), None)
    );
    assert_eq!(
        of(enterprise, true, "{enabled: true, sinks: []}"),
        (LogState::Off, own.clone(), Some("no_sink"))
    );
    assert_eq!(
        of(
            enterprise,
            true,
            "{enabled: true, sinks: [{name: a, type: file}]}"
        ),
        (
            LogState::Off,
            at("server/auditLogs/sinks/0"),
            Some("no_rotation")
        )
    );
    assert_eq!(
        of(enterprise, true, "{enabled: false, sinks: [{name: a}]}"),
        (LogState::Off, own.clone(), Some("disabled"))
    );
    assert_eq!(
        of(enterprise, true, "{enabled: false}"),
        (LogState::Off, own, None)
    );
    let silent = values("global: {acls: {manageSystemACLs: true}}").audit();
    assert_eq!((silent.0, silent.2), (LogState::Off, None));
}

#[test]
fn an_audit_log_of_agents() {
    let of = |rest: &str| agent(&format!("server = true\nlicense_path = \"/l\"\n{rest}")).audit();
    let acl = "acl { enabled = true }";
    let sink = "sink \"a\" { type = \"file\" rotate_duration = \"24h\" }";
    let own = "File/server.hcl#/audit/enabled".to_owned();
    assert_eq!(
        of(&format!("{acl}\naudit {{ enabled = true {sink} }}")),
        (LogState::On, own.clone(), None)
    );
    assert_eq!(
        of(&format!("audit {{ enabled = true {sink} }}")),
        (LogState::Off, own.clone(), Some("acl_off"))
    );
    let none = agent(&format!(
        "server = true\n{acl}\naudit {{ enabled = true {sink} }}"
    ))
    .audit();
    assert_eq!(none, (LogState::Off, own, Some("community")));
}
