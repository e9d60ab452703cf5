# METADATA
# title: ALLOW rule that names no caller
# description: |
#   The rule says what may be called and not by whom. Every workload may then call it, and where
#   the port takes plaintext, also whoever has no identity at all. In Linkerd that is a policy about a
#   route that requires no identity. Paths that are meant for everyone, such as those of probes, belong
#   into `public_paths`.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Rule
# - https://linkerd.io/2/reference/authorization-policy/
# custom:
#   severity: medium
#   precision: medium
#   meshes: [istio, linkerd]
#   remediation:
#     istio: |
#       Add `from` with the `principals` or `serviceAccounts` that need it; or, if it is public on
#       purpose, list its paths in the parameter `public_paths`.
#     linkerd: |
#       Require a MeshTLSAuthentication that names who needs it; or, if it is public on purpose, list
#       its paths in the parameter `public_paths`.
#   controls: [nist-800-53r5/AC-6, pci-dss-4.0.1/7.2.2, nist-800-204a/SM-DR18]
#   params:
#     exempt_namespaces: []
#     public_paths: [/health, /healthz, /livez, /readyz, /live, /ready, /healthz/*, /.well-known/*]
package meshvet.authorization.anyone_allowed

import data.meshvet.lib.authorization
import data.meshvet.lib.format

params := data.params.authorization.anyone_allowed

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in params.exempt_namespaces
	some rule in policy.authorization.rules
	not rule.everything
	authorization.names_nobody(rule)
	calls := [call | some call in authorization.what(rule); not is_public(policy, call)]
	count(calls) > 0
	finding := {
		"msg": sprintf("anyone may call %s on %s", [
			format.some_of([authorization.in_words(call) | some call in calls]),
			authorization.target(policy),
		]),
		"at": rule.at,
		"severity": authorization.level(policy, severity(calls)),
	}
}

is_public(policy, call) if {
	some field in call
	field.field == "paths"
	every path in authorization.texts(field) {
		is_listed(policy, path)
	}
}

is_listed(_, path) if path in params.public_paths

# a prefix of whole segments is what is listed and all below it
is_listed(policy, path) if {
	policy.mesh == "linkerd"
	trim_suffix(path, "*") in params.public_paths
}

# What only reads is less grave.
severity(calls) := "low" if {
	every call in calls {
		only_reads(call)
	}
} else := "medium"

only_reads(call) if {
	some field in call
	field.field == "methods"
	every method in authorization.texts(field) {
		method in {"GET", "HEAD", "OPTIONS"}
	}
}
