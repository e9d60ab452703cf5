# Tokens and keys that were made for this file and open nothing.
server  = true
encrypt = "Luj2FZWwlt8475wD1WtwUQ==" # deny(critical): the key of gossip
acl {
  enabled = true
  tokens {
    initial_management = "5f1c9f0e-7a43-4b8e-9d7c-0c1d2e3f4a5b" # deny(critical): a token that may do everything in Consul
    agent              = "8e2d7b14-93c5-4f6a-a1b0-2d4c6e8f0a13" # deny(critical): a token of an agent
    replication        = "c07f5d92-1e6b-4a38-b9d4-7f3a5c1e8d26" # deny(critical): a token that reads all policies
  }
}
