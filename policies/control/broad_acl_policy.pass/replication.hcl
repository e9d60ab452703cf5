# What servers of another datacenter need.
acl      = "write"
operator = "write"
service_prefix "" {
  policy     = "read"
  intentions = "write"
}
