#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::mesh::Mesh as _;
use crate::mesh::istio::capture::Outbound;
use crate::mesh::istio::sample::{Sample, compile, deployment, workload};
use crate::model::{Membership, TlsAcceptance};

/// The settings of an environment that holds one workload and `text`.
fn with(text: &str) -> Sample {
    compile(&[("app.yaml", &workload("shop")), ("istio.yaml", text)])
}

/// A ConfigMap with these settings.
fn config_map(name: &str, mesh: &str) -> String {
    let indented = mesh.replace('\n', "\n    ");
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: istio-system}}\ndata:\n  mesh: |\n    {indented}\n"
    )
}

#[test]
fn nothing_written_is_assumed() {
    let sample = compile(&[("app.yaml", &workload("shop"))]);
    let config = &sample.istio.config;
    assert!(!config.neutral.known);
    assert!(config.hbone.is_none());
    assert_eq!(config.outbound_policy.value, OutboundPolicy::AllowAny);
    assert!(matches!(
        config.outbound_policy.because,
        Because::Assumed { .. }
    ));
    assert_eq!(config.ingress_controller_mode.value, IngressMode::Strict);
    assert_eq!(config.ingress_selector.value, "ingressgateway");
    assert!(config.flag("PILOT_SKIP_VALIDATE_TRUST_DOMAIN").is_none());
}

#[test]
fn what_is_written_counts_with_its_line() {
    let sample = with(&config_map(
        "istio",
        "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n\
         ingressControllerMode: DEFAULT\ningressClass: edge\ningressSelector: front\n\
         defaultServiceExportTo: [.]\ndefaultVirtualServiceExportTo: [shop]\n\
         defaultConfig:\n  gatewayTopology: {numTrustedProxies: 2}\n  proxyMetadata: {ISTIO_META_ENABLE_HBONE: \"true\"}",
    ));
    let config = &sample.istio.config;
    let hbone = config.hbone.as_ref().unwrap();
    assert!(hbone.value);
    assert_eq!(
        sample.address(hbone.because.at()),
        "ConfigMap/istio-system/istio#/data/mesh/defaultConfig/proxyMetadata/ISTIO_META_ENABLE_HBONE"
    );
    assert_eq!(config.outbound_policy.value, OutboundPolicy::RegistryOnly);
    assert_eq!(config.ingress_controller_mode.value, IngressMode::Default);
    assert_eq!(config.ingress_class.value, "edge");
    assert_eq!(config.ingress_selector.value, "front");
    assert_eq!(config.service_export_to, ["."]);
    assert_eq!(config.virtual_service_export_to, ["shop"]);
    assert_eq!(config.num_trusted_proxies.as_ref().unwrap().0, 2);
}

#[test]
fn settings_without_the_field_have_the_default() {
    let sample = with(&config_map("istio", "trustDomain: shop.example"));
    let config = &sample.istio.config;
    let hbone = config.hbone.as_ref().unwrap();
    assert!(!hbone.value && matches!(hbone.because, Because::Default { .. }));
    assert!(matches!(
        config.ingress_class.because,
        Because::Default { .. }
    ));
}

#[test]
fn profiles_bring_settings_along() {
    let operator = |profile: &str| {
        with(&format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {{profile: {profile}}}\n"
        ))
    };
    let demo = operator("demo");
    assert_eq!(demo.istio.config.access_log_file.value, "/dev/stdout");
    let ambient = operator("ambient");
    assert!(ambient.istio.config.hbone.as_ref().unwrap().value);
    assert_eq!(ambient.istio.config.access_log_file.value, "");
    let at = ambient.istio.config.hbone.as_ref().unwrap().because.at();
    assert!(ambient.address(at).ends_with("#/spec/profile"));
}

#[test]
fn switches_are_read_from_istiod_before_its_values() {
    let sample = with(
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  values:\n    pilot:\n      env:\n        \
         PILOT_SKIP_VALIDATE_TRUST_DOMAIN: \"true\"\n        PILOT_SCOPE_GATEWAY_TO_NAMESPACE: true\n        OTHER: words\n\
         ---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\nspec:\n  template:\n    \
         spec:\n      containers:\n      - name: discovery\n        image: pilot\n        env:\n        \
         - {name: PILOT_SCOPE_GATEWAY_TO_NAMESPACE, value: \"false\"}\n",
    );
    let config = &sample.istio.config;
    assert!(config.flag("PILOT_SKIP_VALIDATE_TRUST_DOMAIN").unwrap().0);
    let (scoped, at) = config.flag("PILOT_SCOPE_GATEWAY_TO_NAMESPACE").unwrap();
    assert!(!scoped);
    assert!(
        sample
            .address(&at)
            .starts_with("Deployment.apps/istio-system/istiod#")
    );
    assert!(config.flag("OTHER").is_none());
}

