# METADATA
# title: Key or token of the mesh in a file
# description: |
#   A private key or a token that a mesh is built on stands in a file as it is. Whoever may read the
#   repository, any copy of it or what a pipeline keeps can be any workload of the mesh (the key of the
#   issuer or of the trust anchor), answer in place of its webhooks, act in another cluster, or do what
#   the token may. Removed from the newest version, it is still in the history.
#
#   Silent: what is encrypted (SealedSecret, SOPS), fetched (ExternalSecret), filled in elsewhere or a
#   placeholder.
# related_resources:
# - https://linkerd.io/2/tasks/automatically-rotating-control-plane-tls-credentials/
# - https://linkerd.io/2/tasks/gitops/
# - https://developer.hashicorp.com/consul/docs/secure/acl/token
# custom:
#   severity: critical
#   precision: very-high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Take the key for stolen: replace it, and whatever it has signed. Let cert-manager make the issuer
#       (`identity.issuer.scheme: kubernetes.io/tls`), and keep other secrets encrypted or outside the
#       repository.
#     consul: |
#       Take it for stolen: make another, and delete the old one (`consul acl token delete`,
#       `consul keyring -remove`). Let the chart make tokens and keys or take them from a Secret or Vault;
#       agents get theirs when they start.
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

# tokens and keys of a shape that says what they are
secrets := {
	"agent_token": "a token of an agent: whoever has it may act as that agent",
	"ca_key": "what the mesh's certificates are signed with: whoever has it can be any workload",
	"gossip_key": "the key of gossip: whoever has it may join, and read who is there",
	"management_token": "a token that may do everything in Consul",
	"private_key": "the key of a certificate: whoever has it can answer in its place",
	"replication_token": "a token that reads all policies and tokens, and may write them",
	"service_token": "a service's token: whoever has it can be that service",
	"token": "a token of Consul: whoever has it may do what it may",
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "secret_in_file"
	finding := {
		"msg": sprintf("here is %s", [secrets[setting.value]]),
		"at": setting.at,
	}
}
