# METADATA
# title: DENY rule can be spelled around
# description: |
#   Unless they are told to, Istio and Consul do not merge slashes before they compare paths, and
#   `//admin` is then another path than `/admin`. Where the application takes both for the same, the extra slash gets
#   past the rule.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/normalization/
# - https://istio.io/latest/docs/ops/best-practices/security/#customize-your-system-on-path-normalization
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/mesh
# custom:
#   severity: high
#   precision: medium
#   meshes: [istio, consul]
#   remediation:
#     istio: |
#       Set `pathNormalization: {normalization: MERGE_SLASHES}` in the mesh's settings, or
#       `DECODE_AND_MERGE_SLASHES` where applications decode `%2F`. Better still, list with ALLOW what
#       may be called: what is spelled in another way is then refused.
#     consul: |
#       Write into the object Mesh, under `http.incoming.requestNormalization`, `mergeSlashes: true` and
#       `pathWithEscapedSlashesAction: REJECT_REQUEST`, and no `insecureDisablePathNormalization`.
#       Better still, deny by default and list what is allowed: what is spelled in another way is then
#       refused.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/SI-10, mitre-attack-containers/T1190]
#   params: {exempt_namespaces: []}
package meshvet.authorization.path_spelling

import data.meshvet.lib.authorization

deny contains finding if {
	some policy in authorization.enforced
	not policy.namespace in data.params.authorization.path_spelling.exempt_namespaces
	some rule in policy.authorization.rules
	some call in rule.operations
	some field in call
	found := [value | some value in field.values; value.around; not is_grpc(value.text)]
	sure := surety(policy, found)
	finding := {
		"msg": sprintf("%s is not refused when it is spelled %s%s%s", [
			sure.first.text,
			sure.first.around.path,
			more(found),
			sure.unless,
		]),
		"at": field.at,
		"severity": sure.severity,
	}
}

# `/package.Service/Method`: servers of gRPC know one spelling
is_grpc(path) if regex.match(`^/[A-Za-z_]\w*(\.\w+)+/`, path)

more(found) := "" if {
	count(found) == 1
} else := sprintf(", and likewise %d more of this list", [count(found) - 1])

surety(policy, found) := {"severity": severity, "first": passing[0], "unless": unless} if {
	passing := [value | some value in found; value.around.passes]
	count(passing) > 0
	[severity, unless] := by_settings(policy)
} else := {"severity": "low", "first": found[0], "unless": "; only the ALLOW rules, which do not list it, keep it out"}

by_settings(policy) := ["high", ": slashes are not merged"] if {
	some mesh in input.meshes
	mesh.kind == policy.mesh
	mesh.settings_known
} else := ["medium", ", unless the mesh's settings, which are not in these files, have slashes merged"]
