server     = true # deny(critical): servers speak without TLS
datacenter = "dc1"
