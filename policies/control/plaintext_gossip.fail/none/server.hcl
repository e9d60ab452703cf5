server     = true # deny(high): has no key
datacenter = "dc1"
