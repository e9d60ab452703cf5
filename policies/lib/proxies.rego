# Settings of proxies, as facts group them by the line that decides.
package meshvet.lib.proxies

import data.meshvet.lib.format

# Those of a name, by where they are written: `{at: [setting, …]}`.
written(name) := {at: settings |
	some at in {setting.at | some setting in input.proxy_settings; setting.name == name}
	settings := [setting |
		some setting in input.proxy_settings
		setting.name == name
		setting.at == at
	]
}

# Whose proxies they are.
whose(settings) := "whoever will be in the mesh" if {
	setting := settings[0]
	setting.count == 0
} else := format.listed(array.slice(settings[0].workloads, 0, 2), settings[0].count)

# Their proxies, in words.
of(settings) := sprintf("%s of %s", [verb(settings, "the proxy", "the proxies"), whose(settings)])

# The word for one workload, or the word for several.
verb(settings, one, several) := several if {
	settings[0].count > 1
} else := one

# What they are set to.
values(settings) := [setting.value | some setting in settings]