/// The revision that serves a workload, and whether it is in the mesh.
fn membership(sample: &Sample, workload: &str) -> (Membership, String) {
    let member = sample.istio.member(sample.workload(workload));
    (member.membership.value, member.revision.to_string())
}

/// A namespace with labels, and one workload in it.
fn labelled(namespace: &str, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: {{{labels}}}}}\n---\n{}",
        deployment(namespace, "api")
    )
}

#[test]
fn values_files_of_the_charts_are_sources() {
    for (name, text, prefix) in [
        (
            "istio.yaml",
            "meshConfig:\n  accessLogFile: /dev/stdout\nglobal: {istioNamespace: mesh}\n",
            "",
        ),
        (
            "mesh/values.yaml",
            "istiod:\n  meshConfig:\n    accessLogFile: /dev/stdout\n  global: {istioNamespace: mesh}\n",
            "/istiod",
        ),
    ] {
        let chart = "apiVersion: v2\nname: mesh\nversion: 1.0.0\ndependencies: [{name: istiod}]\n";
        let sample = compile(&[
            ("app.yaml", &workload("shop")),
            ("mesh/Chart.yaml", chart),
            (name, text),
        ]);
        let config = &sample.istio.config;
        assert_eq!(config.access_log_file.value, "/dev/stdout");
        assert_eq!(
            sample.address(config.access_log_file.because.at()),
            format!("File/{name}#{prefix}/meshConfig/accessLogFile")
        );
        assert_eq!(&*config.neutral.root_namespace.value, "mesh");
    }
}

#[test]
fn values_that_an_object_installs_with_are_sources() {
    let argo = |chart: &str| {
        with(&format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: istiod}}\nspec:\n  source:\n    \
             chart: {chart}\n    helm:\n      values: |\n        meshConfig:\n          trustDomain: shop.example\n"
        ))
    };
    let config = argo("istiod").istio.config;
    assert_eq!(&*config.neutral.trust_domain.value, "shop.example");
    let other = argo("kiali").istio.config;
    assert_eq!(&*other.neutral.trust_domain.value, "cluster.local");
    let set = with(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: istiod}\nspec:\n  sources:\n  - chart: istiod\n    \
         helm: {parameters: [{name: meshConfig.enableAutoMtls, value: \"false\"}]}\n",
    );
    let complains = |sample: &Sample| {
        let mut all = sample.problems.iter();
        all.any(|p| p.message.contains("not looked at"))
    };
    assert!(complains(&set));
    let from = with(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: istiod}\nspec:\n  chart: {spec: {chart: istiod}}\n  \
         valuesFrom: [{kind: Secret, name: values}]\n",
    );
    assert!(complains(&from));
    let flux = with(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: istiod}\nspec:\n  chart: {spec: {chart: istiod}}\n  \
         values: {meshConfig: {enableAutoMtls: false}}\n",
    );
    assert!(!flux.istio.config.neutral.automatic_mtls.value);
}

#[test]
fn a_bare_mesh_configuration_is_a_source_and_other_files_are_none() {
    let bare = with("accessLogFile: /dev/stdout\n");
    assert_eq!(bare.istio.config.access_log_file.value, "/dev/stdout");
    let two = with("trustDomain: shop.example\nextensionProviders: []\n");
    assert_eq!(
        &*two.istio.config.neutral.trust_domain.value,
        "shop.example"
    );
    for other in [
        "trustDomain: shop.example\n",
        "global: {proxy: {}}\nimage: {tag: 1}\n",
        "revision: \"3\"\nenv: {LEVEL: debug}\n",
        "revision: canary\nglobal: {istioNamespace: mesh}\nservice: {type: LoadBalancer}\n",
        "revision: canary\nglobal: {istioNamespace: mesh}\ncniBinDir: /opt\n",
        "meshConfig: {}\nxdsAddress: istiod\nlogLevel: info\n",
    ] {
        assert!(!with(other).istio.config.neutral.known, "{other}");
    }
}

