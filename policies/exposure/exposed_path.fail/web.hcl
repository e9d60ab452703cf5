service {
  name = "web"
  port = 8080
  connect {
    sidecar_service {
      proxy {
        expose {
          paths = [
            {
              path = "/metrics" # deny(medium): the proxy of web answers /metrics to anyone, in plaintext and past every intention
              local_path_port = 8080
              listener_port = 21500
            }
          ]
        }
      }
    }
  }
}
