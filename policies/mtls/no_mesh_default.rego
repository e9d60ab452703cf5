# METADATA
# title: Mutual TLS is not required of the whole mesh
# description: |
#   What has no PeerAuthentication of its own takes the one of the root namespace, and without that
#   one takes plaintext next to mutual TLS. Even where all that runs today is covered, the namespace
#   that someone adds tomorrow is open, and nothing says so. Ports that take plaintext today for
#   want of a policy are named by `mtls/not_required` instead.
#
#   In Linkerd it is the default policy of the mesh that decides, and each proxy goes by it until it
#   has heard of its Servers.
# related_resources:
# - https://istio.io/latest/docs/tasks/security/authentication/authn-policy/#globally-enabling-istio-mutual-tls-in-strict-mode
# - https://linkerd.io/2/features/server-policy/#default-policies
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, linkerd]
#   remediation:
#     istio: |
#       Add a PeerAuthentication without a selector and with `mtls: {mode: STRICT}` to the root
#       namespace (`istio-system`); what must still take plaintext gets an exception of its own.
#     linkerd: |
#       Set `proxy.defaultInboundPolicy` to `all-authenticated`; a namespace that must still take
#       plaintext gets the annotation `config.linkerd.io/default-inbound-policy` of its own.
#   controls:
#   - nist-800-53r5/SC-8
#   - nist-800-53r5/CM-6
#   - nist-800-204a/SM-DR6
#   - pci-dss-4.0.1/2.2.6
package meshvet.mtls.no_mesh_default

deny contains finding if {
	some mesh in input.meshes
	mesh.plaintext_default == null
	policies := [policy | some policy in whole_mesh; policy.mesh == mesh.kind]
	is_here(mesh, policies)
	count([policy | some policy in policies; policy.mode == "required"]) == 0
	count(lacking) == 0
	at := place(mesh, policies)
	not at in told_elsewhere
	now := today
	finding := {
		"msg": sprintf("nothing requires mutual TLS of the whole mesh: a namespace without a policy of its own takes plaintext%s", [now.text]),
		"at": at,
		"severity": now.severity,
	}
}

# where a setting says what is taken
deny contains finding if {
	some mesh in input.meshes
	mesh.plaintext_default.value
	mesh.settings_known
	count([group | some group in lacking; group.mesh == mesh.kind]) == 0
	not mesh.plaintext_default.at in told_elsewhere
	others := otherwise(mesh)
	finding := {
		"msg": sprintf("the mesh's default policy lets in callers without an identity: a namespace without one of its own takes plaintext%s", [others.text]),
		"at": mesh.plaintext_default.at,
		"severity": others.severity,
	}
}

# all that is in the mesh has something stricter, or nothing of it is here
otherwise(_) := {"severity": "low", "text": "; those in these files have one"} if {
	some namespace in input.namespaces
	namespace.meshed > 0
} else := {"severity": "medium", "text": ""}

whole_mesh := [policy |
	some policy in input.noted
	policy.subject == "transport"
	policy.scope == "mesh"
]

# what is written for the whole mesh is elsewhere where none of it is here
is_here(mesh, _) if mesh.settings_known

is_here(_, policies) if count(policies) > 0

# ports that take plaintext because nobody wrote anything
lacking := [group | some group in input.acceptance; not group.configured]

place(mesh, []) := mesh.at

place(_, policies) := sprintf("%s/spec/mtls/mode", [policies[0].at]) if count(policies) > 0

# a mode that something runs by, or may run by elsewhere, has a rule of its own
told_elsewhere := {group.at | some group in input.acceptance} | {sprintf("%s/spec/mtls/mode", [policy.at]) |
	some policy in whole_mesh
	policy.mode != null
	policy.selects == 0
}

today := {"severity": "info", "text": "; those in these files have one"} if {
	inhabited := {namespace.name | some namespace in input.namespaces; namespace.meshed > 0}
	count(inhabited) > 0
	count(inhabited - strict) == 0
} else := {"severity": "medium", "text": ""}

strict := {policy.namespace |
	some policy in input.noted
	policy.mode == "required"
	policy.scope == "namespace"
}
