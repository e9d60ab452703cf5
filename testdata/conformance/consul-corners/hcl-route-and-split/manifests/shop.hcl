service {
  name = "shop"
  port = 8081
  connect {
    sidecar_service {}
  }
}
