# METADATA
# title: ALLOW rule for every identity
# description: |
#   Every workload of the mesh proves some identity, so a rule that takes any of them keeps out only
#   those who have none. One workload that is taken over is enough to make these calls.
#   Linkerd's `*` takes no identities that are no names of hosts (`spiffe://`); Consul's none of
#   peers and of other namespaces.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source
# - https://linkerd.io/2/reference/authorization-policy/#meshtlsauthentication
# - https://developer.hashicorp.com/consul/docs/connect/intentions
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Name the callers: `principals: [cluster.local/ns/<namespace>/sa/<service account>]`, or
#       `namespaces` where a whole namespace is meant.
#     linkerd: |
#       Name the callers: `identityRefs` with a `kind: ServiceAccount`, or `kind: Namespace` where a
#       whole namespace is meant, in place of `*` or an `accessPolicy` for all that is authenticated.
#     consul: |
#       Name the services that call as `sources` of the destination's ServiceIntentions, in place of
#       `*`. What is meant for everyone, such as a health check, goes into `permissions`.
#   controls: [nist-800-53r5/AC-6, pci-dss-4.0.1/7.2.2, nist-800-204a/SM-DR18]
#   params:
#     exempt_namespaces: []
#     sensitive_paths: [/admin, /actuator, /debug, /internal, /manage, /management, /console, /env]
package meshvet.authorization.wildcard_identity

import data.meshvet.lib.authorization

params := data.params.authorization.wildcard_identity

deny contains finding if {
	some policy in authorization.applied
	policy.authorization.effect == "allow"
	not policy.namespace in params.exempt_namespaces
	some rule in policy.authorization.rules
	is_open(policy, rule)
	some fields in authorization.who(rule)
	not is_narrowed(fields)
	some field in fields
	is_anyone(field)
	some value in field.values
	value.any
	finding := {
		"msg": sprintf("every workload of the mesh may call %s on %s", [extent(rule), authorization.target(policy)]),
		"at": value.at,
		"severity": authorization.level(policy, severity(policy, rule)),
	}
}

# what names fewer for each of its ports may stand before it
is_open(policy, _) if policy.selects == 0

is_open(_, rule) if is_limited(rule)

is_open(policy, _) if count(policy.authorization.open_ports) > 0

is_anyone(field) if {
	field.dimension == "identity"
	field.any
	not field.negated
}

# A token, an address or a narrower identity is asked for as well.
is_narrowed(fields) if {
	some field in fields
	authorization.demands(field)
	not is_anyone(field)
}

is_limited(rule) if {
	every call in authorization.what(rule) {
		count(call) > 0
	}
}

extent(rule) := "what this rule lists" if {
	is_limited(rule)
} else := "everything"

severity(policy, rule) := "high" if {
	policy.mesh == "consul"
	count(authorization.below(authorization.paths(rule), params.sensitive_paths)) > 0
} else := "medium" if {
	is_limited(rule)
} else := "medium" if {
	policy.mesh == "linkerd" # what most ports are open to, and more
} else := "medium" if {
	policy.mesh == "consul" # one service of many
	policy.scope == "target"
} else := "high"
