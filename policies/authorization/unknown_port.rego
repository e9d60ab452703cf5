# METADATA
# title: Port that the workload does not listen on
# description: |
#   Policies are compared with the port that the pod listens on. The port of a Service is another
#   one wherever `targetPort` differs, and a rule that names it matches no call.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: Write the port of the container (the Service's `targetPort`).
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
#   params: {known_ports: ["15020", "15021", "15090"]}
package meshvet.authorization.unknown_port

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	listened := {sprintf("%d", [port]) | some port in policy.authorization.ports}
	count(listened) > 0
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.dimension == "port"
	some value in field.values
	not value.text in listened
	not value.text in data.params.authorization.unknown_port.known_ports
	finding := {
		"msg": message(policy, field, value),
		"at": value.at,
		"severity": severity(policy, field, value),
	}
}

message(policy, field, value) := sprintf("%s is the port of the service %s, and the pods listen on another: it %s", [
	value.text,
	format.some_of([split(port, ":")[0] | some port in value.service_ports]),
	authorization.never(policy, field).text,
]) if {
	value.service_ports
} else := sprintf("no port %s is declared by %s", [value.text, authorization.target(policy)]) if {
	policy.authorization.ports_known
}

severity(policy, field, value) := authorization.severity(authorization.never(policy, field), "high", "medium") if {
	value.service_ports
} else := "low"
