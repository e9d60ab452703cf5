# METADATA
# title: Debug container reads all traffic of the pod
# description: |
#   The container runs tshark beside the application and writes what it sees to its log: calls on
#   their way between the proxy and the application, which are not encrypted there, with tokens and
#   data. It is meant for a short look, and has no limits of its own.
# related_resources:
# - https://linkerd.io/2-edge/tasks/using-the-debug-container/
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Remove `config.linkerd.io/enable-debug-sidecar`, or the container, and start the pods anew. For a
#     short look use an ephemeral container: `kubectl debug --image=cr.l5d.io/linkerd/debug`.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/AC-6
#   - pci-dss-4.0.1/2.2.6
#   - soc2-2017/C1.1
package meshvet.control.debug_container

import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("debug_container")
	finding := {
		"msg": sprintf("a debug container in %s writes all traffic to its log", [proxies.whose(settings)]),
		"at": at,
	}
}
