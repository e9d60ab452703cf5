service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          datacenter = "dc2"
          local_bind_port = 9100
        }
      }
    }
  }
}
