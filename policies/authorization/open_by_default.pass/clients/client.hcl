# An agent that is no server, beside servers.
server     = false
retry_join = ["consul.example"]
acl {
  enabled = true
}
