# METADATA
# title: Nothing requires mutual TLS
# description: |
#   Where nothing is said about it, proxies take plaintext next to mutual TLS: Istio's without a
#   PeerAuthentication, Linkerd's without a default policy or a Server. Calls inside the mesh are
#   still protected, but any pod that reaches a port can call it without proving who it is.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/
# - https://linkerd.io/2/features/server-policy/
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: |
#       Add a PeerAuthentication without a selector and with `mtls: {mode: STRICT}`: to this
#       namespace, or to the root namespace (`istio-system`) for the whole mesh.
#     linkerd: |
#       Annotate the Namespace `config.linkerd.io/default-inbound-policy: all-authenticated`, or set
#       `proxy.defaultInboundPolicy` for the whole mesh, and start the pods anew. A port whose callers
#       cannot be in the mesh gets a Server and an AuthorizationPolicy of its own.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/IA-9
#   - nist-800-204/MS-SS-4
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - soc2-2017/CC6.7
#   params: {exempt_namespaces: []}
package meshvet.mtls.not_required

import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.mtls.not_required.exempt_namespaces

deny contains finding if {
	some group in input.acceptance
	not group.configured
	open := ports.outside(group.ports, exempt)
	sure := surety(group)
	finding := {
		"msg": sprintf("%s %s plaintext too: no policy requires mutual TLS%s", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
			sure.unless,
		]),
		"at": group.at,
		"severity": sure.severity,
		"related": ports.related(open, "this port"),
	}
}

# how much of what decides is in the files
surety(group) := {"severity": "low", "unless": "; whether the Namespace is in the mesh is not in these files"} if {
	not group.certain
} else := {"severity": "low", "unless": " in these files; one for the whole mesh may be elsewhere"} if {
	not group.mesh in known
} else := {"severity": "medium", "unless": ", neither of the namespace nor of the mesh"}

# the mesh's own files are here: its settings, or a policy for the whole mesh
known := {mesh.kind | some mesh in input.meshes; mesh.settings_known} | {policy.mesh |
	some policy in input.noted
	policy.subject == "transport"
	policy.scope == "mesh"
}
