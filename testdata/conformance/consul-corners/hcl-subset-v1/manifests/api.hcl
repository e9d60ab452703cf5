service {
  name = "api"
  port = 8081
  meta {
    version = "v1"
  }
  connect {
    sidecar_service {
      proxy {
      }
    }
  }
}
