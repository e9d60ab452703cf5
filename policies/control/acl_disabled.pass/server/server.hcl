server = true
# an older name of the primary datacenter switches them on
acl_datacenter = "dc1"
