//! Which objects decide what Istio does, and which service accounts are its own.

use super::proxies::GATEWAY_API;
use crate::mesh::PolicyResource;

const SECURITY: &str = "security.istio.io";
const NETWORKING: &str = "networking.istio.io";
const EXTENSIONS: &str = "extensions.istio.io";

/// The groups and resources: `istio/istio: pkg/config/schema/metadata.yaml`.
pub(super) const POLICY_RESOURCES: &[PolicyResource] = &[
    PolicyResource::object("authorization", SECURITY, "authorizationpolicies"),
    PolicyResource::object("authorization", SECURITY, "requestauthentications"),
    PolicyResource::object("transport", SECURITY, "peerauthentications"),
    PolicyResource::object("code", NETWORKING, "envoyfilters"),
    PolicyResource::object("code", EXTENSIONS, "wasmplugins"),
    PolicyResource::object("code", EXTENSIONS, "trafficextensions"),
    PolicyResource::object("telemetry", "telemetry.istio.io", "telemetries"),
    PolicyResource::object("routing", NETWORKING, "destinationrules"),
    PolicyResource::object("routing", NETWORKING, "gateways"),
    PolicyResource::object("routing", NETWORKING, "proxyconfigs"),
    PolicyResource::object("routing", NETWORKING, "serviceentries"),
    PolicyResource::object("routing", NETWORKING, "sidecars"),
    PolicyResource::object("routing", NETWORKING, "virtualservices"),
    PolicyResource::object("routing", NETWORKING, "workloadentries"),
    PolicyResource::object("routing", NETWORKING, "workloadgroups"),
    PolicyResource::object("routing", GATEWAY_API, "backendtlspolicies"),
    PolicyResource::object("routing", GATEWAY_API, "gateways"),
    PolicyResource::object("routing", GATEWAY_API, "grpcroutes"),
    PolicyResource::object("routing", GATEWAY_API, "httproutes"),
    PolicyResource::object("routing", GATEWAY_API, "listenersets"),
    PolicyResource::object("routing", GATEWAY_API, "referencegrants"),
    PolicyResource::object("routing", GATEWAY_API, "tcproutes"),
    PolicyResource::object("routing", GATEWAY_API, "tlsroutes"),
    PolicyResource::object("settings", "install.istio.io", "istiooperators"),
    PolicyResource::settings(&["istio", "istio-*"]),
    PolicyResource::of_cluster("settings", "sailoperator.io", "istios"),
    PolicyResource::of_cluster("settings", "sailoperator.io", "istiocnis"),
    PolicyResource::of_cluster("settings", "sailoperator.io", "istiorevisions"),
    PolicyResource::of_cluster("settings", "sailoperator.io", "ztunnels"),
    PolicyResource::namespaces(),
    PolicyResource::webhooks(
        "mutatingwebhookconfigurations",
        &["istio-sidecar-injector*", "istio-revision-tag-*"],
    ),
    PolicyResource::webhooks(
        "validatingwebhookconfigurations",
        &["istio-validator-*", "istiod-*"],
    ),
];

/// Whether a service account is the control plane's or an installer's, by the name and namespace
/// that the charts give it. `istio/istio: manifests/charts/*/templates/serviceaccount.yaml`,
/// `istio-ecosystem/sail-operator: chart/templates`.
pub(super) fn is_own_account(root: &str, namespace: &str, name: &str) -> bool {
    let begins = |start: &str| {
        name.strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    match namespace {
        "istio-operator" => begins("istio-operator"),
        "sail-operator" => begins("sail-operator"),
        "kube-system" | "istio-cni" | "ztunnel" => begins("istio-cni") || begins("ztunnel"),
        _ => {
            (namespace == root || namespace == "istio-system")
                && [
                    "istiod",
                    "istio-reader",
                    "istio-cni",
                    "ztunnel",
                    "istio-operator",
                ]
                .into_iter()
                .any(begins)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_own_account;

    #[test]
    fn own_accounts_have_the_name_and_the_place() {
        let own = |namespace, name| is_own_account("mesh", namespace, name);
        assert!(own("mesh", "istiod"));
        assert!(own("mesh", "istiod-canary"));
        assert!(own("istio-system", "istio-reader-service-account"));
        assert!(own("kube-system", "istio-cni"));
        assert!(own("sail-operator", "sail-operator"));
        assert!(!own("shop", "istiod"));
        assert!(!own("mesh", "istiodx"));
        assert!(!own("mesh", "kiali"));
        assert!(!own("kube-system", "istiod"));
    }
}
