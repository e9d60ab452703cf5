# Alone on its machine.
server    = true
bind_addr = "127.0.0.1"
