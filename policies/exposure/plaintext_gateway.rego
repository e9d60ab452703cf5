# METADATA
# title: Gateway serves requests in plaintext
# description: |
#   A gateway that the outside reaches takes HTTP without TLS and leads it on to workloads. What
#   clients send there (passwords, tokens, cookies) can be read and changed on its way.
# related_resources:
# - https://istio.io/latest/docs/tasks/traffic-management/ingress/secure-ingress/
# - https://linkerd.io/2/features/ingress/
# - https://developer.hashicorp.com/consul/docs/connect/gateways
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Serve HTTPS, and answer HTTP with a redirect only: `tls: {httpsRedirect: true}` on the HTTP
#       server of a Gateway, or an HTTPRoute with a RequestRedirect filter on the HTTP listener.
#     linkerd: |
#       Serve HTTPS at the ingress controller (`tls` of the Ingress, with its hosts and a Secret), and
#       have it answer HTTP with a redirect only.
#     consul: |
#       Give the listener of an API gateway `protocol: HTTPS` and a certificate, or set
#       `tls: {enabled: true}` at the ingress gateway. Answer HTTP with a redirect only: an HTTPRoute with
#       a RequestRedirect filter.
#   controls:
#   - nist-800-53r5/SC-8
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - soc2-2017/CC6.7
#   params: {exempt_namespaces: []}
package meshvet.exposure.plaintext_gateway

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.exposure.plaintext_gateway.exempt_namespaces

# the ways through gateways in plaintext, by the line that the gateway listens because of
ways[at] contains exposure if {
	some exposure in input.exposures
	exposure.via != null
	exposure.http
	exposure.takes == "plaintext"
	at := place(exposure)
}

# there what lets the outside in is the gateway's Service, for all that it listens for
place(exposure) := exposure.gateway_at if {
	exposure.mesh == "consul"
} else := exposure.at

deny contains finding if {
	some at, found in ways
	called := ports.outside(sort({exposure.port | some exposure in found}), exempt)
	sure := surety({exposure.verdict | some exposure in found; exposure.port in called})
	finding := {
		"msg": sprintf("%s takes requests for %s in plaintext%s", [
			[exposure.via | some exposure in found][0],
			format.some_of(ports.ids(called)),
			sure.unless,
		]),
		"at": at,
		"severity": sure.severity,
		"related": ports.related(called, "this port"),
	}
}

surety(verdicts) := {"severity": "high", "unless": ""} if {
	"allow" in verdicts
} else := {"severity": "medium", "unless": "; whether they get there depends on what is not in these files"}
