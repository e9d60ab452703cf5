# Formats of log lines, wherever they are configured, and what their operators read.
package meshvet.lib.log_format

# Formats that workloads write in, by where they are written. Where a format is only chosen by its name,
# its lines are the mesh's own.
in_use[format.at] := format.text if {
	some group in input.access_logs
	group.mesh != "linkerd"
	group.state in {"on", "partial"}
	format := group.format
	format != null
}

# All formats, by where they are written.
all := object.union(in_use, {format.at: format.text |
	some mesh in input.meshes
	some format in mesh.log_formats
})

# The headers that a format writes, in lower case, each with the length it is cut to (0: it is not).
headers(text) := {{"name": lower(name), "length": length(operator[2])} |
	some operator in regex.find_all_string_submatch_n(`%(?:REQ|RESP|TRAILER|REQ_WITHOUT_QUERY)\(([^)]*)\)(?::([0-9]+))?%`, text, -1)
	some name in split(operator[1], "?")
}

length(digits) := 0 if {
	digits == ""
} else := to_number(digits)
