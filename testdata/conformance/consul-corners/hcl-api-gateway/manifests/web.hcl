service {
  name = "web"
  port = 8081
  connect {
    sidecar_service {}
  }
}
