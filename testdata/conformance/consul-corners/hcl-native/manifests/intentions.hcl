Kind = "service-intentions"
Name = "api"
Sources = [
  {
    Name   = "web"
    Action = "allow"
  },
  {
    Name = "batch"
    Permissions = [
      {
        Action = "allow"
        HTTP { PathPrefix = "/pub" }
      }
    ]
  }
]
