service {
  name = "api-v2"
  port = 8081
  connect {
    sidecar_service {}
  }
}
