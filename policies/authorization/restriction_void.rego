# METADATA
# title: Restriction that something wider makes void
# description: |
#   Authorizations add up: a call is let in when any of them lets it in. One that names a few callers
#   for a route, or for a Server, keeps nobody out who is let in to all of that Server by another: by
#   its `accessPolicy`, by a ServerAuthorization, or by a policy about the Server or its namespace. The
#   administrators' page is then open to whoever may call the rest.
#
#   What lets in a few others beside a route's own callers may be meant so, and weighs less.
#
#   In Consul each source has a list of its own. That one names who may call the administrators' page
#   keeps out nobody who gets there by the list of `*`, by default, or through a gateway.
# related_resources:
# - https://linkerd.io/2/reference/authorization-policy/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/service-intentions
# custom:
#   severity: high
#   precision: high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Take away what is wider (`accessPolicy`, or the policy about the Server), and write a route with
#       an AuthorizationPolicy for each part of it, so that only routes let anyone in.
#     consul: |
#       Let Consul deny by default, and put a permission that denies these paths first in the list of
#       every source that lets others in: of `*`, and of the gateways.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/AC-6, "nist-800-53r5/SC-7(5)", pci-dss-4.0.1/7.2.2]
#   params:
#     exempt_namespaces: []
#     sensitive_paths: [/admin, /actuator, /debug, /internal, /manage, /management, /console, /env]
package meshvet.authorization.restriction_void

import data.meshvet.lib.authorization
import data.meshvet.lib.format

params := data.params.authorization.restriction_void

# the restrictions that each line makes void, by whom it lets in
void[wider.at][wider.whom] contains policy if {
	some policy in authorization.enforced
	policy.ineffective == null
	not policy.namespace in params.exempt_namespaces
	some wider in policy.authorization.wider # not there where there are none
	matters(policy, wider)
}

matters(_, wider) if not wider.paths

# of single paths, only those of administrators: others are let in where they are listed
matters(policy, wider) if count(sensitive_paths(policy, wider)) > 0

deny contains finding if {
	some at, by_whom in void
	some whom, policies in by_whom
	sensitive := format.distinct([path |
		some policy in policies
		some wider in policy.authorization.wider
		wider.at == at
		some path in sensitive_paths(policy, wider)
	])
	finding := {
		"msg": sprintf("%s %s, whatever %s", [
			callers[whom],
			extent(at, policies, sensitive),
			outweighed(policies),
		]),
		"at": at,
		"severity": severity(whom, sensitive),
		"related": [{"at": policy.at, "msg": "names fewer"} | some policy in policies],
	}
}

callers := {
	"anyone": "anyone may call",
	"mesh": "every workload of the mesh may call",
	"many": "all workloads of a namespace may call",
	"others": "callers whom this names may call",
	"outside": "everyone outside who comes in by a gateway may call",
}

extent(at, policies, sensitive) := sprintf("%s on %s", [format.some_of(sensitive), format.some_of(targets)]) if {
	some policy in policies
	some wider in policy.authorization.wider
	wider.at == at
	wider.paths
	targets := format.distinct([authorization.target(one) | some one in policies])
} else := sprintf("all that is behind this%s", [also(sensitive)])

also([]) := ""

also(sensitive) := sprintf(", also %s", [format.some_of(sensitive)]) if count(sensitive) > 0

outweighed(policies) := sprintf("%s %s", [format.some_of(names), format.choose(names, "says", "say")]) if {
	names := format.distinct([format.object(policy.at) | some policy in policies])
}

severity(whom, sensitive) := "critical" if {
	count(sensitive) > 0
	whom != "others"
} else := "high" if {
	count(sensitive) > 0
} else := worst[whom]

# some more callers may be meant
worst := {"anyone": "high", "mesh": "high", "many": "medium", "others": "low"}

# the paths of administrators that a policy is about, and that others get to
sensitive_paths(_, wider) := authorization.below(wider.paths, params.sensitive_paths) if {
	wider.paths
}

sensitive_paths(policy, wider) := authorization.below(listed, params.sensitive_paths) if {
	not wider.paths
	listed := [path | some rule in policy.authorization.rules; some path in authorization.paths(rule)]
}
