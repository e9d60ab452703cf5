# METADATA
# title: Headers of requests are written to the proxy's log
# description: |
#   The proxy is told to write the headers of requests as they are: tokens, cookies and keys of API
#   clients among them. At the level debug it does; at others it waits for someone to turn the level
#   up, which needs no new deployment. Whoever may read the log can then act as the callers.
# related_resources:
# - https://linkerd.io/2-edge/reference/proxy-configuration/
# custom:
#   severity: critical
#   precision: very-high
#   meshes: [linkerd]
#   remediation: |
#     Set `config.linkerd.io/proxy-log-http-headers` (`proxy.logHTTPHeaders` of the chart) to `"off"`.
#     Treat what has been logged so far as disclosed, and replace it.
#   controls:
#   - nist-800-53r5/AU-9
#   - pci-dss-4.0.1/3.3.1
#   - soc2-2017/C1.1
package meshvet.access_log.headers_written

import data.meshvet.lib.proxies

deny contains finding if {
	some at, settings in proxies.written("header_logging")
	worst := [kind | some kind in ["written", "permitted"]; kind in proxies.values(settings)][0]
	concerned := [setting | some setting in settings; setting.value == worst]
	finding := {
		"msg": sprintf("%s %s", [
			proxies.of(concerned),
			sprintf(words[worst], [proxies.verb(concerned, "writes", "write")]),
		]),
		"at": at,
		"severity": severities[worst],
	}
}

words := {
	"written": "%s the headers of requests to the log, credentials included",
	"permitted": "%s the headers of requests as soon as the log level is debug",
}

severities := {"written": "critical", "permitted": "high"}
