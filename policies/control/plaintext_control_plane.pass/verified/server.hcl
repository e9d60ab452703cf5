server = true
tls {
  defaults {
    ca_file         = "/etc/consul/ca.pem"
    verify_incoming = true
    verify_outgoing = true
  }
  # proxies prove themselves by tokens
  grpc {
    verify_incoming = false
  }
  https {
    verify_incoming = false
  }
  internal_rpc {
    verify_server_hostname = true
  }
}
