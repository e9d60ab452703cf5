service {
  name = "shop-next"
  port = 8081
  connect {
    sidecar_service {}
  }
}
