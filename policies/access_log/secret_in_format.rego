# METADATA
# title: Secrets are written to the access log
# description: |
#   The format of the log holds a header that carries credentials, or what a token says about its
#   owner. Whoever may read the log, or any place it is copied to, can act as the users whose calls
#   it shows.
# related_resources:
# - https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
# custom:
#   severity: critical
#   precision: very-high
#   meshes: [istio]
#   remediation: |
#     Remove the operator. To see only whether the header was there, cut it short
#     (`%REQ(AUTHORIZATION):4%`). Treat what has been logged so far as disclosed, and replace it.
#   controls:
#   - nist-800-53r5/AU-9
#   - pci-dss-4.0.1/3.3.1
#   - soc2-2017/C1.1
#   params: {sensitive_headers: []}
package meshvet.access_log.secret_in_format

import data.meshvet.lib.format
import data.meshvet.lib.log_format

secret := {
	"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token",
	"x-csrf-token", "x-amz-security-token", "x-forwarded-access-token", "x-id-token",
} | {lower(name) | some name in data.params.access_log.secret_in_format.sensitive_headers}

deny contains finding if {
	some at, text in log_format.all
	whole := {sprintf("the header %s", [header.name]) |
		some header in log_format.headers(text)
		header.name in secret
		not is_cut_short(header)
	}
	use := usage(at)
	finding := {
		"msg": sprintf("lines of this log hold %s%s", [format.some_of(sort(whole | claims(text))), use.unless]),
		"at": at,
		"severity": use.severity,
	}
}

# enough to see whether it was there, if little more
deny contains finding if {
	some at, text in log_format.all
	short := {header.name |
		some header in log_format.headers(text)
		header.name in secret
		is_cut_short(header)
	}
	finding := {
		"msg": sprintf("lines of this log hold the first characters of the header %s", [format.some_of(sort(short))]),
		"at": at,
		"severity": "low",
	}
}

is_cut_short(header) if header.length in {1, 2, 3, 4}

# what the proxy keeps of a token that it has checked
claims(text) := {"what callers' tokens say about them"} if {
	contains(text, "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn")
} else := set()

usage(at) := {"severity": "critical", "unless": ""} if {
	log_format.in_use[at]
} else := {"severity": "high", "unless": "; nothing in these files writes in this format"}
