namespace "team" {
  service_prefix "" {
    policy = "write"
  }
}
