//! Which objects decide what Linkerd does, and which service accounts are its own.

use crate::mesh::PolicyResource;

const POLICY: &str = "policy.linkerd.io";
const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// The groups and resources: `linkerd/linkerd2: charts/linkerd-crds/templates`,
/// `multicluster/charts/linkerd-multicluster/templates/link-crd.yaml`.
pub(super) const POLICY_RESOURCES: &[PolicyResource] = &[
    PolicyResource::object("authorization", POLICY, "authorizationpolicies"),
    PolicyResource::object("authorization", POLICY, "serverauthorizations"),
    PolicyResource::object("authorization", POLICY, "servers"),
    PolicyResource::object("authorization", POLICY, "meshtlsauthentications"),
    PolicyResource::object("authorization", POLICY, "networkauthentications"),
    PolicyResource::object("authorization", POLICY, "httproutes"),
    // a route takes part in what a Server asks, or leads calls elsewhere
    PolicyResource::object("authorization", GATEWAY_API, "grpcroutes"),
    PolicyResource::object("authorization", GATEWAY_API, "httproutes"),
    PolicyResource::object("routing", POLICY, "egressnetworks"),
    PolicyResource::object("routing", POLICY, "httplocalratelimitpolicies"),
    PolicyResource::object("routing", GATEWAY_API, "tcproutes"),
    PolicyResource::object("routing", GATEWAY_API, "tlsroutes"),
    PolicyResource::object("routing", "linkerd.io", "serviceprofiles"),
    PolicyResource::object("routing", "multicluster.linkerd.io", "links"),
    PolicyResource::object("membership", "workload.linkerd.io", "externalworkloads"),
    PolicyResource::settings(&["linkerd-config", "linkerd-identity-trust-roots"]),
    PolicyResource::namespaces(),
    PolicyResource::webhooks("mutatingwebhookconfigurations", &["linkerd-*"]),
    PolicyResource::webhooks("validatingwebhookconfigurations", &["linkerd-*"]),
];

/// Whether a service account is the control plane's or an extension's, by the name and namespace
/// that the charts give it. `linkerd/linkerd2: charts/*/templates/*-rbac.yaml`, `viz/charts`,
/// `multicluster/charts`.
pub(super) fn is_own_account(control_plane: &str, namespace: &str, name: &str) -> bool {
    let begins = |start: &str| name.starts_with(start);
    match namespace {
        "linkerd-viz" => matches!(
            name,
            "metrics-api" | "namespace-metadata" | "prometheus" | "tap" | "tap-injector" | "web"
        ),
        "linkerd-multicluster" => ["linkerd-", "controller-", "namespace-metadata"]
            .into_iter()
            .any(begins),
        "linkerd-cni" => begins("linkerd-cni"),
        _ => {
            namespace == control_plane
                && [
                    "linkerd-destination",
                    "linkerd-heartbeat",
                    "linkerd-identity",
                    "linkerd-proxy-injector",
                ]
                .contains(&name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_own_account;

    #[test]
    fn own_accounts_have_the_name_and_the_place() {
        let own = |namespace, name| is_own_account("mesh", namespace, name);
        assert!(own("mesh", "linkerd-destination"));
        assert!(own("linkerd-viz", "tap-injector"));
        assert!(own(
            "linkerd-multicluster",
            "linkerd-service-mirror-remote-access-default"
        ));
        assert!(!own("mesh", "default"));
        assert!(!own("shop", "linkerd-destination"));
        assert!(!own("linkerd-viz", "default"));
    }
}
