# METADATA
# title: Method that no request has
# description: |
#   Methods are compared letter by letter, and those of HTTP are upper case: `get` matches no request.
#   Calls by gRPC all have the method POST and tell what they want by their path.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation
# custom:
#   severity: high
#   precision: high
#   meshes: [istio]
#   remediation: |
#     Write the method in upper case. Methods of your own belong into the parameter `custom_methods`.
#   controls: [nist-800-53r5/AC-3, nist-800-53r5/CM-6]
#   params: {custom_methods: []}
package meshvet.authorization.method_spelling

import data.meshvet.lib.authorization

# Of HTTP, of WebDAV and its kin, and of caches and proxies.
methods := {
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
	"ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK",
	"MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE",
	"ORDERPATCH", "PROPFIND", "PROPPATCH", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNCHECKOUT",
	"UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
	"PURGE", "SOURCE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH",
}

deny contains finding if {
	some policy in authorization.enforced
	some rule in policy.authorization.rules
	some field in authorization.fields(rule)
	field.dimension == "method"
	some value in field.values
	not contains(value.text, "*")
	not value.text in methods
	not value.text in data.params.authorization.method_spelling.custom_methods
	outcome := authorization.never(policy, field)
	finding := {
		"msg": sprintf("\"%s\" %s: %s", [value.text, outcome.text, reason(value)]),
		"at": value.at,
		"severity": severity(value, outcome),
	}
}

reason(value) := sprintf("the method is %s", [upper(value.text)]) if {
	upper(value.text) in methods
} else := "HTTP has no such method"

severity(value, outcome) := authorization.severity(outcome, "high", "medium") if {
	upper(value.text) in methods
} else := "low"
