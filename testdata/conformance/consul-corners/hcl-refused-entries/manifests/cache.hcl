service {
  name = "cache"
  port = 8081
  connect {
    sidecar_service {}
  }
}
