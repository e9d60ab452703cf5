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
#   meshes: [istio, consul]
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
	"x-csrf-token", "x-amz-security-token", "x-forwarded-access-token", "x-id-token", "x-consul-token",
} | {lower(name) | some name in data.params.access_log.secret_in_format.sensitive_headers}

deny contains finding if {
	some at, text in log_format.all
	use := usage(at)
	held := contents(text, use.severity)
	finding := {
		"msg": sprintf("lines of this log hold %s%s", [held.what, use.unless]),
		"at": at,
		"severity": held.severity,
	}
}

contents(text, severity) := {"severity": severity, "what": what} if {
	whole := {sprintf("the header %s", [header.name]) |
		some header in log_format.headers(text)
		header.name in secret
		not header.length in {1, 2, 3, 4}
	}
	what := format.some_of(sort(whole | claims(text)))
} else := {"severity": "low", "what": sprintf("the first characters of the header %s", [names])} if {
	# enough to see whether it was there, and little more
	short := {header.name | some header in log_format.headers(text); header.name in secret}
	names := format.some_of(sort(short))
}

# what the proxy keeps of a token that it has checked
claims(text) := {"what callers' tokens say about them"} if {
	contains(text, "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn")
} else := set()

usage(at) := {"severity": "critical", "unless": ""} if {
	log_format.in_use[at]
} else := {"severity": "high", "unless": "; nothing in these files writes in this format"}
