service {
  name = "admin"
  port = 8081
  connect {
    sidecar_service {}
  }
}
