service {
  name = "cron"
  port = 8083
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          local_bind_port = 9100
        }
      }
    }
  }
}