#[test]
fn operators_put_mesh_config_above_values_and_those_above_the_profile() {
    let sample = with(
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  profile: demo\n  meshConfig:\n    defaultConfig: {interceptionMode: NONE}\n  \
         values:\n    meshConfig:\n      accessLogFile: \"\"\n      defaultConfig: {interceptionMode: REDIRECT, gatewayTopology: {numTrustedProxies: 1}}\n",
    );
    let config = &sample.istio.config;
    assert_eq!(config.access_log_file.value, "");
    assert!(config.no_interception.is_some());
    assert!(config.num_trusted_proxies.is_some());
    assert!(config.providers.iter().any(|p| p.name == "otel"));
}

#[test]
fn the_shared_configuration_lies_below_istiods_own() {
    let own = config_map(
        "istio",
        "trustDomainAliases: [b]\nextensionProviders: [{name: log, envoyFileAccessLog: {path: /a}}]",
    );
    let shared = config_map(
        "shared",
        "accessLogFile: /dev/stdout\ntrustDomainAliases: [a]\nextensionProviders: [{name: log, zipkin: {}}, {name: trace, zipkin: {}}]",
    );
    let istiod = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\nspec:\n  template:\n    spec:\n      \
                  containers: [{name: discovery, image: pilot, env: [{name: SHARED_MESH_CONFIG, value: shared}]}]\n";
    let sample = with(&format!("{own}---\n{shared}---\n{istiod}"));
    let config = &sample.istio.config;
    assert_eq!(config.access_log_file.value, "/dev/stdout");
    assert_eq!(config.trust_domain_aliases, ["a", "b"]);
    let kinds: Vec<_> = config
        .providers
        .iter()
        .map(|p| (&*p.name, &*p.kind))
        .collect();
    assert_eq!(kinds, [("log", "envoyFileAccessLog"), ("trace", "zipkin")]);

    let alone = with(istiod);
    assert!(
        alone
            .problems
            .iter()
            .any(|p| p.message.contains("\"shared\""))
    );
}

#[test]
fn places_that_contradict_each_other_are_a_problem() {
    let sample = compile(&[
        ("app.yaml", &workload("shop")),
        (
            "a.yaml",
            "meshConfig: {accessLogFile: /dev/stdout, enableAutoMtls: true}\n",
        ),
        (
            "b.yaml",
            "meshConfig: {accessLogFile: \"\", enableAutoMtls: true}\n",
        ),
    ]);
    let contradictions = sample
        .problems
        .iter()
        .filter(|p| p.message.contains("differently"));
    assert_eq!(contradictions.count(), 1);
    assert_eq!(sample.istio.config.access_log_file.value, "/dev/stdout");
}

#[test]
fn each_control_plane_has_its_own_settings() {
    let sample = with(&format!(
        "{}---\n{}---\n{}---\n{}",
        labelled("old", "istio-injection: enabled"),
        labelled("new", "istio.io/rev: canary"),
        config_map("istio", "trustDomain: a"),
        config_map("istio-canary", "trustDomain: b\naccessLogFile: /dev/stdout"),
    ));
    let identity = |name| sample.istio.identity(sample.workload(name)).trust_domain;
    assert_eq!((&*identity("old/api"), &*identity("new/api")), ("a", "b"));
    let log = |name| sample.istio.access_log(sample.workload(name)).state;
    assert_eq!(log("old/api"), LogState::Off);
    assert_eq!(log("new/api"), LogState::On);
    assert!(
        sample
            .problems
            .iter()
            .any(|p| p.message.contains("other trust domains"))
    );
}

#[test]
fn only_revisions_that_are_installed_inject() {
    let namespaces = format!(
        "{}---\n{}---\n{}",
        labelled("plain", "istio-injection: enabled"),
        labelled("canary", "istio.io/rev: canary"),
        labelled("other", "istio.io/rev: other"),
    );
    let all = |planes: &str| {
        let sample = with(&format!("{namespaces}---\n{planes}"));
        ["plain/api", "canary/api", "other/api"].map(|w| membership(&sample, w).0)
    };
    use Membership::{Meshed, Unknown, Unmeshed};
    assert_eq!(
        all(&config_map("istio", "{}")),
        [Meshed, Unmeshed, Unmeshed]
    );
    assert_eq!(
        all(&config_map("istio-canary", "{}")),
        [Unmeshed, Meshed, Unmeshed]
    );
    let operator =
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {revision: canary}\n";
    assert_eq!(all(operator), [Unknown, Meshed, Unmeshed]);
    let gateways = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {profile: empty, revision: canary}\n";
    assert_eq!(all(gateways), [Meshed, Unknown, Unknown]);
    let sail = "apiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {name: other}\nspec: {version: v1.2.3}\n";
    assert_eq!(all(sail), [Unmeshed, Unmeshed, Meshed]);
}

