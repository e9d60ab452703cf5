service {
  name = "db"
  port = 8081
  connect {
    sidecar_service {}
  }
}
