# METADATA
# title: A probe's path is open to everyone
# description: |
#   This port lets in nobody without an identity, but for the path of a probe: whoever reaches the pod
#   may ask for it, in plaintext. A path that tells nothing is no harm.
# related_resources:
# - https://linkerd.io/2/features/server-policy/
# custom:
#   severity: low
#   precision: high
#   meshes: [linkerd]
#   remediation: |
#     Let the probe ask for a path that tells nothing, or at a port of its own; or say in the chart's
#     value `policyController.probeNetworks` from where the nodes ask.
#   controls:
#   - nist-800-53r5/AC-3
#   - mitre-attack-containers/T1613
#   params:
#     exempt_namespaces: []
#     telling: ["/", "/actuator*", "/admin*", "/debug*", "/env*", "/metrics*", "/status*"]
package meshvet.authorization.probe_open

import data.meshvet.lib.ports

params := data.params.authorization.probe_open

# what a path tells is not known: only those are named that are known to tell something
deny contains finding if {
	some probe in input.probes
	probe.state == "open"
	not ports.namespace(probe.port.id) in params.exempt_namespaces
	finding := {
		"msg": sprintf("anyone may ask %s for %s in plaintext: it is a probe's path", [probe.port.id, probe.path]),
		"at": probe.at,
		"severity": severity(probe.path),
	}
}

severity(path) := "medium" if {
	some pattern in params.telling
	tells(pattern, path)
} else := "low"

tells(pattern, path) if pattern == path

tells(pattern, path) if {
	endswith(pattern, "*")
	startswith(path, trim_suffix(pattern, "*"))
}
