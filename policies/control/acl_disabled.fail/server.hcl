server = true
acl {
  enabled        = false # deny(critical): ACLs are off: whoever reaches Consul's API may change the mesh
  default_policy = "deny"
}
