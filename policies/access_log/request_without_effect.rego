# METADATA
# title: Access log is asked for, and none is written
# description: |
#   Somebody asks for an access log with a value that proxies do not know, where nobody looks, or
#   without the switch that goes with it. The proxy starts without a word to the operator, and writes
#   none.
# related_resources:
# - https://linkerd.io/2-edge/features/access-logging/
# custom:
#   severity: high
#   precision: very-high
#   meshes: [linkerd, consul]
#   remediation:
#     linkerd: |
#       Set the annotation `config.linkerd.io/access-log` to `apache` or `json`, on the Namespace or on
#       the pod template (`spec.template.metadata.annotations`), and start the pods anew.
#     consul: |
#       Add `enabled: true` to `accessLogs` of the ProxyDefaults.
#   controls:
#   - nist-800-53r5/AU-12
#   - nist-800-53r5/CM-6
#   - pci-dss-4.0.1/10.2.1
#   - hipaa-164.312/164.312(b)
package meshvet.access_log.request_without_effect

import data.meshvet.lib.proxies

deny contains finding if {
	some mesh in input.meshes
	some setting in mesh.posture
	setting.name == "access_log_not_enabled"
	finding := {
		"msg": "this says how to log and never switches it on: no proxy writes an access log",
		"at": setting.at,
	}
}

deny contains finding if {
	some at, settings in proxies.written("invalid_access_log")
	finding := {
		"msg": sprintf("%q is no access log that proxies know: %s %s none", [
			settings[0].value,
			proxies.whose(settings),
			proxies.verb(settings, "writes", "write"),
		]),
		"at": at,
	}
}

deny contains finding if {
	some at, settings in proxies.written("misplaced_access_log")
	finding := {
		"msg": sprintf("%s stands where nobody looks: %s %s no access log", [
			settings[0].value,
			proxies.whose(settings),
			proxies.verb(settings, "writes", "write"),
		]),
		"at": at,
	}
}
