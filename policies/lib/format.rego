# Words for messages.
package meshvet.lib.format

# `a`, `a and b`, `a and 3 more`.
some_of(names) := "nothing" if {
	count(names) == 0
} else := names[0] if {
	count(names) == 1
} else := sprintf("%s and %s", [names[0], names[1]]) if {
	count(names) == 2
} else := sprintf("%s and %d more", [names[0], count(names) - 1])

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

# The names of ports.
ids(items) := [item.id | some item in items]

# One takes, several take.
takes(items) := "takes" if {
	count(items) == 1
} else := "take"