#[test]
fn tags_stand_for_their_revision() {
    let sample = with(&format!(
        "{}---\n{}---\napiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {{name: main}}\n\
         spec: {{version: v1.2.3, updateStrategy: {{type: RevisionBased}}}}\n---\n\
         apiVersion: sailoperator.io/v1\nkind: IstioRevisionTag\nmetadata: {{name: default}}\nspec: {{targetRef: {{kind: Istio, name: main}}}}\n",
        labelled("plain", "istio-injection: enabled"),
        labelled("direct", "istio.io/rev: main-v1-2-3"),
    ));
    let both = ["plain/api", "direct/api"].map(|w| membership(&sample, w));
    let expected = (Membership::Meshed, "main-v1-2-3".to_owned());
    assert_eq!(both, [expected.clone(), expected]);
    let helm = compile(&[
        ("app.yaml", &labelled("plain", "istio.io/rev: stable")),
        ("istiod.yaml", "revision: canary\nrevisionTags: [stable]\n"),
    ]);
    assert_eq!(
        membership(&helm, "plain/api"),
        (Membership::Meshed, "canary".to_owned())
    );
}

#[test]
fn a_workloads_own_proxy_config_counts_before_the_meshs() {
    let pods = |annotation: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: own, namespace: shop}}\nspec:\n  template:\n    metadata:\n      \
             labels: {{app: own}}\n      annotations:\n        proxy.istio.io/config: |\n          {annotation}\n    spec: {{containers: [{{name: app, image: a}}]}}\n"
        )
    };
    let object = |namespace: &str, selector: &str, value: &str| {
        format!(
            "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {{name: one{}, namespace: {namespace}}}\n\
             spec: {{selector: {{matchLabels: {{{selector}}}}}, environmentVariables: {{ISTIO_META_ENABLE_HBONE: \"{value}\"}}}}\n",
            selector.len()
        )
    };
    let annotated = "proxyMetadata: {ISTIO_META_ENABLE_HBONE: \"true\"}";
    let check = |parts: &[String]| {
        let sample = with(&parts.join("---\n"));
        let own = sample.workload("shop/own");
        let hbone = sample.istio.config.hbone_of(&sample.index, own);
        hbone.map(|hbone| hbone.value)
    };
    let settings = config_map("istio", "{}");
    assert_eq!(check(&[pods("{}")]), None);
    assert_eq!(check(&[pods("{}"), settings.clone()]), Some(false));
    let root = object("istio-system", "", "true");
    let near = object("shop", "", "false");
    let own = object("shop", "app: own", "false");
    assert_eq!(
        check(&[pods("{}"), settings.clone(), root.clone()]),
        Some(true)
    );
    assert_eq!(check(&[pods("{}"), root, near.clone()]), Some(false));
    assert_eq!(check(&[pods(annotated), near]), Some(true));
    assert_eq!(check(&[pods(annotated), own]), Some(false));
    let other = object("shop", "app: other", "false");
    assert_eq!(check(&[pods(annotated), other]), Some(true));

    let sample = with(&format!(
        "{}---\n{}",
        pods("interceptionMode: REDIRECT"),
        config_map("istio", "defaultConfig: {interceptionMode: NONE}")
    ));
    let config = &sample.istio.config;
    let captured = |name| {
        config
            .interception(&sample.index, sample.workload(name))
            .is_none()
    };
    assert!(captured("shop/own") && !captured("shop/api"));
}

#[test]
fn namespaces_that_are_not_discovered_are_not_read() {
    let policy = |namespace: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: {namespace}}}\nspec: {{mtls: {{mode: STRICT}}}}\n"
        )
    };
    let sample = compile(&[
        (
            "seen.yaml",
            &labelled("seen", "istio-injection: enabled, mesh: in"),
        ),
        ("shop.yaml", &workload("shop")),
        ("other.yaml", &deployment("other", "api")),
        (
            "istio.yaml",
            &format!(
                "{}---\n{}---\n{}---\n{}",
                config_map("istio", "discoverySelectors: [{matchLabels: {mesh: in}}]"),
                policy("seen"),
                policy("shop"),
                policy("other"),
            ),
        ),
    ]);
    let required = |name| {
        let listener = sample.istio.listener(sample.workload(name), 80);
        listener.tls.value == TlsAcceptance::Required
    };
    // of a namespace whose labels are not known it is assumed
    assert_eq!(
        [
            required("seen/api"),
            required("shop/api"),
            required("other/api")
        ],
        [true, false, true]
    );
    let about = |text: &str| {
        sample
            .problems
            .iter()
            .filter(|p| p.message.contains(text))
            .count()
    };
    assert_eq!(about("leave this namespace out"), 1);
    assert!(about("is taken to be one that discoverySelectors") > 0);
}

