# METADATA
# title: Anyone outside may call it
# description: |
#   A route leads from a gateway to a workload, and neither the gateway nor the workload asks who
#   calls: no token, no provider that is asked, no range of addresses. For what is meant to be public
#   that is right; for everything else it is the way in.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authorization/authz-jwt/
# - https://linkerd.io/2/features/ingress/
# - https://developer.hashicorp.com/consul/docs/connect/gateways/api-gateway/secure-traffic/verify-jwts-k8s
# custom:
#   severity: medium
#   precision: medium
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Let the gateway ask for a token (a RequestAuthentication, and an AuthorizationPolicy with
#       `requestPrincipals`) or a provider (action CUSTOM). If it is public on purpose, list the
#       workload under the parameter `public` as `namespace/name`.
#     linkerd: |
#       Let the ingress controller ask for a login or a token, as Linkerd reads none. If it is public
#       on purpose, or the controller asks in a way that is not seen here, list the workload under the
#       parameter `public` as `namespace/name`.
#     consul: |
#       Let an API gateway ask for a token (a GatewayPolicy, or a RouteAuthFilter on the route, with a
#       JWTProvider), or the intention of the service (`jwt`); an ingress gateway asks for none. If it is
#       public on purpose, list the workload under the parameter `public` as `namespace/name`.
#   controls:
#   - nist-800-53r5/AC-3
#   - soc2-2017/CC6.1
#   - mitre-attack-containers/T1190
#   params: {public: [], exempt_namespaces: []}
package meshvet.exposure.unauthenticated

import data.meshvet.lib.format
import data.meshvet.lib.ports

public := data.params.exposure.unauthenticated.public

exempt := data.params.exposure.unauthenticated.exempt_namespaces

# the ways that are open to anyone, by the line of the route
ways[at] contains exposure if {
	some exposure in input.exposures
	exposure.via != null
	exposure.open
	not workload(exposure) in public
	not ports.namespace(exposure.port.id) in exempt
	at := place(exposure)
}

deny contains finding if {
	some at, found in ways
	called := sort({exposure.port | some exposure in found})
	sure := surety({exposure.verdict | some exposure in found})
	finding := {
		"msg": sprintf("anyone outside may call %s through %s: nobody asks for a token, a provider or an address%s", [
			format.some_of(ports.ids(called)),
			[exposure.via | some exposure in found][0],
			sure.unless,
		]),
		"at": at,
		"severity": sure.severity,
		"related": ports.related(called, "this port"),
	}
}

# without a route that says so, the gateway's own line
place(exposure) := exposure.route if {
	exposure.route != null
} else := exposure.at

workload(exposure) := split(exposure.port.id, ":")[0]

surety(verdicts) := {"severity": "medium", "unless": ""} if {
	"allow" in verdicts
} else := {"severity": "low", "unless": ", as far as these files show"}
