service {
  name = "admin"
  port = 8082
  connect {
    sidecar_service {
      proxy {
      }
    }
  }
}
