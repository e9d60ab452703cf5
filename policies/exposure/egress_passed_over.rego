# METADATA
# title: A namespace escapes the rules for calls to the outside
# description: |
#   An EgressNetwork for everyone refuses calls out of the cluster. A namespace that has an
#   EgressNetwork of its own, whatever addresses it is about, is judged by its own alone: to all other
#   addresses its workloads call as they like.
#
#   An EgressNetwork holds back what passes the proxy. Without a NetworkPolicy or a firewall behind it,
#   a workload that gets around its proxy gets out.
# related_resources:
# - https://linkerd.io/2/reference/egress-network/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Add an EgressNetwork without `networks` and with `trafficPolicy: Deny` to the namespace, and
#     attach the routes it needs; or attach routes in this namespace to the one for everyone.
#   controls:
#   - nist-800-53r5/SC-7
#   - nist-800-53r5/AC-4
#   - mitre-attack-containers/T1041
package meshvet.exposure.egress_passed_over

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "egress_passed_over"
	finding := {
		"msg": sprintf("workloads of %s call to the outside as they like: with this EgressNetwork of their own, the one for everyone does not count for them", [setting.value]),
		"at": setting.at,
	}
}
