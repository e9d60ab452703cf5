# METADATA
# title: Port without an authorization policy
# description: |
#   Nothing says who may call these ports. Istio lets every call in where no ALLOW policy is in
#   force, Linkerd where no Server selects the port and the default policy asks for nothing, and
#   Consul where the default is to let in whom no intention is about. One workload that is taken over,
#   anywhere in the mesh, so reaches them all.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#implicit-enablement
# - https://linkerd.io/2/features/server-policy/
# - https://developer.hashicorp.com/consul/docs/connect/intentions
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Write an AuthorizationPolicy with an empty spec into the namespace, which refuses every call,
#       and beside it ALLOW policies that name the callers of each workload.
#     linkerd: |
#       Set `config.linkerd.io/default-inbound-policy: deny`, on the Namespace or where it says otherwise
#       now. For each port that is called, write a Server, and an AuthorizationPolicy with a
#       MeshTLSAuthentication that names its callers. `accessPolicy: audit` on a Server tries that out.
#     consul: |
#       Let Consul deny by default (`global.acls.manageSystemACLs: true`, or `default_intention_policy =
#       "deny"`), and write a ServiceIntentions for each service whose `sources` are its callers.
#   controls: ["nist-800-53r5/SC-7(5)", nist-800-53r5/AC-3, pci-dss-4.0.1/7.3.3, nist-800-204b/APE-SR-3]
#   params: {exempt_namespaces: []}
package meshvet.authorization.no_policy

import data.meshvet.lib.format

deny contains finding if {
	some open in input.unguarded
	not open.namespace in data.params.authorization.no_policy.exempt_namespaces
	finding := {
		"msg": sprintf("%s may call %s: %s%s", [callers(open), format.some_ports(open.ports), reason(open), doubt(open)]),
		"at": open.at,
		"severity": severity(open),
		"related": format.places(open.ports, "has no policy"),
	}
}

# its proxies ask for an identity in any case
callers(open) := "every workload of the mesh" if {
	open.mesh == "consul"
} else := "anyone"

reason(open) := "the default lets in whom no intention is about" if {
	open.mesh == "consul"
} else := sprintf("the default policy lets in everyone, and no Server selects %s", [format.choose(open.ports, "it", "them")]) if {
	open.mesh == "linkerd"
} else := "no ALLOW policy is in force there" if {
	open.policies_exist
} else := "no authorization policy was read at all"

doubt(open) := ", unless the mesh's settings, which are not in these files, say otherwise" if {
	open.certain
	open.assumed
} else := "" if {
	open.certain
} else := " (whether all of them are in the mesh is not in the files)"

severity(open) := "medium" if {
	open.certain
	not open.assumed
} else := "low"
