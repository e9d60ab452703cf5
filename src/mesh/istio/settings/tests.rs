#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::mesh::istio::sample::{Sample, compile, workload};

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
        "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\ninboundTrafficPolicy: {mode: LOCALHOST}\n\
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
    assert!(config.inbound_traffic_policy.is_some());
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
