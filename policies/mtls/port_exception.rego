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
#     Remove the entry once the caller has a sidecar. While it is needed, limit who may call the
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
	some policy in input.policies
	some port in policy.ports
	port.otherwise == "required"
}

# the ports that callers know by a Service
served := {listener.id |
	some listener in input.listeners
	count(listener.services) > 0
}

deny contains finding if {
	some group in input.acceptance
	group.at in exceptions
	group.mode in {"permissive", "plaintext"}
	open := ports.outside(group.ports, exempt)
	count(open) > 0
	finding := {
		"msg": sprintf("%s %s plaintext, though mutual TLS is required of all other ports there", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
		]),
		"at": group.at,
		"severity": severity(ports.ids(open)),
		"related": ports.related(open, "this port"),
	}
}

severity(ids) := "high" if {
	some id in ids
	id in served
} else := "medium"
