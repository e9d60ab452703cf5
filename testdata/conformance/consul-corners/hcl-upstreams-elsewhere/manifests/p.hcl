service {
  name = "p"
  port = 8083
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          destination_partition = "team"
          local_bind_port = 9100
        }
      }
    }
  }
}
