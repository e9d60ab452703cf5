services = [
  {
    name = "web"
    port = 8080
    connect { sidecar_service {} }
  },
  {
    name = "api"
    port = 8080
    connect {
      sidecar_service {
        proxy {
          config { protocol = "tcp" }
        }
      }
    }
  },
]
