# METADATA
# title: Policy that is only tried out
# description: |
#   With the annotation `istio.io/dry-run` a policy refuses and allows nothing; proxies only note what
#   it would have done. An ALLOW policy that is tried out does not keep other callers out either. For
#   CUSTOM policies Istio does not support it, and what becomes of their calls is not certain. In
#   Linkerd `accessPolicy: audit` lets everyone in to a Server, and notes whom nothing else lets in.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/
# - https://linkerd.io/2/features/server-policy/#audit-mode
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: Remove the annotation, or set it to "false", once the policy has proven itself.
#     linkerd: Remove `accessPolicy` from the Server, or make it `deny`, once its policies have proven themselves.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
#   params: {exempt_namespaces: []}
package meshvet.authorization.dry_run

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in input.noted
	policy.authorization.dry_run_at != null
	policy.ineffective == null
	not policy.namespace in data.params.authorization.dry_run.exempt_namespaces
	finding := {
		"msg": message(policy),
		"at": policy.authorization.dry_run_at,
		"severity": authorization.level(policy, "medium"),
	}
}

message(policy) := sprintf("whom this policy would refuse still gets to %s: it is only tried out", [authorization.target(policy)]) if {
	policy.authorization.effect in {"allow", "deny"}
}

message(policy) := sprintf("this policy records nothing about %s: it is only tried out", [authorization.target(policy)]) if {
	policy.authorization.effect == "audit"
}

message(policy) := sprintf("a policy that asks a provider cannot be tried out: calls to %s may be refused", [authorization.target(policy)]) if {
	policy.authorization.effect == "delegate"
}
