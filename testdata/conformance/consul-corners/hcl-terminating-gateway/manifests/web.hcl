service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "billing"
          local_bind_port  = 9100
        }
        upstreams {
          destination_name = "ledger"
          local_bind_port  = 9101
        }
        upstreams {
          destination_name = "mail"
          local_bind_port  = 9102
        }
      }
    }
  }
}
