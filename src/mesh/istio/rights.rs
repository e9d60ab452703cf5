//! Which objects decide what Istio does, and which service accounts are its own.

use super::proxies::GATEWAY_API;
use crate::mesh::{PolicyResource, Residence};

const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
/// Of objects that are there anyway, and of which only some count.
const CHANGE: &[&str] = &["update", "patch", "delete", "deletecollection"];
/// Of labels: who may delete a namespace deletes its workloads with it.
const RELABEL: &[&str] = &["update", "patch"];

const SECURITY: &str = "security.istio.io";
const NETWORKING: &str = "networking.istio.io";
const EXTENSIONS: &str = "extensions.istio.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// The groups and resources: `istio/istio: pkg/config/schema/metadata.yaml`.
pub(super) const POLICY_RESOURCES: &[PolicyResource] = &[
    object("authorization", SECURITY, "authorizationpolicies"),
    object("authorization", SECURITY, "requestauthentications"),
    object("transport", SECURITY, "peerauthentications"),
    object("code", NETWORKING, "envoyfilters"),
    object("code", EXTENSIONS, "wasmplugins"),
    object("code", EXTENSIONS, "trafficextensions"),
    object("telemetry", "telemetry.istio.io", "telemetries"),
    object("routing", NETWORKING, "destinationrules"),
    object("routing", NETWORKING, "gateways"),
    object("routing", NETWORKING, "proxyconfigs"),
    object("routing", NETWORKING, "serviceentries"),
    object("routing", NETWORKING, "sidecars"),
    object("routing", NETWORKING, "virtualservices"),
    object("routing", NETWORKING, "workloadentries"),
    object("routing", NETWORKING, "workloadgroups"),
    object("routing", GATEWAY_API, "backendtlspolicies"),
    object("routing", GATEWAY_API, "gateways"),
    object("routing", GATEWAY_API, "grpcroutes"),
    object("routing", GATEWAY_API, "httproutes"),
    object("routing", GATEWAY_API, "listenersets"),
    object("routing", GATEWAY_API, "referencegrants"),
    object("routing", GATEWAY_API, "tcproutes"),
    object("routing", GATEWAY_API, "tlsroutes"),
    object("settings", "install.istio.io", "istiooperators"),
    PolicyResource {
        verbs: CHANGE,
        names: &["istio", "istio-*"],
        place: Residence::ControlPlane,
        ..object("settings", "", "configmaps")
    },
    of_cluster("settings", "sailoperator.io", "istios"),
    of_cluster("settings", "sailoperator.io", "istiocnis"),
    of_cluster("settings", "sailoperator.io", "istiorevisions"),
    of_cluster("settings", "sailoperator.io", "ztunnels"),
    PolicyResource {
        verbs: RELABEL,
        ..object("membership", "", "namespaces")
    },
    PolicyResource {
        names: &["istio-sidecar-injector*", "istio-revision-tag-*"],
        ..of_cluster("admission", ADMISSION, "mutatingwebhookconfigurations")
    },
    PolicyResource {
        names: &["istio-validator-*", "istiod-*"],
        ..of_cluster("admission", ADMISSION, "validatingwebhookconfigurations")
    },
];

const fn object(part: &'static str, group: &'static str, resource: &'static str) -> PolicyResource {
    PolicyResource {
        part,
        group,
        resource,
        verbs: WRITE,
        names: &[],
        place: Residence::Namespaces,
    }
}

const fn of_cluster(
    part: &'static str,
    group: &'static str,
    resource: &'static str,
) -> PolicyResource {
    PolicyResource {
        place: Residence::Cluster,
        ..object(part, group, resource)
    }
}

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
