# METADATA
# title: Clients outside the cluster bypass the gateway
# description: |
#   A load balancer, a node's port or an external address leads straight to an application in the
#   mesh. Such clients have no identity, so the proxy there takes them as plaintext callers, and what
#   the gateway would check and log (hosts, TLS, tokens) is left out.
# related_resources:
# - https://istio.io/latest/docs/tasks/traffic-management/ingress/ingress-control/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Make the Service `type: ClusterIP` (and remove `externalIPs` or `hostPort`), and publish it
#     through a gateway. Requiring mutual TLS at the workload closes the way as well.
#   controls:
#   - nist-800-53r5/SC-7
#   - pci-dss-4.0.1/1.4.2
#   - pci-dss-4.0.1/1.3.1
#   - soc2-2017/CC6.6
#   - mitre-attack-containers/T1190
#   params: {exempt_namespaces: []}
package meshvet.exposure.direct

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.exposure.direct.exempt_namespaces

# the open ways in, by the line that lets clients from outside in
ways[exposure.at] contains exposure if {
	some exposure in input.exposures
	exposure.via == null
	exposure.membership != "unmeshed"
}

deny contains finding if {
	some at, found in ways
	called := ports.outside([exposure.port | some exposure in found], exempt)
	sure := surety({[exposure.verdict, exposure.membership] | some exposure in found; exposure.port in called})
	finding := {
		"msg": sprintf("clients outside the cluster can call %s directly, past every gateway%s", [
			format.some_of(ports.ids(called)),
			sure.unless,
		]),
		"at": at,
		"severity": sure.severity,
		"related": ports.related(called, "this port"),
	}
}

# whether anyone may call, and a proxy is there that they should have passed a gateway to reach
surety(ways) := {"severity": "high", "unless": ""} if {
	["allow", "meshed"] in ways
} else := {"severity": "medium", "unless": "; whether they should pass a gateway depends on the Namespace, which is not in these files"} if {
	["allow", "unknown"] in ways
} else := {"severity": "medium", "unless": "; what else they need depends on the request, or is not in these files"}
