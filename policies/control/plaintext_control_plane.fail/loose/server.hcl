server = true # deny(high): servers speak TLS, but any agent can answer as a server
tls {
  defaults {
    ca_file         = "/etc/consul/ca.pem"
    verify_outgoing = true
  }
  internal_rpc {
    verify_incoming = false # deny(high): whoever connects is taken for an agent or a server
  }
}
