# METADATA
# title: Mutual TLS is optional
# description: |
#   With `PERMISSIVE` Istio's proxy takes mutual TLS and plaintext alike; in ambient mode `DISABLE`
#   means the same. Linkerd's proxy takes plaintext wherever an authorization lets in callers without
#   an identity, Consul's on the port of a service with `mutualTLSMode: permissive`, past every
#   intention. All of these are meant for the time in which clients move into the mesh; as long as it stays,
#   any pod that reaches the port can call it without proving who it is, and such calls can be read
#   and changed on the wire.
#
#   Authorizations that let in anyone, or anyone to some paths, are named by
#   `authorization/allow_all` and `authorization/anyone_allowed` instead.
# related_resources:
# - https://istio.io/latest/docs/concepts/security/#permissive-mode
# - https://linkerd.io/2/features/automatic-mtls/
# - https://developer.hashicorp.com/consul/docs/k8s/connect/onboarding-tproxy-mode
# custom:
#   severity: high
#   precision: very-high
#   meshes: [istio, linkerd, consul]
#   remediation:
#     istio: |
#       Set `mode: STRICT` here once all callers are in the mesh. A caller that cannot be keeps
#       its port by a `portLevelMtls` entry in a policy of its own.
#     linkerd: |
#       Make a default policy `all-authenticated`, and let an authorization require a
#       MeshTLSAuthentication (beside the network, where it names one) once all callers are in the
#       mesh. A caller that cannot be keeps its port by a Server of its own.
#     consul: |
#       Set `mutualTLSMode: strict` once all callers are in the mesh, or remove the line; then set
#       `allowEnablingPermissiveMutualTLS: false` in the Mesh entry. A caller that cannot be in the mesh
#       keeps its service by a ServiceDefaults of its own.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/IA-9
#   - nist-800-204/MS-SS-4
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/4.2.1
#   - hipaa-164.312/164.312(e)(1)
#   - soc2-2017/CC6.7
#   params: {exempt_namespaces: []}
package meshvet.mtls.permissive

import data.meshvet.lib.authorization
import data.meshvet.lib.format
import data.meshvet.lib.ports

exempt := data.params.mtls.permissive.exempt_namespaces

# entries for one port below STRICT are exceptions, which mtls/port_exception speaks of
exceptions := {port.at |
	some policy in input.noted
	some port in policy.ports
	port.otherwise == "required"
}

deny contains finding if {
	some group in input.acceptance
	group.mode == "permissive"
	group.configured
	not group.at in exceptions
	not group.at in told_elsewhere
	open := ports.outside(group.ports, exempt)
	limited := limits(group)
	finding := {
		"msg": sprintf("%s %s plaintext as well as mutual TLS%s%s", [
			format.some_of(ports.ids(open)),
			format.choose(open, "takes", "take"),
			limited.to,
			used_by(group.plaintext_callers),
		]),
		"at": group.at,
		"severity": limited.severity,
		"related": ports.related(open, "this port"),
	}
}

# a policy whose workloads are elsewhere still decides about them
deny contains finding if {
	some policy in input.noted
	policy.mode == "permissive"
	not is_entry(policy)
	policy.scope in {"mesh", "namespace"}
	policy.selects == 0
	not policy.namespace in exempt
	finding := {
		"msg": sprintf("%s lets plaintext in; none of the workloads it is for is in these files", [format.object(policy.at)]),
		"at": sprintf("%s/spec/mtls/mode", [policy.at]),
		"severity": "medium",
	}
}

deny contains finding if {
	some policy in input.noted
	policy.mode == "permissive"
	is_entry(policy)
	policy.selects == 0
	not policy.namespace in exempt
	finding := {
		"msg": sprintf("%s lets plaintext in, past every intention; none of the workloads it is for is in these files", [format.object(policy.at)]),
		"at": policy.at,
		"severity": "medium",
	}
}

# its line is that of the mode alone
is_entry(policy) if policy.mesh == "consul"

# rules about who may call that name nobody
told_elsewhere := {rule.at |
	some policy in input.noted
	policy.authorization.effect == "allow"
	some rule in policy.authorization.rules
	authorization.names_nobody(rule)
}

# where who may call decides what is taken, that may be less than everyone
limits(group) := {"severity": "low", "to": " from some addresses, or for some requests"} if {
	group.mesh == "linkerd"
	not group.open
} else := {"severity": "critical", "to": ", like every service of the mesh"} if {
	group.mesh == "consul"
	some policy in input.noted
	policy.mode == "permissive"
	policy.scope == "mesh"
	policy.at == group.at
} else := {"severity": "critical", "to": ": none of the intentions that refuse callers count for those"} if {
	group.mesh == "consul"
	some policy in input.noted
	is_refusal(policy.authorization)
	some workload in policy.workloads
	some port in group.ports
	startswith(port.id, sprintf("%s:", [workload]))
} else := {"severity": "high", "to": ""}

is_refusal(written) if written.effect == "deny"

is_refusal(written) if {
	some rule in written.rules
	some field in authorization.fields(rule)
	field.dimension == "token"
}

used_by([]) := ""

used_by(callers) := sprintf(", and workloads without a proxy may call, such as %s", [callers[0]]) if count(callers) > 0
