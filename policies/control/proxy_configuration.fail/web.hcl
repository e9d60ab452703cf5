service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        mode = "transparent"
        config {
          envoy_public_listener_json = "{}" # deny(high): envoy_public_listener_json writes a part of the proxy of web by hand
        }
      }
    }
  }
}
