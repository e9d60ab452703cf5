kind = "service-intentions"
name = "api"
sources = [
  {
    name = "web"
    permissions = [
      {
        action = "allow"
        http = {
          path_exact = "/health"
        }
      },
      {
        action = "allow"
        http {
          path_regex = "/items/[0-9]+"
          header {
            name    = "x-debug"
            present = true
            invert  = true
          }
        }
      }
    ]
  }
]
