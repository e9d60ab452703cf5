service {
  name = "good"
  port = 8081
  connect {
    sidecar_service {}
  }
}
