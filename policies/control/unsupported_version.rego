# METADATA
# title: Version without security fixes
# description: |
#   This release of Istio gets no more security fixes, or a security bulletin of high severity names
#   it and a later patch of the same release is free of it. Proxies take calls from everywhere in the
#   mesh, gateways from outside.
#
#   The tables were compiled in November 2026 from Istio's releases up to 1.31.0 and its bulletins up
#   to ISTIO-SECURITY-2026-006. A release is supported until six weeks after the second one that
#   follows it. Nothing is said of later releases, of vendors' own builds (`1.30.4-asm.3`) or of tags
#   that are no version. Long-term support from a vendor belongs into `ended`, without its release.
# related_resources:
# - https://istio.io/latest/docs/releases/supported-releases/
# - https://istio.io/latest/news/security/
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Upgrade the control plane and then the proxies to a supported release with its latest patch.
#     Workloads get the new proxy when their pods are created anew.
#   controls:
#   - soc2-2017/CC7.1
#   - mitre-attack-containers/T1190
#   params:
#     ended:
#       "1.7": 2021-02-25
#       "1.8": 2021-05-12
#       "1.9": 2021-10-08
#       "1.10": 2022-01-07
#       "1.11": 2022-03-25
#       "1.12": 2022-07-12
#       "1.13": 2022-10-12
#       "1.14": 2022-12-27
#       "1.15": 2023-04-04
#       "1.16": 2023-07-25
#       "1.17": 2023-10-27
#       "1.18": 2024-01-04
#       "1.19": 2024-04-24
#       "1.20": 2024-06-25
#       "1.21": 2024-09-27
#       "1.22": 2025-01-22
#       "1.23": 2025-04-16
#       "1.24": 2025-06-24
#       "1.25": 2025-09-30
#       "1.26": 2025-12-22
#       "1.27": 2026-04-07
#       "1.28": 2026-07-01
#       "1.29": 2026-10-12
#     fixed:
#       "1.29": {patch: 7, bulletin: ISTIO-SECURITY-2026-006}
#       "1.30": {patch: 4, bulletin: ISTIO-SECURITY-2026-006}
package meshvet.control.unsupported_version

params := data.params.control.unsupported_version

deny contains finding if {
	some mesh in input.meshes
	mesh.kind == "istio"
	some version in mesh.versions
	finding := {
		"msg": sprintf("%s %s: %s", [words[version.component], version.text, fault(version.release)]),
		"at": version.at,
		"related": [{"at": at, "msg": "the same version"} | some at in array.slice(version.also, 0, 10)],
	}
}

words := {
	"all": "Istio",
	"control_plane": "istiod",
	"node_agent": "Istio's CNI agent",
	"node_proxy": "ztunnel",
	"proxy": "Istio's proxy",
}

line(release) := sprintf("%d.%d", [release.major, release.minor])

fault(release) := sprintf("support for %s ended on %s", [line(release), params.ended[line(release)]]) if {
	params.ended[line(release)]
} else := sprintf("support for %s ended long ago", [line(release)]) if {
	release.major == 1
	release.minor < 7
} else := sprintf("support for %s ended long ago", [line(release)]) if {
	release.major == 0
} else := sprintf("%s is mended in %s.%d", [fix.bulletin, line(release), fix.patch]) if {
	fix := params.fixed[line(release)]
	release.patch != null
	release.patch < fix.patch
}
