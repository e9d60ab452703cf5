# The ledger runs on a machine of its own, and so does the night shift's job.
services {
  name = "ledger"
  port = 7070
  connect {
    sidecar_service {
      proxy {
        expose {
          paths = [
            {
              path            = "/health"
              local_path_port = 7070
              listener_port   = 21500
              protocol        = "http"
            }
          ]
        }
      }
    }
  }
}

services {
  name = "night-shift"
  port = 7071
  connect {
    sidecar_service {
      proxy {
        upstreams {
          destination_name = "ledger"
          local_bind_port  = 9200
        }
      }
    }
  }
}
