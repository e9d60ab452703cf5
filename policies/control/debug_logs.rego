# METADATA
# title: The control plane writes too much to its logs
# description: |
#   At `debug`, Linkerd's injector writes every pod that it looks at to its log, with the values of
#   environment variables: passwords that stand in pods are then wherever logs are kept. The policy
#   controller writes what it works out for every workload.
# related_resources:
# - https://linkerd.io/2/tasks/modifying-proxy-log-level/
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Set `controllerLogLevel` and `policyController.logLevel` to `info`, and replace the secrets that
#     pods had in their environment meanwhile.
#   controls:
#   - nist-800-53r5/AU-9
#   - pci-dss-4.0.1/3.3.1
#   - soc2-2017/C1.1
package meshvet.control.debug_logs

parts := {
	"control_plane_log_level": {"severity": "high", "what": "the injector writes every pod to its log, with what its environment holds"},
	"policy_controller_log_level": {"severity": "medium", "what": "the policy controller writes all it works out to its log"},
}

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	part := parts[setting.name]
	level := lower(setting.value)
	regex.match(`(^|[=,])\s*(debug|trace)\s*($|,)`, level)
	finding := {
		"msg": sprintf("at level %s, %s", [setting.value, part.what]),
		"at": setting.at,
		"severity": part.severity,
	}
}
