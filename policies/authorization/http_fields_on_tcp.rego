# METADATA
# title: Rule about HTTP on a port that is read as TCP
# description: |
#   On a port that is not read as HTTP there is no path, method, host, header or token. Istio then
#   drops an ALLOW rule that asks for one, and takes the field out of a DENY rule, which so refuses
#   more than is written in it. Consul refuses permissions for such a service, unless it is the proxy
#   that is told another protocol; then all calls of their sources are refused.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#using-istio-authorization-on-plain-tcp-protocols
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       If the port speaks HTTP, say so in its Service (`appProtocol: http`); otherwise limit the rule to
#       other ports (`ports`), and write a rule of its own for this one, without fields of HTTP.
#     consul: |
#       Let the proxy speak what the service speaks: take `protocol` out of the registration's
#       `proxy.config`, and set `protocol: http` in the ServiceDefaults.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
package meshvet.authorization.http_fields_on_tcp

import data.meshvet.lib.authorization
import data.meshvet.lib.format

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	rule.http
	ports := authorization.concerned(policy, rule, policy.authorization.tcp_ports)
	count(ports) > 0
	finding := {
		"msg": message(policy, rule, format.some_ports(ports)),
		"at": rule.at,
		"related": format.places(ports, "is read as TCP"),
	}
}

message(policy, rule, ports) := sprintf("this rule refuses every call%s to %s: TCP has no %s", [
	sources(rule),
	ports,
	format.some_of(http_fields(rule)),
]) if {
	policy.authorization.effect == "deny"
}

# an ALLOW rule for HTTP ports may well leave the others alone
message(policy, rule, ports) := sprintf("this rule lets nobody in to %s: TCP has no %s", [
	ports,
	format.some_of(http_fields(rule)),
]) if {
	policy.authorization.effect == "allow"
	is_meant_for_tcp(policy, rule)
}

is_meant_for_tcp(_, rule) if authorization.names_ports(rule)

is_meant_for_tcp(policy, _) if count(policy.authorization.http_ports) == 0

http_fields(rule) := [field.field | some field in authorization.fields(rule); is_http(field)]

is_http(field) if field.dimension in {"path", "method", "host", "header", "token"}

# A source that loses every field takes everyone.
sources(rule) := " of its sources" if {
	every source in authorization.who(rule) {
		some field in source
		not is_http(field)
	}
} else := ""
