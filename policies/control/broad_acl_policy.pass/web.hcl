# For one service, and for reading.
service "web" {
  policy     = "write"
  intentions = "write"
}
service_prefix "web-" {
  policy = "write"
}
service_prefix "" {
  policy     = "read"
  intentions = "read"
}
key_prefix "web/" {
  policy = "write"
}
operator = "read"
