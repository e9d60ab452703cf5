# METADATA
# title: Token that nobody has to show
# description: |
#   A RequestAuthentication refuses tokens that are not valid; a request without any token passes it.
#   No authorization policy on these ports asks for a token, and none keeps other callers out.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#request-authentication
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Add an AuthorizationPolicy: ALLOW with `requestPrincipals` of the issuer, or DENY with
#     `notRequestPrincipals: ["*"]` on every path that is not public.
#   controls: [nist-800-53r5/AC-3, nist-800-204b/EAUN-SR-1, "hipaa-164.312/164.312(d)"]
#   params: {exempt_namespaces: []}
package meshvet.authorization.token_not_required

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	not policy.namespace in data.params.authorization.token_not_required.exempt_namespaces
	ports := policy.passes_without_token # not there where there are none
	finding := {
		"msg": sprintf("calls without a token get to %s: no policy asks for one", [format.some_ports(ports)]),
		"at": concat("", [policy.at, "/metadata/name"]),
		"related": format.places(ports, "asks for no token"),
	}
}
