//! Which objects decide what Consul does, and which service accounts are its own.

use super::entry::GROUP;
use super::settings::Config;
use crate::mesh::PolicyResource;

const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// The groups and resources: `hashicorp/consul-k8s: charts/consul/templates/crd-*.yaml`. An object says
/// which service it is about by a name of Consul's: its namespace in Kubernetes does not limit it.
pub(super) const POLICY_RESOURCES: &[PolicyResource] = &[
    PolicyResource::object("authorization", GROUP, "serviceintentions"),
    PolicyResource::object("authorization", GROUP, "jwtproviders"),
    PolicyResource::object("authorization", GROUP, "gatewaypolicies"),
    PolicyResource::object("authorization", GROUP, "customgatewaypolicies"),
    PolicyResource::object("authorization", GROUP, "routeauthfilters"),
    PolicyResource::object("authorization", GROUP, "exportedservices"),
    PolicyResource::object("authorization", GROUP, "samenessgroups"),
    PolicyResource::object("transport", GROUP, "proxydefaults"),
    PolicyResource::object("transport", GROUP, "servicedefaults"),
    PolicyResource::object("transport", GROUP, "meshes"),
    PolicyResource::object("code", GROUP, "routeextprocs"),
    PolicyResource::object("membership", GROUP, "peeringacceptors"),
    PolicyResource::object("membership", GROUP, "peeringdialers"),
    PolicyResource::of_cluster("membership", GROUP, "registrations"),
    PolicyResource::object("routing", GROUP, "terminatinggateways"),
    PolicyResource::object("routing", GROUP, "ingressgateways"),
    PolicyResource::object("routing", GROUP, "serviceresolvers"),
    PolicyResource::object("routing", GROUP, "servicerouters"),
    PolicyResource::object("routing", GROUP, "servicesplitters"),
    PolicyResource::object("routing", GATEWAY_API, "gateways"),
    PolicyResource::object("routing", GATEWAY_API, "httproutes"),
    PolicyResource::object("routing", GATEWAY_API, "tcproutes"),
    PolicyResource::settings(&["consul-server-config", "consul-server-tmp-extra-config"]),
    // a label of a namespace takes its pods out of the transparent proxy
    PolicyResource::namespaces(),
    PolicyResource::webhooks("mutatingwebhookconfigurations", &["consul*"]),
    PolicyResource::webhooks("validatingwebhookconfigurations", &["consul*"]),
];

/// Names of the chart's service accounts, behind the name of the release.
/// `hashicorp/consul-k8s: charts/consul/templates/*-serviceaccount.yaml`.
const ACCOUNTS: &[&str] = &[
    "apply-sa",
    "auth-method",
    "client",
    "cni",
    "connect-injector",
    "create-federation-secret",
    "dns-proxy",
    "enterprise-license",
    "gateway-cleanup",
    "gateway-cleanup-custom",
    "gateway-resources",
    "gateway-resources-custom",
    "generate-manifests",
    "gossip-encryption-autogenerate",
    "mesh-gateway",
    "partition-init",
    "server",
    "server-acl-init",
    "server-acl-init-cleanup",
    "sync-catalog",
    "sync-catalog-cleanup",
    "telemetry-collector",
    "tls-init",
    "tls-init-cleanup",
    "webhook-cert-manager",
];

/// Whether a service account is the control plane's, by the name and namespace that the chart gives it.
/// Releases are mostly called after the chart, and else by `global.name`.
pub(super) fn is_own_account(config: &Config, namespace: &str, name: &str) -> bool {
    let is_part = |release: &str| {
        let part = name
            .strip_prefix(release)
            .and_then(|rest| rest.strip_prefix('-'));
        part.is_some_and(|part| ACCOUNTS.contains(&part))
    };
    let ends = |part: &&str| name.ends_with(&format!("-consul-{part}"));
    namespace == &*config.control_plane.value
        && (is_part("consul") || is_part(&config.release_name) || ACCOUNTS.iter().any(ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::consul::settings;
    use crate::mesh::sample;
    use crate::model::{At, ResourceId};

    #[test]
    fn own_accounts_have_the_name_and_the_place() {
        let values = "global: {name: hashi, datacenter: dc1}\nconnectInject: {enabled: true}";
        let (index, mut problems) = sample::index(&[("consul-values.yaml", values)]);
        let config = settings::read(&index, At::new(ResourceId(0), ""), &mut problems);
        let own = |namespace, name| is_own_account(&config, namespace, name);
        assert!(own("consul", "hashi-connect-injector"));
        assert!(own("consul", "consul-server"));
        assert!(own("consul", "mesh-consul-server-acl-init"));
        assert!(!own("shop", "hashi-connect-injector"));
        assert!(!own("consul", "default"));
        assert!(!own("consul", "web-server"));
    }
}
