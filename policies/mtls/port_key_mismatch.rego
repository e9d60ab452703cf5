# METADATA
# title: Port entry is for a Service's port
# description: |
#   The keys of `portLevelMtls` are ports of the pods. An entry for the port of a Service that
#   forwards to another one does nothing: the mode of the whole policy stays in force, whichever
#   way the entry was meant to change it.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Use the `targetPort` of the Service, which is the `containerPort` of the pods, as the key.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/CM-6
package meshvet.mtls.port_key_mismatch

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	some port in policy.ports
	not port.listened
	port.mode != port.otherwise
	finding := {
		"msg": sprintf("this entry has no effect: no pod listens on %d, which is the port of Service %s; %s", [
			port.port,
			format.some_of(port.service_ports),
			in_force[port.otherwise],
		]),
		"at": port.at,
	}
}

in_force := {
	"required": "mutual TLS stays required",
	"permissive": "plaintext stays allowed",
	"plaintext": "mutual TLS stays switched off",
}
