# METADATA
# title: Access log does not say who called
# description: |
#   The format of the log has addresses at best, and addresses of pods belong to another workload
#   tomorrow. Only the identities that mutual TLS has proven answer, weeks later, who called what.
# related_resources:
# - https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
# custom:
#   severity: medium
#   precision: high
#   meshes: [istio, consul]
#   remediation: |
#     Add `%DOWNSTREAM_PEER_URI_SAN%` and `%UPSTREAM_PEER_URI_SAN%` to the format.
#   controls:
#   - nist-800-53r5/AU-3
#   - pci-dss-4.0.1/10.2.2
#   - hipaa-164.312/164.312(b)
package meshvet.access_log.no_identity

import data.meshvet.lib.log_format

deny contains finding if {
	some at, text in log_format.all
	not carries_identity(at)
	not says_who(lower(text))
	use := usage(at)
	finding := {
		"msg": sprintf("lines in this format say neither who called nor who was called: no identity is in them%s", [use.unless]),
		"at": at,
		"severity": use.severity,
	}
}

# what is sent to a collector carries the peers' identities besides the format
carries_identity(at) if contains(at, "/envoyOtelAls/")

says_who(text) if {
	some operator in {
		"%downstream_peer_uri_san%", "%downstream_peer_subject%",
		"%upstream_peer_uri_san%", "%upstream_peer_subject%",
		"%filter_state(downstream_peer", "%filter_state(upstream_peer",
		"%filter_state(wasm.downstream_peer", "%filter_state(wasm.upstream_peer",
		"%req(x-forwarded-client-cert", "%dynamic_metadata(istio_authn", "%dynamic_metadata(consul:service",
	}
	contains(text, operator)
}

usage(at) := {"severity": "medium", "unless": ""} if {
	log_format.in_use[at]
} else := {"severity": "low", "unless": "; nothing in these files writes in it"}
