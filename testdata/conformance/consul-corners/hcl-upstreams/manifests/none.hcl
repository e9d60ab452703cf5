service {
  name = "none"
  port = 8080
  connect {
    sidecar_service {}
  }
}
