# METADATA
# title: Label asks for a sidecar, and no injector answers
# description: |
#   Each injector answers the labels of its own revision: one that is installed with a revision
#   passes by `istio-injection: enabled`, and nobody answers a revision that is gone. The pods start
#   without a sidecar, and no mutual TLS, authorization policy or access log applies to them, though
#   the label says that they are in the mesh.
# related_resources:
# - https://istio.io/latest/docs/setup/upgrade/canary/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Label with a revision that is installed (`istio.io/rev: <revision>`), or tag one:
#     `istioctl tag set default --revision <revision>` makes it answer `istio-injection: enabled`.
#     Restart the pods afterwards.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/CM-6
#   - nist-800-204/MS-SS-4
#   - mitre-attack-containers/T1562.001
#   params: {exempt_namespaces: []}
package meshvet.membership.label_without_injector

import data.meshvet.lib.format

deny contains finding if {
	some mesh in input.meshes
	some asked in mesh.unanswered
	asked.why == "no_injector"
	not asked.namespace in data.params.membership.label_without_injector.exempt_namespaces
	concerned := who(asked)
	finding := {
		"msg": sprintf("no sidecar is injected into %s: no webhook in these files answers %s", [
			concerned.names,
			asked.label,
		]),
		"at": asked.at,
		"severity": concerned.severity,
	}
}

who(asked) := {"severity": "high", "names": format.some_of(asked.workloads)} if {
	count(asked.workloads) > 0
} else := {"severity": "medium", "names": sprintf("what will run in namespace %s", [asked.namespace])}
