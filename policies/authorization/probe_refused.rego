# METADATA
# title: The mesh refuses a probe
# description: |
#   The kubelet asks this port whether the container lives, without an identity. The proxy refuses the
#   call: the container is restarted over and over, or never gets traffic.
#
#   Linkerd lets probes over HTTP through by itself until a route is attached to the port's Server, and
#   only where it reads HTTP there; probes over gRPC it never lets through by itself.
# related_resources:
# - https://linkerd.io/2/features/server-policy/
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Attach an HTTPRoute to the Server for GET of this path, with an AuthorizationPolicy that requires a
#     NetworkAuthentication of the nodes' addresses; or let the probe ask at a port of its own.
#   controls:
#   - nist-800-53r5/CM-6
#   - nist-800-204/MS-SS-4
#   params: {exempt_namespaces: []}
package meshvet.authorization.probe_refused

import data.meshvet.lib.ports

deny contains finding if {
	some probe in input.probes
	probe.state == "refused"
	not ports.namespace(probe.port.id) in data.params.authorization.probe_refused.exempt_namespaces
	finding := {
		"msg": sprintf("this probe of %s is refused: nothing lets a caller without an identity ask for %s", [
			probe.port.id,
			probe.path,
		]),
		"at": probe.at,
	}
}
