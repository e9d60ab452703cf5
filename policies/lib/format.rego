# Words for messages.
package meshvet.lib.format

# `a`, `a and b`, `a and 3 more`.
some_of(names) := listed(array.slice(names, 0, 2), count(names))

# The same of ports; there may be many.
some_ports(ports) := listed([port.id | some port in array.slice(ports, 0, 2)], count(ports))

listed(first, total) := "nothing" if {
	total == 0
} else := first[0] if {
	total == 1
} else := sprintf("%s and %s", first) if {
	total == 2
} else := sprintf("%s and %d more", [first[0], total - 1])

# `a`, `a or b`, `a or one of 3 more`: of several values of one field.
any_of(names) := names[0] if {
	count(names) == 1
} else := sprintf("%s or %s", [names[0], names[1]]) if {
	count(names) == 2
} else := sprintf("%s or one of %d more", [names[0], count(names) - 1])

# At most ten related places, each with its name and a word on it.
places(items, what) := [{"at": item.at, "msg": sprintf("%s %s", [item.id, what])} |
	some item in array.slice(items, 0, 10)
]

# One takes, several take.
takes(items) := "takes" if {
	count(items) == 1
} else := "take"
