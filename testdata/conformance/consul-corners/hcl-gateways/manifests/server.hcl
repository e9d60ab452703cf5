server = true
bootstrap_expect = 1
datacenter = "dc1"
data_dir = "/opt/consul"
connect { enabled = true }
acl {
  enabled = true
  default_policy = "deny"
}
