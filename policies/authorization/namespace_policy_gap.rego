# METADATA
# title: Policy for a namespace leaves ports out
# description: |
#   In Linkerd a policy about a Namespace is about the Servers in it. A port that no Server selects
#   goes by the default policy instead, however strict the policy for the namespace is, and here the
#   default policy lets in callers without an identity.
# related_resources:
# - https://linkerd.io/2/reference/authorization-policy/#authorizationpolicy
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Annotate the Namespace `config.linkerd.io/default-inbound-policy: deny`, and write a Server for
#     each port that is called.
#   controls: [nist-800-53r5/AC-3, "nist-800-53r5/SC-7(5)", pci-dss-4.0.1/7.3.3]
#   params: {exempt_namespaces: []}
package meshvet.authorization.namespace_policy_gap

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in data.params.authorization.namespace_policy_gap.exempt_namespaces
	gaps := policy.authorization.gaps # not there where there are none
	finding := {
		"msg": sprintf("this is not about %s: without a Server, the default policy lets in callers without an identity", [format.some_ports(gaps)]),
		"at": sprintf("%s/spec/targetRef", [policy.at]),
		"related": format.places(gaps, "has no Server"),
	}
}
