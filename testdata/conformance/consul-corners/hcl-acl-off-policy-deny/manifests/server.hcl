server           = true
bootstrap_expect = 1
datacenter       = "dc1"
data_dir         = "/opt/consul"
connect { enabled = true }
ports { grpc = 8502 }

acl {
  enabled        = false
  default_policy = "deny"
}
