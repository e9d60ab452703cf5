server                 = true
ca_file                = "/etc/consul/ca.pem"
verify_incoming        = true
verify_outgoing        = true
verify_server_hostname = false # deny(high): any agent can answer as a server
