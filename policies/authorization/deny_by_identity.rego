# METADATA
# title: DENY by identity on a port that takes plaintext
# description: |
#   The rule refuses callers by the identity they prove. A caller that sends plaintext proves none,
#   so the rule does not match it: a workload gets past it by going around its own proxy.
# related_resources:
# - https://istio.io/latest/docs/ops/best-practices/security/#safer-authorization-policy-patterns
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       Require mutual TLS on these ports (PeerAuthentication, `mode: STRICT`), and list who may call
#       in an ALLOW policy; or refuse those without an identity too, with `notPrincipals: ["*"]`.
#     consul: |
#       Set `mutualTLSMode: strict` in the ServiceDefaults of the service, or where ProxyDefaults say
#       otherwise: on plaintext no intention is asked.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/IA-9, pci-dss-4.0.1/7.2.2]
package meshvet.authorization.deny_by_identity

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	policy.authorization.effect == "deny"
	some rule in policy.authorization.rules
	ports := authorization.concerned(policy, rule, policy.authorization.anonymous_ports)
	count(ports) > 0
	some field in authorization.fields(rule)
	field.dimension == "identity"
	not field.negated
	finding := {
		"msg": sprintf("%s not refused when sending plaintext, which %s %s", [
			subject(field),
			format.some_ports(ports),
			format.choose(ports, "takes", "take"),
		]),
		"at": field.at,
		"related": format.places(ports, "takes plaintext"),
	}
}

subject(field) := "callers of the mesh are" if {
	field.any
} else := sprintf("%s is", [format.any_of(authorization.texts(field))])
