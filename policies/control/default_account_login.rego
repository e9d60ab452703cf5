# METADATA
# title: The default service account may be a service of the mesh
# description: |
#   Pods log in to Consul as their service account and become the service of its name. Kubernetes gives
#   every pod that names none the account `default`, so where it may log in, a pod that nobody thought
#   of gets a token, and all such pods are one service.
#
#   Judged only where ACLs are on; without them there is no login at all.
# related_resources:
# - https://developer.hashicorp.com/consul/docs/reference/k8s/helm
# custom:
#   severity: high
#   precision: high
#   meshes: [consul]
#   remediation: |
#     Remove `connectInject.aclBindingRuleSelector`, which then is `serviceaccount.name!=default`, or put that
#     back into it with `and`, and give each service an account of its own name.
#   controls:
#   - nist-800-53r5/IA-9
#   - nist-800-53r5/AC-6
#   - pci-dss-4.0.1/7.2.2
#   - mitre-attack-containers/T1078.001
package meshvet.control.default_account_login

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "default_account_login"
	finding := {
		"msg": "pods with the service account `default` may log in and be a service of the mesh",
		"at": setting.at,
	}
}
