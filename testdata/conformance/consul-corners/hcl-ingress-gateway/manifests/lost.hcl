service {
  name = "lost"
  port = 8081
  connect {
    sidecar_service {}
  }
}
