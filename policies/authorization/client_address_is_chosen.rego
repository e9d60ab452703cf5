# METADATA
# title: Address that the caller chooses
# description: |
#   In front of a workload, the client's address (`remoteIpBlocks`, `remote.ip`) is the last one in
#   the header X-Forwarded-For. Gateways set that header; any other caller writes into it what it
#   likes, and so chooses whether the rule matches.
# related_resources:
# - https://istio.io/latest/docs/ops/configuration/traffic-management/network-topologies/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Judge the client's address at the gateway, and let only the gateway's identity in here. For
#     callers inside the cluster, name their identities, or `ipBlocks` for the address they come from.
#   controls: [nist-800-53r5/AC-3, pci-dss-4.0.1/1.4.2]
package meshvet.authorization.client_address_is_chosen

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	policy.authorization.effect in {"allow", "deny"}
	some rule in policy.authorization.rules
	some fields in authorization.who(rule)
	some field in fields
	field.dimension == "client_address"
	not field.any
	ports := authorization.concerned(policy, rule, policy.authorization.http_ports)
	count(ports) > 0
	finding := {
		"msg": sprintf("callers of %s choose %s themselves, in the header X-Forwarded-For", [
			format.some_ports(ports),
			field.field,
		]),
		"at": field.at,
		"severity": severity(policy, fields),
		"related": format.places(ports, "is no gateway"),
	}
}

# Only callers that prove an identity can make use of it.
severity(policy, fields) := "low" if {
	policy.authorization.effect == "allow"
	some field in fields
	field.dimension == "identity"
	not field.negated
} else := "high"
