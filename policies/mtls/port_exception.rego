# METADATA
# title: Port is exempt from mutual TLS
# description: |
#   An entry of `portLevelMtls` takes one port out of a policy that otherwise requires mutual TLS.
#   Whoever reaches that port can call it in plaintext and without an identity. Such entries are
#   made for one client and tend to stay when it is gone.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Remove the entry once the caller is in the mesh. While it is needed, limit who may call the
#     port, and write down for whom and until when the exception stands.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/1.2.6
#   - hipaa-164.312/164.312(e)(1)
#   params: {exempt_namespaces: []}
package meshvet.mtls.port_exception

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.mtls.port_exception.exempt_namespaces

exceptions := {port.at |
	some policy in input.noted
	some port in policy.ports
	port.otherwise == "required"
}

deny contains finding if {
	some group in input.acceptance
	group.at in exceptions
	group.mode in {"permissive", "plaintext"}
	open := ports.outside(group.ports, exempt)
	use := usage({service | some port in open; some service in port.services})
	finding := {
		"msg": sprintf("%s %s plaintext, though mutual TLS is required of the other ports there%s", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
			use.by,
		]),
		"at": group.at,
		"severity": use.severity,
		"related": ports.related(open, "this port"),
	}
}

# an exception for what nobody dials by name is most often for probes and metrics
usage(services) := {"severity": "medium", "by": ""} if {
	count(services) == 0
} else := {"severity": "high", "by": sprintf("; Service %s leads to it", [format.some_of(sort(services))])}
