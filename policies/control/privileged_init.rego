# METADATA
# title: Every pod of the mesh starts a privileged container
# description: |
#   An init container leads a pod's traffic through its proxy. It needs two capabilities for that.
#   Privileged, it may do anything on the node for as long as it runs, in every pod of the mesh, so
#   that no namespace with workloads can forbid privileged pods.
# related_resources:
# - https://linkerd.io/2/reference/architecture/
# - https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Remove `proxyInit.privileged` and `proxyInit.closeWaitTimeoutSecs`, which makes it privileged as
#     well, or use the CNI plugin: then pods need no such container.
#   controls:
#   - nist-800-53r5/AC-6
#   - mitre-attack-containers/T1611
package meshvet.control.privileged_init

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "network_setup"
	setting.value == "privileged"
	finding := {
		"msg": "the container that sets up the network of every pod in the mesh is privileged",
		"at": setting.at,
	}
}
