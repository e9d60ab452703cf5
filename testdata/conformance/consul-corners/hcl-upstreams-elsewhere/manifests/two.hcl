service {
  name = "two"
  port = 8082
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          datacenter = "dc1"
          local_bind_port = 9100
        }
      }
    }
  }
}
