# METADATA
# title: Token that nobody has to show
# description: |
#   A RequestAuthentication of Istio refuses tokens that are not valid; a request without any token
#   passes it. No authorization policy on these ports asks for a token, and none keeps other callers
#   out.
#
#   In Consul a `jwt` counts only where it makes the difference. Where the default lets in, what is
#   allowed is let in without a token, and what is denied only if it shows the token. Where the
#   protocol of the service is not one of HTTP, no token is looked at.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#request-authentication
# - https://developer.hashicorp.com/consul/docs/connect/intentions/jwt-authorization
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       Add an AuthorizationPolicy: ALLOW with `requestPrincipals` of the issuer, or DENY with
#       `notRequestPrincipals: ["*"]` on every path that is not public.
#     consul: |
#       Let Consul deny by default (`global.acls.manageSystemACLs: true`, or `default_intention_policy =
#       "deny"`), allow with `jwt`, and set `protocol: http` in the ServiceDefaults of the service.
#   controls: [nist-800-53r5/AC-3, nist-800-204b/EAUN-SR-1, "hipaa-164.312/164.312(d)"]
#   params: {exempt_namespaces: []}
package meshvet.authorization.token_not_required

import data.meshvet.lib.authorization
import data.meshvet.lib.format

exempt := data.params.authorization.token_not_required.exempt_namespaces

deny contains finding if {
	some policy in input.noted
	not policy.namespace in exempt
	ports := policy.passes_without_token # not there where there are none
	finding := {
		"msg": sprintf("calls without a token get to %s: no policy asks for one", [format.some_ports(ports)]),
		"at": concat("", [policy.at, "/metadata/name"]),
		"related": format.places(ports, "asks for no token"),
	}
}

# a token that is asked for, and that nobody has to show
deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in exempt
	some lost in policy.authorization.lost
	lost.how == "tokenless"
	said := verdict(policy, lost)
	finding := {
		"msg": said.text,
		"at": said.at,
		"severity": authorization.level(policy, said.severity),
		"related": authorization.blamed(lost, "decides that"),
	}
}

verdict(policy, lost) := {
	"severity": "critical",
	"at": lost.at,
	"text": sprintf("%s may call %s without a token: %s", [
		authorization.whom(policy),
		authorization.target(policy),
		reason(policy),
	]),
} if {
	policy.authorization.effect == "allow"
}

verdict(policy, _) := {
	"severity": "high",
	"at": policy.authorization.effect_at,
	"text": sprintf("%s is refused only with the token: who shows none gets to %s by default", [
		authorization.whom(policy),
		authorization.target(policy),
	]),
} if {
	policy.authorization.effect == "deny"
}

reason(policy) := "its proxy reads no requests, as the service's protocol is not one of HTTP" if {
	count(policy.authorization.http_ports) == 0
	count(policy.authorization.tcp_ports) > 0
} else := "what is allowed is let in by default"
