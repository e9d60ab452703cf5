# What is filled in elsewhere, or means nothing.
server  = true
encrypt = "${GOSSIP_KEY}"
acl {
  enabled = true
  tokens {
    initial_management = "00000000-0000-0000-0000-000000000000"
    agent              = "{{ with secret \"consul/agent\" }}{{ .Data.token }}{{ end }}"
    default            = "REPLACE_ME"
    # the token of everyone
    replication = "00000000-0000-0000-0000-000000000002"
  }
}
