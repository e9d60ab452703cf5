service {
  name = "pq"
  port = 8084
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          destination_type = "prepared_query"
          local_bind_port = 9100
        }
      }
    }
  }
}
