# Calls between meshed workloads, as facts group them by what the clients send.
package meshvet.lib.calls

# Who calls, as the end of `calls to …`.
from(call) := sprintf(" from workloads such as %s", [call.from]) if {
	call.clients > 1
} else := sprintf(" from %s", [call.from])

# A pod that no Service leads to is dialled by its own address, if at all: no line decides that,
# and the address of the client stands for it, without a field.
is_hypothetical(call) if endswith(call.at, "#")
