service {
  name = "api"
  port = 8081
  connect {
    sidecar_service {
      proxy {
        expose {
          paths = [
            {
              path            = "/healthz"
              local_path_port = 8081
              listener_port   = 21500
            }
          ]
        }
      }
    }
  }
}
