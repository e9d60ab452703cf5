services {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "db"
          local_bind_port  = 9100
        }
        upstreams {
          destination_name = "api"
          local_bind_port  = 9101
        }
      }
    }
  }
}
services {
  name = "db"
  port = 8081
  connect {
    sidecar_service {}
  }
}
services {
  name = "api"
  port = 8081
  connect {
    sidecar_service {}
  }
}
