service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        expose {
          paths = [
            {
              path = "/metrics"
              local_path_port = 8080
              listener_port = 21500
            }
          ]
        }
      }
    }
  }
}
