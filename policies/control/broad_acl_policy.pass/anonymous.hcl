# What the chart gives to everyone for DNS.
node_prefix "" {
  policy = "read"
}
service_prefix "" {
  policy = "read"
}
