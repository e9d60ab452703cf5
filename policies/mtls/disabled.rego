# METADATA
# title: Mutual TLS is switched off
# description: |
#   With `DISABLE` the proxy takes plaintext only. Clients of the mesh notice and send plaintext as
#   well, so nobody proves who they are, rules about identities have nothing to go by, and the
#   traffic can be read and changed on the wire.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode
# custom:
#   severity: high
#   precision: very-high
#   meshes: [istio]
#   remediation: |
#     Set `mode: STRICT`, or `PERMISSIVE` while clients outside the mesh still call.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/IA-9
#   - nist-800-204/MS-SS-4
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - soc2-2017/CC6.7
#   params: {exempt_namespaces: []}
package meshvet.mtls.disabled

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.mtls.disabled.exempt_namespaces

# entries for one port below STRICT are exceptions, which mtls/port_exception speaks of
exceptions := {port.at |
	some policy in input.noted
	some port in policy.ports
	port.otherwise == "required"
}

deny contains finding if {
	some group in input.acceptance
	group.mode == "plaintext"
	not group.at in exceptions
	open := ports.outside(group.ports, exempt)
	finding := {
		"msg": sprintf("%s %s plaintext only: mutual TLS is switched off", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
		]),
		"at": group.at,
		"related": ports.related(open, "this port"),
	}
}

# a policy whose workloads are elsewhere still decides about them
deny contains finding if {
	some policy in input.noted
	policy.mode == "plaintext"
	policy.scope in {"mesh", "namespace"}
	policy.selects == 0
	not policy.namespace in exempt
	finding := {
		"msg": sprintf("%s switches mutual TLS off; none of the workloads it is for is in these files", [format.object(policy.at)]),
		"at": sprintf("%s/spec/mtls/mode", [policy.at]),
		"severity": "medium",
	}
}
