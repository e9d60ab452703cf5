services {
  name = "web"
  port = 8080
}
services {
  name = "plain"
  port = 8082
}
services {
  name = "db"
  port = 8081
}
services {
  kind = "connect-proxy"
  name = "edge-of-web"
  port = 21000
  proxy {
    destination_service_name = "web"
    upstreams = [
      { destination_name = "api", local_bind_port = 9100 },
      { destination_name = "db", local_bind_port = 9101 }
    ]
  }
}
