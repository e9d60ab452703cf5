server = true
acl {
  enabled        = true
  default_policy = "deny"
}
default_intention_policy = "allow" # deny(critical): although ACLs deny
