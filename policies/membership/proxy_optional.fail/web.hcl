service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {} # deny(info): whether callers may pass by the proxy of web depends on the address that the application listens on
  }
}
