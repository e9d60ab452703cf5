# METADATA
# title: Clients outside the cluster bypass the gateway
# description: |
#   A load balancer, a node's port or an external address leads straight to an application in the
#   mesh. Such clients have no identity, so the proxy there takes them as plaintext callers, and what
#   a gateway would check and log (hosts, TLS, tokens) is left out.
#
#   Linkerd has no gateway of its own for them: an ingress controller is one where an Ingress of the
#   input shows it, and others belong into `exempt_namespaces`.
# related_resources:
# - https://istio.io/latest/docs/tasks/traffic-management/ingress/ingress-control/
# - https://linkerd.io/2/features/ingress/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Make the Service `type: ClusterIP` (and remove `externalIPs` or `hostPort`), and publish it
#       through a gateway. Requiring mutual TLS at the workload closes the way as well.
#     linkerd: |
#       Make the Service `type: ClusterIP` (and remove `externalIPs` or `hostPort`), and publish it
#       through an ingress controller that is in the mesh. A Server that lets in that controller's
#       identity only closes the way as well.
#     consul: |
#       Make the Service `type: ClusterIP` (and remove `externalIPs` or `hostPort`), and publish it
#       through an API gateway. Mutual TLS without exceptions (no `mutualTLSMode: permissive`, the
#       transparent proxy on, no excluded port) closes the way as well.
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
import data.meshvet.lib.proxies

exempt := data.params.exposure.direct.exempt_namespaces

# the open ways in, by the line that lets clients from outside in
ways[exposure.at] contains exposure if {
	some exposure in input.exposures
	exposure.via == null
	exposure.membership != "unmeshed"
	not is_gateway(exposure)
	not exposure.of_mesh
	not exposure.at in told_elsewhere
}

# paths that a proxy answers for anyone: exposure/exposed_path
told_elsewhere := {at | some at, _ in proxies.written("exposed_path")}

# an ingress controller is what others should pass
is_gateway(exposure) if {
	exposure.mesh == "linkerd"
	sprintf("the ingress controller %s", [split(exposure.port.id, ":")[0]]) in gateways
}

gateways := {exposure.via | some exposure in input.exposures}

deny contains finding if {
	some at, found in ways
	called := ports.outside(sort({exposure.port | some exposure in found}), exempt)
	said := words(found)
	sure := surety({[exposure.verdict, exposure.membership] | some exposure in found; exposure.port in called}, said)
	finding := {
		"msg": sprintf("clients outside the cluster can call %s directly, %s%s", [
			format.some_of(ports.ids(called)),
			said.past,
			sure.unless,
		]),
		"at": at,
		"severity": sure.severity,
		"related": ports.related(called, "this port"),
	}
}

# without a gateway of the mesh, what is called may be one, which nothing says
words(found) := {"worst": "medium", "past": "and prove no identity", "asked": "it is in the mesh"} if {
	some exposure in found
	exposure.mesh == "linkerd"
} else := {"worst": "high", "past": "past every gateway", "asked": "they should pass a gateway"}

# whether anyone may call, and a proxy is there that they should have passed a gateway to reach
surety(ways, said) := {"severity": said.worst, "unless": ""} if {
	["allow", "meshed"] in ways
} else := {"severity": "medium", "unless": sprintf("; whether %s depends on the Namespace, which is not in these files", [said.asked])} if {
	["allow", "unknown"] in ways
} else := {"severity": "medium", "unless": "; what else they need depends on the request, or is not in these files"}