#[test]
fn the_injector_passes_over_whom_its_settings_say() {
    let pods = |labels: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: pods, namespace: shop}}\nspec:\n  template:\n    \
             metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{{name: app, image: a}}]}}\n"
        )
    };
    let check = |labels: &str, settings: &str| {
        let sample = with(&format!("{}---\n{settings}", pods(labels)));
        membership(&sample, "shop/pods").0
    };
    let operator = |values: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  values: {{{values}}}\n"
        )
    };
    let never = operator(
        "sidecarInjectorWebhook: {neverInjectSelector: [{matchLabels: {job: build}}, {}]}",
    );
    let off = operator(
        "global: {proxy: {autoInject: disabled}}, sidecarInjectorWebhook: {alwaysInjectSelector: [{matchLabels: {job: build}}]}",
    );
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector, namespace: istio-system}\ndata:\n  config: |\n    \
                  policy: enabled\n    neverInjectSelector:\n    - matchLabels: {job: build}\n";
    use Membership::{Meshed, Unmeshed};
    for (labels, settings, expected) in [
        ("job: build", never.as_str(), Unmeshed),
        ("job: other", never.as_str(), Meshed),
        (
            "job: build, sidecar.istio.io/inject: \"true\"",
            never.as_str(),
            Meshed,
        ),
        ("job: build", off.as_str(), Meshed),
        ("job: other", off.as_str(), Unmeshed),
        ("job: build", config, Unmeshed),
        ("job: other", config, Meshed),
    ] {
        assert_eq!(check(labels, settings), expected, "{labels}: {settings}");
    }
}

#[test]
fn namespaces_need_not_ask_where_the_settings_say_so() {
    let unasked = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec:\n  \
                   values: {sidecarInjectorWebhook: {enableNamespacesByDefault: true}}\n";
    let sample = compile(&[
        ("istio.yaml", unasked),
        ("a.yaml", &labelled("plain", "team: a")),
        ("b.yaml", &labelled("quiet", "istio-injection: disabled")),
        ("c.yaml", &labelled("kube-system", "team: a")),
    ]);
    let of = |name| membership(&sample, name).0;
    assert_eq!(of("plain/api"), Membership::Meshed);
    assert_eq!(of("quiet/api"), Membership::Unmeshed);
    assert_eq!(of("kube-system/api"), Membership::Unmeshed);
}

#[test]
fn what_is_captured_without_annotations_is_a_matter_of_values() {
    let pods = |name: &str, annotations: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    \
             metadata: {{labels: {{app: {name}}}, annotations: {{{annotations}}}}}\n    spec: {{containers: [{{name: app, image: a}}]}}\n"
        )
    };
    let injector = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector, namespace: istio-system}\ndata:\n  \
                    values: '{\"global\": {\"proxy\": {\"excludeInboundPorts\": \"9000\", \"includeIPRanges\": \"\"}}}'\n";
    let own = "traffic.sidecar.istio.io/excludeInboundPorts: \"9001\", traffic.sidecar.istio.io/includeOutboundIPRanges: \"*\"";
    let sample = with(&format!(
        "{}---\n{}---\n{injector}",
        pods("plain", ""),
        pods("own", own)
    ));
    let of = |name| sample.istio.capture(sample.workload(name));
    let at = of("shop/plain").inbound_bypass(9000).unwrap();
    assert_eq!(
        sample.address(&at),
        "ConfigMap/istio-system/istio-sidecar-injector#/data/values/global/proxy/excludeInboundPorts"
    );
    assert!(of("shop/plain").inbound_bypass(9001).is_none());
    assert!(of("shop/own").inbound_bypass(9000).is_none());
    assert!(of("shop/own").inbound_bypass(9001).is_some());
    assert!(matches!(of("shop/plain").outbound(80), Outbound::Bypass(_)));
    assert_eq!(of("shop/own").outbound(80), Outbound::Captured);
}
