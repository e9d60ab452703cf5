Kind = "service-intentions"
Name = "api"
Sources = [
  {
    Name = "web"
    Permissions = [{
      Action = "allow"
      HTTP {
        PathRegex = <<-EOT
          /a/.*
        EOT
      }
    }]
  },
  {
    Name = "batch"
    Permissions = [{ Action = "allow" HTTP { PathRegex = "/a/.*" } }]
  }
]
