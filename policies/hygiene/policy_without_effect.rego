# METADATA
# title: Policy is in force for nobody
# description: |
#   A policy that selects no workload, that names what is not there, or that the workloads' proxies do
#   not look at, changes nothing. It reads like protection, and whoever relies on it is not protected;
#   or it reads like a permission, and those whom it was to let in are refused.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/
# - https://linkerd.io/2/reference/authorization-policy/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Make the selector fit the labels of the pod template (not those of the Deployment), in the
#       namespace in which the pods run. In ambient mode, put a waypoint in front of the service and
#       name the service in `targetRefs`. Or remove the policy.
#     linkerd: |
#       Let a Server select by the labels of the pod template and name a port of the container. Let a
#       policy or a route name a Server of its own namespace by name, kind and group
#       (`policy.linkerd.io`), and authentications that are there. Or remove it.
#     consul: |
#       Let `destination.name` (or the name of the ServiceDefaults) be that of a service as Consul knows
#       it: the Kubernetes Service's, or what `consul.hashicorp.com/connect-service` says. Or remove it.
#   controls:
#   - nist-800-53r5/CM-6
#   - nist-800-53r5/AC-3
#   - pci-dss-4.0.1/2.2.6
package meshvet.hygiene.policy_without_effect

import data.meshvet.lib.format

deny contains finding if {
	some policy in input.noted
	why := policy.ineffective.reason
	found := [verdict |
		some key in [policy.mesh, manner(policy), place(policy.namespace), policy.subject, "else"]
		verdict := verdicts[why][key]
	]
	verdict := found[0]
	finding := {
		"msg": sprintf("%s is in force for nobody: %s%s", [
			format.object(policy.at),
			replace(verdict.text, "NAMESPACE", policy.namespace),
			outcome(policy),
		]),
		"at": policy.ineffective.at,
		"severity": severity(policy, verdict),
	}
}

# how it says what it is about
manner(policy) := "named" if {
	endswith(policy.ineffective.at, "/name")
	policy.scope != "namespace"
} else := "selected" if {
	endswith(policy.ineffective.at, "/selector")
} else := "all" if {
	policy.scope == "namespace"
} else := ""

# pods that these files do not hold may have the labels; and what nobody reads differs by kind
verdicts := {
	"selects_nothing": {
		"empty": {"severity": "low", "text": "no pod in these files has its labels, nor is any other workload of NAMESPACE in them"},
		"else": {"severity": "medium", "text": "no pod has its labels, though NAMESPACE has workloads in these files"},
	},
	"wrong_namespace": {
		"named": {"severity": "high", "text": "it looks in NAMESPACE only, and the Server or route that it names is in another namespace"},
		"empty": {"severity": "medium", "text": "it looks in NAMESPACE only, which has no workload in these files, and pods with its labels run elsewhere"},
		"else": {"severity": "high", "text": "it looks in NAMESPACE only, and pods with its labels run elsewhere"},
	},
	"selector_in_root": {"else": {"severity": "high", "text": "with a selector, policies of this kind count only outside of the root namespace NAMESPACE"}},
	"targets_ignored": {"else": {"severity": "high", "text": "it names a Service of NAMESPACE, and no proxy in front of its pods looks at targets: only waypoints do"}},
	"other_revision": {"else": {"severity": "high", "text": "it is labelled for a control plane that runs none of its pods"}},
	"not_read_there": {
		"telemetry": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where it counts for waypoints only, and these look at targets, not at selectors"},
		"extension": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where only waypoints run code, and these look at targets alone"},
		"routing": {"severity": "low", "text": "it routes requests to services in ambient mode, which no waypoint serves, and the node's proxy reads no requests"},
		"else": {"severity": "high", "text": "its pods in NAMESPACE are in ambient mode, where only a waypoint reads tokens, and waypoints look at targets, not at selectors"},
	},
	"selector_at_waypoint": {"else": {"severity": "high", "text": "the pods with its labels are a waypoint's, which looks at targets, not at selectors"}},
	"not_discovered": {"else": {"severity": "high", "text": "discoverySelectors leave NAMESPACE out, and nothing in it is read"}},
	"selector_illegal": {"else": {"severity": "medium", "text": "to ask whether a label exists takes no values, and with them the selector fits no pod"}},
	"port_unknown": {"else": {"severity": "high", "text": "no pod with its labels listens on this port; it is the container's that counts, not the Service's"}},
	"target_missing": {
		"consul": {"severity": "low", "text": "no service of this name is in these files"},
		"selected": {"severity": "high", "text": "no Server of NAMESPACE has the labels it asks for"},
		"all": {"severity": "high", "text": "it is about the Servers of NAMESPACE, and there is none"},
		"empty": {"severity": "medium", "text": "the Server or route that it names is not in these files, nor is any workload of NAMESPACE"},
		"else": {"severity": "high", "text": "the Server or route that it names is not in NAMESPACE"},
	},
	"target_of_other_group": {"else": {"severity": "high", "text": "the route that it names is of another API group"}},
	"requirement_missing": {"else": {"severity": "high", "text": "an authentication that it requires is not there, and the whole policy is passed over"}},
	"names_nobody": {"else": {"severity": "high", "text": "it names no caller: without an identity, addresses alone let nobody in"}},
	"not_attached": {"else": {"severity": "high", "text": "a route counts if it names a Server of its own namespace, with the group policy.linkerd.io and without a port or a section"}},
	"unsupported": {"else": {"severity": "medium", "text": "it has a filter that is not supported on the way in, and the whole route is passed over"}},
	"evicted": {"else": {"severity": "high", "text": "a GRPCRoute names the same Server, and HTTPRoutes do not count beside it"}},
	"other_protocol": {"else": {"severity": "high", "text": "its Server is read as another protocol (proxyProtocol)"}},
	"unreadable": {"else": {"severity": "high", "text": "no proxy can read a match of headers without a method, and every call to the port is refused"}},
}

# what becomes of calls; without a route all paths are open to whom its Server lets in
outcome(policy) := "" if {
	not policy.opens
} else := "; whom its Server lets in may call everything" if {
	policy.subject == "routing"
} else := "; the default policy lets in callers without an identity instead"

place(namespace) := "inhabited" if {
	namespace in inhabited
} else := "empty"

inhabited := {namespace.name | some namespace in input.namespaces; namespace.workloads > 0}

# what logs are left with is less of a surprise than what protection is left with
severity(policy, verdict) := "medium" if {
	policy.subject == "telemetry"
	verdict.severity == "high"
} else := "critical" if {
	policy.opens
	policy.subject == "authorization"
} else := "high" if {
	policy.opens
} else := "medium" if {
	# whom it was to refuse is let in by others, or by default
	policy.mesh == "consul"
	policy.authorization.effect == "deny"
} else := verdict.severity
