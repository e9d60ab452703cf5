# ACLs are on and say nothing of a default; whether they are on is not asked anyway.
server = true # deny(high): is let in
acl {
  enabled = true
}
