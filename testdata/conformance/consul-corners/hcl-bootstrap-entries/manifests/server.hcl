server           = true
bootstrap_expect = 1
datacenter       = "dc1"
data_dir         = "/opt/consul"
connect { enabled = true }
ports { grpc = 8502 }

acl {
  enabled        = true
  default_policy = "deny"
}

config_entries {
  bootstrap = [
    {
      kind = "proxy-defaults"
      name = "global"
      config {
        protocol = "http"
      }
    },
    {
      kind = "service-intentions"
      name = "api"
      sources = [
        {
          name = "web"
          permissions = [
            {
              action = "allow"
              http {
                path_prefix = "/pub"
              }
            }
          ]
        }
      ]
    }
  ]
}
