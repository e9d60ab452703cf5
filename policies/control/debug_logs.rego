# METADATA
# title: The control plane writes too much to its logs
# description: |
#   At `debug`, Linkerd's injector writes every pod that it looks at to its log, with the values of
#   environment variables: passwords that stand in pods are then wherever logs are kept. The policy
#   controller writes what it works out for every workload. Consul's servers write the requests that
#   they get, and answer questions about their memory where `enable_debug` is on and ACLs are off.
# related_resources:
# - https://linkerd.io/2/tasks/modifying-proxy-log-level/
# - https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/log
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Set `controllerLogLevel` and `policyController.logLevel` to `info`, and replace the secrets that
#       pods had in their environment meanwhile.
#     consul: |
#       Set `global.logLevel` (chart) or `log_level` to `info`, and remove `enable_debug`
#       (`server.enableAgentDebug`).
#   controls:
#   - nist-800-53r5/AU-9
#   - pci-dss-4.0.1/3.3.1
#   - soc2-2017/C1.1
package meshvet.control.debug_logs

parts["consul"] := {"control_plane_log_level": {"severity": "medium", "what": "Consul's servers write the requests that they get to their logs"}}

parts["linkerd"] := {
	"control_plane_log_level": {"severity": "high", "what": "the injector writes every pod to its log, with what its environment holds"},
	"policy_controller_log_level": {"severity": "medium", "what": "the policy controller writes all it works out to its log"},
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	part := parts[mesh.kind][setting.name]
	level := lower(setting.value)
	regex.match(`(^|[=,])\s*(debug|trace)\s*($|,)`, level)
	finding := {
		"msg": sprintf("at level %s, %s", [setting.value, part.what]),
		"at": setting.at,
		"severity": part.severity,
	}
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "debug_endpoints"
	some acl in mesh.posture
	acl.name == "acl"
	acl.value == "off"
	finding := {
		"msg": "servers show their memory to whoever asks: `enable_debug` is on, and ACLs are off",
		"at": setting.at,
		"severity": "medium",
	}
}
