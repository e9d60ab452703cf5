# METADATA
# title: Private key of the mesh in a file
# description: |
#   A private key that a mesh is built on stands in a file as it is. Whoever may read the repository,
#   any copy of it or what a pipeline keeps can be any workload of the mesh (the key of the issuer or
#   of the trust anchor), answer in place of its webhooks, or act in another cluster. Removed from the
#   newest version, it is still in the history.
#
#   Silent: what is encrypted (SealedSecret, SOPS), fetched (ExternalSecret) or a placeholder.
# related_resources:
# - https://linkerd.io/2/tasks/automatically-rotating-control-plane-tls-credentials/
# - https://linkerd.io/2/tasks/gitops/
# custom:
#   severity: critical
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Take the key for stolen: replace it, and whatever it has signed. Let cert-manager make the issuer
#     (`identity.issuer.scheme: kubernetes.io/tls`), and keep other secrets encrypted or outside the
#     repository.
#   controls:
#   - nist-800-53r5/SC-12
#   - nist-800-53r5/IA-5
#   - pci-dss-4.0.1/3.6.1
#   - soc2-2017/CC6.1
#   - mitre-attack-containers/T1552.001
package meshvet.control.key_in_repository

gains := {
	"issuer": "the issuer's key: whoever has it can be any workload of the mesh",
	"remote_cluster": "what another cluster is read with: whoever has it may do so as well",
	"trust_anchor": "the trust anchor's key: whoever has it can be any workload of the mesh",
	"webhook": "a webhook's key: whoever has it can answer in its place and change pods",
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "private_key"
	finding := {
		"msg": sprintf("here is %s", [gains[setting.value]]),
		"at": setting.at,
	}
}
