# METADATA
# title: Keys of tokens are fetched in plaintext
# description: |
#   The keys by which tokens are verified come over `http://`. Whoever is on the way can put keys of
#   their own in their place, and then sign tokens that say whatever they like.
# related_resources:
# - https://istio.io/latest/docs/reference/config/security/jwt/
# - https://developer.hashicorp.com/consul/docs/connect/config-entries/jwt-provider
# custom:
#   severity: high
#   precision: high
#   meshes: [istio, consul]
#   remediation: |
#     Fetch them over `https://`, or write them into the object itself (`jwks` in Istio,
#     `jsonWebKeySet.local` in Consul).
#   controls: [nist-800-53r5/IA-5, nist-800-53r5/SC-8, pci-dss-4.0.1/4.2.1]
#   params: {exempt_namespaces: []}
package meshvet.authorization.token_keys_in_plaintext

deny contains finding if {
	some policy in input.noted
	not policy.namespace in data.params.authorization.token_keys_in_plaintext.exempt_namespaces
	some source in policy.keys # not there where there are none
	startswith(lower(source.uri), "http://")
	finding := {
		"msg": sprintf("the keys by which tokens are verified are fetched in plaintext, from %s", [host(source.uri)]),
		"at": source.at,
		"severity": severity(source.uri),
	}
}

host(uri) := split(substring(uri, 7, -1), "/")[0]

# who is on the way inside of the cluster is fewer
severity(uri) := "medium" if {
	name := split(host(uri), ":")[0]
	is_inside(name)
} else := "high"

is_inside(name) if not contains(name, ".")

is_inside(name) if regex.match(`\.svc(\.|$)`, name)
