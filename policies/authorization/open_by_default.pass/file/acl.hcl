# Off, and the default is asked all the same.
acl {
  enabled        = false
  default_policy = "deny"
}
