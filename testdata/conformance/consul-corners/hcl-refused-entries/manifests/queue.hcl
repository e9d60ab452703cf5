service {
  name = "queue"
  port = 8081
  connect {
    sidecar_service {}
  }
}
