services = [
  {
    id   = "web-1"
    name = "web"
    port = 8080
  },
  {
    name = "web-sidecar"
    kind = "connect-proxy"
    port = 21000
    proxy {
      destination_service_id   = "web-1"
      destination_service_name = "web"
      local_service_port       = 8080
      upstreams                = [{ destination_name = "api" local_bind_port = 9000 }]
    }
  },
  {
    name = "api"
    id   = "api-1"
    port = 8081
  },
  {
    name = "api-sidecar"
    kind = "connect-proxy"
    port = 21001
    proxy {
      destination_service_name = "api"
      local_service_port       = 8081
    }
  }
]
