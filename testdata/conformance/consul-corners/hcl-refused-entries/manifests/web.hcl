service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "api"
          local_bind_port  = 9100
        }
        upstreams {
          destination_name = "db"
          local_bind_port  = 9101
        }
        upstreams {
          destination_name = "cache"
          local_bind_port  = 9102
        }
        upstreams {
          destination_name = "queue"
          local_bind_port  = 9103
        }
        upstreams {
          destination_name = "good"
          local_bind_port  = 9104
        }
      }
    }
  }
}
