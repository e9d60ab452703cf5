# METADATA
# title: Port is kept from the proxy
# description: |
#   Traffic to this port does not pass the proxy. Mutual TLS, authorization policies and access
#   logs do not apply to it, whatever they say; and clients of the mesh that do not know send mutual
#   TLS that the application cannot read. Those of Linkerd know of an annotation, and send plaintext.
# related_resources:
# - https://istio.io/latest/docs/reference/config/annotations/
# - https://linkerd.io/2/features/protocol-detection/
# - https://developer.hashicorp.com/consul/docs/k8s/annotations-and-labels
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Remove the port from the annotation (or the annotation as a whole). Probes need no exception:
#       Istio rewrites them.
#     linkerd: |
#       Take the port out of `config.linkerd.io/skip-inbound-ports`, or out of
#       `proxyInit.ignoreInboundPorts` of the chart. Where the server speaks first, list it in
#       `config.linkerd.io/opaque-ports` instead, which keeps mutual TLS. Probes need no exception.
#     consul: |
#       Take the port out of `consul.hashicorp.com/transparent-proxy-exclude-inbound-ports`; where others
#       than callers of the mesh need it, let a NetworkPolicy name them. Probes over HTTP need no
#       exception: Consul rewrites them.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-204a/SM-DR6
#   - mitre-attack-containers/T1562.001
#   params: {exempt_namespaces: []}
package meshvet.membership.skipped_port

import data.meshvet.lib.format
import data.meshvet.lib.ports
import data.meshvet.lib.proxies

exempt := data.params.membership.skipped_port.exempt_namespaces

deny contains finding if {
	some group in input.bypasses
	not group.at in optional
	past := ports.outside(group.ports, exempt)
	use := usage(group.services)
	finding := {
		"msg": sprintf("calls to %s pass by the proxy: no mutual TLS, authorization or access log applies to them%s", [
			format.some_of(ports.ids(past)),
			use.by,
		]),
		"at": group.at,
		"severity": use.severity,
		"related": ports.related(past, "this port"),
	}
}

# that a proxy sees no port of its pods at all: membership/proxy_optional
optional := {at | some at, _ in proxies.written("redirection")}

# what nobody dials by name is most often for probes and metrics
usage([]) := {"severity": "low", "by": ""}

usage(services) := {"severity": "high", "by": sprintf("; Service %s leads there", [format.some_of(services)])}
